//! Signatures made before there is anything to send.
//!
//! A signature covers time, method and path and nothing of the body, so that of a new order can be made before anybody
//! knows the order. It then costs nothing between decision and wire, where an RSA signature would take a millisecond.

use std::fmt;

use rec_domain::Timestamp;

use super::{client::Client, error::RestError, orders};
use crate::credentials::SignedHeaders;

/// The signed headers of one new order. It can be used once: it is given away with the order, and has no copy.
pub struct SignedAhead {
    pub(super) headers: SignedHeaders,
    signed_at: Timestamp,
}

impl SignedAhead {
    /// The signature time.
    #[must_use]
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }
}

impl fmt::Debug for SignedAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedAhead").field("signed_at", &self.signed_at).finish_non_exhaustive()
    }
}

/// How a request gets its signature.
#[derive(Debug)]
pub enum Signature {
    /// It was made before.
    Ahead(SignedAhead),
    /// It is made when the request is sent, with this time.
    At(Timestamp),
}

impl From<Timestamp> for Signature {
    fn from(signed_at: Timestamp) -> Self {
        Self::At(signed_at)
    }
}

impl Client {
    /// Signs a new order that does not exist yet. With an RSA key it takes about a millisecond of processor time.
    ///
    /// # Errors
    /// When there is no key, or it cannot sign.
    pub fn sign_order_ahead(&self, signed_at: Timestamp) -> Result<SignedAhead, RestError> {
        let headers = self.sign(signed_at, &orders::METHOD, &orders::PATH)?;
        Ok(SignedAhead { headers, signed_at })
    }
}
