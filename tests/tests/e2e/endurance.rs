//! What takes long to see of a demo: that ten worlds of ten end well, how soon one is up, and memory that stays.
//!
//! `cargo test --release -p rec-e2e --test e2e endurance:: -- --ignored --nocapture`; the usual suite has one world.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::support::Place;

/// From the end of a demo's time to the end of its process.
const ENDING: Duration = Duration::from_secs(60);
/// From the start of the program until every service is healthy: the first time, which learns a model and makes a
/// cluster, and later.
const UP: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(2)];
/// Anonymous memory of a whole demo, twin and services together, in kB.
const MOST_MEMORY: u64 = 200 * 1_024;
/// How much it may grow between the first and the last of fifteen minutes, in kB.
const MOST_GROWTH: u64 = 3 * 1_024;
/// The first of the fifteen minutes, which is after a warm-up, and the last.
const FIRST_MINUTE: u64 = 5;
const LAST_MINUTE: u64 = 19;

/// A demo ends with 0 only when an hourly event settled with a trade held through it, every service was healthy at the
/// end, and ledger and exchange agree.
#[tokio::test]
#[ignore = "eight minutes of an optimised build"]
async fn ten_worlds_of_ten_end_well() {
    let mut worlds = JoinSet::new();
    for seed in 1..=10 {
        worlds.spawn(async move {
            let place = Place::for_a_desk().await?;
            let mut desk = place.start(&["demo", "--for", "120s", "--json", "--seed", &seed.to_string()]);
            let (status, summary) = desk.summary(Duration::from_secs(150) + ENDING).await;
            let (settled, fills) = (&summary["events_settled"], &summary["fills"]);
            println!("seed {seed}: {status}, {settled} events settled, {fills} fills");
            assert_eq!(status.code(), Some(0), "seed {seed}: {summary:#}");
            Some(())
        });
    }
    worlds.join_all().await;
}

#[tokio::test]
#[ignore = "measures an idle machine and an optimised build"]
async fn a_demo_is_up_within_five_seconds_and_later_within_two() {
    let Some(place) = Place::for_a_desk().await else { return };
    for (most, time) in UP.into_iter().zip(["the first time", "later"]) {
        let started = Instant::now();
        let mut desk = place.start(&["demo"]);
        let _link = desk.link().await;
        let took = started.elapsed();
        println!("up after {took:?} {time}");
        assert!(took < most, "{took:?} {time}");
        desk.signal(rustix::process::Signal::INT);
        assert_eq!(desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", desk.complained());
    }
}

#[tokio::test]
#[ignore = "twenty minutes of an optimised build"]
async fn the_memory_of_a_demo_stays_for_fifteen_minutes_after_five() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut desk = place.start(&["demo", "--seed", "11"]);
    let _link = desk.link().await;
    let (began, mut looks) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_secs(60 * (LAST_MINUTE + 1)) {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(desk.runs(), "{}", desk.complained());
        let Some(kb) = desk.anonymous_kb() else {
            println!("SKIPPED: this system does not tell a process's anonymous memory");
            return;
        };
        looks.push((began.elapsed().as_secs() / 60, kb));
    }
    let median = |minute: u64| {
        let mut of_minute: Vec<u64> = looks.iter().filter(|look| look.0 == minute).map(|look| look.1).collect();
        of_minute.sort_unstable();
        of_minute[of_minute.len() / 2]
    };
    for minute in 0..=LAST_MINUTE {
        println!("minute {minute}: {} kB", median(minute));
    }
    let (first, last) = (median(FIRST_MINUTE), median(LAST_MINUTE));
    assert!(last < MOST_MEMORY && first.abs_diff(last) <= MOST_GROWTH, "from {first} kB to {last} kB");
}
