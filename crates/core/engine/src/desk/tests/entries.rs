//! What the gate refuses, and what it never does.

use super::*;

#[test]
fn before_the_first_clean_comparison_nothing_is_entered() {
    let mut bench = Bench::bare(DeskConfig::default());
    bench.tell(DeskInput::Markets { markets: vec![market(MARKET)] });
    bench.tell(DeskInput::Wake);
    assert_eq!(bench.open("a", bench.wanted(Side::Yes, 1)), Err(RefusalCode::Unreconciled));
}

#[test]
fn one_strike_is_never_bought_again_while_its_order_is_unconfirmed() {
    let mut bench = Bench::ready();
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    for second in 0..52 {
        bench.later(1);
        let refused = bench.open(&format!("again {second}"), bench.wanted(Side::Yes, 20));
        assert_eq!(refused, Err(RefusalCode::AlreadyTraded));
    }
    bench.answer(intent, Outcome::Unknown { reason: "timeout".to_owned(), signed_at: bench.now });
    assert_eq!(bench.open("b", bench.wanted(Side::Yes, 20)), Err(RefusalCode::UnknownOrder));
    assert_eq!(bench.orders_sent(), 1);
}

#[test]
fn the_other_side_of_a_held_market_is_refused() {
    let mut bench = Bench::ready();
    bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    assert_eq!(bench.open("b", bench.wanted(Side::No, 20)), Err(RefusalCode::OppositeHeld));
}

#[test]
fn re_entry_is_refused_after_a_trade_unless_it_is_allowed() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    let closing = bench.close("c", trade).expect("accepted");
    bench.acknowledge(closing, 20);
    bench.fill("f2", closing, BookSide::Ask, 90, 20);
    bench.later(30);
    assert_eq!(bench.open("b", bench.wanted(Side::Yes, 20)), Err(RefusalCode::AlreadyTraded));
    let settings = AutomationSettings { allow_re_entry: true, ..bench.desk.books().settings.clone() };
    bench.ask("s", DeskCommand::SetAutomation { settings, replaces: None });
    assert!(bench.open("d", bench.wanted(Side::Yes, 20)).is_ok());
}

#[test]
fn each_cap_refuses_and_none_makes_a_request_smaller() {
    let with = |change: &dyn Fn(&mut DeskConfig)| {
        let mut config = DeskConfig::default();
        change(&mut config);
        Bench::ready_with(config)
    };
    type Change<'a> = &'a dyn Fn(&mut DeskConfig);
    let cases: [(Change<'_>, RefusalCode); 9] = [
        (&|c| c.caps.contracts_per_order = Quantity::from_contracts(19), RefusalCode::ContractsPerOrder),
        (&|c| c.caps.money_per_market = Money::from_dollars(19), RefusalCode::MoneyPerMarket),
        (&|c| c.caps.money_per_event = Money::from_dollars(19), RefusalCode::MoneyPerEvent),
        (&|c| c.caps.money_per_day = Money::from_dollars(19), RefusalCode::MoneyPerDay),
        (&|c| c.caps.money_per_account = Money::from_dollars(19), RefusalCode::MoneyPerAccount),
        (&|c| c.caps.open_trades = 0, RefusalCode::OpenTrades),
        (&|c| c.caps.orders_per_minute = 0, RefusalCode::OrdersPerMinute),
        (&|c| c.caps.daily_loss = Money::ZERO, RefusalCode::DailyLoss),
        (&|c| c.caps.drawdown = Money::ZERO, RefusalCode::Drawdown),
    ];
    for (change, code) in cases {
        let mut bench = with(change);
        assert_eq!(bench.open("a", bench.wanted(Side::Yes, 20)), Err(code));
        assert_eq!(bench.orders_sent(), 0);
    }
    let mut bench = with(&|_| {});
    assert!(bench.open("a", bench.wanted(Side::Yes, 20)).is_ok());
}

#[test]
fn a_halt_stops_entries_and_never_exits() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    let halt = DeskCommand::Halt { source: HaltSource::Operator, reason: "lunch".to_owned() };
    bench.ask("h", halt);
    let other = OpenRequest { ticker: MarketTicker::new(OTHER), ..bench.wanted(Side::Yes, 1) };
    assert_eq!(bench.open("b", other.clone()), Err(RefusalCode::Halted));
    assert!(bench.close("c", trade).is_ok());
    let resume = DeskCommand::Resume { source: HaltSource::Operator, reason: "back".to_owned() };
    bench.ask("r", resume);
    assert!(bench.open("d", OpenRequest { decided_at: bench.now, ..other }).is_ok());
    assert!(bench.desk.books().settings.auto_entry, "a halt never touches the operator's switches");
}

#[test]
fn settings_replace_only_those_that_were_seen_and_never_grow_above_a_cap() {
    let mut bench = Bench::ready();
    let seen = bench.desk.books().settings.clone();
    let cap = rec_domain::caps::RiskCaps::default().contracts_per_order;
    let mine = AutomationSettings { min_probability_percent: 97.0, ..seen.clone() };
    let set = |settings: &AutomationSettings, replaces: &AutomationSettings| DeskCommand::SetAutomation {
        settings: settings.clone(),
        replaces: Some(Box::new(replaces.clone())),
    };
    bench.ask("a", set(&mine, &seen));
    assert_eq!(bench.desk.books().settings, mine);
    let other = AutomationSettings { min_volume: Quantity::ZERO, ..seen.clone() };
    bench.ask("b", set(&other, &seen));
    assert_eq!(bench.desk.books().settings, mine, "what the other one saw is no longer in force");
    let large = AutomationSettings { position_size: cap, multiplier: 2, ..mine.clone() };
    bench.ask("c", set(&large, &mine));
    assert_eq!(bench.desk.books().settings, mine, "twice the cap");
    let full = AutomationSettings { position_size: cap, ..mine.clone() };
    bench.ask("d", set(&full, &mine));
    assert_eq!(bench.desk.books().settings, full);
}

#[test]
fn an_order_of_another_desk_on_the_account_halts_entries() {
    let mut bench = Bench::ready();
    bench.report(order_of_desk(8, ReportedStatus::Resting, bench.now));
    assert_eq!(bench.open("a", bench.wanted(Side::Yes, 1)), Err(RefusalCode::Halted));
}

#[test]
fn a_market_whose_fee_or_collateral_is_not_known_is_never_entered() {
    let unknown_fee = FeeSchedule { kind: FeeKind::Unknown, ..FeeSchedule::CRYPTO };
    let unknown = [
        Market { fees: unknown_fee, ..market(MARKET) },
        Market { collateral: Collateral::Other("MECNET".to_owned()), ..market(MARKET) },
    ];
    for unknown in unknown {
        let mut bench = Bench::ready();
        bench.tell(DeskInput::Markets { markets: vec![unknown] });
        for (name, origin) in [("auto", Origin::Auto), ("manual", Origin::Manual)] {
            let request = OpenRequest { origin, ..bench.wanted(Side::Yes, 1) };
            assert_eq!(bench.open(name, request), Err(RefusalCode::UnknownTerms));
        }
        bench.tell(DeskInput::Markets { markets: vec![market(MARKET)] });
        assert!(bench.open("known", bench.wanted(Side::Yes, 1)).is_ok());
    }
}
