//! A desk whose configured database is down when it starts.

use std::time::{Duration, Instant};

use rec_store::cluster::{Cluster, ClusterOptions};
use rustix::process::Signal;

use crate::support::{
    Apart,
    trading::{opened, tradable, trade},
};

/// Longer than a desk tries to connect.
const REFUSED_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_desk_whose_database_is_down_says_so_and_ends_and_with_the_database_nothing_is_lost() {
    let mut server = None;
    let started = Apart::start_changed(&["twin"], async |place, _said, command| {
        let options = ClusterOptions { sync_new_data: false, ..ClusterOptions::new(place.folder().join("server")) };
        let cluster = Cluster::start(options).await.expect("Postgres starts");
        cluster.ensure_database("rec").await.expect("a database");
        let sockets = cluster.connect_options("rec").get_socket().cloned().expect("it has a socket");
        let settings = [format!("database.host={}", sockets.display()), "database.sslmode=disable".to_owned()];
        for setting in &settings {
            command.args(["--set", setting]);
        }
        server = Some((cluster, settings));
    });
    let Some(mut apart) = started.await else { return };
    let (mut cluster, settings) = server.expect("it was started");
    let mut arguments: Vec<&str> = apart.arguments.iter().map(String::as_str).collect();
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    assert!(!apart.place.state().join("postgres").exists(), "it has no database of its own");

    let exchange = apart.exchange();
    let market = tradable(&exchange).await.into_iter().next().expect("markets are traded");
    opened(&mut apart, &market).await;
    let holds = async |apart: &Apart| trade(apart).await.is_some_and(|trade| trade.held().is_positive());
    apart.until("a contract is held", holds).await;
    let held = trade(&apart).await.expect("held");
    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
    cluster.stop().await.expect("it ends");

    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let began = Instant::now();
    let refused = apart.place.run(&words).await;
    refused.assert_refused(&["the database does not answer", &settings[0]["database.host=".len()..], "database"]);
    assert!(began.elapsed() < REFUSED_WITHIN, "it took {:?}", began.elapsed());
    assert!(!refused.out.contains("open http"), "no page of a desk without books: {refused:?}");

    let options = ClusterOptions { sync_new_data: false, ..ClusterOptions::new(apart.place.folder().join("server")) };
    cluster = Cluster::start(options).await.expect("Postgres starts again");
    apart.arguments = arguments;
    apart.start_again().await;
    let clean = async |apart: &Apart| apart.view().await.reconciliation.is_some_and(|last| last.is_clean());
    apart.until("books and exchange agree", clean).await;
    let kept = trade(&apart).await.expect("the trade is there");
    assert_eq!((kept.id, kept.held(), kept.entry_cost), (held.id, held.held(), held.entry_cost));
    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
    cluster.stop().await.expect("it ends");
}
