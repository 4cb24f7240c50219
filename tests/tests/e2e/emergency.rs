//! Desk, guard and database are gone, and a position is held: the key is enough.

use std::time::Duration;

use rec_domain::{
    Service,
    command::DeskReply,
    halt::HaltSource,
    intent::GroupRole,
    order::OrderState,
    trade::{Origin, TradeState},
};
use rec_e2e::processes;
use rec_kalshi::rest::PositionsQuery;
use rec_store::{Database, Role, cluster::Address};
use rustix::process::{Signal, kill_process};

use crate::support::{
    Apart,
    trading::{open, probe, tradable, trade},
};

#[tokio::test]
async fn with_postgres_and_desk_gone_kill_trips_flatten_sells_and_the_desk_adopts_it_afterwards() {
    let Some(mut apart) = Apart::start().await else { return };
    let exchange = apart.exchange();
    let markets = tradable(&exchange).await;
    let [held, other, ..] = markets.as_slice() else { panic!("too few markets to trade: {markets:?}") };
    assert!(matches!(apart.ask(open(&apart, held)).await, DeskReply::Accepted { .. }));
    let holds = async |apart: &Apart| trade(apart).await.is_some_and(|trade| trade.held().is_positive());
    apart.until("a contract is held", holds).await;
    let bought = trade(&apart).await.expect("held");
    let groups = exchange.order_groups(None).await.expect("the exchange answers");

    // Everything but the exchange dies at once.
    apart.desk.signal(Signal::KILL);
    apart.desk.end(Duration::from_secs(10)).await;
    for (process, arguments) in processes::of_folder(apart.place.folder()) {
        if !arguments.contains(" twin ") {
            let _gone_with_its_parent = kill_process(process, Signal::KILL);
        }
    }
    apart.command(&["flatten", "--reason", "no desk"]).await.assert_refused(&["rec flatten --emergency"]);

    let killed = apart.command(&["kill"]).await;
    assert_eq!(killed.code, Some(0), "{killed:?}");
    assert!(killed.out.contains("exchange: order group") && killed.out.contains("is tripped"), "{killed:?}");
    let mut refusing = 0;
    for group in &groups {
        refusing += usize::from(probe(&apart, &exchange, other, &group.id).await.is_err());
    }
    assert_eq!(refusing, 1, "the entry group and no other: {groups:?}");

    let emergency = ["flatten", "--emergency", "--reason", "fire"];
    let sold = apart.command(&emergency).await;
    assert_eq!(sold.code, Some(0), "{sold:?}");
    let left = exchange.positions(&PositionsQuery { open_only: true, ..PositionsQuery::default() }).all().await;
    assert!(left.expect("the exchange answers").iter().all(|row| row.position.is_zero()));
    let again = apart.command(&emergency).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    let orders = rec_api::emergency::orders(apart.place.state()).expect("a journal");
    assert_eq!(orders.len(), 1, "run twice, sold once: {orders:?} {sold:?} {again:?}");

    // The desk that starts afterwards takes the order for its own and closes the trade with it.
    apart.start_again().await;
    let clean = async |apart: &Apart| apart.view().await.reconciliation.is_some_and(|last| last.is_clean());
    apart.until("books and exchange agree", clean).await;
    apart.until("the trade has ended", async |apart| trade(apart).await.is_none()).await;
    let view = apart.view().await;
    assert!(view.trades.iter().all(|trade| trade.origin != Origin::Foreign), "{:?}", view.trades);
    assert!(view.halts.iter().all(|halt| halt.source != HaltSource::Reconciliation), "{:?}", view.halts);
    let address = Address::of_running(apart.place.state()).expect("it runs");
    let options = address.connect_options(&apart.config.database.name);
    let database = Database::open_with(options, Role::Service(Service::TradeManager), 1).await.expect("it answers");
    let stored = database.desk().load(apart.clock().now()).await.expect("readable");
    let adopted = stored.orders.iter().find(|stored| stored.order.intent == orders[0].id).expect("adopted");
    assert_eq!((adopted.order.state, adopted.order.role), (OrderState::Executed, GroupRole::Exit));
    let ended = stored.ended_trades.iter().find(|trade| trade.id == bought.id).expect("it ended");
    assert_eq!((ended.state, ended.exit_reason.as_deref()), (TradeState::Closed, Some("fire")));
    database.close().await;

    apart.desk.signal(Signal::INT);
    assert_eq!(apart.desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", apart.desk.complained());
}
