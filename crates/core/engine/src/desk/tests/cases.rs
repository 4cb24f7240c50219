//! What can happen to orders, trades and results, one test each. `docs/LIFECYCLE.md` lists them.

use rec_domain::market::{LifecycleChange, MarketLifecycle, MarketStatus};

use super::*;

/// A desk that holds so many contracts of a side, bought at 91 cents of it.
fn holding(side: Side, contracts: i64) -> (Bench, TradeId) {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(side, contracts)).expect("admitted");
    bench.acknowledge(intent, contracts);
    let yes_cents = if side == Side::Yes { 91 } else { 9 };
    bench.fill("f1", intent, side.opening_book_side(), yes_cents, contracts);
    bench.outputs.clear();
    (bench, trade)
}

impl Bench {
    fn held(&self, trade: TradeId) -> Quantity {
        self.desk.books().trades[&trade].held()
    }

    fn announce(&mut self, change: LifecycleChange) {
        let (ticker, received_at) = (MarketTicker::new(MARKET), self.now);
        self.tell(DeskInput::Lifecycle(MarketLifecycle { ticker, change, received_at }));
        self.tell(DeskInput::Wake);
    }

    /// A hand buys or sells YES.
    fn hand(&mut self, name: &str, book_side: BookSide, yes_cents: i64, contracts: i64) {
        let fill = self.fill_of(name, OrderId::new("by hand"), book_side, yes_cents, contracts);
        self.report(Report::Fill(FillReport { client_order_id: Some(ClientOrderId::new("mine")), ..fill }));
    }
}

fn manual(request: OpenRequest) -> OpenRequest {
    OpenRequest { origin: Origin::Manual, ..request }
}

#[test]
fn a_404_on_a_cancel_concludes_nothing_of_its_order() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let before = bench.desk.books().orders[&intent].clone();
    bench.answer(intent, Outcome::NotFound);
    assert_eq!(bench.desk.books().orders[&intent], before, "it may be filled, cancelled, or never have been");
    let mut fill = bench.fill_of("f1", order_id(intent), BookSide::Bid, 91, 20);
    fill.client_order_id = Some(intent.client_order_id());
    bench.report(Report::Fill(fill));
    assert_eq!((bench.state(trade), bench.held(trade)), (TradeState::Open, Quantity::from_contracts(20)));
}

#[test]
fn a_409_on_an_entry_is_looked_for_and_blocks_its_market() {
    let mut bench = Bench::ready();
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.outputs.clear();
    bench.answer(intent, Outcome::AlreadyExists { signed_at: bench.now });
    assert_eq!(bench.desk.books().orders[&intent].state, OrderState::Unknown);
    assert!(bench.outputs.contains(&DeskOutput::RequestSweep));
    assert_eq!(bench.open("b", bench.wanted(Side::Yes, 1)), Err(RefusalCode::UnknownOrder));
    bench.sweep(&[], Money::from_dollars(1_000));
    bench.now += TimeSpan::from_seconds(60);
    bench.sweep(&[], Money::from_dollars(1_000));
    let state = bench.desk.books().orders[&intent].state;
    assert_eq!(state, OrderState::Unknown, "the exchange said that it has it: absence in a list proves nothing");
}

#[test]
fn what_is_under_way_when_the_market_closes_ends_in_its_settlement() {
    let (mut bench, trade) = holding(Side::Yes, 20);
    bench.now = close_time() - TimeSpan::from_seconds(1);
    let closing = bench.close("c", trade).expect("accepted");
    assert_eq!(bench.state(trade), TradeState::Closing);
    bench.later(2);
    assert_eq!(bench.state(trade), TradeState::Expired);
    assert!(bench.close("d", trade).is_err(), "nothing can be sold any more");
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!(bench.state(trade), TradeState::Expired, "its close may still have filled");
    bench.acknowledge(closing, 0);
    bench.sweep(&[], bench.cash());
    assert_eq!((bench.state(trade), bench.ledger_sum()), (TradeState::Settled, Money::ZERO));
}

#[test]
fn a_paused_market_takes_no_entries_and_a_close_there_is_tried_again() {
    let (mut bench, trade) = holding(Side::Yes, 20);
    bench.announce(LifecycleChange::Deactivated);
    assert_eq!(bench.open("b", manual(bench.wanted(Side::Yes, 1))), Err(RefusalCode::MarketNotOpen));
    let refused = bench.close("c", trade).expect("a close is never refused for a pause");
    let code = "market_paused".to_owned();
    bench.answer(refused, Outcome::Rejected { status: 400, code, message: String::new() });
    assert_eq!((bench.state(trade), bench.held(trade)), (TradeState::Open, Quantity::from_contracts(20)));
    bench.announce(LifecycleChange::Activated);
    assert!(bench.close("d", trade).is_ok());
}

