//! What the feed says. Total: whatever comes, there is a message for it, and nothing panics.

use rec_domain::{Timestamp, UsdPrice};
use serde::Deserialize;

use crate::number::{read_instant, read_price};

/// A message of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A trade happened, at this price.
    Ticker {
        /// The product, as `BTC-USD`.
        product: String,
        /// The price.
        price: UsdPrice,
        /// When, by the venue's clock; the first message after subscribing may have none.
        at: Option<Timestamp>,
        /// The trade's number, contiguous within the product.
        trade_id: Option<u64>,
    },
    /// The feed is alive, once a second.
    Heartbeat {
        /// The product.
        product: String,
        /// The product's last trade.
        last_trade_id: Option<u64>,
        /// When, by the venue's clock.
        at: Option<Timestamp>,
    },
    /// The connection is alive and no trade has happened since the last one that came.
    Alive,
    /// The venue asks for a new connection.
    Reconnect,
    /// The subscriptions there are now.
    Subscriptions,
    /// A subscription was refused.
    Error(String),
    /// A kind that is not used.
    Other(String),
    /// A message that cannot be read.
    Malformed(String),
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct WireTicker {
    product_id: String,
    #[serde(deserialize_with = "read_price")]
    price: UsdPrice,
    #[serde(default, deserialize_with = "read_instant")]
    time: Option<Timestamp>,
    #[serde(default)]
    trade_id: Option<u64>,
}

#[derive(Deserialize)]
struct WireHeartbeat {
    product_id: String,
    #[serde(default)]
    last_trade_id: Option<u64>,
    #[serde(default, deserialize_with = "read_instant")]
    time: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
}

impl Message {
    /// Reads a message.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        Self::read(text).unwrap_or_else(|error| Self::Malformed(error.to_string()))
    }

    fn read(text: &str) -> Result<Self, serde_json::Error> {
        let Kind { kind } = serde_json::from_str(text)?;
        Ok(match kind.as_str() {
            "ticker" => {
                let WireTicker { product_id, price, time, trade_id } = serde_json::from_str(text)?;
                Self::Ticker { product: product_id, price, at: time, trade_id }
            }
            "heartbeat" => {
                let WireHeartbeat { product_id, last_trade_id, time } = serde_json::from_str(text)?;
                Self::Heartbeat { product: product_id, last_trade_id, at: time }
            }
            "subscriptions" => Self::Subscriptions,
            "error" => {
                let WireError { message, reason } = serde_json::from_str(text)?;
                Self::Error(if reason.is_empty() { message } else { format!("{message}: {reason}") })
            }
            other => Self::Other(other.chars().take(40).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_messages_are_read() {
        let ticker = r#"{"type":"ticker","sequence":123894075370,"product_id":"BTC-USD","price":"70691.27",
            "best_bid":"70691.27","best_ask":"70691.28","side":"sell","time":"2026-03-11T16:54:02.163093Z",
            "trade_id":978694534,"last_size":"0.001705"}"#;
        assert_eq!(
            Message::decode(ticker),
            Message::Ticker {
                product: "BTC-USD".to_owned(),
                price: UsdPrice::from_cents(7_069_127),
                at: Some("2026-03-11T16:54:02.163093Z".parse().expect("instant")),
                trade_id: Some(978_694_534),
            }
        );
        let heartbeat = r#"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD",
            "time":"2014-11-07T08:19:28.464459Z"}"#;
        assert!(matches!(Message::decode(heartbeat), Message::Heartbeat { last_trade_id: Some(20), .. }));
        let error = r#"{"type":"error","message":"Failed to subscribe","reason":"BTC-EUX is not a valid product"}"#;
        assert!(matches!(Message::decode(error), Message::Error(text) if text.contains("BTC-EUX")));
        assert_eq!(Message::decode(r#"{"type":"subscriptions","channels":[]}"#), Message::Subscriptions);
        assert!(matches!(Message::decode(r#"{"type":"match"}"#), Message::Other(_)));
    }

    #[test]
    fn nothing_is_made_up_for_what_cannot_be_read() {
        for text in [
            "",
            "[]",
            "{\"type\":7}",
            r#"{"type":"ticker","product_id":"BTC-USD"}"#,
            r#"{"type":"ticker","product_id":"BTC-USD","price":"0"}"#,
            r#"{"type":"ticker","product_id":"BTC-USD","price":"-5"}"#,
            r#"{"type":"ticker","product_id":"BTC-USD","price":"NaN"}"#,
            r#"{"type":"ticker","price":"5"}"#,
        ] {
            assert!(matches!(Message::decode(text), Message::Malformed(_)), "{text}");
        }
    }
}
