//! What happened in a demo, and whether it was in order.

use std::{collections::BTreeMap, fmt, process::ExitCode};

use rec_domain::{Money, Timestamp, bus_event::BusEvent, eastern, health::ServiceHealth};
use rec_store::Summary;
use serde::Serialize;

use super::ending::FinalBooks;

/// The end of a demo. Money is in dollars, instants are UTC.
#[derive(Debug, Clone, Serialize)]
pub(super) struct DemoSummary {
    seed: u64,
    speed: f64,
    market_from: Timestamp,
    market_until: Timestamp,
    /// Hourly events that settled while a trade was held in one of their markets.
    events_settled: u64,
    events: Vec<String>,
    /// Strike rows that the entry supervisor looked at, requests that it made, and rows that it refused by reason.
    entries_considered: u64,
    entries_made: u64,
    entries_refused: BTreeMap<String, u64>,
    /// Requests to open that the desk refused by reason.
    requests_refused: BTreeMap<String, u64>,
    orders: BTreeMap<String, u64>,
    fills: u64,
    trades: BTreeMap<String, u64>,
    profit_after_fees: Money,
    fees: Money,
    ledger_agrees: bool,
    ledger: Vec<String>,
    health: BTreeMap<String, String>,
    all_healthy: bool,
}

impl DemoSummary {
    pub(super) fn new(
        (seed, speed): (u64, f64),
        (market_from, market_until): (Timestamp, Timestamp),
        facts: Summary,
        entry: Option<&BusEvent>,
        books: FinalBooks,
        healths: &[ServiceHealth],
    ) -> Self {
        let entry = match entry {
            Some(BusEvent::Entry(status)) => Some(status),
            _ => None,
        };
        let mut ledger: Vec<String> = books
            .cash
            .iter()
            .map(|(shard, (ours, theirs))| format!("cash on shard {shard}: {ours} here, {theirs} there"))
            .collect();
        ledger.extend(
            books.positions.iter().map(|(ticker, ours, theirs)| format!("{ticker}: {ours} here, {theirs} there")),
        );
        if !books.compared_clean {
            ledger.push("the desk's own last comparison was not clean or not newer than its last change".to_owned());
        }
        let complaint = |health: &ServiceHealth| health.complaint().unwrap_or_else(|| "healthy".to_owned());
        Self {
            seed,
            speed,
            market_from,
            market_until,
            events_settled: u64::try_from(facts.events_held.len()).unwrap_or(u64::MAX),
            events: facts.events_held.iter().map(ToString::to_string).collect(),
            entries_considered: entry.map_or(0, |status| status.considered),
            entries_made: entry.map_or(0, |status| status.requested),
            entries_refused: entry
                .map(|status| status.refused.iter().map(|(code, count)| (code.to_string(), *count)).collect())
                .unwrap_or_default(),
            requests_refused: facts.refusals.iter().fold(BTreeMap::new(), |mut counts, refusal| {
                *counts.entry(refusal.code.clone()).or_default() += refusal.times;
                counts
            }),
            orders: facts.orders.iter().map(|(state, count)| (state.name().to_owned(), *count)).collect(),
            fills: facts.fills,
            trades: facts.trades.iter().map(|(state, count)| (state.name().to_owned(), *count)).collect(),
            profit_after_fees: facts.realised,
            fees: facts.fees,
            ledger_agrees: books.agree() && facts.ledger_is_balanced,
            ledger,
            health: healths.iter().map(|health| (health.service.to_string(), complaint(health))).collect(),
            all_healthy: healths.iter().all(|health| health.healthy),
        }
    }

    /// An hourly event settled with a trade held through it, every service was healthy, and the books agree exactly.
    pub(super) fn is_good(&self) -> bool {
        self.events_settled > 0 && self.all_healthy && self.ledger_agrees
    }

