//! Two desks on one database: one leads, and the other takes over only when it is told to.

use std::time::Duration;

use rec_api::{DeskApi as _, HttpDesk, ServiceToken};
use rec_domain::{
    DecisionId, Price, Service,
    command::{CloseRequest, DeskCommand, DeskReply, DeskRequest},
    desk_view::DeskView,
    trade::{Origin, Trade},
};
use rec_e2e::{processes, twin_journal::times_accepted};
use rec_kalshi::rest::PositionsQuery;
use rustix::process::Signal;

use crate::support::{
    Apart, Place,
    trading::{opened, tradable, trade},
};

/// Another desk, or a part of one, with the first one's database, exchange, keys and model.
fn second(apart: &Apart, place: &Place, words: &[&str]) -> std::process::Command {
    let (_, sockets) = processes::postmaster(apart.place.state()).expect("it runs");
    let config = &apart.config;
    let mut set = vec![
        format!("database.host={sockets}"),
        format!("database.name={}", config.database.name),
        format!("clock.speed={}", config.clock.speed),
        format!("exchange.rest_url={}", config.exchange.rest_url),
        format!("exchange.ws_url={}", config.exchange.ws_url),
        format!("exchange.credentials_path={}", apart.place.state().join("credentials/twin").display()),
        format!("spot.rest_url={}", config.spot.rest_url),
        format!("spot.ws_url={}", config.spot.ws_url),
        format!("model.fingerprint_dir={}", config.model.fingerprint_dir.display()),
    ];
    set.extend(config.clock.market_origin.map(|origin| format!("clock.market_origin={origin}")));
    set.extend(config.clock.wall_origin.map(|origin| format!("clock.wall_origin={origin}")));
    let mut arguments = words.to_vec();
    for setting in &set {
        arguments.extend(["--set", setting]);
    }
    place.command(&arguments)
}

async fn desk_of(place: &Place, patience: Duration) -> Option<HttpDesk> {
    let token = std::fs::read_to_string(place.state().join("service-token")).ok()?;
    let url = format!("http://127.0.0.1:{}", place.port("trade-manager").await);
    Some(HttpDesk::new(&url, ServiceToken::new(&token), patience).expect("a client"))
}

async fn view_of(place: &Place) -> Option<DeskView> {
    desk_of(place, Duration::from_secs(1)).await?.view().await.ok().map(|view| *view)
}

/// Closes a trade at any price.
fn close(apart: &Apart, trade: &Trade) -> DeskRequest {
    let command = DeskCommand::Close(CloseRequest {
        trade: trade.id,
        limit: Price::from_cents(1),
        origin: Origin::Manual,
        reason: "a test".to_owned(),
        decided_at: apart.clock().now(),
    });
    DeskRequest { decision: DecisionId::from_uuid(uuid::Uuid::new_v4()), requester: "operator".to_owned(), command }
}

async fn first_waits(apart: &mut Apart) {
    let out = async |apart: &Apart| {
        let health = apart.health(Service::TradeManager).await;
        !health.healthy && format!("{:?}", health.checks).contains("held by")
    };
    apart.until("the first one waits", out).await;
}

#[tokio::test]
async fn a_second_desk_waits_takes_over_when_it_is_told_and_the_first_waits_until_it_has_gone() {
    let Some(mut apart) = Apart::start().await else { return };
    let first = apart.view().await.epoch;
    let place = Place::for_commands();

    let mut waits = place.start_command(second(&apart, &place, &["run", "trade-manager"]));
    waits.await_said(|text| text.contains("waiting for the lease").then_some(())).await;
    assert_eq!(apart.view().await.epoch, first, "the first one leads on");
    waits.signal(Signal::TERM);
    waits.end(Duration::from_secs(20)).await;

    let mut takes = place.start_command(second(&apart, &place, &["run", "trade-manager", "--take-over"]));
    let leads = async |_: &Apart| view_of(&place).await.is_some_and(|view| view.epoch == first + 1);
    apart.until("the second one leads", leads).await;
    first_waits(&mut apart).await;

    // It gives the lease up in order, and the first one goes on.
    takes.signal(Signal::TERM);
    takes.end(Duration::from_secs(20)).await;
    let again = async |apart: &Apart| apart.view().await.epoch == first + 2;
    apart.until("the first one leads again", again).await;
    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
}

