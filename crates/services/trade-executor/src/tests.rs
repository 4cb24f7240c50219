//! The executor between a real database and a served twin: the test commits intents as the desk would.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rec_domain::{
    BookSide, DecisionId, DeskId, EventTicker, ExchangeIndex, IntentId, MarketTicker, Mode, Money, OrderGroupId, Price,
    Quantity, Service, Side, TimeSpan, Timestamp, TradeId,
    answer::Outcome,
    intent::{Action, Effect, GroupRole, Intent, OrderSpec, TimeInForce},
    row::{Commit, Row},
    trade::{NewTrade, Origin, Trade},
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig, MarketFilter, MarketsQuery, OrdersQuery},
};
use rec_runtime::{
    Running,
    clock::{SystemWall, WallClock as _},
    compose::SHUTDOWN_DEADLINE,
    database::ACCOUNT,
    testing::{self, PATIENCE},
};
use rec_store::{CommitOutcome, Database, Desk, Lease, Role, testing::TestDatabase};
use rec_twin::{
    core::TwinConfig,
    server::{ApiKey, Conditions, Faults, Scope, ServeConfig, TwinServer, serve},
};
use tokio_util::sync::CancellationToken;

use super::run;

const SHARD: ExchangeIndex = ExchangeIndex::new(2);

/// A leading desk without a mind, the executor, and a twin.
struct Rig {
    running: Running,
    twin: TwinServer,
    faults: Arc<Faults>,
    reader: Client,
    executor: Database,
    desk: Desk,
    lease: Lease,
    identity: DeskId,
    commits: i64,
}

impl Rig {
    async fn start(folder: &Path, test: &TestDatabase, identity: DeskId) -> Self {
        let (key, pem) = ApiKey::generate_ed25519("write-key", Scope::Write).expect("randomness");
        let faults = Arc::new(Faults::default());
        let serving = ServeConfig {
            twin: TwinConfig::demo(1),
            speed: 30.0,
            time_of_day: || SystemWall.now(),
            exchange_port: 0,
            spot_port: 0,
            state_dir: None,
            resume: false,
            keys: vec![key],
            conditions: Conditions::default(),
        };
        let twin = serve(serving, Arc::clone(&faults), CancellationToken::new()).await.expect("the twin listens");
        let mut config = testing::configuration(folder, &[]);
        config.exchange.rest_url = twin.rest_url();
        config.exchange.write.key_id = Some("write-key".to_owned());
        config.exchange.write.key_file = folder.join("write.pem");
        std::fs::write(&config.exchange.write.key_file, pem.expose()).expect("a key file");
        let origin = twin.clock_origin();
        let clocks = testing::clocks(origin.market, origin.wall, origin.speed);
        let database = testing::database(test);
        let key = PrivateKey::from_pem_file(&config.exchange.write.key_file).expect("a key");
        let signer = Arc::new(Signer::new("write-key".to_owned(), key));
        let reader = Client::new(ClientConfig::new(twin.rest_url()), Some(signer), clocks.market.clone());
        let leader = test.open(Role::Service(Service::TradeManager)).await;
        let lease = Lease::acquire(&leader, "test", TimeSpan::from_seconds(600)).await.expect("the lease is free");
        let running = testing::start_by(&[(Service::TradeExecutor, run)], config, clocks, database).await;
        let executor = test.open(Role::Service(Service::TradeExecutor)).await;
        let reader = reader.expect("a client");
        Self { running, twin, faults, reader, executor, desk: leader.desk(), lease, identity, commits: 0 }
    }

    async fn commit(&mut self, rows: Vec<Row>) {
        self.commits += 1;
        let epoch = self.lease.epoch();
        let commit = Commit { number: self.commits, epoch, at: self.twin.now(), inputs: Vec::new(), rows };
        let outcome = self.desk.commit(&commit).await;
        assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    }

    fn intent(&self, number: u32, action: Action, effect: Effect) -> Intent {
        Intent {
            id: IntentId::new(self.identity, self.lease.epoch(), number),
            epoch: self.lease.epoch(),
            created_at: self.twin.now(),
            action,
            effect,
            trade: Some(TradeId::new(1)),
            decision: DecisionId::of(&format!("intent {number}")),
            reason: "a test".to_owned(),
            worst_case: Money::ZERO,
            send_by: None,
        }
    }

