//! Refusals over HTTP: problem details (RFC 9457) with a stable code.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rec_domain::refusal::{Refusal, RefusalCode};
use serde::{Deserialize, Serialize};

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Problem details (RFC 9457). `type` is `about:blank`: the code says which problem it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Always `about:blank`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// A stable code; of a refusal by the desk, its [`RefusalCode`].
    pub code: String,
    /// What happened, for people.
    pub detail: String,
}

impl Problem {
    /// A problem.
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// A refusal by the desk: 422 when the request itself cannot be meant, 409 when the state of the desk forbids it.
    #[must_use]
    pub fn refusal(refusal: &Refusal) -> Self {
        Self::new(status_of(refusal.code), refusal.code.name(), refusal.message.clone())
    }

    /// The desk's refusal that this states; `None` when it is another problem.
    #[must_use]
    pub fn as_refusal(&self) -> Option<Refusal> {
        let code = RefusalCode::ALL.iter().copied().find(|code| code.name() == self.code)?;
        (status_of(code).as_u16() == self.status).then(|| Refusal::new(code, self.detail.clone()))
    }
}

/// The status with which a refusal is answered.
#[must_use]
pub const fn status_of(code: RefusalCode) -> StatusCode {
    match code {
        RefusalCode::Price
        | RefusalCode::Quantity
        | RefusalCode::BadSettings
        | RefusalCode::UnknownMarket
        | RefusalCode::NoSuchTrade => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_survives_the_way_over_http() {
        for code in RefusalCode::ALL {
            let refusal = Refusal::new(*code, "why");
            assert_eq!(Problem::refusal(&refusal).as_refusal(), Some(refusal));
        }
        assert_eq!(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "no").as_refusal(), None);
    }
}