#[test]
fn a_market_that_closes_early_or_later_takes_its_trades_along() {
    let (mut bench, trade) = holding(Side::Yes, 20);
    let early = bench.now + TimeSpan::from_seconds(30);
    bench.announce(LifecycleChange::CloseDateUpdated(early));
    assert_eq!(bench.desk.books().trades[&trade].close_time, early);
    bench.later(31);
    assert_eq!(bench.state(trade), TradeState::Expired);
    bench.announce(LifecycleChange::CloseDateUpdated(close_time()));
    assert_eq!(bench.state(trade), TradeState::Open, "it was put back");
    bench.announce(LifecycleChange::CloseDateUpdated(bench.now));
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!(bench.state(trade), TradeState::Settled);
}

#[test]
fn a_settlement_is_booked_whenever_it_comes() {
    for seconds in [93, 229, 27 * 60, 5 * 3_600] {
        let (mut bench, trade) = holding(Side::No, 20);
        bench.now = close_time();
        bench.later(seconds);
        assert_eq!(bench.state(trade), TradeState::Expired, "{seconds} s");
        bench.report(settlement("no", 0, 20, 20));
        assert_eq!((bench.state(trade), bench.ledger_sum()), (TradeState::Settled, Money::ZERO), "{seconds} s");
        bench.sweep(&[], bench.cash());
        assert!(bench.desk.books().reconciliation.as_ref().expect("compared").is_clean());
    }
}

#[test]
fn a_scalar_result_settles_a_trade_at_its_stated_value() {
    for (side, yes, no, paid) in [(Side::Yes, 20, 0, 600), (Side::No, 0, 20, 1_400)] {
        let (mut bench, trade) = holding(side, 20);
        bench.now = close_time();
        let Report::Settlement(report) = settlement("scalar", yes, no, 0) else { unreachable!("as made") };
        let (value, revenue) = (Some(Money::from_cents(30)), Money::from_cents(paid));
        let before = bench.cash();
        bench.report(Report::Settlement(SettlementReport { value, revenue, ..report }));
        assert_eq!((bench.state(trade), bench.cash()), (TradeState::Settled, before + revenue), "{side}");
        assert_eq!(bench.ledger_sum(), Money::ZERO);
    }
}

#[test]
fn what_a_hand_buys_on_the_other_side_nets_and_only_the_rest_opens_that_side() {
    let (mut bench, trade) = holding(Side::Yes, 20);
    bench.hand("h1", BookSide::Ask, 80, 5);
    assert_eq!(bench.held(trade), Quantity::from_contracts(15));
    let cash = bench.cash();
    bench.hand("h2", BookSide::Ask, 80, 18);
    assert_eq!(bench.state(trade), TradeState::Closed);
    let other = bench.desk.books().trade_in(&MarketTicker::new(MARKET), Side::No).expect("three are left").clone();
    assert_eq!(
        (other.origin, other.held(), other.entry_cost),
        (Origin::Foreign, Quantity::from_contracts(3), Money::from_cents(60))
    );
    let fee = FeeSchedule::CRYPTO.fee(Liquidity::Taker, Price::from_cents(80), Quantity::from_contracts(18));
    // Fifteen are sold at 80 cents, three of the other side bought at 20, and the fee is paid once.
    assert_eq!(bench.cash(), cash + Money::from_cents(15 * 80 - 3 * 20) - fee.expect("known"));
    assert_eq!(bench.desk.books().net_position(&MarketTicker::new(MARKET)), Quantity::from_contracts(-3));
    assert_eq!(bench.ledger_sum(), Money::ZERO);
    bench.now = close_time();
    bench.report(settlement("no", 20, 23, 3));
    assert_eq!(bench.state(other.id), TradeState::Settled);
}

