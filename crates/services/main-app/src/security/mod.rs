//! What stands before every handler: [`access`] (who), [`origin`] (from where), [`headers`] (what the browser may do
//! with the answer), [`address`] (whose attempts are counted).

pub(crate) mod access;
pub(crate) mod address;
pub(crate) mod headers;
pub(crate) mod origin;

pub(crate) use access::{Access, LoggedIn};
pub(crate) use address::ClientAddress;
