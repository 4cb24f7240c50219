//! Limits of the desk and what is used of them.

use rec_domain::caps::{Amount, Cap};

use super::{Age, Limits, Moment, format};
use crate::live::Live;

/// What the panel of caps shows.
#[derive(Debug, Clone, PartialEq)]
pub struct CapsView {
    /// Each cap.
    pub rows: Vec<CapRow>,
    /// Equity, its peak and how far below it is; `None` before books and exchange were compared.
    pub equity: Option<String>,
    /// Whether the drawdown is near its cap.
    pub near: bool,
    /// When caps were lowered at run time, and why.
    pub lowered: Option<String>,
    /// How old the desk's word is.
    pub age: Option<Age>,
}

/// A cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapRow {
    /// Its name in the configuration.
    pub name: &'static str,
    /// In words.
    pub words: &'static str,
    /// What is used.
    pub used: String,
    /// By which market or event, where each has its own.
    pub of: Option<String>,
    /// What it allows.
    pub limit: String,
    /// Whether it was lowered at run time.
    pub lowered: bool,
    /// Whether nothing is left of it.
    pub reached: bool,
}

impl CapsView {
    /// The panel of caps.
    #[must_use]
    pub fn of(live: &Live, now: Moment) -> Self {
        let desk = live.desk.as_ref();
        let risk = desk.map(|desk| &desk.value.risk);
        let rows = risk.map(|risk| {
            let rows = risk.caps.iter().map(|known| CapRow {
                name: known.cap.name(),
                words: words(known.cap),
                used: amount(known.used),
                of: known.of.clone(),
                limit: amount(known.limit),
                lowered: risk.tightened.as_ref().is_some_and(|lowered| lowered.caps.contains_key(&known.cap)),
                reached: known.cap != Cap::ContractsPerOrder && !known.limit.is_above(known.used),
            });
            rows.collect()
        });
        let equity = risk.and_then(|risk| {
            let (equity, peak) = (risk.equity?, risk.peak?);
            let total = format::money(equity.total());
            Some(format!("{total}, {} below its peak of {}", format::money(risk.drawdown), format::money(peak.equity)))
        });
        let lowered = risk.and_then(|risk| risk.tightened.as_ref());
        Self {
            rows: rows.unwrap_or_default(),
            equity,
            near: risk.is_some_and(|risk| risk.drawdown_near),
            lowered: lowered
                .map(|lowered| format!("Lowered at {}: {}", format::instant(lowered.at, now.market), lowered.reason)),
            age: desk.map(|desk| Age::wall(desk.received_at, Limits::DESK_WALL, now)),
        }
    }
}

/// An amount as it is written on pages.
pub(crate) fn amount(amount: Amount) -> String {
    match amount {
        Amount::Contracts(quantity) => format::quantity(quantity),
        Amount::Dollars(money) => format::money(money),
        Amount::Count(count) => count.to_string(),
    }
}

/// A cap in words.
pub(crate) const fn words(cap: Cap) -> &'static str {
    match cap {
        Cap::ContractsPerOrder => "Contracts in one order",
        Cap::MoneyPerMarket => "At risk in one market",
        Cap::MoneyPerEvent => "At risk in one event",
        Cap::MoneyPerDay => "Put at risk today",
        Cap::MoneyPerAccount => "At risk in all",
        Cap::OrdersPerMinute => "Orders to open in a minute",
        Cap::OpenTrades => "Open trades",
        Cap::DailyLoss => "Lost today, open at the bid",
        Cap::Drawdown => "Below the peak of equity",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_cap_that_is_reached_or_was_lowered_is_marked() {
        let view = CapsView::of(&sample::live(), sample::moment());
        let named = |name: &str| view.rows.iter().find(|row| row.name == name).expect("shown");
        assert_eq!(view.rows.len(), Cap::ALL.len());
        assert!(named("open_trades").lowered && named("open_trades").reached);
        assert!(!named("daily_loss").lowered && !named("daily_loss").reached);
        assert_eq!(named("money_per_event").of.as_deref(), Some("KXBTCD-26SEP2315"));
        assert!(view.near && view.equity.is_some() && view.lowered.is_some());
    }
}
