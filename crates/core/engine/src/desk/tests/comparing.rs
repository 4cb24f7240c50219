//! What the comparison notices, what it says, and how its halt ends.

use rec_domain::market::MarketStatus;

use super::*;

impl Bench {
    pub(super) fn clear(&mut self, name: &str) -> Result<(), RefusalCode> {
        let resume = DeskCommand::Resume { source: HaltSource::Reconciliation, reason: "looked at".to_owned() };
        match self.ask(name, resume).expect("an answer") {
            DeskReply::Accepted { .. } => Ok(()),
            DeskReply::Refused(refusal) => Err(refusal.code),
        }
    }
}

#[test]
fn a_difference_counts_only_when_seen_twice() {
    let mut bench = Bench::ready();
    bench.sweep(&[(MARKET, 5)], Money::from_dollars(1_000));
    assert!(bench.desk.books().halts.is_empty());
    bench.sweep(&[(MARKET, 5)], Money::from_dollars(1_000));
    assert!(bench.desk.books().halts.contains_key(&HaltSource::Reconciliation));
    assert_eq!(bench.desk.books().net_position(&MarketTicker::new(MARKET)), Quantity::ZERO, "compared, never copied");
    bench.sweep(&[], Money::from_dollars(1_000));
    assert!(bench.desk.books().halts.is_empty(), "a clean comparison clears its own halt");
}

#[test]
fn a_small_difference_of_cash_warns_and_a_large_one_halts() {
    for (cents, halted) in [(100_100, false), (100_101, true)] {
        let mut bench = Bench::ready();
        bench.sweep(&[], Money::from_cents(cents));
        bench.sweep(&[], Money::from_cents(cents));
        assert_eq!(!bench.desk.books().halts.is_empty(), halted, "{cents}");
        assert!(bench.outputs.iter().any(|output| matches!(output, DeskOutput::Alarm { .. })));
    }
}

#[test]
fn nothing_is_compared_while_an_order_is_under_way() {
    let mut bench = Bench::ready();
    let before = bench.desk.books().reconciliation.clone();
    bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.sweep(&[(MARKET, 20)], Money::from_dollars(980));
    assert_eq!(bench.desk.books().reconciliation, before);
}

#[test]
fn the_operator_ends_a_halt_for_another_desk_once_the_books_agree_and_not_before() {
    let mut bench = Bench::ready();
    let stranger = IntentId::new(DeskId::from_bits(8), 1, 1);
    let mut fill = bench.fill_of("f", OrderId::new("theirs"), BookSide::Bid, 50, 10);
    fill.client_order_id = Some(stranger.client_order_id());
    bench.report(Report::Fill(fill));
    assert_eq!(bench.clear("too early"), Err(RefusalCode::Unreconciled), "nothing was compared since");
    let cash = bench.cash();
    bench.sweep(&[(MARKET, 9)], cash);
    assert_eq!(bench.clear("while they differ"), Err(RefusalCode::Unreconciled));
    bench.sweep(&[(MARKET, 10)], cash);
    assert!(!bench.desk.books().halts.is_empty(), "the other desk was not silent for long enough");
    assert_eq!(bench.clear("now"), Ok(()));
    assert!(bench.desk.books().halts.is_empty());
    bench.sweep(&[(MARKET, 10)], cash);
    assert!(bench.desk.books().halts.is_empty(), "it stays over");
    let mut again = bench.fill_of("g", OrderId::new("theirs too"), BookSide::Bid, 50, 1);
    again.client_order_id = Some(stranger.client_order_id());
    bench.report(Report::Fill(again));
    assert!(!bench.desk.books().halts.is_empty(), "and begins anew when the other desk does");
}

#[test]
fn a_fill_that_the_exchange_tells_of_and_never_reports_halts_entries() {
    let mut bench = Bench::ready();
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 91, 16);
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert!(bench.desk.books().halts.is_empty(), "it may still come");
    bench.now += TimeSpan::from_seconds(30);
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert!(bench.desk.books().halts.contains_key(&HaltSource::Reconciliation));
    assert_eq!(bench.said("20.00 of order"), 1);
    bench.fill("f2", intent, BookSide::Bid, 91, 4);
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert!(bench.desk.books().halts.is_empty(), "it came");
}

#[test]
fn books_that_cannot_be_compared_for_ten_minutes_are_said_to_be_so() {
    let (mut bench, ..) = Bench::holding();
    bench.sweep(&[(MARKET, 20)], bench.cash());
    let closing = bench.close("c", TradeId::new(1)).expect("accepted");
    bench.answer(closing, Outcome::AlreadyExists { signed_at: bench.now });
    for _ in 0..100 {
        bench.sweep(&[(MARKET, 20)], bench.cash());
    }
    assert_eq!(bench.said("were not compared"), 1, "in 17 minutes");
}

