//! hummingbot #2534: the switch was thrown, threw an error of its own, and orders went on being made.

use super::{supervisors::Scene, *};

const CHEAP: Scene = Scene { yes_percent: 97.0, bid_cents: 91 };

#[test]
fn a_halt_that_cannot_be_stored_at_once_still_comes_before_every_order_after_it() {
    let mut bench = Bench::ready();
    bench.committing = false;
    let halt = DeskCommand::Halt { source: HaltSource::Operator, reason: "stop".to_owned() };
    assert_eq!(bench.ask("halt", halt), None);
    let mut supervisor = EntrySupervisor::new();
    for _ in 0..5 {
        let number = bench.commits.last().expect("in flight").number;
        bench.tell(DeskInput::CommitFailed { number, for_ever: false, reason: "disk full".to_owned() });
        supervisor.look(&mut bench, CHEAP);
        bench.ask(&format!("by hand {number} {}", bench.now), DeskCommand::Open(bench.wanted(Side::Yes, 1)));
        bench.later(1);
    }
    bench.committing = true;
    let number = bench.commits.last().expect("in flight").number;
    bench.tell(DeskInput::Committed { number });
    for _ in 0..60 {
        supervisor.look(&mut bench, CHEAP);
        bench.open(&format!("later {}", bench.now), bench.wanted(Side::Yes, 1)).expect_err("halted");
        bench.later(1);
    }
    assert!(matches!(bench.reply("halt"), Some(DeskReply::Accepted { .. })));
    assert!(bench.desk.books().halts.contains_key(&HaltSource::Operator));
    let committed = bench.desk.books().orders.len();
    assert_eq!(committed, 0, "{:?}", bench.placed());
    assert!(bench.outputs.iter().any(|output| matches!(output, DeskOutput::Alarm { .. })), "and the failure was said");
}

#[test]
fn a_halt_stands_over_a_start_and_ends_by_its_own_rule_only() {
    let mut bench = Bench::ready();
    let halt = DeskCommand::Halt { source: HaltSource::Operator, reason: "stop".to_owned() };
    bench.ask("halt", halt);
    bench.restart();
    bench.sweep(&[], bench.cash());
    for source in [HaltSource::Failure, HaltSource::Clock, HaltSource::Reconciliation] {
        bench.ask(&format!("{source}"), DeskCommand::Resume { source, reason: "well again".to_owned() });
    }
    bench.later(24 * 3_600);
    assert_eq!(bench.open("a", bench.wanted(Side::Yes, 1)), Err(RefusalCode::Halted));
}
