//! A busy exchange: the desk follows a thousand messages of the market a second at the speed of real time, without a
//! queue that fills, with strike tables made from what has just come, and in memory that stays.
//!
//! The short form runs with the other tests. The long one has its own command:
//! `cargo test --release -p rec-e2e --test e2e storm:: -- --ignored --nocapture`

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rec_domain::Service;

use crate::support::{Apart, web};

/// Changes of books a second that the twin is asked for on top of its usual ones.
const ASKED: &str = "1000";
/// Messages that have to reach the desk in a second.
const MESSAGES_A_SECOND: f64 = 1_000.0;
/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// How long it goes on and what is demanded.
struct Storm {
    warm_up: Duration,
    lasts: Duration,
    /// The bucket of the histogram, in seconds, that 99 of 100 strike tables have to be in.
    age: &'static str,
    /// By how much the median of the anonymous memory may differ between the first fifth and the last, in kB.
    growth_kb: u64,
}

/// Other tests run on the same cores meanwhile, and the program is not optimised: books may be half a second old here
/// (docs/BENCHMARKS.md has what came of it on two cores with a load of twenty). What is shown is that nothing piles up,
/// since a queue that grows ends far beyond that. The memory of a process that has just started still grows into its
/// caches.
#[tokio::test]
async fn the_desk_keeps_up_with_a_thousand_messages_a_second() {
    let (warm_up, lasts) = (Duration::from_secs(5), Duration::from_secs(25));
    hold(Storm { warm_up, lasts, age: "0.5", growth_kb: 8 * 1_024 }).await;
}

#[tokio::test]
#[ignore = "eleven minutes on an idle machine: cargo test --release -p rec-e2e --test e2e storm:: -- --ignored --nocapture"]
async fn the_desk_keeps_up_with_a_thousand_messages_a_second_for_ten_minutes() {
    let (warm_up, lasts) = (Duration::from_secs(60), Duration::from_secs(600));
    hold(Storm { warm_up, lasts, age: "0.05", growth_kb: 3 * 1_024 }).await;
}

async fn hold(storm: Storm) {
    let Some(mut apart) = Apart::start_on(&["twin", "--flicker", ASKED]).await else { return };
    tokio::time::sleep(storm.warm_up).await;

    let (before, began) = (Metrics::of(&apart).await, Instant::now());
    let mut memory = Vec::new();
    while began.elapsed() < storm.lasts {
        tokio::time::sleep(LOOK).await;
        assert!(apart.desk.runs() && apart.twin.runs(), "{}{}", apart.desk.complained(), apart.twin.complained());
        memory.extend(apart.desk.anonymous_kb());
    }
    let (after, took) = (Metrics::of(&apart).await, began.elapsed());

    let since = |name: &str| after.total(name) - before.total(name);
    let rate = |name: &str| since(name) / took.as_secs_f64();
    let changes = rate("rec_stream_book_changes");
    println!("{:.0} frames a second, {changes:.0} of them changes of books", rate("rec_stream_frames"));
    assert!(rate("rec_stream_frames") >= MESSAGES_A_SECOND, "the load did not reach the desk: {changes}");

    let tables = since("rec_strike_table_book_age_seconds_count");
    let within = |bound: &str| {
        let bucket = format!("rec_strike_table_book_age_seconds_bucket{{le=\"{bound}\"}}");
        (after.value(&bucket) - before.value(&bucket)) / tables
    };
    for bound in ["0.01", "0.02", "0.03", "0.04", "0.05", "0.075", "0.1", "0.25", "0.5", "1", "3"] {
        println!("{:.2} % of {tables} tables use books no older than {bound} s", 100.0 * within(bound));
    }
    assert!(tables >= 5.0 * took.as_secs_f64(), "{tables} tables in {took:?}");

    after.assert_no_queue_was_full();
    after.assert_nothing_was_lost();
    assert_flat(&memory, storm.growth_kb);
    assert!(within(storm.age) >= 0.99, "books are older than {} s in too many tables", storm.age);
}

/// What a process measures of itself.
struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Of the desk, after every service was asked for its health, which counts what was lost.
    async fn of(apart: &Apart) -> Self {
        for service in Service::ALL.iter().filter(|service| **service != Service::Guard) {
            let health = apart.health(*service).await;
            assert!(health.healthy, "{health:?}");
        }
        let url = apart.config.net.url(Service::KalshiApiWatchdog).expect("it has a port");
        let text = web::get(&format!("{url}/metrics"), "").await.text;
        let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        Self(lines.map(|(name, value)| (name.to_owned(), value.parse().expect("a number"))).collect())
    }

    /// One line.
    fn value(&self, line: &str) -> f64 {
        *self.0.get(line).unwrap_or_else(|| panic!("no {line} in {:?}", self.0.keys()))
    }

    /// A metric by its labels.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let of_name =
            move |line: &'a String| line.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('{'));
        self.0.iter().filter_map(move |(line, value)| Some((of_name(line)?, *value)))
    }

    /// The sum of a metric over all its labels.
    fn total(&self, name: &str) -> f64 {
        assert!(self.all(name).next().is_some(), "no {name} in {:?}", self.0.keys());
        self.all(name).map(|(_, value)| value).sum()
    }

    fn assert_no_queue_was_full(&self) {
        let bounds: BTreeMap<&str, f64> = self.all("rec_queue_bound").collect();
        let most: Vec<(&str, f64)> = self.all("rec_queue_most").collect();
        for queue in ["stream", "book", "odds", "exit", "entry"] {
            assert!(most.iter().any(|(labels, _)| labels.contains(queue)), "nobody measures {queue}: {most:?}");
        }
        for (labels, most) in most {
            println!("at most {most} of {} waited in {labels}", bounds[labels]);
            assert!(most < bounds[labels], "{labels} was full");
        }
    }

    fn assert_nothing_was_lost(&self) {
        for name in ["rec_bus_missed", "rec_journal_lines_lost", "rec_recording_lines_lost"] {
            assert!(self.total(name) < 1.0, "{name}: {:?}", self.all(name).collect::<Vec<_>>());
        }
    }
}

/// The medians of the first and the last fifth differ by no more than allowed. Only Linux tells anonymous memory.
fn assert_flat(memory: &[u64], growth_kb: u64) {
    if memory.is_empty() {
        println!("SKIPPED: this system does not tell a process's anonymous memory");
        return;
    }
    let fifth = memory.len() / 5;
    let median = |part: &[u64]| {
        let mut sorted = part.to_vec();
        sorted.sort_unstable();
        sorted[sorted.len() / 2]
    };
    let (first, last) = (median(&memory[..fifth]), median(&memory[memory.len() - fifth..]));
    println!("anonymous memory: {first} kB at first, {last} kB at last, of {} looks", memory.len());
    assert!(first.abs_diff(last) <= growth_kb, "from {first} kB to {last} kB: {memory:?}");
}
