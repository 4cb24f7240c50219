//! The faults of the system before this one that cost most, by the numbers of its specification.

use super::{supervisors::Scene, *};

const CHEAP: Scene = Scene { yes_percent: 97.0, bid_cents: 91 };
const LOSING: Scene = Scene { yes_percent: 20.0, bid_cents: 42 };

/// 1: a stop was sent twice within a second; the second one opened the other side and lost 33.77 dollars.
#[test]
fn a_stop_wanted_at_every_tick_closes_once_and_opens_nothing() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.holds(40);
    let (mut one, mut another) = (ExitSupervisor::new(), ExitSupervisor::new());
    for _ in 0..8 {
        // Both see the desk as it was before either of them asked, and ask one after the other.
        let seen = Box::new(bench.desk.books().view(&DeskConfig::default(), bench.now));
        one.look_at(&mut bench, LOSING, seen.clone());
        bench.now += TimeSpan::from_millis(25);
        another.look_at(&mut bench, LOSING, seen);
        bench.now += TimeSpan::from_millis(100);
    }
    let closes = bench.closes();
    let [(close, spec)] = closes.as_slice() else { panic!("one order to close: {closes:?}") };
    assert_eq!((spec.book_side, spec.quantity), (BookSide::Ask, Quantity::from_contracts(40)));
    bench.acknowledge(*close, 40);
    bench.fill("closed", *close, BookSide::Ask, 42, 40);
    for _ in 0..40 {
        bench.later(1);
        one.look(&mut bench, LOSING);
        another.look(&mut bench, LOSING);
    }
    assert_eq!((bench.closes().len(), bench.net()), (1, Quantity::ZERO));
    assert_eq!(bench.state(trade), TradeState::Closed);
    assert!(bench.desk.books().trades.is_empty(), "and no position on the other side");
}

/// 2: one strike was bought four times in 52 seconds while its confirmations failed.
#[test]
fn a_strike_that_stays_cheap_is_bought_once_while_nothing_is_confirmed() {
    let mut bench = Bench::ready();
    let mut supervisor = EntrySupervisor::new();
    for second in 0..52 {
        supervisor.look(&mut bench, CHEAP);
        if second == 5 {
            let (intent, _) = bench.placed()[0].clone();
            bench.lose(intent);
        }
        if second == 20 {
            bench.restart();
            supervisor = EntrySupervisor::new();
        }
        bench.later(1);
    }
    assert_eq!(bench.placed().len(), 1, "{:?}", bench.placed());
    assert_eq!(bench.desk.books().open_orders().count(), 1, "it is unknown until it is known");
}

/// 5: orders went out at whatever price, and nothing bounded what was at risk.
#[test]
fn no_order_leaves_without_a_limit_on_the_grid_and_a_group_and_none_beyond_a_cap() {
    let mut bench = Bench::ready();
    for (name, limit) in [("free", Price::ZERO), ("a dollar", Price::ONE), ("more", Price::from_cents(150))] {
        let request = OpenRequest { limit, ..bench.wanted(Side::Yes, 1) };
        assert_eq!(bench.open(name, request), Err(RefusalCode::Price), "{name}");
    }
    assert_eq!(bench.open("much", bench.wanted(Side::Yes, 101)), Err(RefusalCode::ContractsPerOrder));
    let mut opened = 0;
    for number in 0..30 {
        let ticker = MarketTicker::new(if number % 2 == 0 { MARKET } else { OTHER });
        let request = OpenRequest { ticker, origin: Origin::Manual, ..bench.wanted(Side::Yes, 40) };
        if let Ok((intent, _)) = bench.open(&format!("again {number}"), request) {
            opened += 1;
            bench.acknowledge(intent, 0);
        }
        bench.later(7);
    }
    assert_eq!(opened, 25, "of 38.71 dollars each, and 1,000 are allowed in a day");
    for (intent, spec) in bench.placed() {
        assert!(spec.price.is_positive() && spec.price < Price::ONE, "{intent}");
        assert_eq!(spec.time_in_force, rec_domain::intent::TimeInForce::ImmediateOrCancel, "{intent}");
        let group = &bench.desk.books().groups[&(SHARD, GroupRole::Entry)].group;
        assert_eq!((&spec.group, spec.exchange_index), (group, SHARD), "{intent}");
    }
}

