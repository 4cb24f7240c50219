//! `--series` and `--day-ahead`: an exchange that lists more than the desk follows.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use crate::support::{Place, web};

/// From the end of a demo's time to the end of its process.
const ENDING: Duration = Duration::from_secs(60);

/// What each row of a list has under a name.
fn each(list: &Value, name: &str) -> BTreeSet<String> {
    let rows = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    rows.iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn the_series_that_are_asked_for_are_listed_and_tomorrows_events_today() {
    let place = Place::for_commands();
    let unknown = place.run(&["twin", "--series", "KXSOL"]).await;
    unknown.assert_refused(&["no series KXSOL", "KXBTCD, KXBTC,"]);

    let mut twin = place.start(&["twin", "--series", "KXBTCD,KXETH15M", "--day-ahead"]);
    let rest_url = twin
        .await_said(|text| {
            let line = text.lines().find(|line| line.starts_with("exchange "))?;
            line.split_whitespace().nth(1).map(str::to_owned)
        })
        .await;
    let series = web::get(&format!("{rest_url}/series?category=Crypto"), "").await.json();
    let wanted = ["KXBTCD", "KXETH15M"].map(str::to_owned);
    assert_eq!(each(&series["series"], "ticker"), BTreeSet::from(wanted.clone()));
    let open = web::get(&format!("{rest_url}/events?status=open&limit=200"), "").await.json();
    assert_eq!(each(&open["events"], "series_ticker"), BTreeSet::from(wanted), "one of each is open");
    let waiting = web::get(&format!("{rest_url}/events?status=unopened&series_ticker=KXBTCD&limit=200"), "").await;
    assert!(each(&waiting.json()["events"], "event_ticker").len() > 24, "the rest of today, and all of tomorrow");
}

#[tokio::test]
async fn a_desk_trades_as_before_where_every_series_is_listed_a_day_ahead() {
    let Some(place) = Place::for_a_desk().await else { return };
    let arguments = ["--series", "all", "--day-ahead", "--speed", "60", "--for", "40s", "--seed", "3", "--json"];
    let mut desk = place.start(&[&["demo"][..], &arguments].concat());
    let (_status, summary) = desk.summary(Duration::from_secs(40) + ENDING).await;
    assert!(summary["fills"].as_u64() >= Some(1), "{summary:#}");
    assert_eq!((&summary["ledger_agrees"], &summary["all_healthy"]), (&true.into(), &true.into()), "{summary:#}");
}
