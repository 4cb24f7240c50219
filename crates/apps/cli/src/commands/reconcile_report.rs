//! What `rec reconcile` says.

use std::process::ExitCode;

use rec_domain::{
    Mode, TimeSpan, Timestamp,
    desk_view::DeskView,
    eastern,
    halt::{Halt, HaltSource},
    reconciliation::Reconciliation,
};
use serde::Serialize;

/// Where a comparison comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// Two readings after the question, by the desk that runs.
    RunningDesk,
    /// The newest of the desk that runs, since something is under way that forbids another.
    RunningDeskBefore,
    /// The newest that the database has; no desk runs.
    Stored,
    /// The same while a desk may run, which did not answer.
    SilentDesk,
}

/// Books and exchange, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    /// Where the comparison comes from.
    pub(super) source: Source,
    /// What the desk trades against.
    pub(super) mode: Mode,
    /// Whether books and exchange agree, and nothing waits.
    pub(super) clean: bool,
    /// How old the comparison is, in seconds of market time; `None` where nobody knows what time it is there.
    pub(super) age_seconds: Option<f64>,
    /// The comparison; `None` where there never was one.
    pub(super) comparison: Option<Reconciliation>,
    /// Orders that are not complete.
    pub(super) orders_under_way: Option<usize>,
    /// The halt of the comparison, if it is in force.
    pub(super) halt: Option<Halt>,
}

impl Report {
    /// Of a desk that runs.
    pub(super) fn of_view(view: &DeskView, source: Source) -> Self {
        let halts = view.halts.iter().cloned();
        let orders = Some(view.orders.len());
        Self::new(source, view.mode, view.reconciliation.clone(), Some(view.at), orders, halts)
    }

    /// Of whatever is known.
    pub(super) fn new(
        source: Source,
        mode: Mode,
        comparison: Option<Reconciliation>,
        now: Option<Timestamp>,
        orders_under_way: Option<usize>,
        halts: impl Iterator<Item = Halt>,
    ) -> Self {
        let mut halts = halts.filter(|halt| halt.source == HaltSource::Reconciliation);
        let halt = halts.next();
        let agrees = comparison.as_ref().is_some_and(|last| {
            last.is_clean() && last.compared.fills_waiting == 0 && last.compared.settlements_waiting == 0
        });
        let age = comparison.as_ref().zip(now).map(|(last, now)| now.since(last.at).max(TimeSpan::ZERO));
        Self {
            source,
            mode,
            clean: agrees && halt.is_none() && matches!(source, Source::RunningDesk | Source::Stored),
            age_seconds: age.map(TimeSpan::as_seconds_f64),
            comparison,
            orders_under_way,
            halt,
        }
    }