#[test]
fn trades_of_one_market_one_after_another_keep_their_own_fills_and_a_late_one_goes_to_the_first_that_can_take_it() {
    let (mut bench, first) = holding(Side::Yes, 20);
    let closing = bench.close("c", first).expect("accepted");
    bench.acknowledge(closing, 20);
    bench.fill("f2", closing, BookSide::Ask, 80, 20);
    assert_eq!(bench.state(first), TradeState::Closed);
    bench.later(30);
    let (again, second) = bench.open("b", manual(bench.wanted(Side::Yes, 10))).expect("admitted");
    assert_ne!(first, second);
    bench.acknowledge(again, 10);
    bench.fill("f3", again, BookSide::Bid, 92, 10);
    let realised = bench.desk.books().ended[&first].realised();
    assert_eq!(bench.desk.books().trades[&second].entry_cost, Money::from_cents(920));
    // A fill of the first trade's close, which nobody expected any more, sells what the second one holds.
    bench.fill("late", closing, BookSide::Ask, 80, 4);
    assert_eq!(bench.held(second), Quantity::from_contracts(6));
    assert_eq!(bench.desk.books().ended[&first].realised(), realised);
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn an_entry_added_by_hand_joins_the_trade_that_is_held() {
    let (mut bench, trade) = holding(Side::Yes, 20);
    let (more, same) = bench.open("b", manual(bench.wanted(Side::Yes, 5))).expect("admitted");
    assert_eq!(same, trade);
    assert_eq!(bench.state(trade), TradeState::Open, "what is held stays held meanwhile");
    bench.acknowledge(more, 5);
    bench.fill("f2", more, BookSide::Bid, 95, 5);
    let held = bench.desk.books().trades[&trade].clone();
    assert_eq!((held.held(), held.entry_cost), (Quantity::from_contracts(25), Money::from_cents(20 * 91 + 5 * 95)));
    let closing = bench.close("c", trade).expect("accepted");
    let Action::Place(spec) = bench.intents().last().expect("a close").action.clone() else { unreachable!("placed") };
    assert_eq!((spec.quantity, spec.reduce_only), (Quantity::from_contracts(25), true), "all of it");
    bench.acknowledge(closing, 25);
    bench.fill("f3", closing, BookSide::Ask, 90, 25);
    assert_eq!((bench.state(trade), bench.ledger_sum()), (TradeState::Closed, Money::ZERO));
}

#[test]
fn fractions_of_contracts_at_prices_below_a_cent_are_booked_exactly() {
    let mut bench = Bench::ready();
    let grid = PriceGrid::new(vec![rec_domain::PriceRange {
        start: Price::ZERO,
        end: Price::ONE,
        step: Price::from_units(1),
    }])
    .expect("a grid");
    bench.tell(DeskInput::Markets { markets: vec![Market { grid, ..market(MARKET) }] });
    let wanted = OpenRequest {
        quantity: Quantity::from_units(1_237),
        limit: Price::from_units(9_137),
        ..bench.wanted(Side::Yes, 1)
    };
    let (intent, trade) = bench.open("a", wanted).expect("admitted");
    let Action::Place(spec) = bench.intents().last().expect("an order").action.clone() else { unreachable!("placed") };
    assert_eq!((spec.price, spec.quantity), (Price::from_units(9_137), Quantity::from_units(1_237)));
    let filled = |units: i64, price: i64, fee: i64, bench: &Bench| FillReport {
        quantity: Quantity::from_units(units),
        price: Price::from_units(price),
        fee: Some(Money::from_micros(fee)),
        client_order_id: Some(intent.client_order_id()),
        ..bench.fill_of(&format!("f{units}"), order_id(intent), BookSide::Bid, 91, 1)
    };
    let (one, two) = (filled(1_000, 9_137, 55_200, &bench), filled(237, 9_136, 13_100, &bench));
    bench.report(Report::Fill(one));
    bench.report(Report::Fill(two));
    let held = bench.desk.books().trades[&trade].clone();
    // 10 x 0.9137 + 2.37 x 0.9136, to the micro-dollar, and each fill's own fee.
    assert_eq!((held.entry_cost, held.fees), (Money::from_micros(9_137_000 + 2_165_232), Money::from_micros(68_300)));
    assert_eq!(held.held(), Quantity::from_units(1_237));
    assert_eq!(bench.cash(), Money::from_dollars(1_000) - held.entry_cost - held.fees);
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn each_fill_pays_its_own_rounded_fee_and_a_makers_fill_none() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 3)).expect("admitted");
    bench.acknowledge(intent, 3);
    let whole = FeeSchedule::CRYPTO.fee(Liquidity::Taker, Price::from_cents(93), Quantity::from_contracts(3));
    for name in ["f1", "f2"] {
        bench.fill(name, intent, BookSide::Bid, 93, 1);
    }
    let maker = bench.fill_of("f3", order_id(intent), BookSide::Bid, 93, 1);
    bench.report(Report::Fill(FillReport { is_taker: false, fee: Some(Money::ZERO), ..maker }));
    let one = FeeSchedule::CRYPTO.fee(Liquidity::Taker, Price::from_cents(93), Quantity::from_contracts(1));
    let fees = bench.desk.books().trades[&trade].fees;
    assert_eq!(fees, one.expect("known") + one.expect("known"), "not a share of {whole:?} for all three");
    let ledger = &bench.desk.books().ledger;
    assert_eq!(ledger[&Account::Fees], fees);
}

#[test]
fn a_status_of_a_closed_market_does_not_pay_by_itself() {
    let (mut bench, trade) = holding(Side::Yes, 20);
    bench.now = close_time();
    bench.later(80);
    bench.announce(LifecycleChange::Determined { result: "yes".to_owned() });
    let market = bench.desk.books().markets[&MarketTicker::new(MARKET)].clone();
    assert_eq!(market.status, MarketStatus::Determined);
    assert_eq!(bench.state(trade), TradeState::Expired, "only the exchange's payment is a payment");
}

#[test]
fn an_order_that_was_refused_and_is_there_after_all_counts_again() {
    for (status, filled, state) in
        [(ReportedStatus::Resting, 0, TradeState::Opening), (ReportedStatus::Executed, 20, TradeState::Opening)]
    {
        let mut bench = Bench::ready();
        let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
        let code = "insufficient_balance".to_owned();
        bench.answer(intent, Outcome::Rejected { status: 400, code, message: String::new() });
        assert_eq!((bench.state(trade), bench.desk.books().exposure(|_| true)), (TradeState::Unfilled, Money::ZERO));
        bench.show(intent, status, filled);
        assert!(bench.said("rejected") > 0);
        assert_eq!(bench.state(trade), state, "the trade goes on");
        assert!(bench.desk.books().exposure(|_| true) > Money::from_dollars(19), "its worst case counts");
    }
}
