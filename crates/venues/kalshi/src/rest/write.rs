//! What became of a write that was not acknowledged.
//!
//! The rule: whatever is not certainly "not executed" is unknown. Certain are a connection that was never made, a
//! refusal in the exchange's own words, and status 429. Server errors, lost connections, missed deadlines, pages of
//! something that stands before the exchange and answers that cannot be read are not.

use rec_domain::{
    Timestamp,
    answer::{NotSent, Outcome},
};
use thiserror::Error;

use super::{
    error::ErrorBody,
    transport::{Answer, CallError},
};

/// Why a write was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteFailure {
    /// The exchange refused it: certainly not executed.
    #[error("refused: {0}")]
    Rejected(Rejection),
    /// Too many requests: certainly not executed.
    #[error("refused: too many requests")]
    RateLimited,
    /// The exchange has an order with this `client_order_id` already: an earlier attempt landed. The answer does not
    /// say which order it is.
    #[error("an order with this identity exists already")]
    AlreadyExists,
    /// There is no such order to cancel, or no such group: it may be filled, cancelled, or never have been, and the
    /// exchange does not tell which.
    #[error("not found")]
    NotFound,
    /// No byte can have left.
    #[error("not sent: {reason}")]
    NotSent {
        /// Why.
        reason: String,
    },
    /// It may or may not have been executed.
    #[error("it may or may not have been executed: {reason}")]
    Unknown {
        /// What happened.
        reason: String,
    },
}

/// A refusal in the exchange's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// HTTP status.
    pub status: u16,
    /// The exchange's words.
    pub error: ErrorBody,
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}: {}", self.status, self.error)
    }
}

impl WriteFailure {
    pub(crate) fn unknown(reason: impl std::fmt::Display) -> Self {
        Self::Unknown { reason: reason.to_string() }
    }

    /// Whether it certainly was not executed.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        matches!(self, Self::Rejected(_) | Self::RateLimited | Self::NotSent { .. })
    }

    /// As the executor records it, for a write signed at `signed_at`.
    #[must_use]
    pub fn outcome(self, signed_at: Timestamp) -> Outcome {
        match self {
            Self::Rejected(Rejection { status, error }) => {
                let message = match error.details {
                    Some(details) if error.message.is_empty() => details,
                    Some(details) => format!("{}: {details}", error.message),
                    None => error.message,
                };
                Outcome::Rejected { status, code: error.code, message }
            }
            Self::RateLimited => Outcome::Rejected {
                status: 429,
                code: "too_many_requests".to_owned(),
                message: "too many requests".to_owned(),
            },
            Self::AlreadyExists => Outcome::AlreadyExists { signed_at },
            Self::NotFound => Outcome::NotFound,
            Self::NotSent { reason } => Outcome::NotSent { reason: NotSent::Unreachable { detail: reason } },
            Self::Unknown { reason } => Outcome::Unknown { reason, signed_at },
        }
    }
}

/// Sorts the result of a write. `Ok` is the body of a success, which still has to be read.
pub(crate) fn settle(result: Result<Answer, CallError>) -> Result<String, WriteFailure> {
    let answer = match result {
        Ok(answer) => answer,
        Err(CallError::NotSent(reason)) => return Err(WriteFailure::NotSent { reason }),
        Err(CallError::AfterSending(reason)) => return Err(WriteFailure::Unknown { reason }),
    };
    let Answer { status, body, .. } = answer;
    if (200..300).contains(&status) {
        return Ok(body);
    }
    let error = ErrorBody::read(&body);
    Err(match status {
        429 => WriteFailure::RateLimited,
        409 if error.is("order_already_exists") => WriteFailure::AlreadyExists,
        // 408 and other conflicts do not say that nothing was done.
        400 | 401 | 403 | 404 | 405 | 411 | 413 | 414 | 415 | 422 if error.recognised => {
            WriteFailure::Rejected(Rejection { status, error })
        }
        _ => WriteFailure::Unknown { reason: format!("status {status}: {error}") },
    })
}

/// For what may be gone: a 404 in the exchange's words means that there is no such thing.
pub(crate) fn not_found(failure: WriteFailure) -> WriteFailure {
    match failure {
        WriteFailure::Rejected(rejection) if rejection.status == 404 && rejection.error.is("not_found") => {
            WriteFailure::NotFound
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(status: u16, body: &str) -> Result<String, WriteFailure> {
        settle(Ok(Answer { status, body: body.to_owned(), date: None }))
    }

    #[test]
    fn only_what_is_certain_is_called_certain() {
        let json = r#"{"error":{"code":"insufficient_balance","message":"insufficient balance"}}"#;
        for (status, body, certain) in [
            (400, json, true),
            (401, json, true),
            (403, json, true),
            (404, json, true),
            (429, r#"{"error":"too many requests"}"#, true),
            (429, "<html>", true),
            (400, "<html>", false),
            (403, "<html>", false),
            (400, "", false),
            (408, json, false),
            (409, json, false),
            (302, "", false),
            (500, json, false),
            (502, "<html>", false),
            (503, json, false),
            (504, "", false),
        ] {
            let failure = settled(status, body).expect_err("no success");
            assert_eq!(failure.is_certain(), certain, "{status} {body}: {failure}");
        }
        let lost = settle(Err(CallError::AfterSending("connection reset".to_owned()))).expect_err("lost");
        assert!(!lost.is_certain());
        let unreached = settle(Err(CallError::NotSent("refused".to_owned()))).expect_err("unreached");
        assert!(unreached.is_certain());
    }

    #[test]
    fn a_known_identity_and_a_missing_order_have_their_own_names() {
        let exists = r#"{"error":{"code":"order_already_exists","message":"order already exists"}}"#;
        assert_eq!(settled(409, exists), Err(WriteFailure::AlreadyExists));
        let missing = r#"{"error":{"code":"not_found","message":"not found"}}"#;
        assert_eq!(settled(404, missing).map_err(not_found), Err(WriteFailure::NotFound));
        let no_route = r#"{"msg":"404 page not found"}"#;
        assert!(matches!(settled(404, no_route).map_err(not_found), Err(WriteFailure::Rejected(_))));
    }

    #[test]
    fn a_refusal_is_recorded_with_its_details() {
        let body = r#"{"error":{"code":"invalid_order","message":"invalid order","details":"post only cross"}}"#;
        let outcome = settled(400, body).expect_err("refused").outcome(Timestamp::from_seconds(1));
        let Outcome::Rejected { status, code, message } = outcome else { panic!("{outcome:?}") };
        assert_eq!((status, code.as_str(), message.as_str()), (400, "invalid_order", "invalid order: post only cross"));
    }
}
