//! Candlesticks of a market. Old ones come with other names for the same fields.

use rec_domain::{Price, Quantity, Timestamp};
use serde::Deserialize;

use super::list::Row;
use crate::number::{Seconds, optional, required};

/// First, lowest, highest and last of something in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// At its beginning.
    pub open: Price,
    /// Lowest.
    pub low: Price,
    /// Highest.
    pub high: Price,
    /// At its end.
    pub close: Price,
}

/// A market in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candle {
    /// The end of the period, which belongs to it.
    pub end: Timestamp,
    /// The best bid for YES.
    pub bid: Bar,
    /// The best ask for YES.
    pub ask: Bar,
    /// What traded; `None` where nothing did.
    pub trades: Option<Bar>,
    /// Contracts traded.
    pub volume: Quantity,
    /// Contracts held open at its end.
    pub open_interest: Quantity,
}

#[derive(Deserialize)]
struct WireBar {
    #[serde(default, alias = "open", deserialize_with = "optional")]
    open_dollars: Option<Price>,
    #[serde(default, alias = "low", deserialize_with = "optional")]
    low_dollars: Option<Price>,
    #[serde(default, alias = "high", deserialize_with = "optional")]
    high_dollars: Option<Price>,
    #[serde(default, alias = "close", deserialize_with = "optional")]
    close_dollars: Option<Price>,
}

impl WireBar {
    fn bar(self) -> Option<Bar> {
        let Self { open_dollars, low_dollars, high_dollars, close_dollars } = self;
        Some(Bar { open: open_dollars?, low: low_dollars?, high: high_dollars?, close: close_dollars? })
    }
}

#[derive(Deserialize)]
pub(crate) struct WireCandle {
    #[serde(deserialize_with = "required")]
    end_period_ts: Seconds,
    yes_bid: WireBar,
    yes_ask: WireBar,
    price: WireBar,
    #[serde(alias = "volume", deserialize_with = "required")]
    volume_fp: Quantity,
    #[serde(alias = "open_interest", deserialize_with = "required")]
    open_interest_fp: Quantity,
}

impl Row for Candle {
    type Wire = WireCandle;
    const LIST: &'static str = "candlesticks";
    const WHAT: &'static str = "a candlestick";

    fn from_wire(wire: WireCandle) -> Result<Self, String> {
        Ok(Self {
            end: wire.end_period_ts.0,
            bid: wire.yes_bid.bar().ok_or("its bids lack a price")?,
            ask: wire.yes_ask.bar().ok_or("its asks lack a price")?,
            trades: wire.price.bar(),
            volume: wire.volume_fp,
            open_interest: wire.open_interest_fp,
        })
    }

    fn identity(&self) -> String {
        self.end.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::list::read_row;

    #[test]
    fn both_generations_of_names_are_read_and_a_period_without_trades_has_none() {
        let bar = |suffix: &str| {
            format!(r#"{{"open{suffix}":"0.4","low{suffix}":"0.3","high{suffix}":"0.5","close{suffix}":"0.4500"}}"#)
        };
        for (suffix, count) in [("_dollars", "_fp"), ("", "")] {
            let bar = bar(suffix);
            let json = format!(
                r#"{{"end_period_ts":60,"yes_bid":{bar},"yes_ask":{bar},"price":{{"open{suffix}":null}},
                "volume{count}":"3.50","open_interest{count}":"7.00"}}"#
            );
            let candle: Candle = read_row(&json).expect("a candle");
            assert_eq!((candle.bid.low, candle.ask.close), (Price::from_cents(30), Price::from_cents(45)));
            assert_eq!((candle.trades, candle.end), (None, Timestamp::from_seconds(60)));
        }
    }
}
