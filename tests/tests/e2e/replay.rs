//! A desk that traded, replayed machine by machine; and what it recorded, read again.

use std::{ffi::OsString, fs, path::PathBuf, process::Command, time::Duration};

use serde_json::Value;

use crate::support::Place;

/// From the end of a demo's time to the end of its process.
const ENDING: Duration = Duration::from_secs(60);

/// How long a replay may take: two market hours on one thread of a loaded machine, not optimised.
const REPLAY: Duration = Duration::from_secs(300);

/// Every machine of a desk.
const MACHINES: [&str; 11] =
    ["account", "book", "desk", "entry", "exit", "failure", "feed", "lifecycle", "momentum", "odds", "sender"];

/// Runs a demo until it has traded, and gives its summary.
async fn trade(place: &Place, seconds: u64, more: &[&str]) -> Value {
    let span = format!("{seconds}s");
    let arguments = [&["demo", "--for", &span, "--seed", "3", "--json"], more].concat();
    let mut desk = place.start(&arguments);
    let (_status, summary) = desk.summary(Duration::from_secs(seconds) + ENDING).await;
    assert!(summary["fills"].as_u64() >= Some(1), "it traded: {summary:#}");
    summary
}

/// `rec replay day --verify --json` with a number of threads: whether it was well, and its report.
async fn verify(place: &Place, threads: &str) -> (bool, Value) {
    let mut command = place.command(&["replay", "day", "--verify", "--json", "--threads", threads]);
    command.env("TOKIO_WORKER_THREADS", threads);
    report(command).await
}

/// The same by another build of `rec`.
async fn verify_by(program: OsString, place: &Place) -> (bool, Value) {
    let mut command = Command::new(program);
    command.args(["replay", "day", "--verify", "--json", "--state-dir"]).arg(place.state());
    report(command).await
}

async fn report(command: Command) -> (bool, Value) {
    let replayed = tokio::process::Command::from(command).kill_on_drop(true).output();
    let ended = tokio::time::timeout(REPLAY, replayed).await.expect("it ends").expect("it runs");
    let report = serde_json::from_slice(&ended.stdout).unwrap_or_else(|error| panic!("no report ({error}): {ended:?}"));
    (ended.status.success(), report)
}

/// Every machine consumed something and is as it was, nothing is missing, and what went between them fits.
fn assert_same(report: &Value) {
    let machines = report["machines"].as_array().expect("a list");
    let names: Vec<_> = machines.iter().filter_map(|machine| machine["machine"].as_str()).collect();
    assert_eq!(names, MACHINES);
    for machine in machines {
        assert!(machine["inputs"].as_u64() > Some(0), "{machine:#}");
        for nothing in ["gaps", "damages", "unclosed"] {
            assert_eq!(machine[nothing], Value::Array(Vec::new()), "{nothing} of {machine:#}");
        }
        assert_eq!((&machine["differences"], &machine["unverified"]), (&0.into(), &0.into()), "{machine:#}");
    }
    for link in report["links"].as_array().expect("a list") {
        assert_eq!((&link["missing"], &link["unexplained"]), (&0.into(), &0.into()), "{link:#}");
    }
}

#[tokio::test]
async fn a_desk_that_traded_is_replayed_byte_for_byte_and_its_recordings_are_whole() {
    let Some(place) = Place::for_a_desk().await else { return };
    trade(&place, 40, &["--speed", "60"]).await;
    let (same, report) = verify(&place, "1").await;
    assert_same(&report);
    assert!(same);
    assert_eq!(verify(&place, "4").await, (true, report.clone()), "with more threads");

    let recorded = place.run(&["record", "verify", "--json"]).await;
    assert_eq!(recorded.code, Some(0), "{recorded:?}");
    let files: Value = serde_json::from_str(&recorded.out).expect("JSON");
    for stream in ["account", "account-reads", "books", "index", "market-reads", "spot"] {
        let of_stream = files.as_array().expect("a list").iter().find(|file| file["stream"] == stream);
        let file = of_stream.unwrap_or_else(|| panic!("no {stream} in {files:#}"));
        assert!(file["received"].as_u64() > Some(0) && file["closed"] == true, "{file:#}");
    }
    no_secret_is_recorded(&place).await;
    exported_frames_replay(&place).await;
    a_flipped_byte_is_named(&place, &report).await;
}

async fn no_secret_is_recorded(place: &Place) {
    for stream in ["account-reads", "market-reads", "account"] {
        let shown = place.run(&["record", "cat", stream]).await;
        let text = shown.out.to_lowercase();
        assert!(text.contains("\"text\":"), "{stream}");
        for secret in ["kalshi-access", "signature", "private key", "authorization"] {
            assert!(!text.contains(secret), "{secret} in the recording of {stream}");
        }
    }
}

async fn exported_frames_replay(place: &Place) {
    let to = place.folder().join("exported");
    let exported = place.run(&["record", "export", "books", "--to", &to.to_string_lossy()]).await;
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let first = to.join("books-0001.jsonl").to_string_lossy().into_owned();
    let replayed = place.run(&["replay", "frames", "--yes-prices", &first]).await;
    assert_eq!(replayed.code, Some(0), "{}", replayed.err);
    assert!(replayed.out.contains("books (YES prices)"), "{}", replayed.out);
}

/// One byte in the middle of the desk's journal.
async fn a_flipped_byte_is_named(place: &Place, before: &Value) {
    let of_desk = before["machines"].as_array().expect("a list").iter().find(|machine| machine["machine"] == "desk");
    assert!(of_desk.expect("the desk")["segments"].as_u64() >= Some(1));
    let file: PathBuf = place.state().join("journal/desk/00000001.jsonl.zst");
    let mut bytes = fs::read(&file).expect("the journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).expect("written");
    let (same, report) = verify(place, "2").await;
    assert!(!same);
    let damage = report["machines"][2]["damages"][0].as_str().unwrap_or_default().to_owned();
    assert!(damage.contains("desk/00000001.jsonl.zst") && damage.contains("offset"), "{damage}");
}

/// Two market hours in a storm of faults, two ends of an hour and what settles with them included. Run by
/// `cargo test -p rec-e2e --test e2e replay -- --ignored`; with `REC_TEST_VERIFIER` a second build of `rec` compares
/// too, as one made for release or for another machine.
#[tokio::test]
#[ignore = "takes five minutes"]
async fn two_market_hours_with_faults_are_replayed_byte_for_byte() {
    let Some(place) = Place::for_a_desk().await else { return };
    let summary = trade(&place, 150, &["--speed", "60", "--faults", "7"]).await;
    assert!(summary["events_settled"].as_u64() >= Some(2), "{summary:#}");
    let faults = fs::read_to_string(place.state().join("twin/twin-faults.jsonl")).expect("faults are written down");
    assert!(faults.lines().count() >= 20, "a storm: {faults}");
    let (same, report) = verify(&place, "1").await;
    assert_same(&report);
    assert!(same);
    assert_eq!(verify(&place, "4").await, (true, report.clone()), "with more threads");
    if let Some(program) = std::env::var_os("REC_TEST_VERIFIER") {
        assert_eq!(verify_by(program, &place).await, (true, report), "by another build");
    }
}
