//! A demo that is started again: what it keeps of the one before, and what it begins anew; and books that are reset.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use rec_e2e::twin_journal::times_accepted;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Desk, Place};

/// So fast that the first order comes soon.
const START: [&str; 5] = ["demo", "--seed", "3", "--speed", "60"];

#[tokio::test]
async fn a_demo_keeps_cluster_and_model_and_begins_with_a_fresh_database_and_world() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut first = place.start(&START);
    begins_anew(&place, &mut first, &BTreeMap::new()).await;
    let kept = kept(&place);
    let traces = leaves_traces(&place, &mut first).await;
    first.signal(Signal::INT);
    assert_eq!(first.end(Duration::from_secs(20)).await.code(), Some(0), "{}", first.complained());

    let mut second = place.start(&START);
    begins_anew(&place, &mut second, &traces).await;
    assert_eq!(self::kept(&place), kept, "the same cluster and model");
    assert!(said(&second).contains("model") && said(&second).contains("found"), "{}", said(&second));
    let traces = leaves_traces(&place, &mut second).await;
    second.signal(Signal::KILL);
    second.end(Duration::from_secs(10)).await;

    place.run(&START).await.assert_refused(&["did not end in order", "--resume", "--fresh"]);
    let mut third = place.start(&[&START[..], &["--fresh"]].concat());
    begins_anew(&place, &mut third, &traces).await;
    assert_eq!(self::kept(&place), kept, "the same cluster and model");
    place.run(&["reconcile"]).await;
    third.signal(Signal::INT);
    assert_eq!(third.end(Duration::from_secs(20)).await.code(), Some(0), "{}", third.complained());

    let stored = place.run(&["reconcile"]).await;
    assert!(stored.out.contains("the stored comparison"), "{stored:?}");
    let reset = place.run(&["db", "reset", "--yes"]).await;
    assert_eq!(reset.code, Some(0), "{reset:?}");
    place.run(&["reconcile"]).await.assert_failed(&["books and exchange were never compared"]);
    let mut fourth = place.start(&START);
    let _link = fourth.link().await;
}

/// Waits until a demo is up, and sees that it knows nothing of an earlier one, whose orders these are.
async fn begins_anew(place: &Place, desk: &mut Desk, earlier: &BTreeMap<String, u32>) {
    let _link = desk.link().await;
    let said = said(desk);
    assert!(said.contains("fresh") && said.contains("14:40:00"), "{said}");
    assert_eq!(limit_of_a_day(place).await, "100.00", "the books' own limits are gone with them");
    let orders = times_accepted(place.state());
    assert!(earlier.keys().all(|order| !orders.contains_key(order)), "the world has orders of this demo only");
}

/// Orders at the exchange, which it gives, and a limit that only the books know.
async fn leaves_traces(place: &Place, desk: &mut Desk) -> BTreeMap<String, u32> {
    let lowered = place.run(&["risk", "lower", "daily_loss=61.00", "--reason", "a trace"]).await;
    assert_eq!(lowered.code, Some(0), "{lowered:?}");
    assert_eq!(limit_of_a_day(place).await, "61.00");
    let patience = Instant::now() + Duration::from_secs(90);
    loop {
        let orders = times_accepted(place.state());
        if orders.len() >= 2 {
            return orders;
        }
        assert!(desk.runs() && Instant::now() < patience, "it sends no orders: {}", desk.complained());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn said(desk: &Desk) -> String {
    desk.said() + &desk.complained()
}

async fn limit_of_a_day(place: &Place) -> String {
    let shown = place.run(&["risk", "--json"]).await;
    let risk: Value = serde_json::from_str(&shown.out).unwrap_or_else(|_| panic!("{shown:?}"));
    let mut caps = risk["caps"].as_array().expect("a list").iter();
    let cap = caps.find(|cap| cap["cap"] == "daily_loss").expect("shown");
    cap["limit"]["amount"].as_str().expect("dollars").to_owned()
}

/// What tells a cluster from any other one, and when each file of the model was written.
fn kept(place: &Place) -> (Vec<u8>, Vec<SystemTime>) {
    let control = std::fs::read(place.state().join("postgres/global/pg_control")).expect("a cluster");
    // It begins with the identifier that the cluster got when it was made.
    (control[..8].to_vec(), written(&place.state().join("model")))
}

fn written(folder: &Path) -> Vec<SystemTime> {
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a model").map(|entry| entry.expect("listed")).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let of_entry = |entry: &std::fs::DirEntry| {
        let about = entry.metadata().expect("listed");
        if about.is_dir() { written(&entry.path()) } else { vec![about.modified().expect("known")] }
    };
    files.iter().flat_map(of_entry).collect()
}
