//! Settlements that fit nothing: waited for, then named by the comparison, and ended by the operator.

use rec_domain::reconciliation::Compared;

use super::{
    amending::{amended, paid},
    *,
};

const HOUR: i64 = 3_600;

/// A desk that holds 20 contracts of YES in a market that has closed; they cost 18.20 dollars.
fn expired() -> (Bench, TradeId, Money) {
    let (mut bench, _, trade) = Bench::holding();
    bench.now = close_time();
    bench.later(200);
    let cash = bench.cash();
    (bench, trade, cash)
}

fn explained(dollars: i64) -> Adjustment {
    let amount = Money::from_dollars(dollars);
    Adjustment { exchange_index: SHARD, amount, interest: false, reason: "amended too late".to_owned() }
}

impl Bench {
    /// Two readings.
    fn compared(&mut self, positions: &[(&str, i64)], cash: Money) {
        self.sweep(positions, cash);
        self.sweep(positions, cash);
    }

    fn differences(&self) -> Vec<Compared> {
        let last = self.desk.books().reconciliation.as_ref().expect("compared");
        last.differences.iter().map(|found| found.compared).collect()
    }

    fn halted_rows(&self) -> usize {
        self.commits.iter().flat_map(|commit| &commit.rows).filter(|row| matches!(row, Row::Halted(_))).count()
    }
}

#[test]
fn an_amendment_that_comes_too_late_is_named_and_ended_by_the_operator_with_what_it_moved() {
    let (mut bench, _) = paid();
    bench.later(25 * HOUR);
    bench.report(amended("no", 0, 60));
    let cash = bench.cash() - Money::from_dollars(20);
    for _ in 0..4 {
        bench.compared(&[], cash);
    }
    assert!(bench.is_halted_for_its_books());
    assert_eq!(bench.differences(), [Compared::Cash, Compared::Settlement], "the rest is compared");
    assert_eq!(bench.said(&format!("Settlement of {MARKET}: not booked")), 1, "{:?}", bench.outputs);
    assert!(bench.halted_rows() <= 2, "it is not halted anew by every reading");
    assert_eq!(bench.clear("cash differs"), Err(RefusalCode::Unreconciled));
    assert_eq!(bench.adjust("operator", "explained", explained(-20)), Ok(()));
    assert_eq!(bench.clear("not compared since"), Err(RefusalCode::Unreconciled));
    let mut bench = bench.restarted();
    bench.compared(&[], cash);
    assert!(bench.is_halted_for_its_books() && bench.differences() == [Compared::Settlement]);
    let command = DeskCommand::Resume { source: HaltSource::Reconciliation, reason: "it agrees".to_owned() };
    let (decision, requester) = (DecisionId::of("a service"), "auto-entry-supervisor".to_owned());
    bench.tell(DeskInput::Request(DeskRequest { decision, requester, command }));
    assert!(matches!(bench.reply("a service"), Some(DeskReply::Refused(_))) && bench.is_halted_for_its_books());
    assert_eq!(bench.clear("now"), Ok(()));
    let ended = bench.commits.iter().flat_map(|commit| &commit.rows);
    assert_eq!(ended.filter(|row| matches!(row, Row::UnparkedSettlement(_))).count(), 1);
    assert_eq!(bench.posted().iter().map(|posting| posting.kind).collect::<Vec<_>>(), [PostingKind::Adjustment]);
    let mut bench = bench.restarted();
    bench.compared(&[], cash);
    assert!(bench.is_clean() && !bench.is_halted_for_its_books());
    assert_eq!((bench.cash(), bench.ledger_sum()), (cash, Money::ZERO));
}

#[test]
fn a_settlement_that_fits_nothing_is_waited_for_an_hour_and_then_booked_as_stated_if_the_operator_says_so() {
    let (mut bench, trade, cash) = expired();
    bench.report(settlement("void", 20, 0, 18));
    let before = bench.desk.books().reconciliation.clone();
    let there = cash + Money::from_dollars(18);
    bench.compared(&[], there);
    assert_eq!(bench.desk.books().reconciliation, before, "it may still fit");
    assert!(bench.is_halted_for_its_books());
    assert_eq!(bench.clear("too early"), Err(RefusalCode::Unreconciled));
    assert_eq!(bench.adjust("operator", "explained too early", explained(18)), Err(RefusalCode::Adjustment));
    bench.later(HOUR);
    bench.compared(&[], there);
    assert_eq!(bench.differences(), [Compared::Cash, Compared::Position, Compared::Settlement]);
    assert_eq!(
        bench.adjust("operator", "twice", explained(18)),
        Err(RefusalCode::Adjustment),
        "it is what the settlement pays"
    );
    bench.commits.clear();
    assert_eq!(bench.clear("now"), Ok(()));
    let posted = bench.posted();
    assert_eq!((posted.len(), posted[0].kind), (1, PostingKind::Settlement));
    assert_eq!(posted[0].note, "settled 20.00 yes as void, as the exchange states it; by test: looked at");
    assert_eq!((bench.state(trade), bench.cash(), bench.ledger_sum()), (TradeState::Settled, there, Money::ZERO));
    bench.compared(&[], there);
    assert!(bench.is_clean() && !bench.is_halted_for_its_books());
}

#[test]
fn of_two_words_that_fit_nothing_the_last_is_booked_and_only_if_the_exchange_holds_and_has_what_it_says() {
    let (mut bench, trade, cash) = expired();
    bench.report(settlement("void", 20, 0, 18));
    bench.report(settlement("void too", 20, 0, 10));
    bench.later(HOUR);
    let there = cash + Money::from_dollars(10);
    for (positions, cash) in [(&[(MARKET, 20)][..], there), (&[], there + Money::from_dollars(8))] {
        bench.compared(positions, cash);
        assert_eq!(bench.clear(&format!("{cash}")), Err(RefusalCode::Unreconciled));
        assert!(bench.state(trade) == TradeState::Expired && bench.is_halted_for_its_books());
    }
    bench.compared(&[], there);
    assert_eq!(bench.clear("now"), Ok(()));
    assert_eq!(bench.desk.books().ended[&trade].settlement_revenue, Money::from_dollars(10));
    assert!(bench.desk.books().parked_settlements.is_empty() && bench.cash() == there);
}

#[test]
fn a_settlement_with_an_instant_far_ahead_is_not_waited_for() {
    let (mut bench, _, cash) = expired();
    let Report::Settlement(report) = settlement("void", 20, 0, 18) else { unreachable!("as made") };
    let settled_at = report.settled_at + TimeSpan::from_seconds(9_000 * HOUR);
    bench.report(Report::Settlement(SettlementReport { settled_at, ..report }));
    bench.compared(&[], cash + Money::from_dollars(18));
    assert!(bench.differences().contains(&Compared::Settlement));
}
