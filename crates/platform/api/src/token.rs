//! The token that services show to each other.

use std::fmt;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;

use crate::Problem;

/// The token that services show to each other, as `authorization: Bearer`. It never prints.
#[derive(Clone)]
pub struct ServiceToken(std::sync::Arc<str>);

impl ServiceToken {
    /// Wraps a token.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// The token itself, for the header of a request.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the other one is the same; takes equally long for every wrong one of the same length.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(other.as_bytes()))
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A layer that lets only requests with the token pass; for `axum::middleware::from_fn_with_state(token, require)`.
pub async fn require(State(token): State<ServiceToken>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if shown.is_some_and(|shown| token.matches(shown)) {
        next.run(request).await
    } else {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "this address needs the service token").into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_token_matches_and_none_prints() {
        let token = ServiceToken::new("abc123\n");
        assert!(token.matches("abc123"));
        assert!(!token.matches("abc124"));
        assert!(!token.matches("abc1234"));
        assert!(!ServiceToken::new("").matches(""), "a missing token opens nothing");
        assert_eq!(format!("{token:?}"), "[redacted]");
    }
}
