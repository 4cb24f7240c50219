//! Two desks on one database: one leads, and the other takes over only when it is told to.

use std::time::Duration;

use rec_api::{DeskApi as _, HttpDesk, ServiceToken};
use rec_domain::{Service, desk_view::DeskView};
use rec_e2e::processes;
use rustix::process::Signal;

use crate::support::{Apart, Place};

/// trade-manager of another desk with the first one's database.
fn second(apart: &Apart, place: &Place, take_over: bool) -> std::process::Command {
    let (_, sockets) = processes::postmaster(apart.place.state()).expect("it runs");
    let clock = &apart.config.clock;
    let mut set = vec![
        format!("database.host={sockets}"),
        format!("database.name={}", apart.config.database.name),
        format!("clock.speed={}", clock.speed),
    ];
    set.extend(clock.market_origin.map(|origin| format!("clock.market_origin={origin}")));
    set.extend(clock.wall_origin.map(|origin| format!("clock.wall_origin={origin}")));
    let mut arguments = vec!["run", "trade-manager"];
    if take_over {
        arguments.push("--take-over");
    }
    for setting in &set {
        arguments.extend(["--set", setting]);
    }
    place.command(&arguments)
}

async fn view_of(place: &Place) -> Option<DeskView> {
    let token = std::fs::read_to_string(place.state().join("service-token")).ok()?;
    let url = format!("http://127.0.0.1:{}", place.port("trade-manager").await);
    let desk = HttpDesk::new(&url, ServiceToken::new(&token), Duration::from_secs(1)).expect("a client");
    desk.view().await.ok().map(|view| *view)
}

#[tokio::test]
async fn a_second_desk_waits_takes_over_when_it_is_told_and_the_first_waits_until_it_has_gone() {
    let Some(mut apart) = Apart::start().await else { return };
    let first = apart.view().await.epoch;
    let place = Place::for_commands();

    let mut waits = place.start_command(second(&apart, &place, false));
    waits.await_said(|text| text.contains("waiting for the lease").then_some(())).await;
    assert_eq!(apart.view().await.epoch, first, "the first one leads on");
    waits.signal(Signal::TERM);
    waits.end(Duration::from_secs(20)).await;

    let mut takes = place.start_command(second(&apart, &place, true));
    let leads = async |_: &Apart| view_of(&place).await.is_some_and(|view| view.epoch == first + 1);
    apart.until("the second one leads", leads).await;
    let out = async |apart: &Apart| {
        let health = apart.health(Service::TradeManager).await;
        !health.healthy && format!("{:?}", health.checks).contains("held by")
    };
    apart.until("the first one waits", out).await;

    // It gives the lease up in order, and the first one goes on.
    takes.signal(Signal::TERM);
    takes.end(Duration::from_secs(20)).await;
    let again = async |apart: &Apart| apart.view().await.epoch == first + 2;
    apart.until("the first one leads again", again).await;
    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
}
