//! The form of the entry and exit settings: everything that the strategy holds but its two switches, which have a place
//! of their own on the desk's page.
//!
//! - `field`: what a setting is called, its unit, its bounds, how it is read and written.
//! - `fields`: all of them.
//! - `form`: the form as it is shown, and what the operator sent.

mod field;
mod fields;
mod form;

pub use field::Field;
pub use fields::{GROUPS, Group};
pub use form::{Entered, FieldView, GroupView, StrategyView, version};
