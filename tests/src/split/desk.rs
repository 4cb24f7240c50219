//! A desk of several processes, with everything that it stands on.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rec_api::{DeskApi as _, HttpDesk, ServiceToken, guard};
use rec_bus::testing::NatsServer;
use rec_config::{Config, Sources};
use rec_domain::{
    Clock, DecisionId, Service, Timestamp,
    command::{DeskCommand, DeskReply, DeskRequest},
    halt::HaltSource,
    health::ServiceHealth,
    trade::TradeState,
};
use rec_kalshi::rest::Client;
use rec_runtime::Clocks;
use rec_store::{
    Database, Role, Summary,
    cluster::{Binaries, Cluster, ClusterOptions, SearchPlaces},
};
use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    books,
    layout::{self, Layout},
    unit::Unit,
};
use crate::{ports, processes, twin_journal::times_accepted};

/// How long anything but a settlement may take on a loaded machine.
const WITHIN: Duration = Duration::from_secs(60);
/// How long it may take until a trade has settled: an hour of market time takes two minutes.
const SETTLES_WITHIN: Duration = Duration::from_secs(260);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Seconds of market time in one second.
const SPEED: &str = "30";
/// The password between the desk and its NATS server.
const NATS_PASSWORD: &str = "only-for-this-test";

/// A desk of several processes.
pub struct SplitDesk {
    /// The server between its processes.
    pub nats: NatsServer,
    units: BTreeMap<&'static str, Unit>,
    config: Config,
    owner: Database,
    began: Timestamp,
    http: reqwest::Client,
    file: PathBuf,
    // Ended after the units, in this order.
    _twin: Unit,
    _cluster: Cluster,
    place: Place,
}

/// The folder of one desk; whatever still runs in it ends with it.
struct Place {
    folder: TempDir,
}

impl Drop for Place {
    fn drop(&mut self) {
        processes::end_all(self.folder.path(), &self.state());
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("rec-processes-").tempdir().expect("a folder");
        // Postgres runs as another user when root runs the tests, and has to pass through.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("our own folder");
        Self { folder }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A process for this place.
    fn unit(&self, name: &str, program: &'static str, words: &[&str], config: &Path) -> Unit {
        let mut arguments: Vec<String> = words.iter().map(ToString::to_string).collect();
        arguments.extend(["--config".to_owned(), config.display().to_string()]);
        Unit::start(program, arguments, self.folder.path().to_owned(), self.folder.path().join(format!("{name}.log")))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).expect("our own folder");
        file
    }
}

impl SplitDesk {
    /// Starts Postgres, NATS, the twin and the units; none where a server program is missing.
    pub async fn start(layout: Layout) -> Option<Self> {
        Self::start_on(layout, &[]).await
    }

    /// The same with a twin that is started with further arguments.
    pub async fn start_on(layout: Layout, twin: &[&str]) -> Option<Self> {
        if !postgres_is_there() {
            return None;
        }
        let login = format!("authorization {{ user: rec, password: \"{NATS_PASSWORD}\" }}");
        let nats = NatsServer::start(&login)?;
        let place = Place::new();
        let options = ClusterOptions { sync_new_data: false, ..ClusterOptions::new(place.state()) };
        let cluster = Cluster::start(options).await.expect("Postgres starts");
        cluster.ensure_database("rec").await.expect("a database");

        place.write("nats-password", NATS_PASSWORD);
        let socket = cluster.connect_options("rec").get_socket().cloned().expect("a private cluster has a socket");
        let settings = format!(
            "mode = \"twin\"\nstate_dir = \"{}\"\n[net]\nport_base = {}\n[database]\nhost = \"{}\"\nsslmode = \"disable\"\n\
             [bus]\nurl = \"{}\"\nuser = \"rec\"\npassword_file = \"nats-password\"\n\
             [automation]\nauto_entry = true\nauto_stop = true\n",
            place.state().display(),
            ports::free_base(),
            socket.display(),
            nats.url(),
        );
        let without_clock = place.write("twin.toml", &settings);
        let twin = place.unit("twin", "rec", &[&["twin", "--speed", SPEED], twin].concat(), &without_clock);
        let [market, wall] = clock_of(&twin).await;
        let clock = format!("[clock]\nspeed = {SPEED}\nmarket_origin = \"{market}\"\nwall_origin = \"{wall}\"\n");
        let file = place.write("desk.toml", &(settings + &clock));

        let mut prepare = place.unit("prepare", "rec", &["prepare"], &file);
        let deadline = Instant::now() + WITHIN;
        while prepare.ended().is_none() {
            assert!(Instant::now() < deadline, "{}", prepare.said());
            tokio::time::sleep(LOOK).await;
        }
        assert!(prepare.ended().is_some_and(|status| status.success()), "{}", prepare.said());

        let units = layout.iter().map(|(name, program)| (*name, place.unit(name, program, &[], &file))).collect();
        let sources = Sources { config_flag: Some(file.clone()), ..Sources::default() };
        let config = rec_config::load(&sources).expect("a sound configuration").config;
        let owner = Database::open_with(cluster.connect_options("rec"), Role::Owner, 2).await.expect("it is there");
        let began = config.clock.market_origin.expect("set");
        let http = reqwest::Client::new();
        Some(Self { nats, units, config, owner, began, http, file, _twin: twin, _cluster: cluster, place })
    }

