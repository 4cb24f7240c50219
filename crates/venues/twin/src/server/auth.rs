//! Signatures: who asks, and whether his clock is right.

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use rec_domain::{TimeSpan, Timestamp};

use super::{ApiKey, MarketClock};
use crate::core::Rejection;

/// A timestamp may be this far behind the exchange's clock.
const ACCEPTED_AGE: TimeSpan = TimeSpan::from_seconds(5);
/// A timestamp may be this far ahead of the exchange's clock.
const ACCEPTED_LEAD: TimeSpan = TimeSpan::from_seconds(30);

/// Checks the three headers over `"{timestamp}{METHOD}{path}"` and gives the key.
///
/// `now` is the exchange's own clock, which may be wrong; `clock` knows how far transport stretches its limits.
pub(super) fn verify<'a>(
    keys: &'a [ApiKey],
    clock: &MarketClock,
    now: Timestamp,
    headers: &HeaderMap,
    method: &str,
    path: &str,
) -> Result<&'a ApiKey, Rejection> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let (Some(id), Some(timestamp), Some(signature)) =
        (header("KALSHI-ACCESS-KEY"), header("KALSHI-ACCESS-TIMESTAMP"), header("KALSHI-ACCESS-SIGNATURE"))
    else {
        return Err(Rejection::nested(401, "signature_is_missing_from_headers", None));
    };
    let sent = timestamp.parse::<i64>().map(Timestamp::from_millis);
    let sent = sent.map_err(|_not_a_number| Rejection::nested(401, "header_timestamp_expired", None))?;
    let (age, lead) = (now.since(sent), sent.since(now));
    if age > clock.transport_limit(ACCEPTED_AGE) || lead > clock.transport_limit(ACCEPTED_LEAD) {
        return Err(Rejection::nested(401, "header_timestamp_expired", None));
    }
    let key = keys.iter().find(|key| key.id == id);
    let key = key.ok_or_else(|| Rejection::nested(401, "authentication_error", Some("NOT_FOUND")))?;
    let wrong = || Rejection::nested(401, "authentication_error", Some("INCORRECT_API_KEY_SIGNATURE"));
    let signature = STANDARD.decode(signature).map_err(|_not_base64| wrong())?;
    let message = format!("{timestamp}{method}{path}");
    if key.verifies(message.as_bytes(), &signature) { Ok(key) } else { Err(wrong()) }
}
