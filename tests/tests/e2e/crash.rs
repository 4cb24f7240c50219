//! `kill -9` in the middle of trading, and what `rec demo --resume` finds again.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::{Duration, Instant},
};

use rec_e2e::{dice::Dice, twin_journal::times_accepted};
use rustix::process::Signal;

use crate::support::{Desk, Place};

#[tokio::test]
async fn after_a_kill_the_demo_goes_on_where_it_was_and_executes_nothing_twice() {
    killed_and_resumed(seed()).await;
}

#[tokio::test]
#[ignore = "ten minutes; what the normal suite does once, at ten moments"]
async fn ten_kills_at_random_moments_lose_nothing() {
    let first = seed();
    for round in 0..10 {
        killed_and_resumed(first.wrapping_add(round)).await;
    }
}

/// One round. The seed fixes the world and the moment of the kill, within 15 s after the exchange took the first order.
async fn killed_and_resumed(seed: u64) {
    let Some(place) = Place::for_a_desk().await else { return };
    let moment = Duration::from_millis(Dice::new(seed).below(15_000));
    println!("seed {seed}: killed {moment:?} after its first order; REC_TEST_SEED={seed} does it again");
    let number = (seed % 1_000).to_string();
    let mut first = place.start(&["demo", "--seed", &number]);
    let _link = first.link().await;
    let patience = Instant::now() + Duration::from_secs(90);
    while times_accepted(place.state()).is_empty() {
        assert!(Instant::now() < patience, "it sends no order: {}{}", first.said(), first.complained());
        trade_for(&mut first, Duration::from_millis(100)).await;
    }
    trade_for(&mut first, moment).await;
    first.signal(Signal::KILL);
    first.end(Duration::from_secs(10)).await;
    let before = times_accepted(place.state());

    let asked = place.run(&["demo", "--seed", &number]).await;
    asked.assert_refused(&["did not end in order", "--resume", "--fresh"]);

    let arguments = ["demo", "--resume", "--seed", &number, "--for", "20s", "--json"];
    let mut second = place.start(&arguments);
    // The exit code also says whether an event settled, which need not be so in a short time.
    let (_, summary) = second.summary(Duration::from_secs(120)).await;
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");
    assert_eq!(summary["all_healthy"], true, "{summary:#}");
    let after = times_accepted(place.state());
    let lost: Vec<_> = before.keys().filter(|id| !after.contains_key(*id)).collect();
    assert!(lost.is_empty(), "orders lost by the exchange: {lost:?}");
    let twice: Vec<_> = after.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
}

/// Lets it trade; an end before its time is a failure.
async fn trade_for(desk: &mut Desk, time: Duration) {
    tokio::time::sleep(time).await;
    assert!(desk.runs(), "it ended: {}{}", desk.said(), desk.complained());
}

/// `REC_TEST_SEED`, or a new one.
fn seed() -> u64 {
    let given = std::env::var("REC_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    // The keys of a hash table are the randomness that the standard library has.
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
}
