//! The Coinbase-protocol spot venue: trades, minute candles, and the bodies of its feed.

use std::collections::VecDeque;

use rec_domain::{TimeSpan, Timestamp, UsdPrice, decimal};
use serde::Serialize;

use crate::core::{
    config::PRODUCT,
    dice::Dice,
    exchange::push_bounded,
    output::{SpotTick, Venue},
    path::{MinuteBar, PathPoint, cents},
    rejection::{Rejection, RejectionBody},
};

/// Minutes that are kept: a day.
const MINUTES_KEPT: usize = 1_440;
/// Candles that one answer may hold.
const CANDLES_PER_ANSWER: usize = 300;
/// The widths that the venue knows, in seconds.
const GRANULARITIES: [i64; 6] = [60, 300, 900, 3_600, 21_600, 86_400];

/// The venue's memory.
#[derive(Debug, Clone)]
pub struct SpotVenue {
    dice: Dice,
    minutes: VecDeque<MinuteBar>,
    trade_id: u64,
    sequence: u64,
    last: Option<SpotTick>,
}

impl SpotVenue {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed, 3),
            minutes: VecDeque::new(),
            trade_id: 978_000_000,
            sequence: 123_894_000_000,
            last: None,
        }
    }

    /// Takes a second of the past into the candles.
    pub(crate) fn remember(&mut self, point: PathPoint) {
        let size = self.dice.whole(100_000, 40_000_000);
        self.take(point.at, point.spot, size);
    }

    /// The instants of this second's trades: one to three.
    pub(crate) fn moments(&mut self, second: Timestamp) -> Vec<Timestamp> {
        let count = self.dice.whole(1, 3);
        (0..count).map(|_trade| second + TimeSpan::from_micros(self.dice.whole(1_000, 990_000))).collect()
    }

    /// A trade near the present price.
    pub(crate) fn trade(&mut self, point: PathPoint, at: Timestamp) -> SpotTick {
        let price = cents(point.spot.as_f64() + self.dice.normal() * 0.6);
        let size = self.dice.whole(10_000, 20_000_000);
        self.trade_id += 1;
        self.sequence += u64::try_from(self.dice.whole(1, 60)).unwrap_or(1);
        let taker_bought = price >= point.spot;
        let tick = SpotTick {
            venue: Venue::Coinbase,
            trade_id: self.trade_id,
            sequence: self.sequence,
            price,
            size,
            taker_bought,
            at,
        };
        self.take(at, price, size);
        self.last = Some(tick);
        tick
    }

    fn take(&mut self, at: Timestamp, price: UsdPrice, size: i64) {
        let start = Timestamp::from_seconds(at.seconds().div_euclid(60) * 60);
        match self.minutes.back_mut().filter(|bar| bar.start == start) {
            Some(bar) => bar.take(price, size),
            None => {
                let bar = MinuteBar { start, open: price, high: price, low: price, close: price, volume: size };
                push_bounded(&mut self.minutes, bar, MINUTES_KEPT);
            }
        }
    }

    /// The last trade.
    #[must_use]
    pub const fn last(&self) -> Option<&SpotTick> {
        self.last.as_ref()
    }

    /// The minutes that are kept, the oldest first.
    pub fn minutes(&self) -> impl Iterator<Item = &MinuteBar> {
        self.minutes.iter()
    }

    /// The body of `/products/BTC-USD/candles`: `[[time, low, high, open, close, volume]]`, newest first.
    ///
    /// # Errors
    /// When the width is not known or the range holds more than 300 candles.
    pub fn candles(
        &self,
        granularity: i64,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
    ) -> Result<String, Rejection> {
        if !GRANULARITIES.contains(&granularity) {
            return Err(venue_error("Unsupported granularity"));
        }
        if let (Some(start), Some(end)) = (start, end)
            && end.since(start).seconds().div_euclid(granularity) > 300
        {
            return Err(venue_error(
                "granularity too small for the requested time range. Count of aggregations requested exceeds 300",
            ));
        }
        let mut candles: Vec<MinuteBar> = Vec::new();
        for minute in &self.minutes {
            let at = Timestamp::from_seconds(minute.start.seconds().div_euclid(granularity) * granularity);
            if start.is_some_and(|start| at < start) || end.is_some_and(|end| at > end) {
                continue;
            }
            match candles.last_mut().filter(|candle| candle.start == at) {
                Some(candle) => {
                    candle.high = candle.high.max(minute.high);
                    candle.low = candle.low.min(minute.low);
                    candle.close = minute.close;
                    candle.volume += minute.volume;
                }
                None => candles.push(MinuteBar { start: at, ..*minute }),
            }
        }
        let rows: Vec<String> = candles.iter().rev().take(CANDLES_PER_ANSWER).map(candle_row).collect();
        Ok(format!("[{}]", rows.join(",")))
    }

    /// The body of `/products/BTC-USD/ticker`; `None` before the first trade.
    #[must_use]
    pub fn ticker_body(&self) -> Option<serde_json::Value> {
        let tick = self.last?;
        let cent = UsdPrice::from_cents(1);
        Some(serde_json::json!({
            "trade_id": tick.trade_id,
            "price": tick.price.to_string(),
            "size": base_size(tick.size),
            "bid": (tick.price - cent).to_string(),
            "ask": tick.price.to_string(),
            "volume": base_size(self.volume_24h()),
            "time": tick.at,
        }))
    }

    /// The feed's frame for a trade.
    #[must_use]
    pub fn ticker_frame(&self, tick: &SpotTick) -> String {
        let cent = UsdPrice::from_cents(1);
        let (bid, ask) =
            if tick.taker_bought { (tick.price - cent, tick.price) } else { (tick.price, tick.price + cent) };
        let open = self.minutes.front().map_or(tick.price, |bar| bar.open);
        let frame = TickerFrame {
            kind: "ticker",
            sequence: tick.sequence,
            product_id: PRODUCT,
            price: tick.price.to_string(),
            open_24h: open.to_string(),
            volume_24h: base_size(self.volume_24h()),
            low_24h: self.minutes.iter().map(|bar| bar.low).min().unwrap_or(tick.price).to_string(),
            high_24h: self.minutes.iter().map(|bar| bar.high).max().unwrap_or(tick.price).to_string(),
            volume_30d: base_size(self.volume_24h() * 30),
            best_bid: bid.to_string(),
            best_bid_size: "0.05851373",
            best_ask: ask.to_string(),
            best_ask_size: "0.01890000",
            side: if tick.taker_bought { "buy" } else { "sell" },
            time: tick.at,
            trade_id: tick.trade_id,
            last_size: base_size(tick.size),
        };
        serde_json::to_string(&frame).unwrap_or_default()
    }

    /// The feed's heartbeat, once a second.
    #[must_use]
    pub fn heartbeat_frame(&self, at: Timestamp) -> String {
        serde_json::json!({
            "type": "heartbeat", "sequence": self.sequence, "last_trade_id": self.trade_id,
            "product_id": PRODUCT, "time": at,
        })
        .to_string()
    }

    fn volume_24h(&self) -> i64 {
        self.minutes.iter().map(|bar| bar.volume).sum()
    }
}

#[derive(Serialize)]
struct TickerFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    sequence: u64,
    product_id: &'a str,
    price: String,
    open_24h: String,
    volume_24h: String,
    low_24h: String,
    high_24h: String,
    volume_30d: String,
    best_bid: String,
    best_bid_size: &'a str,
    best_ask: String,
    best_ask_size: &'a str,
    side: &'a str,
    time: Timestamp,
    trade_id: u64,
    last_size: String,
}

fn candle_row(candle: &MinuteBar) -> String {
    let time = candle.start.seconds();
    let volume = base_size(candle.volume);
    format!("[{time},{},{},{},{},{volume}]", candle.low, candle.high, candle.open, candle.close)
}

/// A size in 1e-8 of the base currency as text.
fn base_size(size: i64) -> String {
    decimal::format(size, 8, 8)
}

fn venue_error(message: &str) -> Rejection {
    Rejection { status: 400, body: RejectionBody::Text(message.to_owned()) }
}
