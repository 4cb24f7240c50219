//! The chance of a held side, also where its strike lies outside the table.

use rec_domain::{Probability, Side, UsdPrice, strike_table::StrikeTable, trade::Trade};

/// What is known of the chance of a held side, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Chance {
    Exactly(f64),
    AtMost(f64),
    AtLeast(f64),
}

impl Chance {
    /// The chance of the trade's side by the table. A strike that the price has left behind is no row any more; its
    /// chance is then bounded by the nearest row, since a higher strike is never likelier to be reached.
    pub(super) fn of(trade: &Trade, table: &StrikeTable, strike: Option<UsdPrice>) -> Result<Self, String> {
        if trade.event != table.event {
            return Err(format!("the strike table is of {}", table.event));
        }
        if let Some(row) = table.rows.iter().find(|row| row.ticker == trade.ticker) {
            let chance = row.probability(trade.side).map(|chance| Self::Exactly(chance.percent()));
            return chance.ok_or_else(|| row.why_not.clone().unwrap_or_else(|| "there is no chance".to_owned()));
        }
        let (Some(strike), Some(first), Some(last)) = (strike, table.rows.first(), table.rows.last()) else {
            return Err("the strike is not in the table".to_owned());
        };
        let of_side = |yes: Probability| if trade.side == Side::Yes { yes } else { yes.complement() }.percent();
        let row = if strike > last.strike { last } else { first };
        let Some(yes) = row.yes else {
            return Err(row.why_not.clone().unwrap_or_else(|| "there is no chance".to_owned()));
        };
        // Above the table YES is less likely than in its last row, below it more likely than in its first.
        match (strike > last.strike, trade.side) {
            (true, Side::Yes) | (false, Side::No) => Ok(Self::AtMost(of_side(yes))),
            (true, Side::No) | (false, Side::Yes) => Ok(Self::AtLeast(of_side(yes))),
        }
    }

    /// Whether the chance is below `limit` percent; `None` when that cannot be told.
    pub(super) fn is_below(self, limit: f64) -> Option<bool> {
        match self {
            Self::Exactly(percent) => Some(percent < limit),
            Self::AtMost(percent) => (percent < limit).then_some(true),
            Self::AtLeast(percent) => (percent >= limit).then_some(false),
        }
    }
}

impl std::fmt::Display for Chance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(percent) => write!(f, "{percent:.2} %"),
            Self::AtMost(percent) => write!(f, "at most {percent:.2} %"),
            Self::AtLeast(percent) => write!(f, "at least {percent:.2} %"),
        }
    }
}
