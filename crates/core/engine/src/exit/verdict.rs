//! Whether a trade is to be closed now, without regard to what is under way.

use rec_domain::{
    Side, TimeSpan, Timestamp, UsdPrice,
    desk_view::DeskView,
    momentum::MomentumReading,
    strike_table::StrikeTable,
    trade::{Origin, Trade, TradeState},
};

use super::{Config, Obstacle, chance::Chance};
use crate::momentum::momentum_points;

/// What is known when trades are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Knowledge<'a> {
    pub(super) now: Timestamp,
    pub(super) config: &'a Config,
    pub(super) desk: &'a DeskView,
    pub(super) table: Option<&'a StrikeTable>,
    pub(super) momentum: Option<&'a MomentumReading>,
}

/// What a trade's conditions say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// No automatic exit: switched off, not ours to supervise, or too near the close.
    Idle,
    /// It cannot be told.
    Suspended(Obstacle, String),
    /// No condition holds.
    Hold,
    /// The chance is below the limit; a close is wanted once that was verified, if it has to be.
    Stop(String),
    /// Momentum against the trade: a close is wanted at once.
    Momentum(String),
}

/// Whether the machine looks after the trade at all. Trades made by hand elsewhere are never touched.
pub(super) fn is_supervised(trade: &Trade) -> bool {
    matches!(trade.origin, Origin::Auto | Origin::Manual)
        && matches!(trade.state, TradeState::Open | TradeState::Closing)
        && trade.held().is_positive()
}

impl Knowledge<'_> {
    /// What keeps every trade from being judged.
    fn stale_input(&self) -> Result<(&StrikeTable, &MomentumReading), String> {
        let demand = |name: &str, age: Option<TimeSpan>, limit: TimeSpan| match age {
            None => Err(format!("there is no {name}")),
            Some(age) if age > limit => Err(format!("the {name} is {:.1} s old", age.as_seconds_f64())),
            Some(_fresh) => Ok(()),
        };
        let age = |at: Timestamp| self.now.since(at);
        demand("desk's view", Some(age(self.desk.at)), self.config.desk_limit)?;
        demand("strike table", self.table.map(|table| age(table.at)), self.config.table_limit)?;
        demand("momentum", self.momentum.map(|momentum| age(momentum.at)), self.config.momentum_limit)?;
        let (Some(table), Some(momentum)) = (self.table, self.momentum) else {
            return Err("inputs are missing".to_owned());
        };
        demand("spot price", table.spot.as_ref().map(|spot| spot.age(self.now)), self.config.price_limit)?;
        demand("index", table.index.as_ref().map(|index| index.age(self.now)), self.config.price_limit)?;
        Ok((table, momentum))
    }

    pub(super) fn judge(&self, trade: &Trade, strike: Option<UsdPrice>) -> Verdict {
        let settings = &self.desk.settings;
        let left = trade.close_time.since(self.now);
        let last_seconds = TimeSpan::from_seconds(settings.stop_min_time_seconds);
        if !settings.auto_stop || left <= TimeSpan::ZERO || left < last_seconds {
            return Verdict::Idle;
        }
        let (table, momentum) = match self.stale_input() {
            Ok(inputs) => inputs,
            Err(stale) => return Verdict::Suspended(Obstacle::Inputs, stale),
        };
        let points = momentum.score_percent.map(momentum_points);
        let against = |points: &f64| match trade.side {
            Side::Yes => *points <= -settings.momentum_exit_threshold,
            Side::No => *points >= settings.momentum_exit_threshold,
        };
        if settings.momentum_exit_enabled
            && let Some(points) = points.filter(against)
        {
            return Verdict::Momentum(format!("momentum {points:+.0} against {}", trade.side));
        }
        let chance = match Chance::of(trade, table, strike) {
            Ok(chance) => chance,
            Err(why_not) => return Verdict::Suspended(Obstacle::Chance, why_not),
        };
        let limit = settings.stop_probability_percent;
        match chance.is_below(limit) {
            None => Verdict::Suspended(Obstacle::Chance, format!("the chance is {chance}, which does not tell")),
            Some(false) => Verdict::Hold,
            Some(true) => Verdict::Stop(format!("chance {chance} is below {limit:.2} %")),
        }
    }
}
