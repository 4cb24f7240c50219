//! A made-up minute history to learn demo fingerprints from. It says nothing about any real market.

use rec_domain::{TimeSpan, Timestamp, UsdPrice};

use crate::{CounterRng, MinuteClose};

/// A price that wanders with changing volatility and jumps now and then.
///
/// The logarithm of volatility is a first-order autoregression around its calm level; each minute the price
/// moves by a normal number times that volatility and, rarely, by a jump.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticMarket {
    /// Everything follows from it.
    pub seed: u64,
    /// The instant of the first close.
    pub start: Timestamp,
    /// The price before the first minute.
    pub start_price: UsdPrice,
    /// Typical volatility in percent per square root of a minute.
    pub calm_volatility_percent: f64,
    /// How much of the distance of log-volatility from its calm level is left after a minute.
    pub volatility_persistence: f64,
    /// Standard deviation of log-volatility over a long time.
    pub volatility_spread: f64,
    /// Jumps a day on average.
    pub jumps_a_day: f64,
    /// Standard deviation of a jump in percent.
    pub jump_percent: f64,
}

impl SyntheticMarket {
    /// A market as calm and as restless as a large crypto currency.
    #[must_use]
    pub const fn new(seed: u64, start: Timestamp, start_price: UsdPrice) -> Self {
        Self {
            seed,
            start,
            start_price,
            calm_volatility_percent: 0.045,
            volatility_persistence: 0.995,
            volatility_spread: 0.4,
            jumps_a_day: 4.0,
            jump_percent: 0.25,
        }
    }

    /// The first `minutes` closes. A longer history begins with the shorter one.
    #[must_use]
    pub fn history(&self, minutes: usize) -> Vec<MinuteClose> {
        let mut moves = CounterRng::new(self.seed, 0);
        let mut volatility_moves = CounterRng::new(self.seed, 1);
        let mut jumps = CounterRng::new(self.seed, 2);
        let persistence = self.volatility_persistence.clamp(0.0, 1.0);
        let shock = self.volatility_spread * libm::sqrt(1.0 - persistence * persistence);
        let jump_chance = self.jumps_a_day / (24.0 * 60.0);
        let mut log_volatility = 0.0;
        let mut log_price = libm::log(self.start_price.as_f64());
        let mut at = self.start;
        (0..minutes)
            .map(|_minute| {
                log_volatility = persistence * log_volatility + shock * volatility_moves.normal();
                let volatility = self.calm_volatility_percent / 100.0 * libm::exp(log_volatility);
                log_price += volatility * moves.normal();
                // Drawn every minute, so that the parameters of jumps do not shift the other numbers.
                let (jumps_now, jump) = (jumps.uniform() < jump_chance, jumps.normal());
                if jumps_now {
                    log_price += self.jump_percent / 100.0 * jump;
                }
                let close = MinuteClose { at, close: rounded_to_cents(libm::exp(log_price)) };
                at += TimeSpan::from_minutes(1);
                close
            })
            .collect()
    }
}

/// At least one cent, at most what a price can hold.
#[expect(clippy::cast_possible_truncation, reason = "limited to what fits")]
fn rounded_to_cents(dollars: f64) -> UsdPrice {
    UsdPrice::from_cents(libm::round(dollars * 100.0).clamp(1.0, 9e14) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market(seed: u64) -> SyntheticMarket {
        SyntheticMarket::new(seed, Timestamp::from_seconds(1_790_366_400), UsdPrice::from_cents(11_800_000))
    }

    fn volatility_percent(closes: &[MinuteClose]) -> f64 {
        let squares: Vec<f64> = closes
            .windows(2)
            .map(|pair| libm::log(pair[1].close.as_f64() / pair[0].close.as_f64()))
            .map(|step| step * step)
            .collect();
        let count = f64::from(u32::try_from(squares.len()).expect("few"));
        100.0 * libm::sqrt(squares.iter().sum::<f64>() / count)
    }

    #[test]
    fn the_seed_fixes_the_history_and_a_longer_one_continues_it() {
        let long = market(1).history(3_000);
        assert_eq!(long[..1_000], market(1).history(1_000));
        assert_ne!(long, market(2).history(3_000));
        assert_eq!(long[60].at, Timestamp::from_seconds(1_790_366_400 + 3_600));
        assert!(long.iter().all(|minute| minute.close.is_positive()));
    }

    #[test]
    fn volatility_is_plausible_and_changes() {
        let history = market(5).history(60 * 24 * 60);
        let overall = volatility_percent(&history);
        assert!((0.03..0.09).contains(&overall), "{overall}");
        let hours: Vec<f64> = history.chunks(240).map(volatility_percent).collect();
        let calmest = hours.iter().copied().fold(f64::INFINITY, f64::min);
        let wildest = hours.iter().copied().fold(0.0, f64::max);
        assert!(wildest > 3.0 * calmest, "{calmest} {wildest}");
    }
}
