//! An account's orders, fills and settlements as they were exported: pages of the exchange's lists, their rows alone, or
//! one row a line; in the form with integer cents of 2025, in the present one with fixed-point text, or in both.
//!
//! Rows become [`rec_domain::audit`]'s statements. What an export does not say stays unsaid; what it says and cannot be
//! read is named by file, line, element and field, and nothing is guessed.

mod document;
mod error;
mod fields;
mod fill;
mod order;
mod settlement;
#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;

pub use error::ExportError;
pub use fill::read_fills;
pub use order::read_orders;
pub use settlement::read_settlements;
