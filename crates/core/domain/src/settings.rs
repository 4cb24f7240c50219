//! What the operator sets: the two switches and the strategy.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Price, Quantity, TimeSpan};

/// The operator's switches and strategy settings. The system never changes them: a halt is a flag of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomationSettings {
    /// Master switch of automatic entries.
    pub auto_entry: bool,
    /// Master switch of every automatic exit, the momentum exit included.
    pub auto_stop: bool,
    /// Entry needs at least this chance of the favoured side, in percent.
    pub min_probability_percent: f64,
    /// Entry needs at least this edge after fees (chance minus ask and fee), in points. Exactly: no hidden tolerance.
    pub min_differential_points: f64,
    /// Entry only while at least this long remains to the close, in seconds.
    pub min_time_seconds: i64,
    /// Entry only while at most this long remains to the close, in seconds.
    pub max_time_seconds: i64,
    /// Whether a market and side may be entered again after a trade there has ended.
    pub allow_re_entry: bool,
    /// Whether a momentum spike pauses entries.
    pub spike_alert_enabled: bool,
    /// A spike begins when |score x 100| reaches this.
    pub spike_alert_momentum_threshold: f64,
    /// It is calm while |score x 100| is below this.
    pub spike_alert_cooldown_threshold: f64,
    /// Entries stay paused until it has been calm for this long, in minutes.
    pub spike_alert_cooldown_minutes: i64,
    /// A trade is stopped when the chance of its side falls below this, in percent.
    pub stop_probability_percent: f64,
    /// No automatic exit in the last so many seconds before the close.
    pub stop_min_time_seconds: i64,
    /// Whether momentum against a trade closes it.
    pub momentum_exit_enabled: bool,
    /// Momentum against a trade of this size, as |score x 100|, closes it.
    pub momentum_exit_threshold: f64,
    /// Whether the stop condition must hold for a while first.
    pub verification_enabled: bool,
    /// For how long it must hold without interruption, in seconds.
    pub verification_seconds: i64,
    /// Entry only in markets with at least this volume.
    pub min_volume: Quantity,
    /// Entry only at asks up to this.
    pub max_ask: Price,
    /// After an order was sent, that market and side is left alone for this long, in seconds.
    pub cooldown_seconds: i64,
    /// Contracts per trade before the multiplier.
    pub position_size: Quantity,
    /// Times the position size.
    pub multiplier: u32,
    /// How far above the seen ask an entry's limit may lie.
    pub entry_slippage: Price,
    /// How much further each missed exit's limit goes below the seen bid.
    pub exit_step: Price,
    /// The worst price at which an automatic exit sells.
    pub exit_worst_price: Price,
}

impl Default for AutomationSettings {
    fn default() -> Self {
        Self {
            auto_entry: false,
            auto_stop: false,
            min_probability_percent: 95.0,
            min_differential_points: 0.25,
            min_time_seconds: 120,
            max_time_seconds: 900,
            allow_re_entry: false,
            spike_alert_enabled: true,
            spike_alert_momentum_threshold: 36.0,
            spike_alert_cooldown_threshold: 30.0,
            spike_alert_cooldown_minutes: 15,
            stop_probability_percent: 40.0,
            stop_min_time_seconds: 60,
            momentum_exit_enabled: true,
            momentum_exit_threshold: 36.0,
            verification_enabled: false,
            verification_seconds: 15,
            min_volume: Quantity::from_contracts(1_000),
            max_ask: Price::from_cents(98),
            cooldown_seconds: 10,
            position_size: Quantity::from_contracts(1),
            multiplier: 1,
            entry_slippage: Price::from_cents(1),
            exit_step: Price::from_cents(2),
            exit_worst_price: Price::from_cents(1),
        }
    }
}

/// A combination of settings that cannot be meant.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{setting}: {problem}")]
pub struct SettingsError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl AutomationSettings {
    /// Contracts per automatic trade.
    #[must_use]
    pub fn contracts(&self) -> Quantity {
        Quantity::from_units(self.position_size.units().saturating_mul(i64::from(self.multiplier)))
    }

