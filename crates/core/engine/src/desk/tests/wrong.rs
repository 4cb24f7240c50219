//! Reports and answers of the exchange that cannot be right: nothing is guessed, nothing is booked twice, entries halt
//! where money is in doubt, and exits go on. `docs/WRONG_INPUT.md` names these tests.

use rec_domain::{
    fee::FeeKind,
    flow::{FlowKind, FlowReport, FlowStage, Place},
};

use super::*;

impl Bench {
    /// Asks for an entry in the other market.
    fn enter_elsewhere(&mut self, name: &str) -> Result<(IntentId, TradeId), RefusalCode> {
        let request = OpenRequest { ticker: MarketTicker::new(OTHER), ..self.wanted(Side::Yes, 1) };
        self.open(name, request)
    }

    /// Entries are refused and a close of the trade is accepted.
    fn only_exits_go_on(&mut self, trade: TradeId) {
        assert!(self.is_halted_for_its_books());
        assert_eq!(self.enter_elsewhere("while halted"), Err(RefusalCode::Halted));
        assert!(self.close("while halted too", trade).is_ok());
    }
}

#[test]
fn an_order_whose_answer_cannot_be_read_blocks_entries_in_its_market_and_no_exits() {
    let mut bench = Bench::ready();
    let (elsewhere, held) = bench.enter_elsewhere("held").expect("admitted");
    bench.acknowledge(elsewhere, 1);
    let mut fill = bench.fill_of("f0", order_id(elsewhere), BookSide::Bid, 91, 1);
    fill.ticker = MarketTicker::new(OTHER);
    bench.report(Report::Fill(fill));
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.answer(intent, Outcome::Unknown { reason: "the answer is unreadable".to_owned(), signed_at: bench.now });
    assert_eq!(bench.desk.books().orders[&intent].state, OrderState::Unknown);
    assert!(bench.desk.books().exposure(|_| true) > Money::from_dollars(19), "the worst case stays");
    assert!(bench.open("b", bench.wanted(Side::Yes, 1)).is_err());
    assert!(bench.open("c", bench.wanted(Side::No, 1)).is_err());
    assert!(bench.close("d", held).is_ok());
}

#[test]
fn a_fill_for_an_order_that_nobody_knows_waits_and_is_then_booked_as_a_hands() {
    let (mut bench, _, trade) = Bench::holding();
    let stranger = bench.fill_of("f2", OrderId::new("unheard of"), BookSide::Bid, 50, 10);
    bench.report(Report::Fill(stranger.clone()));
    assert_eq!(bench.desk.books().parked_fills.len(), 1, "it waits");
    assert!(bench.outputs.iter().any(|output| matches!(output, DeskOutput::RequestSweep)));
    let cash = bench.cash() - Money::from_dollars(5) - stranger.fee.expect("stated");
    bench.sweep(&[(MARKET, 30)], cash);
    assert_eq!((bench.cash(), bench.ledger_sum()), (cash, Money::ZERO));
    assert!(bench.desk.books().parked_fills.is_empty() && !bench.is_halted_for_its_books());
    let held = bench.desk.books().trades[&trade].held();
    assert_eq!(held, Quantity::from_contracts(30), "on the side that is held already");
}

#[test]
fn more_filled_than_was_ordered_is_booked_and_halts_entries_until_the_books_agree() {
    let (mut bench, intent, trade) = Bench::holding();
    bench.fill("f2", intent, BookSide::Bid, 91, 5);
    assert!(bench.said("25.00 were filled") > 0, "{:?}", bench.outputs);
    assert_eq!(bench.desk.books().trades[&trade].held(), Quantity::from_contracts(25), "fills make positions");
    bench.only_exits_go_on(trade);
    let (mut bench, intent, _) = Bench::holding();
    bench.fill("f2", intent, BookSide::Bid, 91, 5);
    bench.sweep(&[(MARKET, 25)], bench.cash());
    assert!(!bench.is_halted_for_its_books(), "the exchange says the same of position and cash");
}

