//! Processes that are joined by a real server; each bus stands for a process.

use std::time::Duration;

use rec_domain::{
    Service, Timestamp,
    bus_event::{BusEvent, EntryState, EntryStatus, Topic},
    health::{HealthReport, ServiceHealth},
    outbox::{DeskEvent, OutboxEvent},
};

use super::*;
use crate::{Bus as _, Delivery, Subscription, testing::NatsServer};

/// How long anything may take on a loaded machine.
const SOON: Duration = Duration::from_secs(20);

const ENTRY: Feed = Feed { from: Service::AutoEntrySupervisor, topic: Topic::Entry };
const OUTBOX: Feed = Feed { from: Service::DbPoller, topic: Topic::Outbox };
const HEALTH: Feed = Feed { from: Service::SystemMonitor, topic: Topic::Health };

fn joined(server: &NatsServer, publishes: &[Feed], wants: &[Feed]) -> NatsBus {
    NatsBus::join(options(server, publishes, wants))
}

fn options(server: &NatsServer, publishes: &[Feed], wants: &[Feed]) -> NatsOptions {
    NatsOptions {
        url: server.url(),
        login: None,
        prefix: "rec.test".to_owned(),
        name: "test".to_owned(),
        publishes: publishes.to_vec(),
        wants: wants.to_vec(),
        now: || Timestamp::from_seconds(1),
    }
}

fn entry(considered: u64) -> BusEvent {
    BusEvent::Entry(EntryStatus {
        at: Timestamp::from_seconds(5),
        state: EntryState::Active,
        paused_until: None,
        considered,
        requested: 0,
        refused: Vec::new(),
    })
}

fn happening(number: i64) -> BusEvent {
    let event = DeskEvent::Automation { auto_entry: true, auto_stop: false };
    BusEvent::Outbox(OutboxEvent { number, at: Timestamp::from_seconds(number), event })
}

/// A report of about `bytes` bytes.
fn report(bytes: usize) -> BusEvent {
    let health = ServiceHealth { service: Service::MainApp, healthy: true, checks: Vec::new() };
    let one = serde_json::to_vec(&health).expect("JSON").len() + 1;
    BusEvent::Health(HealthReport { at: Timestamp::from_seconds(1), services: vec![health; bytes / one + 1] })
}

/// What an event says, in a number.
fn number(event: &BusEvent) -> i64 {
    match event {
        BusEvent::Entry(status) => i64::try_from(status.considered).expect("small"),
        BusEvent::Outbox(event) => event.number,
        BusEvent::Health(report) => i64::try_from(report.services.len()).expect("small"),
        other => unreachable!("not published here: {other:?}"),
    }
}

async fn next(subscription: &mut Subscription) -> Delivery {
    tokio::time::timeout(SOON, subscription.recv()).await.expect("an event comes")
}

/// Waits for the event with this number, and gives those before it.
async fn until(subscription: &mut Subscription, wanted: i64) -> Vec<i64> {
    let mut before = Vec::new();
    loop {
        match number(&next(subscription).await.event) {
            found if found == wanted => return before,
            other => before.push(other),
        }
    }
}

