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
