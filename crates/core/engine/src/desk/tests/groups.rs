//! Order groups that trip, and their reset.

use super::*;

#[test]
fn a_tripped_group_is_noticed_by_its_report_or_by_a_refused_order_and_halts_entries() {
    let by_report = |bench: &mut Bench| {
        let group = bench.desk.books().groups[&(SHARD, GroupRole::Entry)].group.clone();
        bench.report(Report::Group(GroupReport { group, event: "triggered".to_owned(), at: bench.now }));
    };
    let by_refusal = |bench: &mut Bench| {
        let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 1)).expect("admitted");
        let code = "order_group_triggered".to_owned();
        bench.answer(intent, Outcome::Rejected { status: 400, code, message: String::new() });
    };
    for trip in [&by_report as &dyn Fn(&mut Bench), &by_refusal] {
        let mut bench = Bench::ready();
        trip(&mut bench);
        assert!(bench.desk.books().halts.contains_key(&HaltSource::OrderGroup));
        let other = OpenRequest { ticker: MarketTicker::new(OTHER), ..bench.wanted(Side::Yes, 1) };
        assert_eq!(bench.open("b", other), Err(RefusalCode::Halted));
        let resume = DeskCommand::Resume { source: HaltSource::OrderGroup, reason: "looked at".to_owned() };
        bench.sweep(&[], Money::from_dollars(1_000));
        bench.ask("r", resume);
        let reset = bench.intents().into_iter().rfind(|intent| matches!(intent.action, Action::ResetGroup { .. }));
        assert!(bench.desk.books().halts.contains_key(&HaltSource::OrderGroup), "until the exchange has done it");
        bench.answer(reset.expect("asked for").id, Outcome::Done);
        assert!(bench.desk.books().halts.is_empty());
    }
}

#[test]
fn the_halt_of_two_tripped_groups_ends_when_both_are_reset() {
    let mut bench = Bench::ready();
    for role in [GroupRole::Entry, GroupRole::Exit] {
        let group = bench.desk.books().groups[&(SHARD, role)].group.clone();
        bench.report(Report::Group(GroupReport { group, event: "triggered".to_owned(), at: bench.now }));
    }
    bench.sweep(&[], Money::from_dollars(1_000));
    bench.ask("r", DeskCommand::Resume { source: HaltSource::OrderGroup, reason: "looked at".to_owned() });
    let resets: Vec<IntentId> = bench.desk.books().group_intents.keys().copied().collect();
    let [one, other] = resets.as_slice() else { panic!("two resets: {resets:?}") };
    bench.answer(*one, Outcome::Done);
    assert!(bench.desk.books().halts.contains_key(&HaltSource::OrderGroup), "one of them is tripped still");
    bench.answer(*other, Outcome::Done);
    assert!(bench.desk.books().halts.is_empty());
}

#[test]
fn a_tripped_group_is_not_reset_while_the_books_disagree() {
    let mut bench = Bench::ready();
    let group = bench.desk.books().groups[&(SHARD, GroupRole::Entry)].group.clone();
    bench.report(Report::Group(GroupReport { group, event: "triggered".to_owned(), at: bench.now }));
    bench.sweep(&[], Money::from_dollars(1_001));
    let resume = || DeskCommand::Resume { source: HaltSource::OrderGroup, reason: "looked at".to_owned() };
    let resets = |bench: &Bench| {
        bench.intents().iter().filter(|intent| matches!(intent.action, Action::ResetGroup { .. })).count()
    };
    let Some(DeskReply::Refused(refusal)) = bench.ask("early", resume()) else { panic!("it was accepted") };
    assert_eq!((refusal.code, resets(&bench)), (RefusalCode::Unreconciled, 0), "one comparison that differs is enough");
    bench.sweep(&[], Money::from_dollars(1_000));
    assert!(matches!(bench.ask("late", resume()), Some(DeskReply::Accepted { .. })));
    assert_eq!(resets(&bench), 1);
}

#[test]
fn the_limits_of_groups_follow_from_the_caps() {
    let limits = |contracts: i64, a_minute: u32, trades: u32| {
        let mut config = DeskConfig::default();
        config.caps.contracts_per_order = Quantity::from_contracts(contracts);
        (config.caps.orders_per_minute, config.caps.open_trades) = (a_minute, trades);
        let asked: Vec<_> = Bench::ready_with(config).intents().into_iter().map(|intent| intent.action).collect();
        [GroupRole::Entry, GroupRole::Exit].map(|wanted| {
            let of_role = |action: &Action| match action {
                Action::CreateGroup { role, limit, .. } if *role == wanted => Some(*limit),
                _ => None,
            };
            asked.iter().find_map(of_role).expect("each shard has both")
        })
    };
    // A quarter of a minute's orders, rounded up, and four times all trades, each of the largest size.
    assert_eq!(limits(30, 8, 5), [60, 600].map(Quantity::from_contracts));
    assert_eq!(limits(30, 9, 5), [90, 600].map(Quantity::from_contracts));
    assert_eq!(limits(30, 0, 0), [30, 30].map(Quantity::from_contracts), "no limit is none at all");
}