async fn until_link(bus: &NatsBus, what: &str, holds: impl Fn(&LinkStatus) -> bool) {
    let looking = async {
        while !holds(&bus.link().status()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, looking).await.unwrap_or_else(|_| panic!("{what}: {:?}", bus.link().status()));
}

async fn until_joined(bus: &NatsBus) {
    until_link(bus, "it does not join", |status| status.away.is_none()).await;
}

#[tokio::test]
async fn a_process_gets_what_it_is_fed_with_in_the_order_of_publishing_and_nothing_else() {
    let Some(server) = NatsServer::start("") else { return };
    let desk = joined(&server, &[ENTRY, OUTBOX], &[]);
    let web = joined(&server, &[], &[OUTBOX, HEALTH]);
    let monitor = joined(&server, &[HEALTH], &[]);
    let mut pages = web.subscribe(&[Topic::Outbox, Topic::Health, Topic::Entry]);
    for bus in [&desk, &web, &monitor] {
        until_joined(bus).await;
    }
    // Happenings are given to those who are there already: the report shows that the page is.
    monitor.publish(report(0));
    assert_eq!(number(&next(&mut pages).await.event), 1);
    let there = async {
        let mut sent = 0;
        loop {
            sent += 1;
            desk.publish(happening(sent));
            if let Ok(first) = tokio::time::timeout(Duration::from_millis(200), pages.recv()).await {
                return (sent, first);
            }
        }
    };
    let (sent, _) = tokio::time::timeout(SOON, there).await.expect("the page is fed");
    (sent + 1..=sent + 500).for_each(|number| desk.publish(happening(number)));
    desk.publish(entry(1));
    let mut got = until(&mut pages, sent + 500).await;
    got.retain(|number| *number > sent);
    assert_eq!(got, (sent + 1..sent + 500).collect::<Vec<_>>());
    assert!(pages.try_recv().is_none() && web.latest(Topic::Entry).is_none(), "the entry state is for others");
    assert_eq!((web.link().status().lost(), desk.link().status().lost()), (0, 0));
}

#[tokio::test]
async fn whoever_comes_late_gets_the_newest_state_and_no_old_happening() {
    let Some(server) = NatsServer::start("") else { return };
    let desk = joined(&server, &[ENTRY, OUTBOX], &[]);
    until_joined(&desk).await;
    desk.publish(entry(1));
    desk.publish(happening(2));
    desk.publish(entry(3));
    until_link(&desk, "it does not send", |status| status.sent >= 3).await;
    let web = joined(&server, &[], &[ENTRY, OUTBOX]);
    let mut pages = web.subscribe(&[Topic::Entry, Topic::Outbox]);
    assert_eq!(number(&next(&mut pages).await.event), 3);
    desk.publish(happening(4));
    assert_eq!(until(&mut pages, 4).await.iter().filter(|number| **number != 3).count(), 0);
}

#[tokio::test]
async fn while_the_server_is_away_the_process_goes_on_and_afterwards_the_others_know_all() {
    let Some(mut server) = NatsServer::start("") else { return };
    let desk = joined(&server, &[ENTRY, OUTBOX], &[]);
    let web = joined(&server, &[], &[ENTRY, OUTBOX]);
    let mut here = desk.subscribe(&[Topic::Entry, Topic::Outbox]);
    let mut there = web.subscribe(&[Topic::Entry, Topic::Outbox]);
    until_joined(&web).await;
    desk.publish(entry(1));
    until(&mut there, 1).await;
    server.stop();
    for bus in [&desk, &web] {
        until_link(bus, "it does not notice", |status| status.away.is_some()).await;
    }
    for number in 2..=9 {
        desk.publish(happening(number));
        desk.publish(entry(u64::try_from(number).expect("small") * 100));
    }
    assert_eq!(until(&mut here, 900).await.len(), 16, "nobody in the process waits for the server");
    assert!(there.try_recv().is_none());
    server.resume();
    // Whichever of the two is back first, the state arrives; what happened arrives when both are.
    until(&mut there, 900).await;
    until_joined(&desk).await;
    assert_eq!(web.latest(Topic::Entry).as_deref(), Some(&entry(900)));
}

#[tokio::test]
async fn what_happens_while_the_server_is_away_is_kept_up_to_a_bound() {
    let Some(mut server) = NatsServer::start("") else { return };
    server.stop();
    let desk = joined(&server, &[OUTBOX], &[]);
    let most = i64::try_from(MOST_HELD).expect("small");
    for number in 1..=most + 10 {
        desk.publish(happening(number));
        // So that the bridge takes them: a burst would be bounded by its queue instead.
        tokio::task::yield_now().await;
    }
    until_link(&desk, "the oldest are dropped", |status| status.dropped >= 10).await;
    server.resume();
    until_link(&desk, "it sends what it kept", |status| status.sent == u64::try_from(most).expect("small")).await;
    assert_eq!(desk.link().status().dropped, 10);
}

#[tokio::test]
async fn an_event_that_is_too_large_is_left_out_counted_and_no_gap_to_others() {
    let Some(server) = NatsServer::start("max_payload: 4096") else { return };
    let monitor = joined(&server, &[HEALTH], &[]);
    let web = joined(&server, &[], &[HEALTH]);
    let mut pages = web.subscribe(&[Topic::Health]);
    for bus in [&monitor, &web] {
        until_joined(bus).await;
    }
    monitor.publish(report(0));
    until(&mut pages, 1).await;
    monitor.publish(report(8_000));
    until_link(&monitor, "it is left out", |status| status.too_large == 1).await;
    let small = report(500);
    monitor.publish(small.clone());
    until(&mut pages, number(&small)).await;
    assert_eq!(web.link().status().missed, 0);
    assert_eq!(monitor.link().status().connected, 1, "the server did not throw it out");
}

#[tokio::test]
async fn a_wrong_password_is_said_and_the_right_one_joins() {
    let Some(server) = NatsServer::start("authorization { user: rec, password: \"planted-secret\" }") else { return };
    let login = |password: &str| Some(("rec".to_owned(), Password::new(password)));
    let stranger = NatsBus::join(NatsOptions { login: login("wrong"), ..options(&server, &[HEALTH], &[]) });
    let known = NatsOptions { login: login("planted-secret"), ..options(&server, &[], &[HEALTH]) };
    assert!(!format!("{known:?}").contains("planted"));
    let known = NatsBus::join(known);
    until_joined(&known).await;
    let refused = |status: &LinkStatus| status.away.as_deref().is_some_and(|why| why.contains("authorization"));
    until_link(&stranger, "the refusal is said", refused).await;
}

#[tokio::test]
async fn a_server_that_stands_still_is_noticed() {
    let Some(server) = NatsServer::start("") else { return };
    let desk = joined(&server, &[ENTRY], &[]);
    until_joined(&desk).await;
    let pid = server.pid().expect("it runs").to_string();
    let signal = |name: &str| {
        let done = std::process::Command::new("kill").args([name, &pid]).status().expect("kill runs");
        assert!(done.success());
    };
    signal("-STOP");
    until_link(&desk, "the silence is noticed", |status| status.away.is_some()).await;
    signal("-CONT");
    until_joined(&desk).await;
}
