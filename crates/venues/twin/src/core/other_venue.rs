//! Spot venues beside Coinbase: Kraken and Bitstamp, each with its own noise on the same walk, and what their feeds say.

use rec_domain::{TimeSpan, Timestamp, UsdPrice, decimal};
use serde_json::{Value, json};

use crate::core::{
    dice::Dice,
    output::{SpotTick, Venue},
    path::{PathPoint, cents},
};

/// What differs between the two venues.
#[derive(Debug, Clone, Copy)]
struct Character {
    /// The stream of chance.
    stream: u64,
    /// One standard deviation of a trade around the walk, in dollars.
    noise: f64,
    /// How far the venue's price strays from the walk as a whole, in dollars.
    basis: f64,
    /// Most trades in a second; the fewest are none.
    most_trades: i64,
    first_trade_id: u64,
}

/// A venue's memory.
#[derive(Debug, Clone)]
pub struct OtherVenue {
    venue: Venue,
    character: Character,
    dice: Dice,
    basis: f64,
    trade_id: u64,
    last: Option<SpotTick>,
    /// Since the beginning: open, low, high, and volume in 1e-8 of the base currency.
    day: Option<(UsdPrice, UsdPrice, UsdPrice, i64)>,
}

impl OtherVenue {
    /// A venue of the world of `seed`.
    pub(crate) fn new(venue: Venue, seed: u64) -> Self {
        let character = match venue {
            Venue::Coinbase | Venue::Kraken => {
                Character { stream: 31, noise: 0.9, basis: 2.5, most_trades: 2, first_trade_id: 0 }
            }
            Venue::Bitstamp => {
                Character { stream: 32, noise: 1.4, basis: 4.0, most_trades: 1, first_trade_id: 650_000_000 }
            }
        };
        let dice = Dice::new(seed, character.stream);
        Self { venue, character, dice, basis: 0.0, trade_id: character.first_trade_id, last: None, day: None }
    }

    /// The instants of this second's trades.
    pub(crate) fn moments(&mut self, second: Timestamp) -> Vec<Timestamp> {
        let keep = libm::exp(-1.0 / 60.0);
        self.basis = self.basis * keep + self.character.basis * (1.0 - keep * keep).sqrt() * self.dice.normal();
        let count = self.dice.whole(0, self.character.most_trades);
        (0..count).map(|_trade| second + TimeSpan::from_micros(self.dice.whole(1_000, 990_000))).collect()
    }

    /// A trade near the present price.
    pub(crate) fn trade(&mut self, point: PathPoint, at: Timestamp) -> SpotTick {
        let fair = point.spot.as_f64() + self.basis;
        let price = cents(fair + self.dice.normal() * self.character.noise);
        let size = self.dice.whole(10_000, 8_000_000);
        self.trade_id += 1;
        let taker_bought = price.as_f64() >= fair;
        let tick = SpotTick {
            venue: self.venue,
            trade_id: self.trade_id,
            sequence: self.trade_id,
            price,
            size,
            taker_bought,
            at,
        };
        let (open, low, high, volume) = self.day.unwrap_or((price, price, price, 0));
        self.day = Some((open, low.min(price), high.max(price), volume + size));
        self.last = Some(tick);
        tick
    }

    /// The last trade.
    #[must_use]
    pub const fn last(&self) -> Option<&SpotTick> {
        self.last.as_ref()
    }

    /// The feed's frame for a trade; `is_first` where it answers a subscription.
    #[must_use]
    pub fn frame(&self, tick: &SpotTick, is_first: bool) -> String {
        match self.venue {
            Venue::Coinbase | Venue::Kraken => self.kraken_ticker(tick, is_first),
            Venue::Bitstamp => bitstamp_trade(tick),
        }
        .to_string()
    }

