//! From a decisive frame to the order on the wire, in a whole desk (`rec up`) that trades all the time: held against what
//! two durable commits cost in the same run, that of the intent and that of the claim.
//!
//! It measures a machine, so it is not among the usual tests:
//! `cargo test --release -p rec-e2e --test e2e wire:: -- --ignored --nocapture`

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rec_domain::{Service, Timestamp};
use serde_json::Value;

use crate::support::{
    Apart,
    relay::{self, Change, Relay},
    web,
};

/// Changes of books a second that the twin is asked for.
const FLICKER: &str = "200";
const WARM_UP: Duration = Duration::from_secs(20);
const LASTS: Duration = Duration::from_secs(240);
/// Orders that make a ninety-ninth percentile worth stating.
const LEAST: usize = 100;
/// How many times two commits the whole way may take.
const MOST: f64 = 3.0;

/// A desk that enters and leaves as often as its limits let it.
const RESTLESS: &str = r#"
[log]
format = "json"

[risk]
orders_per_minute = 60
open_trades = 50
money_per_market = "1000.00"
money_per_event = "2000.00"
money_per_day = "10000.00"
money_per_account = "5000.00"
daily_loss = "1000.00"

[automation]
auto_entry = true
auto_stop = true
min_probability_percent = 50
min_differential_points = -10
min_time_seconds = 0
max_time_seconds = 3600
allow_re_entry = true
spike_alert_enabled = false
stop_probability_percent = 100
stop_min_time_seconds = 0
min_volume = "0"
max_ask = "0.99"
cooldown_seconds = 1
entry_slippage = "0.05"
"#;

#[tokio::test]
#[ignore = "five minutes on an idle machine: cargo test --release -p rec-e2e --test e2e wire:: -- --ignored --nocapture"]
async fn an_order_is_on_the_wire_within_three_times_two_commits_of_its_decisive_frame() {
    let mut relay = None;
    let started = Apart::start_changed(&["twin", "--flicker", FLICKER], async |place, said, desk| {
        let url = said.split_whitespace().find(|word| word.starts_with("http://")).expect("the twin's address");
        let (exchange, path) = url.trim_start_matches("http://").split_once('/').expect("a path");
        let before = Relay::before(exchange.parse().expect("an address")).await;
        let config = place.folder().join("restless.toml");
        std::fs::write(&config, RESTLESS).expect("our own folder");
        desk.arg("--config").arg(config);
        desk.env("REC_KALSHI_BASE_URL", format!("http://{}/{path}", before.address));
        desk.env("REC_KALSHI_WS_URL", format!("ws://{}/trade-api/ws/v2", before.address));
        relay = Some(before);
    });
    let (Some(mut apart), Some(relay)) = (started.await, relay) else { return };
    tokio::time::sleep(WARM_UP).await;
    let before = Commits::of(&apart).await;
    let (began, began_at) = (Instant::now(), relay::now());
    while began.elapsed() < LASTS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(apart.desk.runs() && apart.twin.runs(), "{}{}", apart.desk.complained(), apart.twin.complained());
    }
    let commits = Commits::of(&apart).await;

    let log = std::fs::read_dir(apart.place.state().join("log")).expect("it logs").flatten();
    let log: String = log.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
    let decisions = Decisions::of(&log);
    let passed = relay.passed();
    let mut changes: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for change in relay.changes() {
        changes.entry(change.ticker.clone()).or_default().push(change);
    }
    let ways: Vec<Way> = passed
        .iter()
        .filter(|(_, wire)| *wire > began_at)
        .filter_map(|(order, wire)| {
            let decision = decisions.behind(order)?;
            let (ticker, book_at) = decision.book.as_ref()?;
            let frame = changes.get(ticker)?.iter().rfind(|change| change.at <= *book_at)?.came;
            Some(Way { frame, decided: decision.decided?, answered: decision.answered?, wire: *wire })
        })
        .collect();
    println!("{} orders passed, {} of them decided on the change of one book", passed.len(), ways.len());
    assert!(ways.len() >= LEAST, "too few to say anything");
    tell("frame to decision", &ways, |way| (way.frame, way.decided));
    tell("decision to the desk's answer", &ways, |way| (way.decided, way.answered));
    tell("the desk's answer to wire", &ways, |way| (way.answered, way.wire));
    let whole = tell("frame to wire", &ways, |way| (way.frame, way.wire));
    let (intent, claim) =
        (commits.since(&before, "rec_desk_commit_seconds"), commits.since(&before, "rec_claim_seconds"));
    for (name, of) in [("commit of trade-manager", &intent), ("claim", &claim)] {
        println!(
            "{name}: {} of them, median {:.2} ms, p90 {:.2}, p99 {:.2}",
            of.count(),
            of.at(0.5),
            of.at(0.9),
            of.at(0.99)
        );
    }
    let ratio = whole / (intent.at(0.99) + claim.at(0.99));
    println!("at the ninety-ninth percentile the way takes {ratio:.2} times the two commits");
    assert!(ratio <= MOST, "{ratio}");
}

