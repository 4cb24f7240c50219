//! Every event of the desk is published at least once.

use rec_domain::{Service, halt::HaltSource, outbox::DeskEvent, row::Row};

use super::{Leader, now, sample};

fn event(reason: &str) -> DeskEvent {
    DeskEvent::Halted { source: HaltSource::Operator, reason: reason.to_owned() }
}

#[tokio::test]
async fn events_wait_while_nobody_publishes_them() {
    let Some(leader) = Leader::new().await else { return };
    let outbox = leader.as_service(Service::DbPoller).await.outbox();
    let rows = ["a", "b", "c"].map(|reason| Row::Event(event(reason))).to_vec();
    leader.desk.commit(&sample::commit(leader.lease.epoch(), 1, rows)).await;
    assert_eq!(outbox.waiting().await.expect("counted"), 3);

    let batch = outbox.take_unpublished(2).await.expect("taken");
    assert_eq!(batch.events.iter().map(|e| e.event.clone()).collect::<Vec<_>>(), [event("a"), event("b")]);
    assert_eq!(batch.events[0].at, now());
    let other = outbox.take_unpublished(10).await.expect("taken");
    assert_eq!(other.events.len(), 1, "nobody takes what another one is publishing");
    drop(other);
    batch.published().await.expect("marked");

    let rest = outbox.take_unpublished(10).await.expect("taken");
    assert_eq!(rest.events.iter().map(|e| e.event.clone()).collect::<Vec<_>>(), [event("c")]);
    rest.published().await.expect("marked");
    assert_eq!(outbox.waiting().await.expect("counted"), 0);

    let pages = leader.as_service(Service::MainApp).await.pages();
    let last: Vec<_> = pages.events(2).await.expect("read").into_iter().map(|e| (e.at, e.event)).collect();
    assert_eq!(last, [(now(), event("c")), (now(), event("b"))], "pages show them after they were published, too");
}
