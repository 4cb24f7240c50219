//! The seeded price: a walk with changing volatility and occasional jumps, and the index that hangs on it.

use rec_domain::{Timestamp, UsdPrice};

use crate::core::{dice::Dice, series::Asset};

/// Seconds in which the pull of the anchor would halve a deviation, roughly.
const ANCHOR_SECONDS: f64 = 172_800.0;
/// Volatility of the calm first hour: 0.030 % per square root of a minute.
const CALM: f64 = 0.000_30;
/// Root mean square over all regimes and jumps, per square root of a minute: what makers expect in the long run.
const LONG_RUN: f64 = 0.000_56;
/// Mean seconds between jumps.
const JUMP_SECONDS: f64 = 4_500.0;

/// What differs between the walks of two assets.
#[derive(Debug, Clone, Copy)]
struct Character {
    /// The price around which the walk lives, in dollars.
    anchor: f64,
    /// Volatility as a multiple of bitcoin's.
    scale: f64,
    /// How far the index strays from one venue's price, in dollars.
    basis: f64,
    /// The stream of chance.
    stream: u64,
}

impl Character {
    const fn of(asset: Asset) -> Self {
        match asset {
            Asset::Bitcoin => Self { anchor: 84_000.0, scale: 1.0, basis: 4.0, stream: 1 },
            Asset::Ether => Self { anchor: 2_600.0, scale: 1.4, basis: 0.15, stream: 11 },
        }
    }
}

/// How violent the market is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Regime {
    Calm,
    Normal,
    Wild,
}

/// The walk at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathPoint {
    /// The instant.
    pub at: Timestamp,
    /// Last trade of the spot venue, in cents.
    pub spot: UsdPrice,
    /// The settlement index, in cents.
    pub index: UsdPrice,
}

/// The walk, advanced step by step. It depends on the seed only, never on what anyone trades.
#[derive(Debug, Clone)]
pub struct PricePath {
    character: Character,
    dice: Dice,
    at: Timestamp,
    calm_until: Timestamp,
    log_price: f64,
    basis: f64,
    regime: Regime,
    /// Share of the price per square root of a second.
    volatility: f64,
    regime_left: f64,
    jump_left: f64,
    /// What is left of a jump that is under way, and how many seconds it still takes.
    jump: (f64, f64),
}

impl PricePath {
    /// Bitcoin's walk, standing at `from`; it stays calm until `calm_until`.
    #[must_use]
    pub fn new(seed: u64, from: Timestamp, calm_until: Timestamp) -> Self {
        Self::of(Asset::Bitcoin, seed, from, calm_until)
    }

    /// The walk of an asset.
    #[must_use]
    pub fn of(asset: Asset, seed: u64, from: Timestamp, calm_until: Timestamp) -> Self {
        let character = Character::of(asset);
        let mut dice = Dice::new(seed, character.stream);
        let reach = character.anchor / 56.0;
        let price = character.anchor + dice.between(-reach, reach);
        let jump_left = dice.exponential(JUMP_SECONDS);
        Self {
            character,
            dice,
            at: from,
            calm_until,
            log_price: libm::log(price),
            basis: 0.0,
            regime: Regime::Calm,
            volatility: character.scale * per_second(CALM),
            regime_left: 0.0,
            jump_left,
            jump: (0.0, 0.0),
        }
    }

    /// Volatility now, as a share of the price per square root of a second.
    #[must_use]
    pub const fn volatility(&self) -> f64 {
        self.volatility
    }

    /// What makers take for the volatility until the close: partly the present one, partly the long run.
    #[must_use]
    pub fn expected_volatility(&self) -> f64 {
        0.5 * (self.volatility + self.character.scale * per_second(LONG_RUN))
    }

    /// The walk as it stands.
    #[must_use]
    pub fn point(&self) -> PathPoint {
        let spot = libm::exp(self.log_price);
        PathPoint { at: self.at, spot: cents(spot), index: cents(spot + self.basis) }
    }

    /// Moves on by `seconds` and gives where it stands then.
    #[expect(clippy::cast_precision_loss, reason = "steps of seconds")]
    pub fn step(&mut self, seconds: i64) -> PathPoint {
        let elapsed = seconds as f64;
        self.at = Timestamp::from_seconds(self.at.seconds() + seconds);
        if self.at > self.calm_until {
            self.change_regime(elapsed);
            self.maybe_jump(elapsed);
        }
        let pull = (libm::log(self.character.anchor) - self.log_price) * elapsed / ANCHOR_SECONDS;
        let shock = self.volatility * elapsed.sqrt() * self.dice.normal();
        let (left, duration) = self.jump;
        let jumped = if duration > 0.0 { left * (elapsed / duration).min(1.0) } else { 0.0 };
        self.jump = (left - jumped, (duration - elapsed).max(0.0));
        self.log_price += pull + shock + jumped;
        // The index is an average over venues: it stays within some dollars of one venue's price.
        let keep = libm::exp(-elapsed / 45.0);
        self.basis = self.basis * keep + self.character.basis * (1.0 - keep * keep).sqrt() * self.dice.normal();
        self.point()
    }

