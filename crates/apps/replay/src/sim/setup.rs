//! How the machines of a simulation are set up, and what makes one desk differ from another.

use rec_domain::{Mode, Money, Price, Quantity, TimeSpan, caps::RiskCaps, settings::AutomationSettings};
use rec_engine::{account, book, lifecycle, odds};
use rec_model::CounterRng;

/// Strikes whose books are followed, and rows of the table.
pub(super) const STRIKES: usize = 21;

/// Tops go out four times a second, the table once: what a desk on a small server can be set to.
pub(super) fn book_config() -> book::Config {
    book::Config {
        flush_every: TimeSpan::from_millis(250),
        proof_every: TimeSpan::from_millis(1_000),
        ..book::Config::default()
    }
}

/// Markets are listed twice a minute and told four times, and whenever one changes.
pub(super) fn lifecycle_config() -> lifecycle::Config {
    lifecycle::Config {
        fetch_every: TimeSpan::from_seconds(30),
        publish_every: TimeSpan::from_seconds(15),
        books_most: STRIKES,
        ..lifecycle::Config::default()
    }
}

pub(super) fn odds_config() -> odds::Config {
    odds::Config { least_gap: TimeSpan::from_millis(1_000), strikes: STRIKES, ..odds::Config::default() }
}

pub(super) fn account_config() -> account::Config {
    account::Config {
        sweep_every: TimeSpan::from_seconds(10),
        retry_most: TimeSpan::from_seconds(5),
        ..account::Config::default()
    }
}

/// What the desk of a seed trades against, as far as it knows: every second one has to be armed.
pub(super) const fn mode(seed: u64) -> Mode {
    if seed.is_multiple_of(2) { Mode::Demo } else { Mode::Twin }
}

/// Strategy and caps of the desk of a seed: entries often enough that much happens, caps low enough that they bind.
pub(super) fn character(seed: u64) -> (AutomationSettings, RiskCaps) {
    let mut dice = CounterRng::new(seed, 78);
    let mut between = |low: f64, high: f64| low + (high - low) * dice.uniform();
    let settings = AutomationSettings {
        auto_entry: true,
        auto_stop: true,
        min_probability_percent: between(75.0, 95.0),
        min_differential_points: between(-1.0, 0.5),
        min_time_seconds: 60,
        max_time_seconds: 3_000,
        allow_re_entry: between(0.0, 1.0) < 0.7,
        spike_alert_enabled: between(0.0, 1.0) < 0.3,
        stop_probability_percent: between(40.0, 85.0),
        momentum_exit_threshold: between(8.0, 36.0),
        verification_enabled: between(0.0, 1.0) < 0.3,
        verification_seconds: 3,
        min_volume: Quantity::ZERO,
        position_size: whole(between(1.0, 30.0)),
        exit_worst_price: Price::from_cents(1),
        ..AutomationSettings::default()
    };
    let caps = RiskCaps {
        contracts_per_order: whole(between(30.0, 60.0)),
        money_per_market: dollars(between(20.0, 100.0)),
        money_per_event: dollars(between(40.0, 300.0)),
        money_per_day: dollars(between(200.0, 20_000.0)),
        money_per_account: dollars(between(40.0, 500.0)),
        orders_per_minute: 4,
        open_trades: 6,
        daily_loss: dollars(between(50.0, 1_000.0)),
        drawdown: dollars(between(100.0, 1_000.0)),
    };
    (settings, caps)
}

#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
const fn whole(contracts: f64) -> Quantity {
    Quantity::from_contracts(contracts as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
const fn dollars(dollars: f64) -> Money {
    Money::from_dollars(dollars as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_desk_can_be_meant() {
        for seed in 1..200 {
            assert_eq!(character(seed).0.validate(), Ok(()), "seed {seed}");
        }
    }
}