#[test]
fn a_fill_beyond_its_limit_is_booked_at_its_price_and_halts_entries() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 96, 20);
    assert!(bench.said("beyond its limit") > 0, "{:?}", bench.outputs);
    assert_eq!(bench.desk.books().trades[&trade].entry_cost, Money::from_cents(96 * 20));
    bench.only_exits_go_on(trade);
}

#[test]
fn a_fill_on_the_wrong_side_of_its_order_is_booked_as_a_hands_with_an_alarm() {
    let (mut bench, intent, trade) = Bench::holding();
    bench.fill("f2", intent, BookSide::Ask, 91, 5);
    assert!(bench.said("does not fit its order") > 0, "{:?}", bench.outputs);
    assert_eq!(bench.desk.books().trades[&trade].held(), Quantity::from_contracts(15));
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn a_fill_without_its_fee_is_booked_with_our_own_sum_and_an_alarm() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    let stated = bench.fill_of("f1", order_id(intent), BookSide::Bid, 91, 20);
    bench.report(Report::Fill(FillReport { fee: None, ..stated.clone() }));
    assert!(bench.said("without its fee") > 0, "{:?}", bench.outputs);
    assert_eq!(Some(bench.desk.books().trades[&trade].fees), stated.fee);
}

#[test]
fn a_fill_whose_fee_nobody_knows_is_booked_and_halts_entries_until_the_books_agree() {
    let (mut bench, _, trade) = Bench::holding();
    let closing = bench.close("c", trade).expect("accepted");
    bench.acknowledge(closing, 5);
    let fees = FeeSchedule { kind: FeeKind::Unknown, ..FeeSchedule::CRYPTO };
    bench.tell(DeskInput::Markets { markets: vec![Market { fees, ..market(MARKET) }] });
    let fill = bench.fill_of("f2", order_id(closing), BookSide::Ask, 91, 5);
    bench.report(Report::Fill(FillReport { fee: None, ..fill }));
    assert_eq!(bench.desk.books().trades[&trade].held(), Quantity::from_contracts(15));
    bench.only_exits_go_on(trade);
}

#[test]
fn a_result_that_nobody_knows_or_a_sum_that_does_not_fit_pays_nothing_and_halts_entries() {
    for wrong in [settlement("void", 20, 0, 20), settlement("yes", 20, 0, 19), settlement("yes", 25, 0, 25)] {
        let (mut bench, _, trade) = Bench::holding();
        bench.now = close_time();
        bench.later(1);
        let cash = bench.cash();
        bench.report(wrong);
        bench.sweep(&[], cash);
        assert_eq!(bench.state(trade), TradeState::Expired);
        assert!(bench.is_halted_for_its_books());
        assert_eq!((bench.cash(), bench.ledger_sum()), (cash, Money::ZERO));
    }
}

#[test]
fn a_shard_that_the_balance_does_not_name_is_a_difference_and_no_zero() {
    let (mut bench, _, trade) = Bench::holding();
    for _ in 0..2 {
        bench.now += TimeSpan::from_seconds(10);
        let positions =
            vec![PositionReport { ticker: MarketTicker::new(MARKET), position: Quantity::from_contracts(20) }];
        let sweep = Sweep { positions, ..swept(bench.now) };
        bench.report(Report::Sweep(sweep));
    }
    assert!(bench.said("not stated") > 0, "{:?}", bench.outputs);
    bench.only_exits_go_on(trade);
}

