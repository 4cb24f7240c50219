//! View models: what each panel of the page shows, as pure functions of [`crate::live::Live`] and the present.
//!
//! - [`mod@format`]: how numbers and times are written.
//! - [`age`]: how old values are, and when that is too old.
//! - [`panel`]: the parts of the page that are replaced by themselves.
//! - [`opening`] and [`closing`]: the tickets of an order by hand. [`strategy`] and [`lowering`]: the forms of the
//!   settings and of the limits.
//! - One module for each panel.

pub mod age;
pub mod alerts;
pub mod automation;
pub mod balance;
pub mod caps;
pub mod closing;
pub mod events;
pub mod format;
pub mod header;
pub mod health;
pub mod lowering;
pub mod opening;
pub mod page;
pub mod panel;
pub mod profit;
pub mod refusals;
pub mod safety;
pub mod strategy;
pub mod strikes;
pub mod tone;
pub mod trades;

pub use age::{Age, Limits, Moment};
pub use page::PageView;
pub use panel::Panel;
pub use tone::Tone;
