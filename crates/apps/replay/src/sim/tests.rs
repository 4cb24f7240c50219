//! Short simulations, and a planted fault for each invariant that shows that it fires.

mod hand;

use rec_domain::{
    IntentId, Mode, Money, Quantity, TimeSpan, Timestamp,
    arming::{Arming, Binding},
    fill::Fill,
    halt::{Halt, HaltSource},
    intent::{Action, Effect, GroupRole, Intent},
    order::{Order, OrderState},
    row::{Commit, Row},
};
use rec_twin::core::{Fault, Mutation};

use super::{
    event::Event,
    invariant::Invariant,
    model::of_a_normal_walk,
    run::{guarded, run_seed, run_seeds},
    summary::Summary,
    world::{SimConfig, World},
};

/// From ten minutes before a close to ten minutes after it.
fn around_a_close(seed: u64, faults: &str) -> SimConfig {
    SimConfig {
        seed,
        span: TimeSpan::from_minutes(20),
        faults: faults.parse().expect("faults"),
        model: of_a_normal_walk().expect("a model"),
        opened_for: TimeSpan::from_minutes(50),
        trace: false,
    }
}

#[test]
fn without_faults_trades_are_opened_settled_and_booked_to_the_micro_dollar() {
    let report = run_seed(&around_a_close(1, "none"));
    assert_eq!(report.breach, None);
    assert!(report.faults.is_empty() && report.restarts == 0, "{report:?}");
    assert!(report.fills > 0 && report.quiet_points > 0, "{report:?}");
    assert_eq!(report.strikes, 21, "{report:?}");
    assert!(report.index_prints >= 1_200, "one a second: {report:?}");
    assert!(report.coverage.trades.keys().any(|step| step.ends_with("> settled")), "{report:?}");
}

#[test]
fn whatever_goes_wrong_no_invariant_breaks_and_any_number_of_threads_plays_the_same() {
    let config = around_a_close(0, "rough");
    let reports = run_seeds(1..=4, &config, 2, |_| {});
    let summary = Summary::of(&reports);
    for report in &reports {
        assert_eq!(report.breach, None, "seed {}", report.seed);
    }
    assert!(summary.fills > 0 && summary.restarts > 0 && summary.faults.len() >= 12, "{summary:?}");
    let again = run_seeds(3..=4, &config, 1, |_| {});
    assert_eq!(again, reports[2..], "byte for byte");
    assert_ne!(reports[0].digest, reports[1].digest);
}

