//! Wrong input that takes a whole desk: disks that are full or cannot be written, a clock that is an hour off, a second
//! desk on one database. `docs/WRONG_INPUT.md` names these tests.

use std::time::{Duration, Instant};

use rec_domain::{TimeSpan, Timestamp};
use rec_e2e::{processes, twin_journal::times_accepted};
use rustix::process::Signal;
use serde_json::json;

use crate::support::{Desk, Place, control::Control, finish, small_disk::SmallDisk, web};

/// Services that cannot be healthy without the database.
const NEED_IT: [&str; 5] = ["trade-manager", "trade-executor", "main-app", "db-poller", "kalshi-account-sync"];

/// How long anything may take on a loaded machine.
const WITHIN: Duration = Duration::from_secs(90);

/// What a service says of its health, with the status; empty while nobody answers.
async fn health(place: &Place, service: &str) -> String {
    let url = format!("http://127.0.0.1:{}/health", place.port(service).await);
    match web::try_ask(reqwest::Method::GET, &url, "").await {
        Some(answer) => format!("{} {}", answer.status.as_u16(), answer.text),
        None => String::new(),
    }
}

/// Waits until a service's health is as it should be, and gives it.
async fn until(place: &Place, desk: &mut Desk, service: &str, what: &str, holds: impl Fn(&str) -> bool) -> String {
    let began = Instant::now();
    loop {
        let said = health(place, service).await;
        if holds(&said) {
            return said;
        }
        assert!(desk.runs(), "it ended: {}{}", desk.said(), desk.complained());
        assert!(began.elapsed() < WITHIN, "{service} is not {what}: {said}\n{}", desk.complained());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn until_all_well(place: &Place, desk: &mut Desk) {
    for service in NEED_IT {
        until(place, desk, service, "well", |said| said.starts_with("200")).await;
    }
}

fn log_of(place: &Place) -> String {
    let files = std::fs::read_dir(place.state().join("log")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
}

#[tokio::test]
async fn a_full_disk_under_logs_journals_and_postgres_stops_entries_and_with_room_the_books_agree() {
    let Some(place) = Place::for_a_desk().await else { return };
    let Some(disk) = SmallDisk::at(place.state(), 400) else { return };
    let Some(_of_the_exchange) = SmallDisk::at(&place.state().join("twin"), 100) else { return };
    let config = place.folder().join("small.toml");
    let reserve = "[journal]\nreserve_megabytes = 1\n[recorder.keep]\nreserve_megabytes = 1\n";
    std::fs::write(&config, reserve).expect("our own folder");
    let config = config.to_str().expect("text");
    let mut desk = place.start(&["demo", "--seed", "3", "--config", config]);
    let _link = desk.link().await;
    until_all_well(&place, &mut desk).await;

    disk.fill();
    until(&place, &mut desk, "trade-manager", "told of its journal", |said| {
        said.starts_with("503") && said.contains("journal of desk")
    })
    .await;
    // Postgres goes on in the pages that it has, until a table wants one more.
    until(&place, &mut desk, "kalshi-account-sync", "told by Postgres", |said| {
        said.starts_with("503") && said.contains("No space left on device")
    })
    .await;
    let logged = log_of(&place).len();
    assert!(desk.runs(), "{}", desk.complained());

    disk.make_room();
    until_all_well(&place, &mut desk).await;
    assert!(log_of(&place).len() >= logged, "logs go on");
    desk.signal(Signal::INT);
    assert_eq!(desk.end(Duration::from_secs(30)).await.code(), Some(0), "{}", desk.complained());
    let mut again = place.start(&["demo", "--resume", "--config", config, "--for", "15s", "--json"]);
    let (_, summary) = again.summary(Duration::from_secs(150)).await;
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");
    assert!(times_accepted(place.state()).values().all(|times| *times == 1), "sent more than once");
}

#[tokio::test]
async fn a_full_disk_under_the_twin_makes_it_stand_still_and_with_room_its_world_goes_on() {
    let Some(place) = Place::for_a_desk().await else { return };
    let Some(disk) = SmallDisk::at(&place.state().join("twin"), 4) else { return };
    let mut desk = place.start(&["demo", "--seed", "3", "--control"]);
    let _link = desk.link().await;
    until_all_well(&place, &mut desk).await;
    disk.fill();
    // The journal's last page has some room yet: whatever changes the world takes a line of it.
    let (control, nothing_much) =
        (Control::of(&desk), json!({"world": {"kind": "index_gap", "index_id": "BRTI", "lasts": 1}}));
    let mut changes = 0;
    let refused = loop {
        let (status, text) = control.attempt(&nothing_much).await;
        if !status.is_success() {
            break text;
        }
        changes += 1;
        assert!(changes < 1_000, "a page takes no thousand lines");
    };
    assert!(refused.contains("journal_not_written"), "{refused}");
    until(&place, &mut desk, "price-watchdog", "without prices", |said| said.starts_with("503")).await;
    assert!(log_of(&place).contains("the twin stands still"), "it says why");
    assert!(desk.runs(), "{}", desk.complained());
    desk.signal(Signal::KILL);
    desk.end(Duration::from_secs(10)).await;

    disk.make_room();
    let mut again = place.start(&["demo", "--resume", "--for", "20s", "--json"]);
    let (_, summary) = again.summary(Duration::from_secs(150)).await;
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");
    assert!(times_accepted(place.state()).values().all(|times| *times == 1), "sent more than once");
}

#[tokio::test]
async fn a_home_that_cannot_be_written_is_no_hindrance_and_a_state_folder_there_is_named() {
    let Some(place) = Place::for_a_desk().await else { return };
    let home = place.folder().join("home");
    let Some(_disk) = SmallDisk::read_only(&home) else { return };
    let mut desk = place.start(&["demo", "--for", "5s", "--json"]);
    let (_, summary) = desk.summary(Duration::from_secs(150)).await;
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");

    let inside = home.join("state");
    let mut command = place.bare_command(&["demo", "--state-dir"]);
    command.arg(&inside).args(["--port-base", &place.port_base.to_string()]);
    finish(command).await.assert_refused(&[inside.to_str().expect("text"), "Read-only"]);
    let made = finish(place.bare_command(&["config", "init"])).await;
    made.assert_refused(&[home.to_str().expect("text")]);
}

#[tokio::test]
async fn configuration_that_is_no_text_or_has_no_end_is_named() {
    let place = Place::for_commands();
    let file = place.folder().join("wrong.toml");
    let named = file.to_str().expect("text");
    for content in
        [b"mode = \"tw\xff\"\n".to_vec(), b"mode = \"twin\"\0\n".to_vec(), vec![b'['; 100_000], vec![b'#'; 2 << 20]]
    {
        std::fs::write(&file, content).expect("our own folder");
        finish(place.bare_command(&["config", "check", "--config", named])).await.assert_refused(&["wrong.toml"]);
    }
    place.run(&["config", "check", "--config", "/"]).await.assert_refused(&["/"]);
}

/// The clock that `rec twin` says a desk needs, as options.
async fn clock_of(twin: &mut Desk) -> Vec<String> {
    twin.await_said(|text| {
        let line = text.lines().find(|line| line.starts_with("desk "))?;
        Some(line.split_whitespace().skip(3).map(str::to_owned).collect())
    })
    .await
}

#[tokio::test]
async fn a_desk_whose_clock_is_an_hour_off_does_not_start_and_says_why() {
    starts_not_when_off_by(60).await;
}

#[tokio::test]
#[ignore = "half a minute; what the normal suite shows ahead of the exchange, behind it"]
async fn a_desk_whose_clock_is_an_hour_behind_does_not_start_either() {
    starts_not_when_off_by(-60).await;
}

async fn starts_not_when_off_by(minutes: i64) {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut twin = place.start(&["twin", "--speed", "30"]);
    let mut clock = clock_of(&mut twin).await;
    let origin = clock.iter().position(|word| word == "--market-origin").expect("rec twin says it") + 1;
    let right: Timestamp = clock[origin].parse().expect("an instant");
    clock[origin] = (right + TimeSpan::from_minutes(minutes)).to_string();
    let mut desk = place.start(&["up"].into_iter().chain(clock.iter().map(String::as_str)).collect::<Vec<_>>());
    assert_eq!(desk.end(WITHIN).await.code(), Some(1), "{}", desk.complained());
    let complained = desk.complained();
    assert!(complained.contains("not healthy") && complained.contains("kalshi-account-sync"), "{complained}");
    let log = log_of(&place);
    assert!(log.contains("header_timestamp_expired"), "the exchange's reason is in the log: {log}");
    assert!(times_accepted(place.state()).is_empty(), "{:?}", times_accepted(place.state()));
    assert!(twin.runs());
}

#[tokio::test]
async fn a_second_desk_on_one_database_waits_for_the_lease_and_sends_nothing() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut twin = place.start(&["twin"]);
    let clock = clock_of(&mut twin).await;
    let up: Vec<&str> = ["up"].into_iter().chain(clock.iter().map(String::as_str)).collect();
    let mut first = place.start(&up);
    let _link = first.link().await;
    until(&place, &mut first, "trade-manager", "well", |said| said.starts_with("200")).await;
    let led = until(&place, &mut first, "trade-manager", "leading", |said| said.contains("epoch ")).await;

    let Some(other) = Place::for_a_desk().await else { return };
    let (_, socket) = processes::postmaster(place.state()).expect("Postgres runs");
    let mut command = other.command(&up);
    let port = |number: u16| format!("http://127.0.0.1:{number}");
    let (exchange, spot) = (place.setting("twin.port").await, place.setting("twin.spot_port").await);
    command
        .env("REC_DB_HOST", &socket)
        .env("REC_DB_SSLMODE", "disable")
        .env("REC_KALSHI_BASE_URL", format!("{}/trade-api/v2", port(exchange)))
        .env("REC_KALSHI_WS_URL", format!("ws://127.0.0.1:{exchange}/trade-api/ws/v2"))
        .env("REC_COINBASE_BASE_URL", port(spot))
        .env("REC_CREDENTIALS_PATH", place.state().join("credentials/twin"))
        .env("REC_SPOT_WS_URL", format!("ws://127.0.0.1:{spot}"));
    let mut second = other.start_command(command);
    let waits = |said: &str| said.starts_with("503") && said.contains("held by");
    until(&other, &mut second, "trade-manager", "waiting for the lease", waits).await;
    // Longer than the lease holds without renewal.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(15) {
        let said = health(&other, "trade-manager").await;
        assert!(waits(&said), "{said}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let epoch =
        |said: &str| said.split("epoch ").nth(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned());
    let now = health(&place, "trade-manager").await;
    assert_eq!((now.starts_with("200"), epoch(&now)), (true, epoch(&led)), "{now}");
    assert!(first.runs() && second.runs());
}
