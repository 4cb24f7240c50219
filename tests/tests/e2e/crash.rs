//! `kill -9` in the middle of trading, and what `rec demo --resume` finds again.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    path::Path,
    time::Duration,
};

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

/// One round. The seed fixes the world and the moment of the kill, 5 to 25 s after the page is up.
async fn killed_and_resumed(seed: u64) {
    let Some(place) = Place::for_a_desk().await else { return };
    let moment = Duration::from_millis(5_000 + mixed(seed) % 20_000);
    println!("seed {seed}: killed {moment:?} after its start; REC_TEST_SEED={seed} does it again");
    let number = (seed % 1_000).to_string();
    let mut first = place.start(&["demo", "--seed", &number]);
    let _link = first.link().await;
    trade_for(&mut first, moment).await;
    first.signal(Signal::KILL);
    first.end(Duration::from_secs(10)).await;
    let before = orders(place.state());

    let asked = place.run(&["demo", "--seed", &number]).await;
    asked.assert_refused(&["did not end in order", "--resume", "--fresh"]);

    let arguments = ["demo", "--resume", "--seed", &number, "--for", "20s", "--json"];
    let mut second = place.start(&arguments);
    // The exit code also says whether an event settled, which need not be so in a short time.
    let (_, summary) = second.summary(Duration::from_secs(120)).await;
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");
    assert_eq!(summary["all_healthy"], true, "{summary:#}");
    let after = orders(place.state());
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

/// How often the exchange accepted each order, by the desk's identity for it. The twin's journal holds every accepted
/// mutation; its last line may be torn.
pub(crate) fn orders(state: &Path) -> BTreeMap<String, u32> {
    let journal = std::fs::read_to_string(state.join("twin/twin-journal.jsonl")).expect("the twin keeps a journal");
    let mut times = BTreeMap::new();
    for line in journal.lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if let Some(id) = line["applied"]["mutation"]["create_order"]["client_order_id"].as_str() {
            *times.entry(id.to_owned()).or_default() += 1;
        }
    }
    times
}

/// `REC_TEST_SEED`, or a new one.
fn seed() -> u64 {
    let given = std::env::var("REC_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    // The keys of a hash table are the randomness that the standard library has.
    given.unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

/// SplitMix64, so that neighbouring seeds give unrelated moments.
fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
