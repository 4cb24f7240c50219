//! The machine itself.

use rec_domain::{Fresh, TimeSpan, Timestamp, UsdPrice, momentum::MomentumReading};
use rec_model::MomentumHistory;
use serde::{Deserialize, Serialize};

use crate::{Machine, feed::Candle};

/// Limits, in market time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// How often a reading is published.
    pub publish_every: TimeSpan,
}

impl Default for Config {
    fn default() -> Self {
        Self { publish_every: TimeSpan::from_seconds(1) }
    }
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// A spot price that the feed accepted.
    Spot(Fresh<UsdPrice>),
    /// One-minute candles for the time before the first spot price.
    Candles(Vec<Candle>),
    /// Time has passed.
    Wake,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Publish a reading.
    Momentum(MomentumReading),
}

/// Measures momentum.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MomentumMachine {
    config: Config,
    history: MomentumHistory,
    next_at: Timestamp,
}

impl MomentumMachine {
    /// Without a price.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, history: MomentumHistory::new(), next_at: Timestamp::default() }
    }

    /// Prices held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.history.len()
    }
}

impl Machine for MomentumMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "momentum";

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        match input {
            // The feed has dropped what is out of order and what is no price; what is refused here changes nothing.
            Input::Spot(spot) => drop(self.history.observe(spot.observed_at, spot.value)),
            Input::Candles(candles) => {
                self.history.seed_from_candles(candles.into_iter().map(|candle| (candle.start, candle.close)), now);
            }
            Input::Wake => {}
        }
        // Publishing follows the clock, not the ticks: a feed that went silent shows as a reading without a score.
        if now < self.next_at {
            return Vec::new();
        }
        self.next_at = now + self.config.publish_every;
        vec![Output::Momentum(self.history.reading(now))]
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        Some(self.next_at)
    }
}
