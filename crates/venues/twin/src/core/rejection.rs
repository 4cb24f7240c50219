//! Refusals, in the four shapes that the exchange was recorded with.

use serde::Serialize;
use serde_json::{Value, json};

/// Why a request was refused, with the status code and the body that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The HTTP status code.
    pub status: u16,
    /// The body.
    pub body: RejectionBody,
}

/// The recorded shapes of an error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RejectionBody {
    /// `{"error":{"code","message","details"?}}`
    Nested(ErrorFields),
    /// `{"code","message","details"?}`
    Flat(ErrorFields),
    /// `{"msg"}`
    Bare(String),
    /// `{"error":"text"}`
    Text(String),
}

/// The fields of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorFields {
    /// Stable word.
    pub code: String,
    /// The word for people.
    pub message: String,
    /// More, where there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl Rejection {
    /// The nested shape; the message is the code with spaces.
    #[must_use]
    pub fn nested(status: u16, code: &str, details: Option<&str>) -> Self {
        Self { status, body: RejectionBody::Nested(ErrorFields::new(code, details)) }
    }

    /// The flat shape of a body that could not be read.
    #[must_use]
    pub fn bad_request(details: &str) -> Self {
        Self { status: 400, body: RejectionBody::Flat(ErrorFields::new("bad_request", Some(details))) }
    }

    /// The bare shape of a parameter that is out of range.
    #[must_use]
    pub fn parameter(operation: &str, what: &str) -> Self {
        let text = format!("Parameter validation failed for {operation}: {what}");
        Self { status: 400, body: RejectionBody::Bare(text) }
    }

    /// Too many requests.
    #[must_use]
    pub fn too_many_requests() -> Self {
        Self { status: 429, body: RejectionBody::Text("too many requests".to_owned()) }
    }

    /// Unknown, filled and cancelled look the same.
    #[must_use]
    pub fn not_found() -> Self {
        Self::nested(404, "not_found", None)
    }

    /// The market takes no orders and no cancels.
    #[must_use]
    pub fn market_inactive() -> Self {
        Self::nested(400, "MARKET_INACTIVE", None)
    }

    /// Trading pauses: no new orders and no changes of orders; cancels are taken.
    #[must_use]
    pub fn trading_paused() -> Self {
        Self::nested(409, "trading_is_paused", None)
    }

    /// The code of a nested or flat rejection; empty for the other shapes.
    #[must_use]
    pub fn code(&self) -> &str {
        match &self.body {
            RejectionBody::Nested(fields) | RejectionBody::Flat(fields) => &fields.code,
            RejectionBody::Bare(_) | RejectionBody::Text(_) => "",
        }
    }

    /// The error of one item of a batch: the fields by themselves, in none of the four shapes.
    #[must_use]
    pub fn item(&self) -> Value {
        match &self.body {
            RejectionBody::Nested(fields) | RejectionBody::Flat(fields) => json!(fields),
            RejectionBody::Bare(text) | RejectionBody::Text(text) => json!({ "message": text }),
        }
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        match &self.body {
            RejectionBody::Nested(fields) => json!({ "error": fields }),
            RejectionBody::Flat(fields) => json!(fields),
            RejectionBody::Bare(text) => json!({ "msg": text }),
            RejectionBody::Text(text) => json!({ "error": text }),
        }
    }
}

impl ErrorFields {
    fn new(code: &str, details: Option<&str>) -> Self {
        Self {
            code: code.to_owned(),
            message: code.to_lowercase().replace('_', " "),
            details: details.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_recorded_shapes() {
        assert_eq!(
            Rejection::nested(400, "insufficient_balance", None).json().to_string(),
            r#"{"error":{"code":"insufficient_balance","message":"insufficient balance"}}"#
        );
        assert!(Rejection::bad_request("x").json().to_string().starts_with(r#"{"code":"bad_request","details":"x""#));
        assert_eq!(
            Rejection::parameter("GetMarkets", "limit").json().to_string(),
            r#"{"msg":"Parameter validation failed for GetMarkets: limit"}"#
        );
        assert_eq!(Rejection::too_many_requests().json().to_string(), r#"{"error":"too many requests"}"#);
    }
}
