//! The guard, when the desk stands still.

use std::time::{Duration, Instant};

use rec_domain::{
    OrderGroupId, Price,
    command::{CloseRequest, DeskCommand, DeskReply},
    halt::HaltSource,
    refusal::RefusalCode,
    trade::Origin,
};
use rec_e2e::processes;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    database::children,
    support::{
        Apart,
        trading::{open, opened, probe, tradable, trade},
    },
};

/// How long the guard is patient, in wall time: its production limit.
const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn the_guard_trips_the_entry_group_of_a_desk_that_stands_still_and_the_desk_finds_it_tripped() {
    let Some(mut apart) = Apart::start().await else { return };
    let exchange = apart.exchange();
    let markets = tradable(&exchange).await;
    let [held, other, ..] = markets.as_slice() else { panic!("too few markets to trade: {markets:?}") };
    opened(&mut apart, held).await;
    apart
        .until("a contract is held", async |apart| trade(apart).await.is_some_and(|trade| trade.held().is_positive()))
        .await;
    let bought = trade(&apart).await.expect("held");

    let stopped = Instant::now();
    apart.desk.signal(Signal::STOP);
    let group = tripped_group(&apart, stopped, 2 * PATIENCE).await;
    let took = stopped.elapsed();
    assert!(took >= PATIENCE - Duration::from_secs(1), "the guard has to be patient: {took:?}");
    assert!(took < PATIENCE + Duration::from_secs(8), "it took {took:?}");
    let groups = exchange.order_groups(None).await.expect("the exchange answers");
    let [one, another] = groups.as_slice() else { panic!("an entry group and an exit group: {groups:?}") };
    let exit = if one.id == group { another } else { one };
    assert!(groups.iter().any(|known| known.id == group), "{group} is none of {groups:?}");

    // The exchange itself refuses in the group for entries, and only there.
    let refused = probe(&apart, &exchange, other, &group).await.expect_err("the entry group is tripped");
    assert!(refused.to_string().contains("order_group_triggered"), "{refused}");
    probe(&apart, &exchange, other, &exit.id).await.expect("the exit group is not");

    // A trip while the desk is cut off is told to nobody: it finds out by the first order that is refused, which it
    // sends when it has compared its books.
    apart.desk.signal(Signal::CONT);
    let noticed = async |apart: &Apart| {
        let _refused_here_or_there = apart.ask(open(apart, other)).await;
        apart.view().await.halts.iter().any(|halt| halt.source == HaltSource::OrderGroup)
    };
    apart.until("the desk finds its group tripped", noticed).await;
    let entered = apart.ask(open(&apart, other)).await;
    let DeskReply::Refused(refusal) = entered else { panic!("an entry was taken: {entered:?}") };
    assert!(matches!(refusal.code, RefusalCode::Halted | RefusalCode::OrderGroup), "{refusal}");
    let bought_other =
        apart.view().await.trades.iter().any(|trade| trade.ticker == other.ticker && trade.held().is_positive());
    assert!(!bought_other, "nothing was bought with a tripped group");
    let close = DeskCommand::Close(CloseRequest {
        trade: bought.id,
        limit: Price::from_units(100),
        origin: Origin::Manual,
        reason: "a test".to_owned(),
        decided_at: apart.clock().now(),
    });
    let closing = apart.ask(close).await;
    assert!(matches!(closing, DeskReply::Accepted { .. }), "an exit is never refused: {closing:?}");
    apart.until("the trade is closed", async |apart| trade(apart).await.is_none()).await;
    let clean = async |apart: &Apart| apart.view().await.reconciliation.is_some_and(|last| last.is_clean());
    apart.until("books and exchange agree", clean).await;

    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
}

/// Ten seconds for the lease and fifteen for the guard, and afterwards entries wait for a person.
#[tokio::test]
#[ignore = "takes a minute"]
async fn a_postgres_that_stands_still_silences_the_desk_whose_group_is_tripped_and_with_it_all_goes_on() {
    let Some(mut apart) = Apart::start().await else { return };
    let exchange = apart.exchange();
    let markets = tradable(&exchange).await;
    let [market, ..] = markets.as_slice() else { panic!("nothing to trade: {markets:?}") };
    let clean = async |apart: &Apart| apart.view().await.reconciliation.is_some_and(|last| last.is_clean());
    apart.until("books and exchange agree", clean).await;

    let (server, _) = processes::postmaster(apart.place.state()).expect("it runs");
    let of_server: Vec<Pid> = children(server).into_iter().chain([server]).collect();
    let signal = |signal| {
        for process in &of_server {
            let _may_have_ended = kill_process(*process, signal);
        }
    };
    let stopped = Instant::now();
    signal(Signal::STOP);
    tripped_group(&apart, stopped, 3 * PATIENCE).await;
    let took = stopped.elapsed();
    // The last renewal and the last heartbeat may each lie a little back.
    assert!(took >= PATIENCE + Duration::from_secs(5), "the lease held for ten seconds: {took:?}");
    signal(Signal::CONT);

    let noticed = async |apart: &Apart| {
        let _refused_here_or_there = apart.ask(open(apart, market)).await;
        apart.view().await.halts.iter().any(|halt| halt.source == HaltSource::OrderGroup)
    };
    apart.until("the desk leads again and finds its group tripped", noticed).await;
    apart.until("books and exchange agree again", clean).await;
    assert_eq!(apart.command(&["resume", "--reason", "it is back", "--order-group"]).await.code, Some(0));
    let entered = async |apart: &Apart| matches!(apart.ask(open(apart, market)).await, DeskReply::Accepted { .. });
    apart.until("entries go on", entered).await;
    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
}

/// The group that the guard says it has tripped and looked at.
async fn tripped_group(apart: &Apart, stopped: Instant, within: Duration) -> OrderGroupId {
    let log = apart.place.state().join("guard.log");
    loop {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let said = text.lines().find_map(|line| line.split_once("entry group ")?.1.split_once(" is tripped"));
        let named = text.lines().find_map(|line| line.split_once("entry group ")?.1.split_once(' ')).map(|(id, _)| id);
        if let (Some(_), Some(id)) = (said, named) {
            return OrderGroupId::new(id);
        }
        assert!(stopped.elapsed() < within, "nothing is tripped: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
