//! The crypto series that a twin can list, and what differs between them.
//!
//! Tickers, grids and delays of the bitcoin series are recorded facts. The ether series are their analogues; their
//! steps of five dollars are read off public tickers, not recorded.

use rec_domain::{Price, PriceGrid, TimeSpan, Timestamp, UsdPrice, eastern, grid::PriceRange};
use serde::{Deserialize, Serialize};

/// What a series settles on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asset {
    /// Bitcoin, on BRTI.
    Bitcoin,
    /// Ether, on `ETHUSD_RTI`.
    Ether,
}

impl Asset {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Bitcoin, Self::Ether];

    /// The identity of its index.
    #[must_use]
    pub const fn index_id(self) -> &'static str {
        match self {
            Self::Bitcoin => "BRTI",
            Self::Ether => "ETHUSD_RTI",
        }
    }

    /// The asset of an index.
    #[must_use]
    pub fn of_index(index_id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|asset| asset.index_id() == index_id)
    }

    /// Its name in titles.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Bitcoin => "Bitcoin",
            Self::Ether => "Ethereum",
        }
    }

    /// Its index as the rules of hourly events name it.
    #[must_use]
    pub const fn index_title(self) -> &'static str {
        match self {
            Self::Bitcoin => "Bitcoin Real-Time Index (BRTI)",
            Self::Ether => "Ethereum Real-Time Index (ERTI)",
        }
    }

    /// Its short name, as in tags.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Bitcoin => "BTC",
            Self::Ether => "ETH",
        }
    }
}

/// What the markets of a series ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesKind {
    /// Whether the price ends above a strike, every hour.
    Above,
    /// Between which strikes the price ends, every hour.
    Range,
    /// Whether the price ends at or above where the quarter of an hour began.
    Quarter,
}

/// A series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Series {
    /// Bitcoin above or below, hourly.
    Kxbtcd,
    /// Bitcoin ranges, hourly.
    Kxbtc,
    /// Bitcoin up or down in a quarter of an hour.
    Kxbtc15m,
    /// Ether above or below, hourly.
    Kxethd,
    /// Ether ranges, hourly.
    Kxeth,
    /// Ether up or down in a quarter of an hour.
    Kxeth15m,
}

