//! People, for the pages.

mod users;

pub use users::{LoginToken, Session, User, Users};
