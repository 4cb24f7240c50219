//! The desk as several processes: a binary a unit, or a binary a service, against one Postgres, one NATS server and one
//! twin.
//!
//! - `layout`: which programs there are, and their build. `desk`: a desk of processes. `unit`: one of them.
//! - `books`: desk and exchange compared.

mod books;
mod desk;
mod layout;
mod unit;

pub use desk::SplitDesk;
pub use layout::{Layout, SIX_UNITS, THIRTEEN_UNITS};
