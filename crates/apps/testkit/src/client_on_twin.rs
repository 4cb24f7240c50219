//! What the exchange's client asks, the twin understands, and the other way round.

use std::{sync::Arc, time::Duration};

use rec_domain::{
    BookSide, ClientOrderId, Clock, ExchangeIndex, MarketTicker, Money, OrderGroupId, Price, Quantity, SeriesTicker,
    Side, TimeSpan,
    intent::{OrderSpec, TimeInForce},
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{
        Amendment, BetweenShards, BetweenSubaccounts, CandleMinutes, CandlesQuery, Client, ClientConfig,
        HistoricalQuery, MarketFilter, MarketsQuery, NewOrder, Reduction, RestError, TradesQuery, WriteFailure,
    },
};
use rec_twin::{
    core::TwinConfig,
    server::{ApiKey, Conditions, MarketClock, PrivatePem, Scope, ServeConfig, TwinServer, serve},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const TWO: ExchangeIndex = ExchangeIndex::new(2);
const DEADLINE: Duration = Duration::from_secs(20);

struct Bench {
    server: TwinServer,
    pem: PrivatePem,
}

impl Bench {
    async fn new(speed: f64) -> Self {
        let (key, pem) = ApiKey::generate_ed25519("operator", Scope::Write).expect("randomness");
        let serving = ServeConfig {
            twin: TwinConfig::demo(1),
            speed,
            time_of_day: || rec_domain::Timestamp::from_seconds(1_800_000_000),
            exchange_port: 0,
            spot_port: 0,
            state_dir: None,
            resume: false,
            keys: vec![key],
            conditions: Conditions { read_lag: TimeSpan::ZERO, ..Conditions::default() },
        };
        let server = serve(serving, Arc::default(), CancellationToken::new()).await.expect("served");
        Self { server, pem }
    }

    fn clock(&self) -> MarketClock {
        self.server.clock()
    }

    fn client(&self) -> Client {
        let key = PrivateKey::from_pem(self.pem.expose()).expect("a key");
        let signer = Arc::new(Signer::new("operator", key));
        Client::new(ClientConfig::new(self.server.rest_url()), Some(signer), Arc::new(self.clock())).expect("a client")
    }
}

fn order(ticker: &MarketTicker, id: &str, cents: i64, contracts: i64) -> NewOrder {
    let spec = OrderSpec {
        ticker: ticker.clone(),
        exchange_index: TWO,
        side: Side::Yes,
        book_side: BookSide::Bid,
        price: Price::from_cents(cents),
        quantity: Quantity::from_contracts(contracts),
        time_in_force: TimeInForce::GoodTillCanceled,
        reduce_only: false,
        group: OrderGroupId::new(""),
    };
    NewOrder::new(spec, ClientOrderId::new(id))
}

/// An open market whose both sides are quoted.
async fn market(client: &Client) -> MarketTicker {
    let wanted = MarketsQuery { status: Some(MarketFilter::Open), ..MarketsQuery::default() };
    let markets = client.markets(&wanted).all().await.expect("listed");
    let is_middle = |price: Option<Price>| price.is_some_and(|price| price > Price::from_cents(20));
    let found = markets.into_iter().find(|one| is_middle(one.top.bid.map(|level| level.price)));
    found.expect("a quoted market").ticker
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_changed_and_batched_as_the_twin_understands_it() {
    let bench = Bench::new(1.0).await;
    let (client, clock) = (bench.client(), bench.clock());
    let ticker = market(&client).await;
    let ack = client.create_order(&order(&ticker, "a", 1, 8), clock.now()).await.expect("rests");
    let amendment = Amendment {
        order: ack.order.clone(),
        ticker: ticker.clone(),
        exchange_index: TWO,
        side: BookSide::Bid,
        price: Price::from_cents(2),
        total: Quantity::from_contracts(9),
        client_order_id: Some(ClientOrderId::new("a")),
        new_client_order_id: Some(ClientOrderId::new("b")),
        expires_at: Some(Some(clock.now() + TimeSpan::from_minutes(5))),
    };
    let amended = client.amend_order(&amendment, clock.now()).await.expect("amended");
    assert_eq!(amended.remaining, Some(Quantity::from_contracts(9)));
    let to = Reduction::To(Quantity::from_contracts(4));
    let decreased = client.decrease_order(&ack.order, to, TWO, clock.now()).await.expect("decreased");
    assert_eq!(decreased.remaining, Quantity::from_contracts(4));
    let places = client.queue_positions(std::slice::from_ref(&ticker)).await.expect("read");
    assert_eq!(places.iter().map(|place| &place.order).collect::<Vec<_>>(), [&ack.order]);

    let fates = client
        .create_orders(
            &[order(&ticker, "c", 1, 1), order(&ticker, "c", 1, 1), order(&ticker, "d", 1, 1_000_000)],
            clock.now(),
        )
        .await
        .expect("answered");
    let rested = fates[0].as_ref().expect("rests").order.clone();
    assert_eq!(fates[1], Err(WriteFailure::AlreadyExists));
    assert!(matches!(&fates[2], Err(WriteFailure::Rejected(_))), "ten thousand dollars are not there: {:?}", fates[2]);
    let gone = [(rested, TWO), (ack.order.clone(), TWO), (rec_domain::OrderId::new("nothing"), TWO)];
    let fates = client.cancel_orders(&gone, clock.now()).await.expect("answered");
    assert_eq!(fates[0].as_ref().map(|ack| ack.reduced_by), Ok(Quantity::from_contracts(1)));
    assert_eq!(fates[1].as_ref().map(|ack| ack.reduced_by), Ok(Quantity::from_contracts(4)));
    assert_eq!(fates[2], Err(WriteFailure::NotFound));
    bench.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_moves_between_subaccounts_and_shards() {
    let bench = Bench::new(60.0).await;
    let (client, clock) = (bench.client(), bench.clock());
    assert_eq!(client.create_subaccount(TWO, clock.now()).await, Ok(1));
    let wanted = BetweenSubaccounts {
        id: Uuid::from_u128(1),
        from: 0,
        to: 1,
        amount: Money::from_dollars(12),
        exchange_index: TWO,
    };
    client.transfer_between_subaccounts(&wanted, clock.now()).await.expect("moved");
    assert!(client.transfer_between_subaccounts(&wanted, clock.now()).await.is_err(), "once");
    let balances = client.subaccount_balances().await.expect("read");
    let of_one = balances.iter().find(|balance| (balance.subaccount, balance.exchange_index) == (1, TWO));
    assert_eq!(of_one.map(|balance| balance.cash), Some(Money::from_dollars(12)));
    let listed = client.subaccount_transfers().all().await.expect("read");
    assert_eq!((listed.len(), listed[0].amount), (1, Money::from_dollars(12)));

    let wanted = BetweenShards {
        id: Uuid::from_u128(2),
        from: TWO,
        to: ExchangeIndex::new(0),
        amount: Money::from_micros(7_000_100),
        subaccount: 0,
    };
    let id = client.transfer_between_shards(&wanted, clock.now()).await.expect("sent");
    let arrived = async {
        while !client.shard_transfer(&id).await.expect("read").is_complete() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, arrived).await.expect("it arrives");
    assert_eq!(client.shard_transfers().all().await.expect("read")[0].amount, Money::from_micros(7_000_100));
    client.net_subaccount(1, false, clock.now()).await.expect("told");
    assert!(client.subaccount_netting().await.expect("read").iter().any(|one| one.subaccount == 1 && !one.enabled));
    assert!(client.withdrawals().all().await.expect("read").is_empty());
    assert!(client.api_keys().await.expect("read")[0].may_transfer());
    bench.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_are_read_to_their_ends() {
    let bench = Bench::new(1.0).await;
    let client = bench.client();
    let ticker = market(&client).await;
    let wanted = TradesQuery { ticker: Some(ticker.clone()), ..TradesQuery::default() };
    assert!(!client.trades(&wanted).all().await.expect("read").is_empty());
    let now = bench.clock().now();
    let wanted = CandlesQuery { from: now - TimeSpan::from_minutes(30), to: now, width: CandleMinutes::One };
    let candles = client.candles(&SeriesTicker::new("KXBTCD"), &ticker, wanted).await.expect("read");
    assert!(candles.len() > 10, "{}", candles.len());
    let all = HistoricalQuery::default();
    assert!(client.historical_markets(&all).all().await.expect("read").is_empty(), "nothing is old yet");
    assert!(client.historical_orders(&all).all().await.expect("read").is_empty());
    assert!(client.historical_fills(&all).all().await.expect("read").is_empty());
    assert!(client.historical_positions(&all).all().await.expect("read").is_empty());
    assert!(client.historical_trades(&TradesQuery::default()).all().await.expect("read").is_empty());
    assert!(matches!(client.historical_market(&ticker).await, Err(RestError::Refused { status: 404, .. })));
    bench.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_never_asks_more_than_the_account_may() {
    let bench = Bench::new(1.0).await;
    let (client, clock) = (bench.client(), bench.clock());
    assert_eq!(client.learn_limits().await.expect("read").tier, "basic");
    let ticker = market(&client).await;
    // A hundred reads of ten tokens come as fast as the bucket allows, and thirty writes within a second and a half.
    for _ in 0..100 {
        client.balance(None).await.expect("never one too many");
    }
    for number in 0..30 {
        let order = order(&ticker, &format!("o{number}"), 1, 1);
        client.create_order(&order, clock.now()).await.expect("never one too many");
    }
    bench.server.stop().await;
}
