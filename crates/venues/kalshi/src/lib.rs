//! The exchange client: turns Kalshi's wire into the desk's vocabulary and back.
//!
//! The exchange's field names live only here (and in the twin). Numbers come as text and become fixed-point
//! integers without passing through a float; unknown fields are tolerated and unknown words are kept as they
//! are; whatever cannot be read exactly is refused with a reason. A write is sent once and its outcome is
//! one of: acknowledged, certainly refused, certainly not sent, unknown.
//!
//! - [`credentials`]: private keys and request signatures.
//! - [`rows`]: what the exchange lists: markets, orders, fills, settlements and so on.
//! - [`rest`]: the HTTP client, its pages and the outcomes of writes.
//! - [`ws`]: frames, commands, sequence numbers and the connection.
//! - [`export`]: readers for exports of an account, in the former and the present form.
//! - [`legacy`]: readers for recordings in the exchange's former integer-cent form.

pub mod credentials;
pub mod export;
pub mod legacy;
mod number;
pub mod rest;
pub mod rows;
pub mod ws;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod wrong;

pub use credentials::{CredentialError, PrivateKey, Signer};