/// When an order was where on its way, by the machine's clock.
struct Way {
    frame: Timestamp,
    decided: Timestamp,
    answered: Timestamp,
    wire: Timestamp,
}

/// Prints how long a part of the way takes, and gives the ninety-ninth percentile in milliseconds.
fn tell(name: &str, ways: &[Way], part: impl Fn(&Way) -> (Timestamp, Timestamp)) -> f64 {
    let micros = |way: &Way| {
        let (from, to) = part(way);
        to.micros() - from.micros()
    };
    let mut lasted: Vec<i64> = ways.iter().map(micros).collect();
    lasted.sort_unstable();
    let at = |share: f64| lasted[((lasted.len() - 1) as f64 * share) as usize] as f64 / 1e3;
    println!("{name}: median {:.2} ms, p90 {:.2}, p99 {:.2}", at(0.5), at(0.9), at(0.99));
    at(0.99)
}

/// What auto-entry-supervisor logged of its decisions.
struct Decisions {
    decisions: BTreeMap<String, Decision>,
    /// The decision of each intent.
    intents: BTreeMap<String, String>,
}

#[derive(Default)]
struct Decision {
    /// Market and instant of the book behind it; none for what was decided on a whole table, which is made when prices
    /// come and every so often, and not when a book changes.
    book: Option<(String, Timestamp)>,
    decided: Option<Timestamp>,
    answered: Option<Timestamp>,
}

impl Decisions {
    fn of(log: &str) -> Self {
        let mut decisions = Self { decisions: BTreeMap::new(), intents: BTreeMap::new() };
        for line in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let text = |key: &str| line[key].as_str().map(str::to_owned);
            let Some(id) = text("decision") else { continue };
            let at = || Some(text("timestamp")?.parse().expect("an instant"));
            match line["message"].as_str() {
                Some("asking to open") => {
                    let decision = decisions.decisions.entry(id).or_default();
                    decision.book = book_of(&text("evidence").expect("it says"));
                    decision.decided = at();
                }
                Some("asked to open") => {
                    let reply = text("reply").expect("it says");
                    let intent = reply.split_once("IntentId(").and_then(|(_, rest)| rest.split_once(')'));
                    decisions.intents.extend(intent.map(|(intent, _)| (intent.to_owned(), id.clone())));
                    decisions.decisions.entry(id).or_default().answered = at();
                }
                _ => {}
            }
        }
        decisions
    }

    fn behind(&self, order: &str) -> Option<&Decision> {
        self.decisions.get(self.intents.get(order)?)
    }
}

fn book_of(evidence: &str) -> Option<(String, Timestamp)> {
    let evidence: Value = serde_json::from_str(evidence).expect("JSON");
    let (ticker, at) = (evidence["row"]["ticker"].as_str()?, evidence["row"]["book_at"].as_str()?);
    (evidence["occasion"] == "book").then(|| (ticker.to_owned(), at.parse().expect("an instant")))
}

/// Histograms of the desk's commits, by name and bound in milliseconds: how many were no longer.
struct Commits(BTreeMap<String, Vec<(f64, f64)>>);

/// What came to one of them meanwhile.
struct Spread(Vec<(f64, f64)>);

impl Commits {
    async fn of(apart: &Apart) -> Self {
        let url = apart.config.net.url(Service::TradeManager).expect("it has a port");
        let text = web::get(&format!("{url}/metrics"), "").await.text;
        let mut histograms: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for line in text.lines() {
            let Some((name, rest)) = line.split_once("_bucket{le=\"") else { continue };
            let Some((bound, count)) = rest.split_once("\"} ") else { continue };
            let (bound, count) = (bound.parse().unwrap_or(f64::INFINITY), count.parse().expect("a number"));
            histograms.entry(name.to_owned()).or_default().push((bound * 1e3, count));
        }
        Self(histograms)
    }

    fn since(&self, before: &Self, name: &str) -> Spread {
        let (after, before) = (&self.0[name], &before.0[name]);
        Spread(after.iter().zip(before).map(|(after, before)| (after.0, after.1 - before.1)).collect())
    }
}

impl Spread {
    fn count(&self) -> f64 {
        self.0.last().expect("a histogram has buckets").1
    }

    /// The percentile in milliseconds, evenly spread within its bucket.
    fn at(&self, share: f64) -> f64 {
        let wanted = self.count() * share;
        let mut below = (0.0, 0.0);
        for (bound, count) in &self.0 {
            if *count >= wanted {
                let part = (wanted - below.1) / (count - below.1).max(1.0);
                return if bound.is_finite() { below.0 + part * (bound - below.0) } else { below.0 };
            }
            below = (*bound, *count);
        }
        below.0
    }
}