    /// The health of a service; none when it does not answer.
    pub async fn health(&self, service: Service) -> Option<ServiceHealth> {
        let patience = Duration::from_secs(2);
        match self.config.net.url(service) {
            Some(url) => {
                let answer = self.http.get(format!("{url}/health")).timeout(patience).send().await.ok()?;
                answer.json().await.ok()
            }
            None => guard::ask_health(&guard::socket_path(&self.config.state_dir), patience).await.ok(),
        }
    }

    /// What is wrong with whom; empty when all are healthy and none is degraded.
    async fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for service in Service::ALL {
            let complaint = match self.health(*service).await {
                Some(health) => health.complaint().or_else(|| health.degradation()),
                None => Some("no answer".to_owned()),
            };
            complaints.extend(complaint.map(|complaint| format!("{service}: {complaint}")));
        }
        complaints
    }

    /// Waits until something holds.
    pub async fn until(&mut self, what: &str, holds: impl AsyncFn(&Self) -> bool) {
        self.until_within(WITHIN, what, holds).await;
    }

    async fn until_within(&mut self, within: Duration, what: &str, holds: impl AsyncFn(&Self) -> bool) {
        let deadline = Instant::now() + within;
        while !holds(self).await {
            for (name, unit) in &mut self.units {
                let ended = unit.ended();
                assert!(ended.is_none(), "{name} ended with {ended:?}:\n{}", unit.said());
            }
            if Instant::now() > deadline {
                let (complaints, summary) = (self.complaints().await, self.summary().await);
                panic!("not within {within:?}: {what}; {complaints:#?} {summary:#?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until every service is healthy and none degraded.
    pub async fn until_healthy(&mut self) {
        self.until("all are healthy", async |desk| desk.complaints().await.is_empty()).await;
    }

    /// Waits until something was bought.
    pub async fn until_filled(&mut self) {
        let filled = async |desk: &Self| desk.summary().await.fills > 0;
        self.until_within(SETTLES_WITHIN, "something is bought", filled).await;
    }

    /// Waits until a trade has settled.
    pub async fn until_settled(&mut self) {
        self.until_within(SETTLES_WITHIN, "a trade settles", Self::has_settled).await;
    }

    /// Whether a trade has settled.
    pub async fn has_settled(&self) -> bool {
        let summary = self.summary().await;
        summary.trades.iter().any(|(state, count)| *state == TradeState::Settled && *count > 0)
            && !summary.events_held.is_empty()
    }

    async fn summary(&self) -> Summary {
        self.owner.pages().summary(self.began).await.expect("the database answers")
    }

    /// Whoever halts entries just now; empty also while nobody can say.
    pub async fn halts(&self) -> Vec<HaltSource> {
        let view = self.api().view().await;
        view.map(|view| view.halts.iter().map(|halt| halt.source).collect()).unwrap_or_default()
    }

    /// The operator's commands reach the desk.
    pub async fn operator_halts_and_resumes(&self) {
        let (source, reason) = (HaltSource::Operator, "a test".to_owned());
        self.command(DeskCommand::Halt { source, reason: reason.clone() }).await;
        assert!(self.halts().await.contains(&HaltSource::Operator));
        self.command(DeskCommand::Resume { source, reason }).await;
        assert!(!self.halts().await.contains(&HaltSource::Operator));
    }

    async fn command(&self, command: DeskCommand) {
        let decision = DecisionId::from_uuid(uuid::Uuid::new_v4());
        let request = DeskRequest { decision, requester: "test".to_owned(), command };
        let reply = self.api().request(request).await.expect("trade-manager answers");
        assert!(matches!(reply, DeskReply::Accepted { .. }), "{reply:?}");
    }

    /// trade-manager, by HTTP with the service token.
    pub fn api(&self) -> HttpDesk {
        let token = std::fs::read_to_string(&self.config.net.service_token_file).expect("made at the first start");
        let url = self.config.net.url(Service::TradeManager).expect("it has a port");
        HttpDesk::new(&url, ServiceToken::new(&token), Duration::from_secs(5)).expect("a client")
    }

    /// The exchange, with the key for reading.
    pub fn exchange(&self) -> Client {
        books::client(&self.config).expect("the twin's keys")
    }

    /// The desk's clock and the exchange's.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Clocks::of(&self.config.clock).market
    }

    /// Puts a fault into force at a twin that was started with `--control`.
    pub async fn inject(&self, fault: &serde_json::Value) {
        let token =
            std::fs::read_to_string(self.config.state_dir.join("twin/control-token")).expect("a control endpoint");
        let (address, _) = self.config.exchange.rest_url.split_once("/trade-api").expect("the exchange's path");
        let request = self.http.post(format!("{address}/twin/faults")).bearer_auth(token).body(fault.to_string());
        let answer = request.send().await.expect("the twin answers");
        assert!(answer.status().is_success(), "{fault}: {}", answer.text().await.unwrap_or_default());
    }

    /// Runs `rec` on this desk's configuration.
    async fn rec(&self, words: &[&str]) -> std::process::Output {
        let mut command = tokio::process::Command::new(layout::program("rec"));
        command.args(words).arg("--config").arg(&self.file).env("HOME", self.place.folder.path()).current_dir("/");
        command.output().await.expect("it runs")
    }

    /// Waits until `rec reconcile` finds nothing, and then wants `rec ledger verify` to find nothing either.
    pub async fn until_clean(&mut self) {
        let clean = async |desk: &Self| desk.rec(&["reconcile"]).await.status.success();
        self.until("rec reconcile is clean", clean).await;
        let verified = self.rec(&["ledger", "verify"]).await;
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }

    /// The operator ends a halt.
    pub async fn resume(&self, source: HaltSource) {
        self.command(DeskCommand::Resume { source, reason: "a test".to_owned() }).await;
    }

    /// A unit stands still, as a stopped or starved process does.
    pub fn pause(&self, unit: &str) {
        self.units[unit].signal(Signal::STOP);
    }

    /// It goes on.
    pub fn go_on(&self, unit: &str) {
        self.units[unit].signal(Signal::CONT);
    }

    /// Kills a unit and starts it again.
    pub async fn restart(&mut self, unit: &str) {
        self.units.get_mut(unit).expect("a unit of the layout").kill_and_restart();
    }

    /// Kills the NATS server and starts it again when everybody who needs it has noticed.
    pub async fn restart_nats(&mut self) {
        self.nats.stop();
        let noticed = async |desk: &Self| {
            let health = desk.health(Service::MainApp).await;
            health.is_some_and(|health| !health.healthy || health.degradation().is_some())
        };
        self.until("the loss of the bus is noticed", noticed).await;
        self.nats.resume();
    }

    /// What all units together use and no file backs, in bytes.
    pub fn anonymous_memory(&self) -> u64 {
        self.units.values().map(Unit::anonymous_memory).sum()
    }

    /// Nothing was lost and nothing came twice: desk and exchange agree, every order that the exchange accepted it
    /// accepted once, all are healthy, and all end when they are asked to.
    pub async fn end_with_everything_in_order(mut self) {
        self.until_healthy().await;
        self.command(DeskCommand::Halt { source: HaltSource::Operator, reason: "the test ends".to_owned() }).await;
        let client = books::client(&self.config).expect("the twin's keys");
        let deadline = Instant::now() + WITHIN;
        loop {
            let view = self.api().view().await.expect("trade-manager answers");
            let differences = books::differences(&client, &view).await.expect("the exchange answers");
            let compared = view.reconciliation.as_ref().is_some_and(|last| last.is_clean());
            if differences.is_empty() && view.is_quiet() && compared {
                break;
            }
            assert!(Instant::now() < deadline, "{differences:#?} {:#?} {:#?}", view.orders, view.reconciliation);
            tokio::time::sleep(LOOK).await;
        }
        let summary = self.summary().await;
        assert!(summary.ledger_is_balanced, "{summary:#?}");
        let accepted = times_accepted(&self.config.state_dir);
        let twice: Vec<_> = accepted.iter().filter(|(_, times)| **times != 1).collect();
        assert!(!accepted.is_empty() && twice.is_empty(), "sent more than once: {twice:?}");
        println!("{} orders, {} fills, trades {:?}", accepted.len(), summary.fills, summary.trades);
        for (name, unit) in &mut self.units {
            let status = unit.end().await;
            assert!(status.success(), "{name} ended with {status}:\n{}", unit.said());
        }
        self.owner.close().await;
    }
}

/// Whether the server programs are there. Their absence is said, and with `REC_TEST_REQUIRE=1` it is a failure.
fn postgres_is_there() -> bool {
    let Err(error) = Binaries::first(&SearchPlaces::of_machine()) else { return true };
    assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "{error}");
    println!("SKIPPED: {error}");
    false
}

/// The origins of market time and wall time, as the twin prints them.
async fn clock_of(twin: &Unit) -> [String; 2] {
    let deadline = Instant::now() + WITHIN;
    loop {
        let said = twin.said();
        if let Some(line) = said.lines().find(|line| line.starts_with("desk ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let after = |option: &str| {
                let at = words.iter().position(|word| *word == option).expect("the twin says how to join it");
                words[at + 1].to_owned()
            };
            return [after("--market-origin"), after("--wall-origin")];
        }
        assert!(Instant::now() < deadline, "the twin does not start:\n{said}");
        tokio::time::sleep(LOOK).await;
    }
}