    fn change_regime(&mut self, elapsed: f64) {
        self.regime_left -= elapsed;
        if self.regime_left > 0.0 {
            return;
        }
        let roll = self.dice.unit();
        self.regime = match self.regime {
            Regime::Calm if roll < 0.85 => Regime::Normal,
            Regime::Normal if roll < 0.75 => Regime::Calm,
            Regime::Wild if roll < 0.6 => Regime::Normal,
            Regime::Wild => Regime::Calm,
            Regime::Calm | Regime::Normal => Regime::Wild,
        };
        let (low, high, mean_seconds) = match self.regime {
            Regime::Calm => (0.000_30, 0.000_37, 2_700.0),
            Regime::Normal => (0.000_42, 0.000_56, 1_800.0),
            Regime::Wild => (0.000_80, 0.001_10, 500.0),
        };
        self.volatility = self.character.scale * per_second(self.dice.between(low, high));
        self.regime_left = 120.0 + self.dice.exponential(mean_seconds);
    }

    fn maybe_jump(&mut self, elapsed: f64) {
        self.jump_left -= elapsed;
        if self.jump_left > 0.0 {
            return;
        }
        self.jump_left = 600.0 + self.dice.exponential(JUMP_SECONDS);
        let size = self.dice.between(0.001_2, 0.004_5);
        let sign = if self.dice.chance(0.5) { 1.0 } else { -1.0 };
        self.jump = (sign * size, self.dice.between(3.0, 9.0));
    }
}

/// One minute of the spot venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinuteBar {
    /// First instant of the minute.
    pub start: Timestamp,
    /// First price.
    pub open: UsdPrice,
    /// Highest price.
    pub high: UsdPrice,
    /// Lowest price.
    pub low: UsdPrice,
    /// Last price.
    pub close: UsdPrice,
    /// Volume in 1e-8 of the base currency.
    pub volume: i64,
}

/// Minutes of a made-up past of the same kind of market, for a model to learn from: all regimes, jumps
/// included. `seed` fixes it. Half a million minutes take well below a second in an optimised build.
pub fn minute_history(seed: u64, from: Timestamp, minutes: usize) -> impl Iterator<Item = MinuteBar> {
    const STEP_SECONDS: i64 = 15;
    let first = Timestamp::from_seconds(from.seconds().div_euclid(60) * 60);
    let mut path = PricePath::new(seed, first, first);
    (0..minutes).map(move |_minute| {
        let start = path.point();
        let mut bar = MinuteBar {
            start: start.at,
            open: start.spot,
            high: start.spot,
            low: start.spot,
            close: start.spot,
            volume: 0,
        };
        for _ in 0..60 / STEP_SECONDS {
            bar.take(path.step(STEP_SECONDS).spot, 10_000_000);
        }
        bar
    })
}

impl MinuteBar {
    /// Adds a price to the minute.
    pub(crate) fn take(&mut self, price: UsdPrice, volume: i64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += volume;
    }
}

/// Volatility per square root of a minute as one per square root of a second.
fn per_second(per_minute: f64) -> f64 {
    per_minute / 60.0_f64.sqrt()
}

/// Dollars to the nearest cent.
#[expect(clippy::cast_possible_truncation, reason = "prices are far below 2^53 cents")]
pub(crate) fn cents(dollars: f64) -> UsdPrice {
    UsdPrice::from_cents(libm::round(dollars * 100.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_path_and_another_seed_gives_another() {
        let at = Timestamp::from_seconds(1_790_186_400);
        let walk = |seed| {
            let mut path = PricePath::new(seed, at, at);
            (0..500).map(|_| path.step(1)).collect::<Vec<_>>()
        };
        assert_eq!(walk(1), walk(1));
        assert_ne!(walk(1), walk(2));
    }

    #[test]
    fn the_made_up_past_is_as_volatile_as_the_makers_expect() {
        let bars: Vec<_> = minute_history(7, Timestamp::from_seconds(1_700_000_000), 60_000).collect();
        let squares: f64 = bars.iter().map(|bar| libm::log(bar.close.as_f64() / bar.open.as_f64()).powi(2)).sum();
        let per_minute = (squares / 60_000.0).sqrt();
        assert!((0.000_40..0.000_65).contains(&per_minute), "{per_minute}");
        assert!(bars.windows(2).all(|pair| pair[1].start.seconds() - pair[0].start.seconds() == 60));
        assert!(bars.iter().all(|bar| bar.low <= bar.open && bar.close <= bar.high));
    }
}
