//! Bitstamp's WebSocket: the `live_trades` channel.

use rec_domain::{Timestamp, UsdPrice};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{message::Message, number::read_price};

#[derive(Deserialize)]
struct Envelope<'a> {
    event: String,
    #[serde(default)]
    channel: Option<String>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireTrade {
    id: u64,
    #[serde(deserialize_with = "read_price")]
    price_str: UsdPrice,
    #[serde(default)]
    microtimestamp: Option<String>,
}

#[derive(Deserialize, Default)]
struct WireError {
    #[serde(default)]
    message: String,
}

/// The channel of a symbol's trades.
pub(crate) fn channel(symbol: &str) -> String {
    format!("live_trades_{symbol}")
}

/// Reads a message; trades of other channels are not told.
pub(crate) fn decode(text: &str, product: &str, symbol: &str) -> Message {
    read(text, product, symbol).unwrap_or_else(|error| Message::Malformed(error.to_string()))
}

fn read(text: &str, product: &str, symbol: &str) -> Result<Message, serde_json::Error> {
    let envelope: Envelope<'_> = serde_json::from_str(text)?;
    let data = envelope.data.map_or("null", RawValue::get);
    Ok(match envelope.event.as_str() {
        "trade" if envelope.channel.as_deref() == Some(channel(symbol).as_str()) => {
            let WireTrade { id, price_str, microtimestamp } = serde_json::from_str(data)?;
            let at = microtimestamp.and_then(|micros| micros.parse().ok()).map(Timestamp::from_micros);
            Message::Ticker { product: product.to_owned(), price: price_str, at, trade_id: Some(id) }
        }
        "bts:heartbeat" => Message::Alive,
        "bts:subscription_succeeded" => Message::Subscriptions,
        "bts:request_reconnect" => Message::Reconnect,
        "bts:error" => {
            let WireError { message } = serde_json::from_str(data).unwrap_or_default();
            Message::Error(message)
        }
        other => Message::Other(other.chars().take(40).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_btc(text: &str) -> Message {
        decode(text, "BTC-USD", "btcusd")
    }

    #[test]
    fn documented_messages_are_read() {
        let trade = r#"{"data":{"id":650885871,"timestamp":"1791403680","amount":0.00274133,"amount_str":"0.00274133",
            "price":83463.08,"price_str":"83463.08","type":1,"microtimestamp":"1791403680349000","buy_order_id":1,
            "sell_order_id":2},"channel":"live_trades_btcusd","event":"trade"}"#;
        let expected = Message::Ticker {
            product: "BTC-USD".to_owned(),
            price: UsdPrice::from_cents(8_346_308),
            at: Some(Timestamp::from_micros(1_791_403_680_349_000)),
            trade_id: Some(650_885_871),
        };
        assert_eq!(decode_btc(trade), expected);
        assert!(matches!(decode_btc(&trade.replace("_btcusd", "_ethusd")), Message::Other(_)));
        let alive = r#"{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}"#;
        assert_eq!(decode_btc(alive), Message::Alive);
        let succeeded = r#"{"event":"bts:subscription_succeeded","channel":"live_trades_btcusd","data":{}}"#;
        assert_eq!(decode_btc(succeeded), Message::Subscriptions);
        let reconnect = r#"{"event":"bts:request_reconnect","channel":"","data":null}"#;
        assert_eq!(decode_btc(reconnect), Message::Reconnect);
        let error = r#"{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}"#;
        assert_eq!(decode_btc(error), Message::Error("Bad subscription string.".to_owned()));
    }

    #[test]
    fn nothing_is_made_up_for_what_cannot_be_read() {
        let trade = |data: &str| format!(r#"{{"event":"trade","channel":"live_trades_btcusd","data":{data}}}"#);
        for text in
            ["".to_owned(), "{}".to_owned(), trade("null"), trade(r#"{"id":1}"#), trade(r#"{"id":1,"price_str":"0"}"#)]
        {
            assert!(matches!(decode_btc(&text), Message::Malformed(_)), "{text}");
        }
    }
}
