//! What an entry is decided on, and what is decided.

use rec_domain::{
    Money, Price, Probability, Quantity, Side, Timestamp,
    desk_view::DeskView,
    market::Market,
    momentum::MomentumReading,
    refusal::{Refusal, RefusalCode},
    strike_table::{Edge, StrikeRow, StrikeTable},
};

use super::{Limits, Rule, SpikePause, limit::entry_limit};

/// Requests that the desk's view does not show yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pending {
    /// How many.
    pub trades: u32,
    /// What they can cost at worst.
    pub cost: Money,
    /// Requests made in the last minute, shown or not.
    pub requests_last_minute: u32,
}

/// Everything that an entry in one market and side is decided on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The present.
    pub now: Timestamp,
    /// How old inputs may be.
    pub limits: &'a Limits,
    /// The desk; `None` before its first word.
    pub desk: Option<&'a DeskView>,
    /// The strike table.
    pub table: &'a StrikeTable,
    /// The table's row.
    pub row: &'a StrikeRow,
    /// The side to buy.
    pub side: Side,
    /// The row's market; `None` while it is not known.
    pub market: Option<&'a Market>,
    /// Momentum; `None` before the first reading.
    pub momentum: Option<&'a MomentumReading>,
    /// The pause in force.
    pub pause: Option<&'a SpikePause>,
    /// What was asked for already.
    pub pending: Pending,
    /// Whether objections say their reason in words. Words cost more than the decision, and are wanted when it is
    /// another one than before.
    pub worded: bool,
}

/// An entry that every rule allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proposal {
    /// Contracts.
    pub quantity: Quantity,
    /// The ask that was seen.
    pub ask: Price,
    /// The most to pay.
    pub limit: Price,
    /// The chance of the side.
    pub probability: Probability,
    /// The edge at the ask.
    pub edge: Edge,
    /// The most that it can cost, fees included.
    pub worst_case: Money,
}

/// Every rule in order with its objection, if it has one. Rules after the first objection are answered too, as far as
/// they can be.
#[must_use]
pub fn decision_table(situation: &Situation<'_>) -> Vec<(Rule, Option<Refusal>)> {
    Rule::ALL.iter().map(|rule| (*rule, rule.check(situation).err())).collect()
}

/// The first rule's objection against entering; `None` when there is none.
#[must_use]
pub fn why_not(situation: &Situation<'_>) -> Option<Refusal> {
    Rule::ALL.iter().find_map(|rule| rule.check(situation).err())
}

/// The entry that the rules allow.
///
/// # Errors
/// The first objection.
pub fn propose(situation: &Situation<'_>) -> Result<Proposal, Refusal> {
    match why_not(situation) {
        Some(refusal) => Err(refusal),
        None => situation.proposal(),
    }
}

impl<'a> Situation<'a> {
    pub(super) fn desk(&self) -> Result<&'a DeskView, Refusal> {
        self.desk.ok_or_else(|| Refusal::new(RefusalCode::StaleDesk, "the desk has not said anything yet"))
    }

    pub(super) fn market(&self) -> Result<&'a Market, Refusal> {
        self.market
            .ok_or_else(|| Refusal::new(RefusalCode::UnknownMarket, format!("market {} is not known", self.row.ticker)))
    }

    pub(super) fn probability(&self) -> Result<Probability, Refusal> {
        self.row.probability(self.side).ok_or_else(|| {
            let why = self.row.why_not.as_deref().unwrap_or("the strike table gives no chance");
            Refusal::new(RefusalCode::NoProbability, why)
        })
    }

    pub(super) fn ask(&self) -> Result<Price, Refusal> {
        let ask = self.row.top.and_then(|top| top.ask_of(self.side)).filter(|level| level.quantity.is_positive());
        let level = ask.ok_or_else(|| Refusal::new(RefusalCode::AskLimit, format!("nobody offers {}", self.side)))?;
        Ok(level.price)
    }

    pub(super) fn edge(&self) -> Result<Edge, Refusal> {
        self.ask()?;
        self.row.edge(self.side).ok_or_else(|| {
            Refusal::new(RefusalCode::UnknownTerms, "the fee of this series is not known, so neither is the edge")
        })
    }

    pub(super) fn proposal(&self) -> Result<Proposal, Refusal> {
        let (desk, market, probability, ask) = (self.desk()?, self.market()?, self.probability()?, self.ask()?);
        let edge = self.edge()?;
        let quantity = desk.settings.contracts();
        let limit = entry_limit(market, self.side, ask, probability, &desk.settings).ok_or_else(|| {
            let allowed = desk.settings.max_ask;
            Refusal::new(RefusalCode::Price, format!("no price of the market from {ask} to {allowed} keeps the edge"))
        })?;
        let fee = market
            .fees
            .worst_case(limit, quantity)
            .ok_or_else(|| Refusal::new(RefusalCode::UnknownTerms, "the fee of this series is not known"))?;
        Ok(Proposal { quantity, ask, limit, probability, edge, worst_case: limit * quantity + fee })
    }
}
