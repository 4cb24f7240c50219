//! What the client asks of the stream.

use rec_domain::MarketTicker;
use serde_json::{Value, json};

use crate::rows::order_book::NoSidePrices;

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Books: a snapshot, then changes.
    OrderBook,
    /// Tops and volumes.
    Ticker,
    /// Everybody's trades.
    Trade,
    /// Our fills.
    Fill,
    /// Our orders.
    UserOrders,
    /// Our order groups.
    OrderGroups,
    /// Our positions.
    Positions,
    /// Markets' and events' lives, of the whole exchange.
    Lifecycle,
    /// The settlement index, once a second.
    Index,
    /// The settlement index, five times a second.
    Index5Hz,
}

impl Channel {
    /// The exchange's name, as `subscribed` frames have it too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderBook => "orderbook_delta",
            Self::Ticker => "ticker",
            Self::Trade => "trade",
            Self::Fill => "fill",
            Self::UserOrders => "user_orders",
            Self::OrderGroups => "order_group_updates",
            Self::Positions => "market_positions",
            Self::Lifecycle => "market_lifecycle_v2",
            Self::Index => "cfbenchmarks_value",
            Self::Index5Hz => "cfbenchmarks_value_5hz",
        }
    }
}

/// What the client asks of the stream. Each channel of a subscription is answered by a `subscribed` frame of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Subscribe.
    Subscribe {
        /// To these channels.
        channels: Vec<Channel>,
        /// For these markets; none means all of them (private channels, ticker).
        markets: Vec<MarketTicker>,
        /// For these indices, in the index channels.
        indices: Vec<String>,
    },
    /// End subscriptions.
    Unsubscribe {
        /// Their numbers.
        sids: Vec<u64>,
    },
    /// Take markets into a subscription.
    AddMarkets {
        /// Its number.
        sid: u64,
        /// The markets.
        markets: Vec<MarketTicker>,
    },
    /// Take markets out of a subscription.
    DeleteMarkets {
        /// Its number.
        sid: u64,
        /// The markets.
        markets: Vec<MarketTicker>,
    },
    /// Send the books of markets of a subscription again.
    GetSnapshot {
        /// Its number.
        sid: u64,
        /// The markets.
        markets: Vec<MarketTicker>,
    },
    /// Name the subscriptions.
    ListSubscriptions,
}

impl Command {
    /// The frame for this command under the number `id`, which its answers repeat.
    #[must_use]
    pub fn encode(&self, id: u64, no_side: NoSidePrices) -> String {
        let (name, params) = match self {
            Self::Subscribe { channels, markets, indices } => {
                let names: Vec<_> = channels.iter().map(|channel| channel.name()).collect();
                let mut params = json!({ "channels": names });
                if !markets.is_empty() {
                    params["market_tickers"] = tickers(markets);
                }
                if !indices.is_empty() {
                    params["index_ids"] = json!(indices);
                }
                if channels.contains(&Channel::OrderBook) {
                    // Said explicitly, since the exchange will change what silence means.
                    params["use_yes_price"] = json!(no_side == NoSidePrices::Yes);
                }
                ("subscribe", params)
            }
            Self::Unsubscribe { sids } => ("unsubscribe", json!({ "sids": sids })),
            Self::AddMarkets { sid, markets } => ("update_subscription", update(*sid, "add_markets", markets)),
            Self::DeleteMarkets { sid, markets } => ("update_subscription", update(*sid, "delete_markets", markets)),
            Self::GetSnapshot { sid, markets } => ("update_subscription", update(*sid, "get_snapshot", markets)),
            Self::ListSubscriptions => return json!({ "id": id, "cmd": "list_subscriptions" }).to_string(),
        };
        json!({ "id": id, "cmd": name, "params": params }).to_string()
    }
}

fn tickers(markets: &[MarketTicker]) -> Value {
    markets.iter().map(|market| json!(market.as_str())).collect()
}

fn update(sid: u64, action: &str, markets: &[MarketTicker]) -> Value {
    json!({ "sids": [sid], "market_tickers": tickers(markets), "action": action })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_as_documented() {
        let markets = vec![MarketTicker::new("A"), MarketTicker::new("B")];
        let encoded =
            |command: Command| -> Value { serde_json::from_str(&command.encode(7, NoSidePrices::Yes)).expect("json") };
        let channels = vec![Channel::OrderBook, Channel::Ticker];
        assert_eq!(
            encoded(Command::Subscribe { channels, markets: markets.clone(), indices: vec![] }),
            json!({"id":7,"cmd":"subscribe","params":{"channels":["orderbook_delta","ticker"],
                "market_tickers":["A","B"],"use_yes_price":true}})
        );
        let indices = vec!["BRTI".to_owned()];
        assert_eq!(
            encoded(Command::Subscribe { channels: vec![Channel::Index], markets: vec![], indices }),
            json!({"id":7,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}})
        );
        assert_eq!(
            encoded(Command::GetSnapshot { sid: 456, markets }),
            json!({"id":7,"cmd":"update_subscription","params":{"sids":[456],"market_tickers":["A","B"],
                "action":"get_snapshot"}})
        );
        assert_eq!(encoded(Command::ListSubscriptions), json!({"id":7,"cmd":"list_subscriptions"}));
    }
}
