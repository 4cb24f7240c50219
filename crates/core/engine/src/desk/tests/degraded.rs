//! What the desk still does in each condition: entry (E), automatic stop (S), manual close (M). One case a cell of the
//! table in `docs/OPERATIONS.md`; where the condition is one of prices, supervisors and not the desk refuse, and their
//! tests show it.

use super::*;
use crate::claim::{ClaimFacts, may_claim};

/// A desk that holds twenty contracts of one market, armed where that is needed.
fn holding(mode: Mode) -> (Bench, TradeId) {
    let mut bench = Bench::ready_in(mode);
    let wanted = bench.wanted(Side::Yes, 20);
    let (intent, trade) = bench.open("held", wanted).expect("opened");
    bench.acknowledge(intent, 20);
    bench.fill("held", intent, BookSide::Bid, 95, 20);
    bench.later(20);
    (bench, trade)
}

/// An entry into another market, by a supervisor or by hand.
fn enters(bench: &mut Bench, origin: Origin) -> Result<(), RefusalCode> {
    let wanted = OpenRequest { ticker: MarketTicker::new(OTHER), origin, ..bench.wanted(Side::Yes, 20) };
    bench.open(origin.name(), wanted).map(|_| ())
}

/// A close by a supervisor or by hand; whether it was committed and told to the executor.
fn closes(bench: &mut Bench, trade: TradeId, origin: Origin) -> bool {
    let close =
        CloseRequest { trade, limit: Price::from_cents(1), origin, reason: "a test".to_owned(), decided_at: bench.now };
    let reply = bench.ask(&format!("close {}", origin.name()), DeskCommand::Close(close));
    let Some(DeskReply::Accepted { intent: Some(intent), .. }) = reply else { return false };
    bench.outputs.iter().any(|output| matches!(output, DeskOutput::Dispatch { intent: told } if *told == intent))
}

/// In a condition no entry is taken, for the reason that it is, and both kinds of close are.
fn entries_alone_stop(mode: Mode, why: RefusalCode, befall: impl Fn(&mut Bench)) {
    for origin in [Origin::Auto, Origin::Manual] {
        let (mut bench, trade) = holding(mode);
        befall(&mut bench);
        assert_eq!(enters(&mut bench, origin), Err(why), "E by {}", origin.name());
        assert!(closes(&mut bench, trade, origin), "S or M by {}", origin.name());
    }
}

#[test]
fn degraded_halted_stops_entries_alone() {
    for source in [HaltSource::Operator, HaltSource::OrderGroup] {
        entries_alone_stop(Mode::Twin, RefusalCode::Halted, |bench| {
            bench.ask("halt", DeskCommand::Halt { source, reason: "a test".to_owned() });
        });
    }
}

#[test]
fn degraded_bus_or_web_down_stops_entries_alone() {
    // cascading-failure-detector halts for both: main-app is among the services that a desk needs, and without the bus
    // nobody hears of it.
    entries_alone_stop(Mode::Twin, RefusalCode::Halted, |bench| {
        bench.ask("halt", DeskCommand::Halt { source: HaltSource::Failure, reason: "main-app: silent".to_owned() });
    });
}

#[test]
fn degraded_disarmed_stops_entries_alone() {
    entries_alone_stop(Mode::Demo, RefusalCode::Disarmed, |bench| {
        bench.ask("disarm", DeskCommand::Disarm { reason: "a test".to_owned() });
    });
}

#[test]
fn degraded_cap_hit_stops_entries_alone() {
    entries_alone_stop(Mode::Twin, RefusalCode::DailyLoss, |bench| {
        bench.desk.books.realised_today = Money::ZERO - bench.desk.config.caps.daily_loss;
    });
}

#[test]
fn degraded_reconciliation_red_stops_entries_alone() {
    entries_alone_stop(Mode::Twin, RefusalCode::Halted, |bench| {
        for _ in 0..2 {
            bench.sweep(&[(OTHER, 7)], Money::from_dollars(1_000));
        }
        assert!(bench.desk.books().halts.contains_key(&HaltSource::Reconciliation));
    });
}

#[test]
fn degraded_stale_prices_leave_the_manual_close() {
    // The desk itself needs no price to close at a named limit; nothing of the market was told it for minutes.
    let (mut bench, trade) = holding(Mode::Twin);
    bench.later(120);
    assert!(closes(&mut bench, trade, Origin::Manual), "M");
}

#[test]
fn degraded_postgres_gone_nothing_leaves_the_desk() {
    for origin in [Origin::Auto, Origin::Manual] {
        let (mut bench, trade) = holding(Mode::Twin);
        bench.committing = false;
        let before = bench.outputs.len();
        let wanted = OpenRequest { ticker: MarketTicker::new(OTHER), origin, ..bench.wanted(Side::Yes, 20) };
        bench.ask("entry", DeskCommand::Open(wanted));
        assert!(!closes(&mut bench, trade, origin), "S and M");
        for _ in 0..20 {
            let number = bench.commits.last().expect("tried").number;
            bench.tell(DeskInput::CommitFailed { number, for_ever: false, reason: "no database".to_owned() });
            bench.later(2);
        }
        let left = bench.outputs[before..].iter().filter(|output| {
            matches!(output, DeskOutput::Dispatch { .. } | DeskOutput::Reply { reply: DeskReply::Accepted { .. }, .. })
        });
        assert_eq!(left.count(), 0, "nothing is sent and nothing is promised");
    }
}

#[test]
fn degraded_lease_lost_nothing_is_claimed() {
    use rec_domain::intent::Effect;
    for effect in [Effect::Increases, Effect::Reduces, Effect::Administrative] {
        for (lease_epoch, lease_valid) in [(4, true), (3, false)] {
            let facts = ClaimFacts {
                committed: true,
                claimed: false,
                intent_epoch: 3,
                lease_epoch,
                lease_valid,
                effect,
                send_by: None,
                now: START,
                halted: false,
                mode: Mode::Twin,
                armed: true,
            };
            assert_eq!(may_claim(&facts), Err(ClaimRefusal::StaleEpoch));
        }
    }
}
