//! `rec reconcile` beside a desk that runs, and without one.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::Apart;

#[tokio::test]
async fn books_are_compared_anew_by_a_desk_that_runs_and_without_its_answer_the_stored_comparison_is_said() {
    let Some(mut apart) = Apart::start().await else { return };
    let compared = apart.place.run(&["reconcile", "--json"]).await;
    assert_eq!(compared.code, Some(0), "{compared:?}");
    let report: Value = serde_json::from_str(&compared.out).expect("JSON");
    assert_eq!(
        (report["source"].as_str(), report["clean"].as_bool()),
        (Some("running_desk"), Some(true)),
        "{report:#}"
    );
    let cash = report["comparison"]["compared"]["cash"].as_array().expect("every shard");
    assert!(cash.iter().any(|shard| shard["exchange_index"] == 2 && shard["ours"] == shard["theirs"]), "{report:#}");

    let adjust = ["reconcile", "adjust", "--shard", "2", "--amount", "-5", "--reason", "nothing differs"];
    apart.place.run(&adjust).await.assert_refused(&["nothing was posted", "adjustment"]);

    // One that stands still may have traded since: what the database has is no comparison of now.
    apart.desk.signal(Signal::STOP);
    let silent = apart.place.run(&["reconcile"]).await;
    silent.assert_failed(&["the desk did not answer: the stored comparison", "NOT clean"]);
    apart.desk.signal(Signal::CONT);

    apart.desk.signal(Signal::INT);
    apart.desk.end(Duration::from_secs(30)).await;
    let stored = apart.place.run(&["reconcile"]).await;
    assert_eq!(stored.code, Some(0), "{stored:?}");
    assert!(stored.out.contains("no desk runs: the stored comparison"), "{stored:?}");
}
