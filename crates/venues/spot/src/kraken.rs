//! Kraken's WebSocket, version 2: the `ticker` channel, which tells on every trade.

use rec_domain::{Timestamp, UsdPrice};
use serde::Deserialize;

use crate::{
    message::Message,
    number::{read_instant, read_price},
};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    success: Option<bool>,
    #[serde(default)]
    error: Option<String>,
    #[serde(borrow, default)]
    data: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct WireTicker {
    symbol: String,
    #[serde(deserialize_with = "read_price")]
    last: UsdPrice,
    #[serde(default, deserialize_with = "read_instant")]
    timestamp: Option<Timestamp>,
}

/// Reads a message; prices of other symbols are not told.
pub(crate) fn decode(text: &str, product: &str, symbol: &str) -> Message {
    read(text, product, symbol).unwrap_or_else(|error| Message::Malformed(error.to_string()))
}

fn read(text: &str, product: &str, symbol: &str) -> Result<Message, serde_json::Error> {
    let envelope: Envelope<'_> = serde_json::from_str(text)?;
    if envelope.success == Some(false) {
        return Ok(Message::Error(envelope.error.unwrap_or_else(|| "no reason given".to_owned())));
    }
    Ok(match (envelope.channel.as_deref(), envelope.method.as_deref()) {
        (Some("ticker"), _) => {
            let rows: Vec<WireTicker> = serde_json::from_str(envelope.data.map_or("null", |data| data.get()))?;
            let own = rows.into_iter().rfind(|row| row.symbol == symbol);
            own.map_or(Message::Other("ticker".to_owned()), |row| Message::Ticker {
                product: product.to_owned(),
                price: row.last,
                at: row.timestamp,
                trade_id: None,
            })
        }
        (Some("heartbeat"), _) => Message::Alive,
        (_, Some("subscribe")) => Message::Subscriptions,
        (Some(other), _) | (_, Some(other)) => Message::Other(other.chars().take(40).collect()),
        (None, None) => Message::Malformed("neither a channel nor a method".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_btc(text: &str) -> Message {
        decode(text, "BTC-USD", "BTC/USD")
    }

    #[test]
    fn documented_messages_are_read() {
        let ticker = r#"{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":83999.9,"bid_qty":0.5,
            "ask":84000.0,"ask_qty":1.25,"last":84000.0,"volume":2345.1,"vwap":83900.1,"low":83000.0,"high":84500.0,
            "change":120.5,"change_pct":0.14,"timestamp":"2026-09-25T19:59:59.123456Z"}]}"#;
        let expected = Message::Ticker {
            product: "BTC-USD".to_owned(),
            price: UsdPrice::from_cents(8_400_000),
            at: Some("2026-09-25T19:59:59.123456Z".parse().expect("instant")),
            trade_id: None,
        };
        assert_eq!(decode_btc(ticker), expected);
        assert_eq!(decode_btc(r#"{"channel":"heartbeat"}"#), Message::Alive);
        let accepted = r#"{"method":"subscribe","result":{"channel":"ticker","symbol":"BTC/USD"},"success":true}"#;
        assert_eq!(decode_btc(accepted), Message::Subscriptions);
        let refused = r#"{"error":"Currency pair not supported XXX/USD","method":"subscribe","success":false}"#;
        assert!(matches!(decode_btc(refused), Message::Error(text) if text.contains("not supported")));
        assert!(matches!(decode_btc(r#"{"channel":"status","type":"update","data":[]}"#), Message::Other(_)));
        assert!(matches!(decode_btc(&ticker.replace("BTC/USD", "ETH/USD")), Message::Other(_)));
    }

    #[test]
    fn nothing_is_made_up_for_what_cannot_be_read() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"channel":"ticker"}"#,
            r#"{"channel":"ticker","data":[{"symbol":"BTC/USD"}]}"#,
            r#"{"channel":"ticker","data":[{"symbol":"BTC/USD","last":0}]}"#,
            r#"{"channel":"ticker","data":[{"symbol":"BTC/USD","last":-1.5}]}"#,
            r#"{"channel":"ticker","data":[{"symbol":"BTC/USD","last":1e30}]}"#,
        ] {
            assert!(matches!(decode_btc(text), Message::Malformed(_)), "{text}");
        }
    }
}