#[test]
fn a_movement_of_money_that_cannot_be_read_is_named_and_halts_entries_only_while_cash_differs() {
    let (mut bench, _, trade) = Bench::holding();
    let read = |bench: &mut Bench, more: i64, unreadable: &[&str]| {
        bench.now += TimeSpan::from_seconds(10);
        let positions =
            vec![PositionReport { ticker: MarketTicker::new(MARKET), position: Quantity::from_contracts(20) }];
        let balances = vec![(SHARD, bench.cash() + Money::from_dollars(more))];
        let unreadable = unreadable.iter().map(|row| (*row).to_owned()).collect();
        bench.report(Report::Sweep(Sweep { balances, positions, unreadable, ..swept(bench.now) }));
    };
    let row = "deposit d17 has no amount";
    read(&mut bench, 0, &[row]);
    read(&mut bench, 0, &[row]);
    assert_eq!(bench.said(row), 1, "{:?}", bench.outputs);
    let compared = bench.desk.books().reconciliation.clone().expect("the rest is looked at");
    assert!(compared.is_clean() && compared.compared.unreadable == [row]);
    assert!(!bench.is_halted_for_its_books(), "it has moved nothing");
    read(&mut bench, 500, &[row]);
    read(&mut bench, 500, &[row]);
    let halt = &bench.desk.books().halts[&HaltSource::Reconciliation];
    assert!(halt.reason.contains(row), "{halt:?}");
    let deposit = FlowReport {
        id: "d17".to_owned(),
        kind: FlowKind::Deposit,
        from: Place::World,
        to: Place::Shard(SHARD),
        amount: Money::from_dollars(500),
        fee: Money::ZERO,
        stage: FlowStage::Done,
        at: bench.now,
    };
    bench.report(Report::Flow(deposit));
    read(&mut bench, 0, &[]);
    assert!(!bench.is_halted_for_its_books(), "it can be read and explains the difference");
    assert!(bench.desk.books().unreadable_flows.is_empty());
    read(&mut bench, 40, &[row]);
    read(&mut bench, 40, &[row]);
    bench.only_exits_go_on(trade);
}

#[test]
fn a_status_that_nobody_knows_changes_nothing_of_an_order() {
    let mut bench = Bench::ready();
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let before = bench.desk.books().orders[&intent].state;
    let Report::Order(order) = order_of_desk(7, ReportedStatus::Other("frozen".to_owned()), bench.now) else {
        unreachable!("as made")
    };
    bench.report(Report::Order(OrderReport { client_order_id: Some(intent.client_order_id()), ..order }));
    assert_eq!(bench.desk.books().orders[&intent].state, before);
    assert!(bench.open("b", bench.wanted(Side::Yes, 1)).is_err(), "its market stays blocked");
}

#[test]
fn another_desk_halts_entries_until_it_has_been_silent_for_a_while() {
    let (mut bench, _, trade) = Bench::holding();
    bench.report(order_of_desk(8, ReportedStatus::Resting, bench.now));
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert!(bench.is_halted_for_its_books(), "books that agree do not make the other desk go away");
    assert_eq!(bench.enter_elsewhere("b"), Err(RefusalCode::Halted));
    bench.later(15 * 60);
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert!(!bench.is_halted_for_its_books());
    assert_eq!(bench.desk.books().trades[&trade].held(), Quantity::from_contracts(20));
}

#[test]
fn a_fill_of_another_desk_halts_entries_as_its_order_does() {
    let (mut bench, _, trade) = Bench::holding();
    let mut fill = bench.fill_of("f2", OrderId::new("theirs"), BookSide::Bid, 50, 10);
    fill.client_order_id = Some(IntentId::new(DeskId::from_bits(8), 1, 1).client_order_id());
    bench.report(Report::Fill(fill));
    assert!(bench.said("another REC desk") > 0, "{:?}", bench.outputs);
    bench.only_exits_go_on(trade);
}

#[test]
fn what_another_desk_left_behind_long_ago_halts_nothing_for_long() {
    let (mut bench, _, _) = Bench::holding();
    bench.report(order_of_desk(8, ReportedStatus::Executed, bench.now - TimeSpan::from_minutes(60)));
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert!(!bench.is_halted_for_its_books());
}