    /// What the command ends with: 0 only if it is clean.
    pub(super) fn exit_code(&self) -> ExitCode {
        if self.clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// For people, line by line.
    pub(super) fn lines(&self) -> Vec<String> {
        let Some(last) = &self.comparison else {
            return vec![format!("mode {}: books and exchange were never compared", self.mode)];
        };
        let age = self.age_seconds.map_or_else(|| "unknown age".to_owned(), |age| format!("{age:.0} s old"));
        let whence = match self.source {
            Source::RunningDesk => "two readings of the exchange, just now".to_owned(),
            Source::RunningDeskBefore => format!("no new comparison could be made; this one is {age}"),
            Source::Stored => format!("no desk runs: the stored comparison, {age}"),
            Source::SilentDesk => format!("the desk did not answer: the stored comparison, {age}"),
        };
        let looked = &last.compared;
        let mut lines = vec![
            format!("mode {}: {whence}", self.mode),
            format!(
                "compared {}, exchange complete up to {}, books last changed {}",
                eastern::date_and_clock(last.at),
                eastern::date_and_clock(last.as_of),
                eastern::date_and_clock(last.books_changed_at)
            ),
            format!(
                "orders       {} looked at, {} resting there; {} contracts filled there, {} booked here",
                looked.orders, looked.resting, looked.filled, looked.booked
            ),
            format!("fills        {} of unknown orders wait", looked.fills_waiting),
            format!(
                "settlements  {} paid in a day, {} do not fit the books",
                looked.settlements, looked.settlements_waiting
            ),
            format!("positions    {} markets", looked.positions.len()),
        ];
        lines.extend(
            looked
                .positions
                .iter()
                .map(|position| format!("  {}  {} here, {} there", position.ticker, position.ours, position.theirs)),
        );
        lines.extend(looked.cash.iter().map(|cash| {
            let theirs = cash.theirs.map_or_else(|| "not stated".to_owned(), |theirs| theirs.to_string());
            let bound = if cash.reserved.is_zero() { String::new() } else { format!(", {} bound", cash.reserved) };
            format!("balance      shard {}: {} here, {theirs} there{bound}", cash.exchange_index, cash.ours)
        }));
        let flows = if looked.flows { "read too" } else { "not read for this one" };
        lines.push(format!("flows        deposits, withdrawals, transfers: {flows}"));
        lines.extend(looked.unreadable.iter().map(|row| format!("UNREADABLE   {row}")));
        if let Some(orders) = self.orders_under_way.filter(|orders| *orders > 0) {
            lines.push(format!("under way    {orders} orders"));
        }
        lines.extend(last.differences.iter().map(|difference| {
            let what = format!("{:?}", difference.compared).to_lowercase();
            format!(
                "DIFFERS      {what} of {}: {} here, {} there",
                difference.subject, difference.ours, difference.theirs
            )
        }));
        if let Some(halt) = &self.halt {
            lines.push(format!("HALTED       since {}: {}", halt.since, halt.reason));
        }
        lines.push(if self.clean { "clean".to_owned() } else { "NOT clean".to_owned() });
        lines
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{
        ExchangeIndex, Money,
        reconciliation::{CashOfShard, Compared, Difference, Looked},
    };

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_790_000_000 + seconds)
    }

    fn comparison(differences: Vec<Difference>) -> Reconciliation {
        let cash = |theirs| CashOfShard {
            exchange_index: ExchangeIndex::new(2),
            ours: Money::from_dollars(7),
            theirs,
            reserved: Money::ZERO,
        };
        let compared = Looked { cash: vec![cash(Some(Money::from_dollars(7)))], flows: true, ..Looked::default() };
        Reconciliation { at: at(1), as_of: at(0), books_changed_at: at(-9), differences, compared }
    }

    fn report(source: Source, comparison: Option<Reconciliation>, halts: Vec<Halt>) -> Report {
        Report::new(source, Mode::Twin, comparison, Some(at(31)), Some(0), halts.into_iter())
    }

    #[test]
    fn only_a_comparison_without_difference_halt_or_anything_that_waits_is_clean() {
        let clean = report(Source::RunningDesk, Some(comparison(vec![])), vec![]);
        assert!(clean.clean && clean.exit_code() == ExitCode::SUCCESS);
        assert!(!report(Source::RunningDesk, None, vec![]).clean, "never compared");
        for old in [Source::RunningDeskBefore, Source::SilentDesk] {
            assert!(!report(old, Some(comparison(vec![])), vec![]).clean, "{old:?}: not compared anew");
        }
        let difference = Difference {
            compared: Compared::Cash,
            subject: "shard 2".to_owned(),
            ours: "7.00".to_owned(),
            theirs: "8.00".to_owned(),
        };
        let differing = report(Source::RunningDesk, Some(comparison(vec![difference])), vec![]);
        assert!(!differing.clean && differing.exit_code() == ExitCode::FAILURE);
        assert!(differing.lines().iter().any(|line| line.contains("cash of shard 2: 7.00 here, 8.00 there")));
        let halt = |source| Halt { source, reason: "r".to_owned(), since: at(0) };
        let halted = |source| report(Source::RunningDesk, Some(comparison(vec![])), vec![halt(source)]).clean;
        assert!(!halted(HaltSource::Reconciliation));
        assert!(halted(HaltSource::Operator), "the operator's own halt says nothing of the books");
        let mut waiting = comparison(vec![]);
        waiting.compared.fills_waiting = 1;
        assert!(!report(Source::RunningDesk, Some(waiting), vec![]).clean);
    }

    #[test]
    fn a_stored_comparison_is_called_so_with_its_age() {
        let lines = report(Source::Stored, Some(comparison(vec![])), vec![]).lines();
        assert!(lines[0].contains("no desk runs") && lines[0].contains("30 s old"), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("clean"));
    }
}
