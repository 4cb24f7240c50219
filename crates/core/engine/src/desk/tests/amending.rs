//! A result that is amended after it was paid: what was paid is taken back and paid anew, each once.

use super::*;

/// A desk that was paid for 20 contracts of YES, bought at 91 cents.
pub(super) fn paid() -> (Bench, TradeId) {
    let (mut bench, _, trade) = Bench::holding();
    bench.now = close_time();
    bench.later(1);
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!(bench.state(trade), TradeState::Settled);
    bench.outputs.clear();
    bench.commits.clear();
    (bench, trade)
}

/// The result in other words, so many seconds after the first payment.
pub(super) fn amended(result: &str, revenue_dollars: i64, seconds: i64) -> Report {
    let Report::Settlement(first) = settlement(result, 20, 0, revenue_dollars) else { unreachable!("as made") };
    Report::Settlement(SettlementReport { settled_at: first.settled_at + TimeSpan::from_seconds(seconds), ..first })
}

impl Bench {
    pub(super) fn posted(&self) -> Vec<Posting> {
        let rows = self.commits.iter().flat_map(|commit| &commit.rows);
        let postings = rows.filter_map(|row| match row {
            Row::Posting(posting) => Some(posting.clone()),
            _ => None,
        });
        postings.collect()
    }

    /// The same books in another process.
    pub(super) fn restarted(mut self) -> Self {
        let stored = serde_json::to_string(self.desk.books()).expect("written");
        self.desk = Desk::new(DeskConfig::default(), serde_json::from_str(&stored).expect("read"));
        self
    }
}

#[test]
fn an_amended_result_is_a_reversal_and_a_new_posting_with_an_alarm() {
    let (mut bench, trade) = paid();
    let (cash, today) = (bench.cash(), bench.desk.books().realised_today);
    bench.report(amended("no", 0, 60));
    let posted = bench.posted();
    assert_eq!(
        posted.iter().map(|posting| posting.kind).collect::<Vec<_>>(),
        [PostingKind::Reversal, PostingKind::Settlement]
    );
    assert_eq!(posted[0].amount(&Account::Cash { exchange_index: SHARD }), Money::from_dollars(-20));
    assert_eq!(posted[0].amount(&Account::Result), Money::from_cents(20 * 9), "the cost of 18.20 comes back");
    assert_eq!(posted[1].amount(&Account::Result), Money::from_cents(20 * 91));
    assert_eq!(bench.said("amended to no"), 1, "{:?}", bench.outputs);
    let ended = &bench.desk.books().ended[&trade];
    // 18.20 and a fee of 0.1147 are lost, where 1.6853 had been won.
    assert_eq!((ended.state, ended.realised().to_string()), (TradeState::Settled, "-18.3147".to_owned()));
    assert_eq!((ended.open_cost, ended.settlement_revenue), (Money::ZERO, Money::ZERO));
    assert_eq!(bench.cash(), cash - Money::from_dollars(20));
    assert_eq!(bench.desk.books().realised_today, today - Money::from_dollars(20));
    assert_eq!(bench.ledger_sum(), Money::ZERO);
    bench.sweep(&[], bench.cash());
    assert!(!bench.is_halted_for_its_books());
    assert!(bench.desk.books().reconciliation.as_ref().expect("compared").is_clean());
}

#[test]
fn an_amendment_that_comes_again_or_an_older_word_changes_nothing_also_after_a_restart() {
    let (mut bench, _) = paid();
    bench.report(amended("no", 0, 60));
    let cash = bench.cash();
    bench.report(amended("no", 0, 60));
    bench.report(settlement("yes", 20, 0, 20));
    let mut bench = bench.restarted();
    bench.report(amended("no", 0, 60));
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!((bench.posted().len(), bench.said("amended"), bench.cash()), (2, 1, cash));
    assert!(bench.desk.books().parked_settlements.is_empty());
}

#[test]
fn an_amendment_after_a_restart_and_one_back_to_the_first_result_are_booked_once_each() {
    let (bench, trade) = paid();
    let cash = bench.cash();
    let mut bench = bench.restarted();
    bench.report(amended("no", 0, 60));
    bench.report(amended("yes", 20, 120));
    assert_eq!((bench.posted().len(), bench.said("amended"), bench.cash()), (4, 2, cash));
    assert_eq!(bench.desk.books().ended[&trade].realised().to_string(), "1.6853");
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn a_result_amended_and_amended_back_at_one_instant_follows_the_last_word() {
    let (mut bench, trade) = paid();
    let cash = bench.cash();
    for (result, revenue, posted) in [("no", 0, 2), ("no", 0, 2), ("yes", 20, 4), ("yes", 20, 4), ("no", 0, 6)] {
        bench.report(amended(result, revenue, 0));
        assert_eq!(bench.posted().len(), posted, "{result}");
        assert_eq!(bench.cash(), cash - Money::from_dollars(20 - revenue), "{result}");
        bench = bench.restarted();
    }
    assert_eq!(bench.desk.books().ended[&trade].realised().to_string(), "-18.3147");
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn a_fee_of_the_settlement_is_taken_back_with_it() {
    let (mut bench, trade) = paid();
    let with_fee = |report, cents| {
        let Report::Settlement(report) = report else { unreachable!("as made") };
        Report::Settlement(SettlementReport { fee: Money::from_cents(cents), ..report })
    };
    let cash = bench.cash();
    bench.report(with_fee(amended("no", 0, 60), 7));
    bench.report(with_fee(amended("yes", 20, 120), 5));
    assert_eq!(bench.cash(), cash - Money::from_cents(5));
    assert_eq!(bench.desk.books().ended[&trade].realised().to_string(), "1.6353");
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn an_amendment_that_does_not_fit_is_not_booked_and_halts_entries() {
    for wrong in [amended("void", 20, 60), amended("no", 1, 60)] {
        let (mut bench, _) = paid();
        let cash = bench.cash();
        bench.report(wrong);
        bench.sweep(&[], cash);
        assert!(bench.posted().is_empty() && bench.is_halted_for_its_books());
        assert_eq!((bench.cash(), bench.ledger_sum()), (cash, Money::ZERO));
    }
}

#[test]
fn a_result_is_remembered_for_a_day_and_an_amendment_after_that_halts_entries() {
    let (mut bench, _) = paid();
    bench.later(23 * 3_600);
    bench.report(amended("no", 0, 22 * 3_600));
    assert_eq!(bench.posted().len(), 2);
    let (mut bench, _) = paid();
    bench.later(25 * 3_600);
    bench.report(amended("no", 0, 24 * 3_600));
    bench.sweep(&[], bench.cash());
    assert!(bench.posted().is_empty() && bench.is_halted_for_its_books());
}