    /// How long a market and side is left alone after an order was sent.
    #[must_use]
    pub const fn cooldown(&self) -> TimeSpan {
        TimeSpan::from_seconds(self.cooldown_seconds)
    }

    /// Every setting that cannot be meant.
    ///
    /// # Errors
    /// The list of what is wrong; never empty.
    pub fn validate(&self) -> Result<(), Vec<SettingsError>> {
        let mut errors = Vec::new();
        let mut demand = |holds: bool, setting: &'static str, problem: &str| {
            if !holds {
                errors.push(SettingsError { setting, problem: problem.to_owned() });
            }
        };
        let percent = |value: f64| (0.0..=100.0).contains(&value);
        demand(percent(self.min_probability_percent), "min_probability_percent", "must lie between 0 and 100");
        demand(percent(self.stop_probability_percent), "stop_probability_percent", "must lie between 0 and 100");
        demand(
            (-10.0..=10.0).contains(&self.min_differential_points),
            "min_differential_points",
            "must lie between -10 and 10",
        );
        demand((0..=3_600).contains(&self.min_time_seconds), "min_time_seconds", "must lie between 0 and 3600");
        demand((0..=3_600).contains(&self.max_time_seconds), "max_time_seconds", "must lie between 0 and 3600");
        demand(
            self.min_time_seconds <= self.max_time_seconds,
            "min_time_seconds",
            "must not be above max_time_seconds",
        );
        demand(
            (0.0..=100.0).contains(&self.spike_alert_momentum_threshold),
            "spike_alert_momentum_threshold",
            "must lie between 0 and 100",
        );
        demand(
            (0.0..=self.spike_alert_momentum_threshold).contains(&self.spike_alert_cooldown_threshold),
            "spike_alert_cooldown_threshold",
            "must lie between 0 and spike_alert_momentum_threshold",
        );
        demand(
            (0..=180).contains(&self.spike_alert_cooldown_minutes),
            "spike_alert_cooldown_minutes",
            "must lie between 0 and 180",
        );
        demand(
            (0..=3_600).contains(&self.stop_min_time_seconds),
            "stop_min_time_seconds",
            "must lie between 0 and 3600",
        );
        demand(
            (1.0..=100.0).contains(&self.momentum_exit_threshold),
            "momentum_exit_threshold",
            "must lie between 1 and 100",
        );
        demand((0..=600).contains(&self.verification_seconds), "verification_seconds", "must lie between 0 and 600");
        demand(!self.min_volume.is_negative(), "min_volume", "must not be negative");
        demand(self.max_ask.is_positive() && self.max_ask < Price::ONE, "max_ask", "must lie between 0 and 1 dollar");
        demand((0..=3_600).contains(&self.cooldown_seconds), "cooldown_seconds", "must lie between 0 and 3600");
        demand(self.position_size.is_positive(), "position_size", "must be positive");
        demand((1..=100).contains(&self.multiplier), "multiplier", "must lie between 1 and 100");
        demand(
            self.entry_slippage.is_valid() && self.entry_slippage <= Price::from_cents(10),
            "entry_slippage",
            "must lie between 0 and 10 cents",
        );
        demand(
            self.exit_step.is_positive() && self.exit_step <= Price::from_cents(50),
            "exit_step",
            "must be positive and at most 50 cents",
        );
        demand(
            self.exit_worst_price.is_positive() && self.exit_worst_price < Price::ONE,
            "exit_worst_price",
            "must lie between 0 and 1 dollar",
        );
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound_and_start_with_both_switches_off() {
        let settings = AutomationSettings::default();
        assert_eq!(settings.validate(), Ok(()));
        assert!(!settings.auto_entry && !settings.auto_stop);
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let settings = AutomationSettings {
            min_time_seconds: 901,
            position_size: Quantity::ZERO,
            min_probability_percent: f64::NAN,
            ..AutomationSettings::default()
        };
        let errors = settings.validate().expect_err("three things are wrong");
        let names: Vec<_> = errors.iter().map(|error| error.setting).collect();
        assert_eq!(names, ["min_probability_percent", "min_time_seconds", "position_size"]);
    }
}