#[test]
fn a_result_that_is_late_or_disputed_is_said_once_and_the_trade_stays_held() {
    let (mut bench, _, trade) = Bench::holding();
    bench.now = close_time();
    bench.later(29 * 60);
    assert_eq!((bench.said("has not paid"), bench.desk.books().late_results(bench.now).len()), (0, 0));
    bench.later(60);
    bench.later(60);
    assert_eq!(bench.said("is late"), 1);
    assert_eq!(bench.state(trade), TradeState::Expired);
    assert_eq!(bench.desk.books().late_results(bench.now)[0].trade, trade);
    bench.report(settlement("yes", 20, 0, 20));
    assert!(bench.desk.books().late_results(bench.now).is_empty());

    let (mut bench, _, trade) = Bench::holding();
    bench.now = close_time();
    bench.tell(DeskInput::Markets { markets: vec![Market { status: MarketStatus::Disputed, ..market(MARKET) }] });
    bench.later(60);
    assert_eq!((bench.said("disputed"), bench.state(trade)), (1, TradeState::Expired));
    assert!(bench.desk.books().late_results(bench.now)[0].disputed);
}

#[test]
fn a_difference_that_only_warns_is_said_once_until_it_is_another() {
    let mut bench = Bench::ready();
    for cents in [100_050, 100_050, 100_050, 100_050, 100_070, 100_070] {
        bench.sweep(&[], Money::from_cents(cents));
    }
    assert_eq!(bench.said("disagree"), 2);
    assert!(bench.desk.books().halts.is_empty());
}

#[test]
fn what_a_comparison_looked_at_stands_in_it() {
    let (mut bench, ..) = Bench::holding();
    bench.sweep(&[(MARKET, 20)], bench.cash());
    let last = bench.desk.books().reconciliation.clone().expect("compared");
    let looked = &last.compared;
    assert_eq!((looked.cash[0].ours, looked.cash[0].theirs), (bench.cash(), Some(bench.cash())));
    let position = &looked.positions[0];
    assert_eq!(
        (position.ticker.as_str(), position.ours, position.theirs.to_string().as_str()),
        (MARKET, Quantity::from_contracts(20), "20.00")
    );
    assert_eq!((looked.orders, looked.filled, looked.booked), (1, looked.booked, Quantity::from_contracts(20)));
    assert!(last.is_clean() && looked.flows);
}

#[test]
fn an_order_of_which_less_was_filled_than_was_said_ends_once_books_and_exchange_agree() {
    let (mut bench, _, trade) = Bench::holding();
    let close = bench.close("out", trade).expect("committed");
    bench.acknowledge(close, 20);
    bench.fill("f2", close, BookSide::Ask, 95, 15);
    for _ in 0..3 {
        bench.sweep(&[(MARKET, 5)], bench.cash());
        assert_eq!(bench.close("again", trade), Err(RefusalCode::AlreadyClosing), "a fill may still come");
    }
    bench.sweep(&[(MARKET, 5)], bench.cash());
    assert_eq!(bench.said("20.00 were said to be filled, and 15.00 were"), 1);
    assert!(bench.is_clean() && !bench.is_halted_for_its_books());
    assert_eq!((bench.state(trade), bench.ledger_sum()), (TradeState::Open, Money::ZERO));
    assert!(bench.close("the rest", trade).is_ok());
}

#[test]
fn while_the_exchange_has_what_an_order_was_said_to_have_filled_the_missing_fill_is_waited_for() {
    let (mut bench, _, trade) = Bench::holding();
    let close = bench.close("out", trade).expect("committed");
    bench.acknowledge(close, 20);
    bench.fill("f2", close, BookSide::Ask, 95, 15);
    let missing = bench.fill_of("f3", order_id(close), BookSide::Ask, 95, 5);
    let theirs = bench.cash() + Money::from_cents(5 * 95) - missing.fee.expect("stated");
    for _ in 0..8 {
        bench.sweep(&[], theirs);
    }
    assert!(bench.is_halted_for_its_books() && !bench.is_clean(), "the difference is named");
    assert_eq!(bench.state(trade), TradeState::Closing);
    bench.report(Report::Fill(missing));
    bench.sweep(&[], theirs);
    assert!(bench.is_clean() && !bench.is_halted_for_its_books());
    assert_eq!((bench.state(trade), bench.cash()), (TradeState::Closed, theirs));
}
