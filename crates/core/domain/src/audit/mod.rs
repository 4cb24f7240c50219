//! The audit of an account: what its orders and markets must have cost and brought by their fills, against what the
//! exchange says of them.
//!
//! - [`statement`]: what the exchange says, whatever form it was written in.
//! - [`fees`]: what the fills of an order are charged. [`rules`]: by which of the exchange's rules.
//! - [`netting`]: contracts bought, closed first in first out, and paid at the end.
//! - [`market`]: a market's settlement against its fills. [`account`]: all of it together, from rows taken once.
//! - [`report`]: what came out.
//!
//! Everything is computed in whole micro-dollars from prices and counts; nothing that the exchange computed is used but
//! to be compared, and to find out which rule of rounding was in force.

pub mod account;
pub mod fees;
mod intake;
pub mod market;
pub mod netting;
mod order;
pub mod report;
pub mod rules;
pub mod statement;

pub use account::audit;
pub use report::{AuditReport, Difference, Figure, Subject};
pub use statement::{AccountStatement, FillDirection, FillStatement, OrderStatement, SettlementStatement};