    /// Commits an intent and waits for what became of it.
    async fn send(&mut self, intent: Intent) -> Outcome {
        let id = intent.id;
        self.commit(vec![Row::Intent(intent)]).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answers = self.executor.answers().answers_after(0, 1_000).await.expect("readable");
            if let Some((_, answer)) = answers.into_iter().find(|(_, answer)| answer.intent == id) {
                return answer.outcome;
            }
            assert!(Instant::now() < deadline, "{id} is never answered: {:?}", self.running.health(SERVICE));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

const SERVICE: Service = Service::TradeExecutor;

fn trade(ticker: &MarketTicker, now: Timestamp) -> Trade {
    Trade::opened(NewTrade {
        id: TradeId::new(1),
        origin: Origin::Auto,
        ticker: ticker.clone(),
        event: EventTicker::new("EVENT"),
        exchange_index: SHARD,
        side: Side::Yes,
        close_time: now + TimeSpan::from_minutes(20),
        entry_probability_percent: None,
        entry_reason: "a test".to_owned(),
        created_at: now,
    })
}

/// The exchange takes an identity once: what a repetition meets tells whether the first attempt had landed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_carries_the_identity_of_the_order_that_it_repeats() {
    let Some(test) = TestDatabase::migrated().await else { return };
    let identity = test.open(Role::Owner).await.identity(Mode::Twin, ACCOUNT).await.expect("marked");
    let folder = tempfile::tempdir().expect("a folder");
    let mut rig = Rig::start(folder.path(), &test, identity).await;
    let open = MarketsQuery { status: Some(MarketFilter::Open), ..MarketsQuery::default() };
    let markets = rig.reader.markets_page(&open, None).await.expect("readable").items;
    let ticker = markets.first().expect("a market is open").ticker.clone();
    let now = rig.twin.now();
    rig.commit(vec![Row::Trade(trade(&ticker, now))]).await;
    let create =
        Action::CreateGroup { role: GroupRole::Exit, exchange_index: SHARD, limit: Quantity::from_contracts(100) };
    let created = rig.intent(1, create, Effect::Administrative);
    let Outcome::GroupCreated { group } = rig.send(created).await else { panic!("a group is made") };
    let spec = |group: &OrderGroupId| OrderSpec {
        ticker: ticker.clone(),
        exchange_index: SHARD,
        side: Side::No,
        book_side: BookSide::Bid,
        price: Price::from_cents(99),
        quantity: Quantity::from_contracts(1),
        time_in_force: TimeInForce::ImmediateOrCancel,
        reduce_only: false,
        group: group.clone(),
    };

    // Taken by the exchange, and nobody heard.
    rig.faults.drop_next_answer();
    let first = rig.intent(2, Action::Place(spec(&group)), Effect::Reduces);
    let outcome = rig.send(first.clone()).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    let again = rig.intent(3, Action::Repeat { of: first.id, spec: spec(&group) }, Effect::Reduces);
    let outcome = rig.send(again).await;
    assert!(matches!(outcome, Outcome::AlreadyExists { .. }), "{outcome:?}");

    // Never arrived: the repetition is the order.
    let lost = IntentId::new(identity, rig.lease.epoch(), 4);
    let again = rig.intent(5, Action::Repeat { of: lost, spec: spec(&group) }, Effect::Reduces);
    let outcome = rig.send(again).await;
    assert!(matches!(outcome, Outcome::Acknowledged { .. }), "{outcome:?}");
    // What is read lags behind what was answered.
    let deadline = Instant::now() + Duration::from_secs(10);
    let known = loop {
        let orders = rig.reader.orders_page(&OrdersQuery::default(), None).await.expect("readable").items;
        let mut known: Vec<_> = orders.into_iter().filter_map(|order| order.client_order_id).collect();
        known.sort();
        if known.len() > 1 || Instant::now() > deadline {
            break known;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(known, [first.id, lost].map(|id| id.client_order_id()), "each was taken once, under its own identity");
    rig.running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
    rig.twin.stop().await;
}