    /// What the demo ends with: 0 only if it was good.
    pub(super) fn exit_code(&self) -> ExitCode {
        if self.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl fmt::Display for DemoSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = |counts: &BTreeMap<String, u64>| {
            let words: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            if words.is_empty() { "none".to_owned() } else { words.join(", ") }
        };
        writeln!(f)?;
        writeln!(
            f,
            "seed {}, market time {} to {}",
            self.seed,
            eastern::date_and_clock(self.market_from),
            eastern::clock(self.market_until)
        )?;
        writeln!(f, "events settled with a trade held  {} ({})", self.events_settled, self.events.join(", "))?;
        writeln!(f, "entries considered                {}", self.entries_considered)?;
        writeln!(f, "entries made                      {}", self.entries_made)?;
        writeln!(f, "entries refused                   {}", counts(&self.entries_refused))?;
        writeln!(f, "requests refused by the desk      {}", counts(&self.requests_refused))?;
        writeln!(f, "orders                            {}", counts(&self.orders))?;
        writeln!(f, "fills                             {}", self.fills)?;
        writeln!(f, "trades                            {}", counts(&self.trades))?;
        writeln!(f, "profit after fees                 {} (fees {})", self.profit_after_fees, self.fees)?;
        for line in &self.ledger {
            writeln!(f, "ledger                            {line}")?;
        }
        writeln!(f, "ledger and exchange               {}", if self.ledger_agrees { "agree" } else { "DISAGREE" })?;
        let sick: Vec<String> = self
            .health
            .iter()
            .filter(|(_, state)| *state != "healthy")
            .map(|(name, state)| format!("{name}: {state}"))
            .collect();
        let health = if sick.is_empty() { format!("all {} healthy", self.health.len()) } else { sick.join("; ") };
        write!(f, "services                          {health}")
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{EventTicker, ExchangeIndex, Quantity, Service};

    use super::*;

    /// The end of a good demo, before `change`.
    fn ended(change: impl FnOnce(&mut Summary, &mut FinalBooks, &mut Vec<ServiceHealth>)) -> DemoSummary {
        let at = Timestamp::from_seconds(1_790_000_000);
        let mut facts = Summary {
            since: at,
            events_settled: vec![EventTicker::new("EARLY"), EventTicker::new("LATE")],
            events_held: vec![EventTicker::new("LATE")],
            orders: vec![],
            fills: 2,
            trades: vec![],
            realised: Money::from_cents(14),
            fees: Money::from_cents(2),
            refusals: vec![],
            comparisons: 3,
            comparisons_with_differences: 0,
            last_comparison: None,
            ledger_is_balanced: true,
        };
        let seven = Money::from_dollars(7);
        let mut books = FinalBooks {
            cash: [(ExchangeIndex::new(2), (seven, seven))].into(),
            positions: vec![],
            compared_clean: true,
        };
        let healthy = |service: &Service| ServiceHealth { service: *service, healthy: true, checks: vec![] };
        let mut healths: Vec<_> = Service::ALL.iter().map(healthy).collect();
        change(&mut facts, &mut books, &mut healths);
        DemoSummary::new((1, 30.0), (at, at), facts, None, books, &healths)
    }

    #[test]
    fn a_demo_ends_with_0_only_if_a_held_event_settled_all_were_healthy_and_the_books_agree() {
        let good = ended(|_facts, _books, _healths| {});
        assert!(good.is_good() && good.exit_code() == ExitCode::SUCCESS, "{good}");
        type Change = fn(&mut Summary, &mut FinalBooks, &mut Vec<ServiceHealth>);
        let changes: [(&str, Change); 6] = [
            ("no trade was held through a settlement", |facts, _books, _healths| facts.events_held.clear()),
            ("the last service is not healthy", |_facts, _books, healths| {
                healths.last_mut().expect("services").healthy = false;
            }),
            ("cash differs by the least amount", |_facts, books, _healths| {
                for (ours, _theirs) in books.cash.values_mut() {
                    *ours += Money::from_micros(1);
                }
            }),
            ("a position differs", |_facts, books, _healths| {
                books.positions.push(("A".to_owned(), Quantity::ZERO, Quantity::from_contracts(1)));
            }),
            ("the desk's own comparison was not clean", |_facts, books, _healths| books.compared_clean = false),
            ("the ledger does not sum to nothing", |facts, _books, _healths| facts.ledger_is_balanced = false),
        ];
        for (why, change) in changes {
            let summary = ended(change);
            assert!(!summary.is_good() && summary.exit_code() == ExitCode::FAILURE, "{why}: {summary}");
        }
    }
}