/// The figures that `docs/SIMULATION.md` promises, in an optimised build: `.ci/run sim`.
#[test]
#[ignore = "a minute of an optimised build"]
fn three_hundred_hours_with_everything_going_wrong() {
    let config = SimConfig {
        span: TimeSpan::from_minutes(60),
        opened_for: TimeSpan::from_minutes(10),
        ..around_a_close(0, "rough")
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = std::time::Instant::now();
    let reports = run_seeds(1..=300, &config, threads, |_| {});
    let summary = Summary::of(&reports);
    let hours_a_minute = 300.0 * 60.0 / begun.elapsed().as_secs_f64();
    println!("{hours_a_minute:.0} desk-hours a minute on {threads} threads\n{summary:?}");
    for report in &reports {
        assert_eq!(report.breach, None, "rec sim --seeds {} --hours 1 --faults rough --trace", report.seed);
    }
    assert!(summary.fewest_prints >= 3_600, "{summary:?}");
    assert!(summary.fewest_inputs >= 50_000 && summary.fewest_strikes == 21, "{summary:?}");
    let [(orders, _), (trades, all_trades), (halts, _)] = summary.coverage.states();
    assert!(orders >= 6 && trades == all_trades && halts >= 3, "{:?}", summary.coverage);
    assert!(summary.faults.len() >= 25, "{:?}", summary.faults);
    for kind in ["deposit", "withdrawal", "transfer", "reserve", "release", "reversal"] {
        assert!(summary.coverage.postings.contains_key(kind), "{kind}: {:?}", summary.coverage);
    }
}

/// A world in which something was bought.
fn with_a_position() -> World {
    let mut world = World::new(around_a_close(1, "none"));
    let end = world.now + TimeSpan::from_minutes(9);
    while world.now < end && world.watch.fills_made == 0 {
        world.run(world.now + TimeSpan::from_seconds(1));
    }
    world.run(world.now + TimeSpan::from_seconds(1));
    assert!(world.watch.fills_made > 0 && world.watch.breach().is_none(), "{:?}", world.watch.breach());
    world
}

fn broken(world: &World) -> Option<Invariant> {
    world.watch.breach().map(|breach| breach.invariant)
}

fn an_entry(world: &World) -> (Intent, Order) {
    let order = world.memory.orders.values().find(|order| order.booked.is_positive()).expect("something was bought");
    (world.memory.intents[&order.intent].clone(), order.clone())
}

fn a_commit(world: &World, rows: Vec<Row>) -> Commit {
    Commit { number: 1_000_000, epoch: world.epoch, at: world.now, inputs: Vec::new(), rows }
}

fn another_id(world: &World, number: u32) -> IntentId {
    IntentId::new(world.memory.desk, 77, number)
}

fn a_booked_fill(world: &World) -> Fill {
    world.memory.fills.values().next().expect("a fill is booked").clone()
}

#[test]
fn two_working_closes_are_seen() {
    let mut world = with_a_position();
    let (_, entry) = an_entry(&world);
    let close = |number| Order {
        intent: another_id(&world, number),
        role: GroupRole::Exit,
        state: OrderState::Unknown,
        ..entry.clone()
    };
    let (first, second) = (close(1), close(2));
    world.watch.committed(&a_commit(&world, vec![Row::Order(first)]));
    assert_eq!(broken(&world), None, "one may work");
    world.watch.committed(&a_commit(&world, vec![Row::Order(second)]));
    assert_eq!(broken(&world), Some(Invariant::OneWorkingClose));
}

/// An order that is claimed and arrives in a second.
fn plant_order(world: &mut World, intent: Intent) {
    let signed_at = world.now;
    world.watch.claimed(&intent, signed_at);
    plant_unclaimed(world, intent);
}

fn plant_unclaimed(world: &mut World, intent: Intent) {
    let (life, signed_at) = (0, world.now);
    world.requests_at_exchange += 1;
    let event = Event::Arrive { life, intent: Box::new(intent), signed_at, heard: false };
    world.queue.put(world.now + TimeSpan::from_seconds(1), event);
    world.run(world.now + TimeSpan::from_seconds(2));
}

#[test]
fn a_close_that_turns_the_position_is_seen() {
    let mut world = with_a_position();
    let (intent, order) = an_entry(&world);
    let mut spec = order.spec;
    (spec.book_side, spec.price) = (spec.side.closing_book_side(), rec_domain::Price::from_cents(1));
    if spec.book_side == rec_domain::BookSide::Bid {
        spec.price = rec_domain::Price::from_cents(99);
    }
    spec.quantity += Quantity::from_contracts(5);
    let id = another_id(&world, 1);
    plant_order(&mut world, Intent { id, effect: Effect::Reduces, action: Action::Place(spec), ..intent });
    assert_eq!(broken(&world), Some(Invariant::ClosesOnlyReduce));
}

#[test]
fn exposure_above_a_cap_is_seen() {
    let mut world = World::new(around_a_close(1, "none"));
    // The desk goes by caps that are not those of the watch.
    world.watch.set_cap_of_account(Money::from_cents(1));
    world.run(world.now + TimeSpan::from_minutes(9));
    assert_eq!(broken(&world), Some(Invariant::ExposureWithinCaps));
}

#[test]
fn what_is_held_at_the_exchange_above_a_cap_is_seen_too() {
    let mut world = with_a_position();
    world.watch.set_cap_of_account(Money::from_cents(1));
    let (mut intent, order) = an_entry(&world);
    intent.id = another_id(&world, 1);
    intent.send_by = Some(world.now + TimeSpan::from_seconds(2));
    intent.action = Action::Place(order.spec);
    plant_order(&mut world, intent);
    assert_eq!(broken(&world), Some(Invariant::ExposureWithinCaps));
}

#[test]
fn a_fill_that_is_booked_twice_is_seen() {
    let mut world = with_a_position();
    let fill = a_booked_fill(&world);
    world.watch.committed(&a_commit(&world, vec![Row::Fill(fill)]));
    assert_eq!(broken(&world), Some(Invariant::FillsBookedOnce));
}

#[test]
fn a_fill_that_never_was_or_at_another_price_is_seen() {
    for change in [
        |fill: &mut Fill| fill.fill_id = rec_domain::FillId::new("invented"),
        |fill: &mut Fill| fill.intent = None,
        |fill: &mut Fill| {
            fill.quantity = Quantity::ZERO;
            fill.price = rec_domain::Price::from_cents(2);
        },
    ] {
        let mut world = with_a_position();
        let mut fill = a_booked_fill(&world);
        change(&mut fill);
        world.watch.committed(&a_commit(&world, vec![Row::Fill(fill)]));
        assert_eq!(broken(&world), Some(Invariant::FillsBookedOnce));
    }
}

#[test]
fn a_cent_that_the_ledger_does_not_have_is_seen() {
    let mut world = with_a_position();
    let left = world.twin.account().cash() - Money::from_cents(1);
    world.twin.apply(world.now, &Mutation::Fault(Fault::CollateralGone { left })).expect("taken");
    world.run(world.now + TimeSpan::from_minutes(2));
    assert_eq!(broken(&world), Some(Invariant::LedgerEqualsExchange));
}

#[test]
fn an_order_without_a_claim_is_seen() {
    let mut world = with_a_position();
    let (intent, _) = an_entry(&world);
    let id = another_id(&world, 1);
    plant_unclaimed(&mut world, Intent { id, ..intent });
    assert_eq!(broken(&world), Some(Invariant::NoOrderWithoutClaim));
}

#[test]
fn an_order_that_is_sent_twice_under_one_claim_is_seen() {
    let mut world = with_a_position();
    let (intent, _) = an_entry(&world);
    plant_unclaimed(&mut world, intent);
    assert_eq!(broken(&world), Some(Invariant::NoOrderWithoutClaim));
}

#[test]
fn an_entry_after_a_halt_a_disarming_or_its_time_is_seen() {
    let mut world = with_a_position();
    let (intent, _) = an_entry(&world);
    let by = intent.send_by.expect("entries have one");
    let late = by + TimeSpan::from_micros(1);
    let claim = |world: &mut World, intent: &Intent, at: Timestamp| {
        world.watch.now(at);
        world.watch.claimed(intent, at);
    };
    claim(&mut world, &intent, by);
    assert_eq!(broken(&world), None, "nothing needs arming");
    let armed = |until: Timestamp, unproven: bool| {
        let (since, crashes) = (until - TimeSpan::from_minutes(5), Vec::new());
        let (requester, reason) = ("operator".to_owned(), "a test".to_owned());
        Row::Armed(Arming { since, until, requester, reason, binding: Binding::default(), crashes, unproven })
    };
    let disarmed = || Row::Disarmed { reason: "a test".to_owned() };
    for (rows, breach) in [
        (vec![], Some(Invariant::NoEntryAfterDisarm)),
        (vec![armed(late, false)], None),
        (vec![armed(by, false)], Some(Invariant::NoEntryAfterDisarm)),
        (vec![armed(late, true)], Some(Invariant::NoEntryAfterDisarm)),
        (vec![armed(late, false), disarmed()], Some(Invariant::NoEntryAfterDisarm)),
    ] {
        let mut world = with_a_position();
        world.watch.set_mode(Mode::Demo);
        world.watch.committed(&a_commit(&world, rows));
        claim(&mut world, &intent, by);
        assert_eq!(broken(&world), breach);
    }

    let mut world = with_a_position();
    claim(&mut world, &intent, late);
    assert_eq!(broken(&world), Some(Invariant::NoEntryAfterSendBy));

    let mut world = with_a_position();
    let halt = Halt { source: HaltSource::Operator, reason: "a test".to_owned(), since: world.now };
    world.watch.committed(&a_commit(&world, vec![Row::Halted(halt)]));
    claim(&mut world, &Intent { effect: Effect::Reduces, ..intent.clone() }, by);
    assert_eq!(broken(&world), None, "a close may go");
    claim(&mut world, &intent, by);
    assert_eq!(broken(&world), Some(Invariant::NoEntryAfterHalt));
}

#[test]
fn what_the_database_has_to_refuse_is_seen() {
    let mut world = with_a_position();
    let fill = a_booked_fill(&world);
    let commit = a_commit(&world, vec![Row::Fill(fill)]);
    let life = world.life(super::event::Process::Desk);
    world.commit(life, &commit, super::event::Outcome::Heard);
    assert_eq!(broken(&world), Some(Invariant::NothingToRefuse));
}

#[test]
fn a_desk_that_does_not_come_to_rest_is_seen() {
    let mut world = with_a_position();
    // Nobody reads the account any more.
    world.clear(super::event::Process::Account);
    world.come_to_rest();
    assert_eq!(broken(&world), Some(Invariant::ComesToRest));
}

#[test]
fn a_panic_is_a_broken_invariant() {
    let mut world = World::new(around_a_close(1, "none"));
    guarded(&mut world, |_| panic!("planted"));
    assert_eq!(broken(&world), Some(Invariant::NoPanic));
}
