//! What makes one world differ from another.

use rec_domain::{
    ExchangeIndex, Money, TimeSpan, Timestamp,
    eastern::{self, EasternDay},
};
use serde::{Deserialize, Serialize};

use crate::core::series::{Asset, Series};

/// The shard that crypto trades on since 2026-08-24.
pub const CRYPTO_SHARD: ExchangeIndex = ExchangeIndex::new(2);

/// The product of the spot venue.
pub const PRODUCT: &str = "BTC-USD";

/// Fixes what a mirror decides itself: names and how long transfers take.
const MIRROR_SEED: u64 = 1;

/// A world: the same configuration and the same mutations give the same world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwinConfig {
    /// Fixes prices, makers and takers.
    pub seed: u64,
    /// The market instant at which the world begins. A full hour, so that its first event is a whole one.
    pub start: Timestamp,
    /// How long the world plays before anyone may look.
    pub warm_up: TimeSpan,
    /// Cash on the crypto shard at the start, booked as one deposit.
    pub starting_cash: Money,
    /// The series that are listed.
    #[serde(default = "hourly_bitcoin")]
    pub series: Vec<Series>,
    /// Whether a day's events are listed on the day before, as on the exchange; otherwise only the next two of each
    /// series are, which keeps a demo small.
    #[serde(default)]
    pub listed_a_day_ahead: bool,
    /// Changes of books a second on top of what the crowd does, as load; at most [`MOST_FLICKER`]. 0 is the usual.
    ///
    /// [`MOST_FLICKER`]: super::flicker::MOST_FLICKER
    #[serde(default)]
    pub flicker: u32,
    /// Whether the world is another exchange's and only the account is its own.
    #[serde(default)]
    pub mirror: bool,
}

fn hourly_bitcoin() -> Vec<Series> {
    vec![Series::Kxbtcd]
}

impl TwinConfig {
    /// The demo's world: Wednesday 23 September 2026 from 14:00 Eastern, with its first forty minutes played.
    #[must_use]
    pub fn demo(seed: u64) -> Self {
        let wednesday = EasternDay { year: 2026, month: 9, day: 23 };
        // 14:00 EDT exists on every day; the fallback is the same instant in UTC.
        let start = eastern::instant(wednesday, 14, 0, 0).unwrap_or(Timestamp::from_seconds(1_790_186_400));
        Self {
            seed,
            start,
            warm_up: TimeSpan::from_minutes(40),
            starting_cash: Money::from_dollars(5_000),
            series: hourly_bitcoin(),
            listed_a_day_ahead: false,
            flicker: 0,
            mirror: false,
        }
    }

    /// The same world at another time: `opening` is the first instant that anyone may see.
    #[must_use]
    pub fn beginning_at(self, opening: Timestamp) -> Self {
        const HOUR: i64 = 3_600;
        let start = Timestamp::from_seconds(opening.seconds().div_euclid(HOUR) * HOUR);
        Self { start, warm_up: opening.since(start), ..self }
    }

    /// A mirror that begins at `start`, of these series.
    #[must_use]
    pub fn mirror(start: Timestamp, series: Vec<Series>) -> Self {
        let warm_up = TimeSpan::ZERO;
        Self { start, warm_up, series, mirror: true, ..Self::demo(MIRROR_SEED) }
    }

    /// The assets whose prices the world needs: bitcoin always, for the spot venues.
    pub fn assets(&self) -> impl Iterator<Item = Asset> {
        let wanted = |asset: &Asset| *asset == Asset::Bitcoin || self.series.iter().any(|one| one.asset() == *asset);
        Asset::ALL.into_iter().filter(wanted)
    }

    /// The first instant that anyone may see.
    #[must_use]
    pub fn opening(&self) -> Timestamp {
        self.start + self.warm_up
    }

    /// Until here prices stay calm: no jump, low volatility.
    #[must_use]
    pub fn calm_until(&self) -> Timestamp {
        self.start + TimeSpan::from_minutes(60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_begins_with_the_hour_of_its_opening() {
        let opening = Timestamp::from_millis(1_800_000_123_456);
        let config = TwinConfig::demo(1).beginning_at(opening);
        assert_eq!((config.opening(), config.start.seconds() % 3_600), (opening, 0));
    }

    #[test]
    fn the_demo_opens_at_twenty_to_three_on_a_wednesday() {
        let config = TwinConfig::demo(1);
        assert_eq!(eastern::date_and_clock(config.opening()), "2026-09-23 14:40:00 EDT");
        assert_eq!(config.start, Timestamp::from_seconds(1_790_186_400));
    }
}