impl Series {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Kxbtcd, Self::Kxbtc, Self::Kxbtc15m, Self::Kxethd, Self::Kxeth, Self::Kxeth15m];

    /// Its ticker.
    #[must_use]
    pub const fn ticker(self) -> &'static str {
        match self {
            Self::Kxbtcd => "KXBTCD",
            Self::Kxbtc => "KXBTC",
            Self::Kxbtc15m => "KXBTC15M",
            Self::Kxethd => "KXETHD",
            Self::Kxeth => "KXETH",
            Self::Kxeth15m => "KXETH15M",
        }
    }

    /// The series of that ticker.
    #[must_use]
    pub fn named(ticker: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|series| series.ticker() == ticker)
    }

    /// What it settles on.
    #[must_use]
    pub const fn asset(self) -> Asset {
        match self {
            Self::Kxbtcd | Self::Kxbtc | Self::Kxbtc15m => Asset::Bitcoin,
            Self::Kxethd | Self::Kxeth | Self::Kxeth15m => Asset::Ether,
        }
    }

    /// What its markets ask.
    #[must_use]
    pub const fn kind(self) -> SeriesKind {
        match self {
            Self::Kxbtcd | Self::Kxethd => SeriesKind::Above,
            Self::Kxbtc | Self::Kxeth => SeriesKind::Range,
            Self::Kxbtc15m | Self::Kxeth15m => SeriesKind::Quarter,
        }
    }

    /// From the opening of an event to its close, and from one close to the next.
    #[must_use]
    pub const fn period(self) -> TimeSpan {
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => TimeSpan::from_minutes(60),
            SeriesKind::Quarter => TimeSpan::from_minutes(15),
        }
    }

    /// The ticker of the event that closes at `close`: Eastern time, as all tickers.
    #[must_use]
    pub fn event_ticker(self, close: Timestamp) -> String {
        let hour = eastern::event_hour_code(close);
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => format!("{}-{hour}", self.ticker()),
            SeriesKind::Quarter => format!("{}-{hour}{}", self.ticker(), minute_of(close)),
        }
    }

    /// Distance between strikes.
    #[must_use]
    pub const fn strike_step(self) -> UsdPrice {
        match self.asset() {
            Asset::Bitcoin => UsdPrice::from_cents(10_000),
            Asset::Ether => UsdPrice::from_cents(500),
        }
    }

    /// The prices at which its markets take orders.
    #[must_use]
    pub fn grid(self) -> PriceGrid {
        let range = |start: i64, end: i64, step: i64| PriceRange {
            start: Price::from_units(start),
            end: Price::from_units(end),
            step: Price::from_units(step),
        };
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => PriceGrid::linear_cent(),
            SeriesKind::Quarter => {
                let tapered = vec![range(0, 1_000, 10), range(1_000, 9_000, 100), range(9_000, 10_000, 10)];
                PriceGrid::new(tapered).unwrap_or_else(PriceGrid::linear_cent)
            }
        }
    }

    /// The exchange's name of that grid.
    #[must_use]
    pub const fn price_level_structure(self) -> &'static str {
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => "linear_cent",
            SeriesKind::Quarter => "tapered_deci_cent",
        }
    }

    /// Milliseconds from the close until the result is known, as recorded: shortest and longest.
    #[must_use]
    pub const fn determined_after(self) -> (i64, i64) {
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => (82_000, 96_000),
            SeriesKind::Quarter => (750, 1_300),
        }
    }

    /// Milliseconds from the close until it is paid, as recorded: shortest and longest.
    #[must_use]
    pub const fn settled_after(self) -> (i64, i64) {
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => (148_000, 158_000),
            SeriesKind::Quarter => (6_500, 8_000),
        }
    }

    /// The `settlement_timer_seconds` of its markets.
    #[must_use]
    pub const fn settlement_timer_seconds(self) -> i64 {
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => 60,
            SeriesKind::Quarter => 1,
        }
    }

    /// How its events hold collateral, and whether exactly one of their markets wins.
    #[must_use]
    pub const fn collateral(self) -> (&'static str, bool) {
        match self.kind() {
            SeriesKind::Above => ("DIRECNET", false),
            SeriesKind::Range => ("MECNET", true),
            SeriesKind::Quarter => ("", false),
        }
    }

    /// The time of day, in UTC seconds, at which the next day's events are listed: recorded as 09:00:49 for hours and
    /// 20:01:37 for quarters.
    #[must_use]
    pub const fn listing_second(self) -> i64 {
        match self.kind() {
            SeriesKind::Above | SeriesKind::Range => 9 * 3_600 + 49,
            SeriesKind::Quarter => 20 * 3_600 + 97,
        }
    }
}

/// The closing minute, as in the tickers of quarters.
pub(crate) fn minute_of(close: Timestamp) -> String {
    format!("{:02}", close.seconds().rem_euclid(3_600) / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn tickers_are_in_eastern_time_in_summer_and_in_winter() {
        for (series, close, ticker) in [
            (Series::Kxbtcd, "2026-09-25T20:00:00Z", "KXBTCD-26SEP2516"),
            (Series::Kxbtc, "2026-09-25T19:00:00Z", "KXBTC-26SEP2515"),
            (Series::Kxbtc15m, "2026-09-25T19:15:00Z", "KXBTC15M-26SEP251515"),
            (Series::Kxeth15m, "2026-01-13T10:30:00Z", "KXETH15M-26JAN130530"),
            (Series::Kxethd, "2026-01-02T04:00:00Z", "KXETHD-26JAN0123"),
        ] {
            assert_eq!(series.event_ticker(at(close)), ticker);
        }
    }

    #[test]
    fn a_series_is_found_and_written_by_its_ticker() {
        for series in Series::ALL {
            assert_eq!(Series::named(series.ticker()), Some(series));
            let text = serde_json::to_string(&series).expect("JSON");
            assert_eq!(text, format!("\"{}\"", series.ticker()));
            assert_eq!(serde_json::from_str::<Series>(&text).expect("read back"), series);
        }
        assert_eq!(Series::named("KXSOL"), None);
    }

    #[test]
    fn quarters_have_a_finer_grid_near_the_ends() {
        let grid = Series::Kxbtc15m.grid();
        assert!(grid.contains(Price::from_units(9_970)) && grid.contains(Price::from_units(30)));
        assert!(!grid.contains(Price::from_units(5_050)) && grid.contains(Price::from_units(5_000)));
    }
}
