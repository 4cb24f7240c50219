//! One HTTP exchange: what was sent, what came back, and whether anything can have left.

use std::time::Duration;

use rec_domain::Timestamp;
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, DATE},
};

use crate::credentials::SignedHeaders;

/// Largest body that is read: a thousand markets take about two megabytes.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// Its `Date`, by the exchange's clock.
    pub(crate) date: Option<Timestamp>,
}

/// Why there is no whole answer.
pub(crate) enum CallError {
    /// No byte can have left.
    NotSent(String),
    /// Bytes may have left.
    AfterSending(String),
}

/// A request, ready to leave.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) signature: Option<SignedHeaders>,
    /// JSON; a POST or PUT without content still carries `{}`, since the exchange refuses an empty body.
    pub(crate) body: Option<String>,
}

pub(crate) async fn call(http: &reqwest::Client, outgoing: Outgoing, deadline: Duration) -> Result<Answer, CallError> {
    let mut request = http.request(outgoing.method, outgoing.url).timeout(deadline);
    for (name, value) in outgoing.signature.into_iter().flat_map(|headers| headers.pairs) {
        request = request.header(name, value);
    }
    if let Some(body) = outgoing.body {
        request = request.header(CONTENT_TYPE, "application/json").body(body);
    }
    let mut response = match request.send().await {
        Ok(response) => response,
        // Only these two errors come before the first byte; every other one may come after it.
        Err(error) if error.is_connect() || error.is_builder() => return Err(CallError::NotSent(reason(&error))),
        Err(error) => return Err(CallError::AfterSending(reason(&error))),
    };
    let status = response.status().as_u16();
    let date = response.headers().get(DATE).and_then(|date| Timestamp::from_http_date(date.to_str().ok()?).ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| CallError::AfterSending(reason(&error)))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(CallError::AfterSending(format!("the answer is larger than {LARGEST_BODY} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    match String::from_utf8(body) {
        Ok(body) => Ok(Answer { status, body, date }),
        // What was said in an unknown encoding is not guessed, unless it is only the reason of a refusal.
        Err(error) if (200..300).contains(&status) => Err(CallError::AfterSending(format!("no UTF-8 text: {error}"))),
        Err(error) => Ok(Answer { status, body: String::from_utf8_lossy(error.as_bytes()).into_owned(), date }),
    }
}

/// The innermost cause says what happened; the outer layers only that a request failed.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return "no whole answer before the deadline".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_connect() { format!("cannot connect: {cause}") } else { cause.to_string() }
}
