//! The life of a trade, from its order to its settlement.

use super::*;

#[test]
fn a_trade_from_open_to_settled_to_the_cent() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    assert_eq!(bench.state(trade), TradeState::Opening);
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 91, 20);
    assert_eq!(bench.state(trade), TradeState::Open);
    // 20 x 0.91 and a fee of 0.1147 (the exchange's sub-cent rounding).
    assert_eq!(bench.cash().to_string(), "981.6853");
    bench.now = close_time();
    bench.later(1);
    assert_eq!(bench.state(trade), TradeState::Expired);
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!(bench.state(trade), TradeState::Settled);
    assert_eq!(bench.cash().to_string(), "1001.6853");
    assert_eq!(bench.desk.books().ended[&trade].realised().to_string(), "1.6853");
    assert_eq!(bench.ledger_sum(), Money::ZERO);
    bench.sweep(&[], bench.cash());
    assert!(bench.desk.books().reconciliation.as_ref().expect("compared").is_clean());
}

#[test]
fn opening_no_is_an_ask_at_the_complement_and_closing_it_a_bid() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::No, 10)).expect("admitted");
    bench.acknowledge(intent, 10);
    bench.fill("f1", intent, BookSide::Ask, 8, 10);
    let closing = bench.close("c", trade).expect("accepted");
    bench.acknowledge(closing, 10);
    bench.fill("f2", closing, BookSide::Bid, 20, 10);
    let specs: Vec<_> = bench
        .intents()
        .into_iter()
        .filter_map(|intent| match intent.action {
            Action::Place(spec) => Some((spec.book_side, spec.price, spec.reduce_only)),
            _ => None,
        })
        .collect();
    assert_eq!(specs[0], (BookSide::Ask, Price::from_cents(5), false));
    assert_eq!(specs[1], (BookSide::Bid, Price::from_cents(60), true));
    assert_eq!(bench.state(trade), TradeState::Closed);
    let ended = &bench.desk.books().ended[&trade];
    // Bought at 92 for 9.20, sold at 80 for 8.00, fees 0.0516 + 0.1120.
    assert_eq!(ended.realised().to_string(), "-1.3636");
    assert_eq!(bench.cash(), Money::from_dollars(1_000) + ended.realised());
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn a_partial_fill_holds_what_was_filled_and_a_partial_close_leaves_the_rest() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 16);
    bench.fill("f1", intent, BookSide::Bid, 93, 10);
    bench.fill("f2", intent, BookSide::Bid, 94, 6);
    let closing = bench.close("c", trade).expect("accepted");
    bench.acknowledge(closing, 5);
    bench.fill("f3", closing, BookSide::Ask, 80, 5);
    assert_eq!(bench.state(trade), TradeState::Open);
    let held = bench.desk.books().trades[&trade].clone();
    assert_eq!((held.held(), held.exit_attempts), (Quantity::from_contracts(11), 1));
    let position = Account::Position { ticker: MarketTicker::new(MARKET), side: Side::Yes };
    assert_eq!(bench.desk.books().ledger[&position], held.open_cost);
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn a_fill_before_the_acknowledgement_and_one_read_twice_are_booked_once() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let mut fill = bench.fill_of("f1", order_id(intent), BookSide::Bid, 93, 20);
    fill.client_order_id = Some(intent.client_order_id());
    bench.report(Report::Fill(fill));
    assert_eq!(bench.state(trade), TradeState::Open);
    bench.acknowledge(intent, 20);
    let cash = bench.cash();
    // The inbox takes a fill once; a number that was consumed is not consumed again either.
    let repeated = Report::Fill(bench.fill_of("f1", order_id(intent), BookSide::Bid, 93, 20));
    let number = bench.report;
    bench.tell(DeskInput::Report { number, report: repeated });
    assert_eq!(bench.cash(), cash);
}

#[test]
fn a_fill_after_the_order_was_said_to_have_ended_is_still_booked() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 0);
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    bench.fill("late", intent, BookSide::Bid, 93, 20);
    let books = bench.desk.books();
    assert_eq!(books.net_position(&MarketTicker::new(MARKET)), Quantity::from_contracts(20));
    assert_eq!(books.trades[&trade].held(), Quantity::from_contracts(20));
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn a_refused_claim_and_a_rejection_end_the_trade_without_a_position() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let refusal = ClaimRefusal::StaleEpoch;
    bench.answer(intent, Outcome::NotSent { reason: NotSent::Claim { refusal } });
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    bench.later(11);
    let (intent, trade) = bench.open("b", bench.wanted(Side::Yes, 20)).expect("nothing was ever held there");
    let code = "insufficient_balance".to_owned();
    bench.answer(intent, Outcome::Rejected { status: 400, code, message: String::new() });
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    assert_eq!(bench.desk.books().exposure(|_| true), Money::ZERO);
}

#[test]
fn a_trade_has_one_closer_at_a_time() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 40)).expect("admitted");
    bench.acknowledge(intent, 40);
    bench.fill("f1", intent, BookSide::Bid, 93, 40);
    let closing = bench.close("c1", trade).expect("accepted");
    assert_eq!(bench.close("c2", trade), Err(RefusalCode::AlreadyClosing));
    bench.acknowledge(closing, 40);
    assert_eq!(bench.close("c3", trade), Err(RefusalCode::AlreadyClosing), "its fills are not booked yet");
    bench.fill("f2", closing, BookSide::Ask, 42, 40);
    assert_eq!(bench.close("c4", trade), Err(RefusalCode::NoSuchTrade));
    assert_eq!(bench.orders_sent(), 2);
    assert_eq!(bench.desk.books().net_position(&MarketTicker::new(MARKET)), Quantity::ZERO);
}

#[test]
fn a_settlement_waits_for_the_fills_that_belong_before_it() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.now = close_time();
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!(bench.state(trade), TradeState::Opening);
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    bench.sweep(&[], Money::from_dollars(1_000));
    assert_eq!(bench.state(trade), TradeState::Settled);
}

#[test]
fn a_hand_made_trade_is_booked_as_foreign_and_counts() {
    let mut bench = Bench::ready();
    let mut fill = bench.fill_of("f1", OrderId::new("by-hand"), BookSide::Bid, 50, 10);
    fill.client_order_id = Some(ClientOrderId::new("my-order"));
    bench.report(Report::Fill(fill));
    let trade = bench.desk.books().trades.values().next().expect("booked").clone();
    assert_eq!((trade.origin, trade.held()), (Origin::Foreign, Quantity::from_contracts(10)));
    assert_eq!(bench.desk.books().exposure(|_| true), Money::from_dollars(5));
}