/// 6: trades were written down from what was asked for: phantom trades, wrong sizes, wrong prices, wrong fees.
#[test]
fn what_was_asked_for_and_what_was_acknowledged_hold_nothing_only_fills_do() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let held = |bench: &Bench| bench.desk.books().trades.get(&trade).map(|trade| trade.held());
    assert_eq!((held(&bench), bench.cash()), (Some(Quantity::ZERO), Money::from_dollars(1_000)), "asked for");
    bench.acknowledge(intent, 20);
    assert_eq!((held(&bench), bench.cash()), (Some(Quantity::ZERO), Money::from_dollars(1_000)), "acknowledged");
    bench.fill("f1", intent, BookSide::Bid, 88, 7);
    let known = bench.desk.books().trades[&trade].clone();
    assert_eq!((known.held(), known.average_entry()), (Quantity::from_contracts(7), Some(Price::from_cents(88))));
    let fee = FeeSchedule::CRYPTO.fee(Liquidity::Taker, Price::from_cents(88), Quantity::from_contracts(7));
    assert_eq!(known.fees, fee.expect("known"), "of the fill, not of the limit of 95 cents");

    let mut bench = Bench::ready();
    let (intent, phantom) = bench.open("b", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 0);
    assert_eq!((bench.state(phantom), bench.cash()), (TradeState::Unfilled, Money::from_dollars(1_000)));
}

/// 7: what became of a trade at its market's close was known only if something else happened to be noticed.
#[test]
fn a_held_trade_waits_for_its_settlement_however_late_and_is_paid_by_it_alone() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.holds(20);
    bench.now = close_time();
    for minute in 0..240 {
        bench.later(60);
        assert_eq!(bench.state(trade), TradeState::Expired, "after {minute} minutes nobody has said anything");
    }
    bench.sweep(&[], bench.cash());
    assert_eq!(bench.state(trade), TradeState::Expired, "a missing position is no result");
    bench.report(settlement("no", 20, 0, 0));
    assert_eq!(bench.state(trade), TradeState::Settled);
    let lost = bench.desk.books().ended[&trade].clone();
    assert_eq!(lost.realised(), -(lost.entry_cost + lost.fees));
}

/// 9: after a failure the monitor switched automatic entries on; during failures stops were switched off.
#[test]
fn a_failure_and_its_end_leave_the_operators_switches_and_the_stops_alone() {
    for auto_entry in [false, true] {
        let mut bench = Bench::ready();
        bench.holds(20);
        let settings = AutomationSettings { auto_entry, ..bench.desk.books().settings.clone() };
        bench.ask("set", DeskCommand::SetAutomation { settings: settings.clone(), replaces: None });
        for round in 0..3 {
            let (source, reason) = (HaltSource::Failure, "price-watchdog is silent".to_owned());
            bench.ask(&format!("halt {round}"), DeskCommand::Halt { source, reason: reason.clone() });
            assert_eq!(bench.desk.books().settings, settings);
            bench.ask(&format!("resume {round}"), DeskCommand::Resume { source, reason });
            assert_eq!(bench.desk.books().settings, settings);
        }
        let source = HaltSource::Failure;
        bench.ask("halt", DeskCommand::Halt { source, reason: "price-watchdog is silent".to_owned() });
        assert_eq!(ExitSupervisor::new().look(&mut bench, LOSING), 1, "stops go on");
        assert_eq!(bench.closes().len(), 1);
        let mut entries = EntrySupervisor::new();
        bench.later(60);
        assert_eq!(entries.look(&mut bench, CHEAP), 0);
    }
}
