//! What can go wrong with a request, and the exchange's error bodies.

use serde_json::{Map, Value};
use thiserror::Error;

use super::paging::PagingError;
use crate::{number::shorten, rows::list::ReadError};

/// Why a read gave nothing.
#[derive(Debug, Error)]
pub enum RestError {
    /// The client's configuration cannot work.
    #[error("the exchange client cannot be made: {0}")]
    Configuration(String),
    /// The request needs a signature and there is no key.
    #[error("{request} needs an exchange key; configure one")]
    NeedsCredential {
        /// Method and path.
        request: String,
    },
    /// No connection, or the request could not be made.
    #[error("{request} was not sent: {reason}")]
    NotSent {
        /// Method and path.
        request: String,
        /// Why.
        reason: String,
    },
    /// No whole answer came.
    #[error("{request} got no answer: {reason}")]
    NoAnswer {
        /// Method and path.
        request: String,
        /// Why.
        reason: String,
    },
    /// The exchange, or what stands before it, answered with an error.
    #[error("{request} was refused with status {status}: {error}")]
    Refused {
        /// Method and path.
        request: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        error: ErrorBody,
    },
    /// The answer is not what it should be.
    #[error("{request}: {error}")]
    Unreadable {
        /// Method and path.
        request: String,
        /// What is wrong.
        #[source]
        error: ReadError,
    },
    /// A list does not end.
    #[error(transparent)]
    Paging(#[from] PagingError),
}

impl RestError {
    /// The HTTP status, where there was one.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether asking again soon may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::NotSent { .. } | Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

/// An error body in any of the four shapes that the exchange has, or something else that came in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorBody {
    /// The exchange's code, which may carry an identity at its end (`user_not_found:_...`). Empty where there is none.
    pub code: String,
    /// The exchange's text.
    pub message: String,
    /// More of it.
    pub details: Option<String>,
    /// Whether this is one of the exchange's own shapes; otherwise something before the exchange answered.
    pub recognised: bool,
}

impl ErrorBody {
    /// Reads any body.
    #[must_use]
    pub fn read(body: &str) -> Self {
        let unrecognised = || Self { message: summary(body), ..Self::default() };
        let Ok(Value::Object(outer)) = serde_json::from_str::<Value>(body) else { return unrecognised() };
        let word = |object: &Map<String, Value>, key: &str| {
            object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(cut)
        };
        let coded = |object: &Map<String, Value>| {
            let (code, message) = (word(object, "code"), word(object, "message"));
            let recognised = code.is_some() || message.is_some();
            let details = word(object, "details");
            let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
            recognised.then_some(Self { code, message, details, recognised })
        };
        let plain = |message: String| Self { message, recognised: true, ..Self::default() };
        match outer.get("error") {
            Some(Value::Object(inner)) => coded(inner),
            Some(Value::String(message)) => Some(plain(cut(message))),
            _ => coded(&outer).or_else(|| word(&outer, "msg").map(plain)),
        }
        .unwrap_or_else(unrecognised)
    }

    /// Whether the code is `code`, or begins with it.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.code.get(..code.len()).is_some_and(|start| start.eq_ignore_ascii_case(code))
    }
}

/// Messages are shown and stored; none is longer than this.
fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

fn summary(body: &str) -> String {
    let body = body.trim_start();
    if body.is_empty() {
        "an empty body".to_owned()
    } else if body.starts_with('<') {
        "a page of HTML, not from the exchange itself".to_owned()
    } else {
        format!("an unknown body: {}", shorten(body))
    }
}

impl std::fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [Some(self.code.as_str()), Some(self.message.as_str()), self.details.as_deref()];
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_shapes_are_read_and_none_is_refused() {
        for (body, code, message, recognised) in [
            (
                r#"{"error":{"code":"insufficient_balance","message":"insufficient balance","service":"exchange"}}"#,
                "insufficient_balance",
                "insufficient balance",
                true,
            ),
            (r#"{"code":"bad_request","message":"bad request","details":"x"}"#, "bad_request", "bad request", true),
            (r#"{"msg":"Parameter validation failed"}"#, "", "Parameter validation failed", true),
            (r#"{"error":"too many requests"}"#, "", "too many requests", true),
            ("<html>502</html>", "", "a page of HTML, not from the exchange itself", false),
            ("", "", "an empty body", false),
            ("{}", "", "an unknown body: {}", false),
            (r#"{"error":{}}"#, "", r#"an unknown body: {"error":{}}"#, false),
            ("[1]", "", "an unknown body: [1]", false),
        ] {
            let error = ErrorBody::read(body);
            let read = (error.code.as_str(), error.message.as_str(), error.recognised);
            assert_eq!(read, (code, message, recognised), "{body}");
        }
    }

    #[test]
    fn a_code_with_an_identity_is_matched_by_its_beginning() {
        let error = ErrorBody::read(r#"{"code":"user_not_found:_7b2c","message":"no"}"#);
        assert!(error.is("user_not_found"));
        assert!(!error.is("user_not_found_either"));
        assert!(ErrorBody::read(r#"{"code":"MARKET_INACTIVE"}"#).is("market_inactive"));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "\\PC{0,80}", code in "\\PC{0,10}") {
            let _ = ErrorBody::read(&body).is(&code);
            let _ = ErrorBody::read(&format!("{{\"code\":{}}}", serde_json::to_string(&code).expect("json"))).is("é");
        }
    }
}