/// It stands still with a trade open, and is asked to close it. The desk that takes over closes it meanwhile; when the
/// first one goes on, the question is the first thing that it hears.
#[tokio::test]
async fn a_desk_that_stood_still_while_another_took_over_sends_nothing_more() {
    let Some(mut apart) = Apart::start().await else { return };
    let exchange = apart.exchange();
    let market = tradable(&exchange).await.into_iter().next().expect("markets are traded");
    opened(&mut apart, &market).await;
    let holds = async |apart: &Apart| trade(apart).await.is_some_and(|trade| trade.held().is_positive());
    apart.until("a contract is held", holds).await;
    let (held, epoch) = (trade(&apart).await.expect("held"), apart.view().await.epoch);
    let stands_still = desk_of(&apart.place, Duration::from_secs(90)).await.expect("it ran");

    apart.desk.signal(Signal::STOP);
    let late = close(&apart, &held);
    let asked = tokio::spawn(async move { stands_still.request(late).await });
    let place = Place::for_commands();
    let mut takes = place.start_command(second(&apart, &place, &["up", "--take-over"]));
    let _link = takes.link().await;
    let leads = view_of(&place).await.expect("it leads");
    assert_eq!(leads.epoch, epoch + 1);
    let its: Vec<_> = leads.trades.iter().map(|trade| (trade.id, trade.held())).collect();
    assert_eq!(its, [(held.id, held.held())], "it found the trade in the books");
    assert!(!asked.is_finished(), "the first one has not even heard the question");

    let desk = desk_of(&place, Duration::from_secs(10)).await.expect("it leads");
    let closed = desk.request(close(&apart, &held)).await.expect("an answer");
    assert!(matches!(closed, DeskReply::Accepted { .. }), "{closed:?}");
    let flat = async |_: &Apart| view_of(&place).await.is_some_and(|view| view.trades.is_empty());
    apart.until("the second one has closed the trade", flat).await;
    let sent = times_accepted(apart.place.state());
    assert_eq!(sent.values().copied().collect::<Vec<_>>(), [1, 1], "one order in, one out: {sent:?}");

    apart.desk.signal(Signal::CONT);
    let answer = tokio::time::timeout(Duration::from_secs(60), asked).await.expect("it goes on").expect("no panic");
    assert!(!matches!(answer, Ok(DeskReply::Accepted { .. })), "it has no lease to accept anything with: {answer:?}");
    first_waits(&mut apart).await;
    let asked_at = apart.clock().now();
    let agrees = async |_: &Apart| {
        let last = view_of(&place).await.and_then(|view| view.reconciliation);
        last.is_some_and(|last| last.is_clean() && last.as_of > asked_at)
    };
    apart.until("books and exchange agree after the first one went on", agrees).await;
    assert_eq!(times_accepted(apart.place.state()), sent, "nothing was sent since, and nothing twice");
    let left = exchange.positions(&PositionsQuery { open_only: true, ..PositionsQuery::default() }).all().await;
    assert!(left.expect("the exchange answers").iter().all(|row| row.position.is_zero()));

    takes.signal(Signal::INT);
    assert_eq!(takes.end(Duration::from_secs(20)).await.code(), Some(0), "{}", takes.complained());
    let again = async |apart: &Apart| apart.view().await.epoch == epoch + 2;
    apart.until("the first one leads again", again).await;
    assert!(apart.view().await.trades.is_empty(), "it read the books anew");
    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
}