    fn kraken_ticker(&self, tick: &SpotTick, is_first: bool) -> Value {
        let tenth = UsdPrice::from_cents(10);
        let (bid, ask) =
            if tick.taker_bought { (tick.price - tenth, tick.price) } else { (tick.price, tick.price + tenth) };
        let (open, low, high, volume) = self.day.unwrap_or((tick.price, tick.price, tick.price, 0));
        let change = tick.price.as_f64() - open.as_f64();
        json!({
            "channel": "ticker",
            "type": if is_first { "snapshot" } else { "update" },
            "data": [{
                "symbol": KRAKEN_SYMBOL,
                "bid": bid.as_f64(), "bid_qty": 0.58511,
                "ask": ask.as_f64(), "ask_qty": 0.189,
                "last": tick.price.as_f64(),
                "volume": base(volume), "vwap": low.as_f64().midpoint(high.as_f64()),
                "low": low.as_f64(), "high": high.as_f64(),
                "change": libm::round(change * 100.0) / 100.0,
                "change_pct": libm::round(1e4 * change / open.as_f64()) / 100.0,
                "timestamp": tick.at,
            }],
        })
    }
}

/// Kraken's name of the product.
const KRAKEN_SYMBOL: &str = "BTC/USD";
/// Bitstamp's channel of the product's trades.
const BITSTAMP_CHANNEL: &str = "live_trades_btcusd";

fn bitstamp_trade(tick: &SpotTick) -> Value {
    json!({
        "data": {
            "id": tick.trade_id,
            "timestamp": tick.at.seconds().to_string(),
            "amount": base(tick.size), "amount_str": decimal::format(tick.size, 8, 8),
            "price": tick.price.as_f64(), "price_str": tick.price.to_string(),
            "type": if tick.taker_bought { 0 } else { 1 },
            "microtimestamp": tick.at.micros().to_string(),
            "buy_order_id": tick.trade_id * 2, "sell_order_id": tick.trade_id * 2 + 1,
        },
        "channel": BITSTAMP_CHANNEL,
        "event": "trade",
    })
}

#[expect(clippy::cast_precision_loss, reason = "sizes of a venue")]
fn base(size: i64) -> f64 {
    size as f64 / 1e8
}

/// What a command of a client is answered with, and what it wants from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The frame.
    pub text: String,
    /// Whether trades are wanted now; `None` leaves it as it is.
    pub subscribed: Option<bool>,
}

impl Venue {
    /// The frame with which the venue greets a connection; only Kraken does.
    #[must_use]
    pub fn greeting(self) -> Option<String> {
        let status = json!({ "system": "online", "api_version": "v2", "connection_id": 1, "version": "2.0.0" });
        (self == Self::Kraken).then(|| json!({ "channel": "status", "type": "update", "data": [status] }).to_string())
    }

    /// The frame that proves that a quiet connection is alive, once a second; only Kraken sends one by itself.
    #[must_use]
    pub fn sign_of_life(self) -> Option<String> {
        (self == Self::Kraken).then(|| json!({ "channel": "heartbeat" }).to_string())
    }

    /// Carries out a command of a client of Kraken or Bitstamp.
    #[must_use]
    pub fn command(self, text: &str, at: Timestamp) -> Answer {
        let command: Value = serde_json::from_str(text).unwrap_or_default();
        match self {
            Self::Coinbase | Self::Kraken => kraken_answer(&command, at),
            Self::Bitstamp => bitstamp_answer(&command),
        }
    }
}

