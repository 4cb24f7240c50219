use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rec_domain::{
    ExchangeIndex, Mode, Quantity, Service,
    flow::{FlowKind, FlowStage},
    report::Report,
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig},
};
use rec_runtime::{
    DatabaseAccess, Running,
    clock::{SystemWall, WallClock as _},
    compose::SHUTDOWN_DEADLINE,
    database::ACCOUNT,
    testing::{self, NOTICE, PATIENCE},
};
use rec_store::{Database, Role, testing::TestDatabase};
use rec_twin::{
    core::TwinConfig,
    server::{ApiKey, Conditions, Faults, Scope, ServeConfig, TwinServer, serve},
};
use tokio_util::sync::CancellationToken;

use super::run;

const SPEED: f64 = 30.0;

/// A twin and the service that watches it.
struct Rig {
    running: Running,
    faults: Arc<Faults>,
    twin: TwinServer,
    /// With the right to trade, which the service does not have.
    trader: Client,
}

impl Rig {
    async fn start(folder: &Path, database: DatabaseAccess) -> Self {
        let (key, pem) = ApiKey::generate_ed25519("read-key", Scope::Read).expect("randomness");
        let (trading, trading_pem) = ApiKey::generate_ed25519("write-key", Scope::Write).expect("randomness");
        let faults = Arc::new(Faults::default());
        let serving = ServeConfig {
            twin: TwinConfig::demo(1),
            speed: SPEED,
            time_of_day: || SystemWall.now(),
            exchange_port: 0,
            spot_port: 0,
            state_dir: None,
            resume: false,
            keys: vec![key, trading],
            conditions: Conditions::default(),
        };
        let twin = serve(serving, Arc::clone(&faults), CancellationToken::new()).await.expect("the twin listens");
        let mut config = testing::configuration(folder, &[]);
        config.exchange.rest_url = twin.rest_url();
        config.exchange.ws_url = twin.ws_url();
        config.spot.rest_url = twin.spot_rest_url();
        config.spot.ws_url = twin.spot_ws_url();
        config.exchange.read.key_id = Some("read-key".to_owned());
        config.exchange.read.key_file = folder.join("read.pem");
        std::fs::write(&config.exchange.read.key_file, pem.expose()).expect("a key file");
        let origin = twin.clock_origin();
        let clocks = testing::clocks(origin.market, origin.wall, origin.speed);
        let trading_file = folder.join("write.pem");
        std::fs::write(&trading_file, trading_pem.expose()).expect("a key file");
        let trading_key = PrivateKey::from_pem_file(&trading_file).expect("a key");
        let signer = Arc::new(Signer::new("write-key".to_owned(), trading_key));
        let trader = Client::new(ClientConfig::new(twin.rest_url()), Some(signer), clocks.market.clone());
        let trader = trader.expect("a client");
        let running = testing::start_by(&[(Service::KalshiAccountSync, run)], config, clocks, database).await;
        Self { running, faults, twin, trader }
    }

    fn is_healthy(&self) -> bool {
        testing::is_healthy(&self.running, Service::KalshiAccountSync)
    }

    async fn until(&self, healthy: bool, within: Duration) {
        let deadline = Instant::now() + within;
        while self.is_healthy() != healthy {
            let health = self.running.health(Service::KalshiAccountSync);
            assert!(Instant::now() < deadline, "healthy should be {healthy}: {health:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(self) {
        self.running.shutdown(SHUTDOWN_DEADLINE).await.expect("it was still running");
        self.twin.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_is_read_again_and_again_and_the_loss_of_exchange_or_database_is_noticed_within_five_seconds() {
    let Some(test) = TestDatabase::migrated().await else { return };
    test.open(Role::Owner).await.identity(Mode::Twin, ACCOUNT).await.expect("marked");
    let options = test.options();
    let database = DatabaseAccess::with(move |role, connections| {
        Box::pin(Database::open_with(options.clone(), role, connections))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(folder.path(), database).await;
    rig.until(true, PATIENCE).await;
    let inbox = test.open(Role::Service(Service::TradeManager)).await.inbox();
    let deadline = Instant::now() + PATIENCE;
    let sweeps = loop {
        let reports = inbox.reports_after(0, 1_000).await.expect("readable");
        let sweeps = reports.into_iter().filter_map(|(_, report)| match report {
            Report::Sweep(sweep) => Some(sweep),
            _ => None,
        });
        let sweeps: Vec<_> = sweeps.collect();
        if sweeps.len() >= 3 {
            break sweeps;
        }
        assert!(Instant::now() < deadline, "three sweeps in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(sweeps[0].since.is_none() && sweeps[1].since.is_some(), "only the first reads everything");
    let cash = sweeps[0].balances.iter().map(|(_, cash)| *cash).max();
    assert_eq!(cash, Some(TwinConfig::demo(1).starting_cash));
    assert!(sweeps[0].flows, "what money came, went or moved is read too");
    let reports = inbox.reports_after(0, 1_000).await.expect("readable");
    let deposits = reports.iter().filter_map(|(_, report)| match report {
        Report::Flow(flow) if flow.kind == FlowKind::Deposit => Some((flow.amount, flow.stage.clone())),
        _ => None,
    });
    let first = (TwinConfig::demo(1).starting_cash, FlowStage::Done);
    assert_eq!(deposits.collect::<Vec<_>>(), [first], "what the account began with, told once");
    // Groups are in no list of a sweep: only the private channel tells of them.
    let created =
        rig.trader.create_order_group(Quantity::from_contracts(10), ExchangeIndex::new(2), rig.twin.now()).await;
    let created = created.expect("a group");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reports = inbox.reports_after(0, 1_000).await.expect("readable");
        if reports.iter().any(|(_, report)| matches!(report, Report::Group(told) if told.group == created)) {
            break;
        }
        assert!(Instant::now() < deadline, "the group is told of in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    rig.faults.take_down();
    rig.until(false, NOTICE).await;
    rig.faults.bring_up();
    rig.until(true, PATIENCE).await;
    drop(test);
    rig.until(false, NOTICE).await;
    rig.end().await;
}
