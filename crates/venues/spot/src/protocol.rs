//! What differs between the venues' public feeds: how one subscribes, and what proves that a price still stands.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{bitstamp, kraken, message::Message};

/// A venue's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Coinbase Exchange: `ticker` and `heartbeat`, which names the last trade.
    Coinbase,
    /// Kraken, version 2: `ticker`; a heartbeat comes each second in which nothing else does.
    Kraken,
    /// Bitstamp: `live_trades`; the client asks for heartbeats.
    Bitstamp,
}

impl Protocol {
    /// The source that prices of the venue carry.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Coinbase => crate::SOURCE,
            Self::Kraken => "kraken",
            Self::Bitstamp => "bitstamp",
        }
    }

    /// The product as the venue writes it; given as `BTC-USD`.
    #[must_use]
    pub fn symbol(self, product: &str) -> String {
        match self {
            Self::Coinbase => product.to_owned(),
            Self::Kraken => product.replace('-', "/"),
            Self::Bitstamp => product.replace('-', "").to_lowercase(),
        }
    }

    /// The message that subscribes to the trades of a product.
    pub(crate) fn subscription(self, product: &str) -> Value {
        let symbol = self.symbol(product);
        match self {
            Self::Coinbase => {
                json!({ "type": "subscribe", "product_ids": [symbol], "channels": ["ticker", "heartbeat"] })
            }
            Self::Kraken => json!({ "method": "subscribe", "params": { "channel": "ticker", "symbol": [symbol] } }),
            Self::Bitstamp => {
                json!({ "event": "bts:subscribe", "data": { "channel": bitstamp::channel(&symbol) } })
            }
        }
    }

    /// The message that asks for a sign of life, and how often it is sent; `None` where the venue sends its own.
    pub(crate) fn heartbeat(self) -> Option<(Value, Duration)> {
        match self {
            Self::Coinbase | Self::Kraken => None,
            Self::Bitstamp => Some((json!({ "event": "bts:heartbeat" }), Duration::from_secs(2))),
        }
    }

    /// Reads a message; the product of a price is as it was configured.
    pub(crate) fn decode(self, text: &str, product: &str) -> Message {
        match self {
            Self::Coinbase => Message::decode(text),
            Self::Kraken => kraken::decode(text, product, &self.symbol(product)),
            Self::Bitstamp => bitstamp::decode(text, product, &self.symbol(product)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_venue_is_asked_in_its_own_words() {
        for (protocol, asked) in [
            (Protocol::Coinbase, r#"{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker","heartbeat"]}"#),
            (Protocol::Kraken, r#"{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"]}}"#),
            (Protocol::Bitstamp, r#"{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}"#),
        ] {
            let expected: Value = serde_json::from_str(asked).expect("JSON");
            assert_eq!(protocol.subscription("BTC-USD"), expected);
        }
    }
}