fn kraken_answer(command: &Value, at: Timestamp) -> Answer {
    let method = command["method"].as_str().unwrap_or_default();
    let mut answer = json!({ "method": method, "time_in": at, "time_out": at });
    if command["req_id"].is_i64() {
        answer["req_id"] = command["req_id"].clone();
    }
    let wanted = match method {
        "subscribe" => true,
        "unsubscribe" => false,
        "ping" => {
            answer["method"] = json!("pong");
            return Answer { text: answer.to_string(), subscribed: None };
        }
        _ => return kraken_refusal(answer, "Method not supported"),
    };
    let params = &command["params"];
    if params["channel"] != "ticker" {
        return kraken_refusal(answer, "Channel not supported");
    }
    let symbols: Vec<&str> = params["symbol"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(unknown) = symbols.iter().find(|symbol| **symbol != KRAKEN_SYMBOL) {
        return kraken_refusal(answer, &format!("Currency pair not supported {unknown}"));
    }
    if symbols.is_empty() {
        return kraken_refusal(answer, "Symbol(s) not found");
    }
    answer["success"] = json!(true);
    answer["result"] = json!({ "channel": "ticker", "symbol": KRAKEN_SYMBOL });
    if wanted {
        answer["result"]["event_trigger"] = json!("trades");
        answer["result"]["snapshot"] = json!(true);
    }
    Answer { text: answer.to_string(), subscribed: Some(wanted) }
}

fn kraken_refusal(mut answer: Value, reason: &str) -> Answer {
    answer["success"] = json!(false);
    answer["error"] = json!(reason);
    Answer { text: answer.to_string(), subscribed: None }
}

fn bitstamp_answer(command: &Value) -> Answer {
    let plain = |event: &str, data: Value| json!({ "event": event, "channel": "", "data": data }).to_string();
    let wanted = match command["event"].as_str() {
        Some("bts:subscribe") => true,
        Some("bts:unsubscribe") => false,
        Some("bts:heartbeat") => {
            return Answer { text: plain("bts:heartbeat", json!({ "status": "success" })), subscribed: None };
        }
        _ => {
            let data = json!({ "code": null, "message": "Incorrect JSON format." });
            return Answer { text: plain("bts:error", data), subscribed: None };
        }
    };
    let Some(channel) = command["data"]["channel"].as_str().filter(|channel| *channel == BITSTAMP_CHANNEL) else {
        let data = json!({ "code": null, "message": "Bad subscription string." });
        return Answer { text: plain("bts:error", data), subscribed: None };
    };
    let event = if wanted { "bts:subscription_succeeded" } else { "bts:unsubscription_succeeded" };
    let text = json!({ "event": event, "channel": channel, "data": {} }).to_string();
    Answer { text, subscribed: Some(wanted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1_790_186_400);

    fn json(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn commands_are_answered_in_each_venues_words() {
        let subscribe = r#"{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"]},"req_id":7}"#;
        let answer = Venue::Kraken.command(subscribe, AT);
        assert_eq!(answer.subscribed, Some(true));
        assert_eq!((&json(&answer.text)["success"], &json(&answer.text)["req_id"]), (&true.into(), &7.into()));
        let refused = Venue::Kraken.command(&subscribe.replace("BTC/USD", "XXX/USD"), AT);
        assert_eq!(json(&refused.text)["error"], "Currency pair not supported XXX/USD");
        let answer =
            Venue::Bitstamp.command(r#"{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}"#, AT);
        assert_eq!(answer.subscribed, Some(true));
        assert_eq!(json(&answer.text)["event"], "bts:subscription_succeeded");
        let alive = Venue::Bitstamp.command(r#"{"event":"bts:heartbeat"}"#, AT);
        assert_eq!((alive.subscribed, &json(&alive.text)["data"]["status"]), (None, &"success".into()));
        assert_eq!(json(&Venue::Bitstamp.command("nonsense", AT).text)["event"], "bts:error");
    }

    #[test]
    fn frames_have_the_documented_fields() {
        let point = PathPoint { at: AT, spot: cents(84_000.0), index: cents(84_001.0) };
        let mut kraken = OtherVenue::new(Venue::Kraken, 1);
        let tick = kraken.trade(point, AT);
        let frame = json(&kraken.frame(&tick, true));
        assert_eq!((&frame["channel"], &frame["type"]), (&"ticker".into(), &"snapshot".into()));
        let keys: Vec<&String> = frame["data"][0].as_object().expect("an object").keys().collect();
        let documented = [
            "ask",
            "ask_qty",
            "bid",
            "bid_qty",
            "change",
            "change_pct",
            "high",
            "last",
            "low",
            "symbol",
            "timestamp",
            "volume",
            "vwap",
        ];
        assert_eq!(keys, documented);
        let mut bitstamp = OtherVenue::new(Venue::Bitstamp, 1);
        let tick = bitstamp.trade(point, AT);
        let frame = json(&bitstamp.frame(&tick, false));
        assert_eq!((&frame["event"], &frame["channel"]), (&"trade".into(), &BITSTAMP_CHANNEL.into()));
        assert_eq!(frame["data"]["price_str"], tick.price.to_string());
        assert!((tick.price.as_f64() - 84_000.0).abs() < 20.0);
    }
}
