//! Exchange and desk in processes of their own: `rec twin` and `rec up`.

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use rec_api::{DeskApi as _, HttpDesk, ServiceToken};
use rec_config::{Config, Sources};
use rec_domain::{
    Clock, DecisionId, Service,
    command::{DeskCommand, DeskReply, DeskRequest},
    desk_view::DeskView,
    health::ServiceHealth,
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig},
};
use rec_runtime::Clocks;

use super::{Desk, Place, place::Ended, web};

/// How long anything may take on a loaded machine.
const WITHIN: Duration = Duration::from_secs(60);

/// A desk whose exchange is another process.
#[derive(Debug)]
pub(crate) struct Apart {
    /// `rec twin`, at the speed of real time.
    pub(crate) twin: Desk,
    /// `rec up`.
    pub(crate) desk: Desk,
    /// What `rec up` was started with.
    pub(crate) arguments: Vec<String>,
    /// The configuration of the desk.
    pub(crate) config: Config,
    pub(crate) place: Place,
}

impl Apart {
    /// Starts both and waits until every service is healthy; none where there is no Postgres.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_on(&["twin"]).await
    }

    /// The same with a twin that is started by these arguments.
    pub(crate) async fn start_on(twin: &[&str]) -> Option<Self> {
        Self::start_changed(twin, async |_place, _said, _desk| {}).await
    }

    /// The same, and the command that starts the desk is changed by somebody who knows what the twin said.
    pub(crate) async fn start_changed(
        twin: &[&str],
        change: impl AsyncFnOnce(&Place, &str, &mut Command),
    ) -> Option<Self> {
        let place = Place::for_a_desk().await?;
        let mut twin = place.start(twin);
        let words = twin
            .await_said(|text| {
                let line = text.lines().find(|line| line.starts_with("desk "))?;
                Some(line.split_whitespace().skip(3).map(str::to_owned).collect::<Vec<_>>())
            })
            .await;
        let mut arguments = vec!["up"];
        arguments.extend(words.iter().map(String::as_str));
        let mut command = place.command(&arguments);
        change(&place, &twin.said(), &mut command).await;
        let mut desk = place.start_command(command);
        let _link = desk.link().await;

        let after = |option: &str| words.iter().skip_while(|word| *word != option).nth(1).expect("rec twin says it");
        let config = configured(
            &place,
            &[
                ("clock.speed", after("--speed")),
                ("clock.market_origin", after("--market-origin")),
                ("clock.wall_origin", after("--wall-origin")),
            ],
        );
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Some(Self { twin, desk, arguments, config, place })
    }

    /// The same with a twin that mirrors another one: that of `original`, which said `words` of itself. Both keep its
    /// time.
    pub(crate) async fn start_on_a_mirror(words: &str, original: &Place) -> Option<Self> {
        let after = |name: &str| words.split_whitespace().skip_while(|word| *word != name).nth(1).expect("it says it");
        let clock = [
            ("REC_CLOCK_SPEED", "clock.speed", after("--speed")),
            ("REC_CLOCK_MARKET_ORIGIN", "clock.market_origin", after("--market-origin")),
            ("REC_CLOCK_WALL_ORIGIN", "clock.wall_origin", after("--wall-origin")),
        ];
        Self::mirroring(words, original, &clock).await
    }

    /// Mirror and desk with settings more, each as the variable that sets it, its name and its value.
    async fn mirroring(words: &str, original: &Place, settings: &[(&str, &'static str, &str)]) -> Option<Self> {
        let place = Place::for_a_desk().await?;
        let url = |scheme: &str, place: usize| {
            let mut found = words.split_whitespace().filter(|word| word.starts_with(scheme));
            found.nth(place).expect("it says it").to_owned()
        };
        let with_settings = |arguments: &[&str]| {
            let mut command = place.command(arguments);
            command.envs(settings.iter().map(|(variable, _, value)| (variable, value)));
            command.env("REC_COINBASE_BASE_URL", url("http://", 1)).env("REC_SPOT_WS_URL", url("ws://", 1));
            command
        };
        let keys = original.state().join("credentials/twin");
        let (rest_url, ws_url) = (url("http://", 0), url("ws://", 0));
        let mut mirror = with_settings(&["twin", "--mirror", "--mirror-rest", &rest_url, "--mirror-ws", &ws_url]);
        mirror.arg("--mirror-keys").arg(&keys);
        let mut twin = place.start_command(mirror);
        twin.await_said(|text| text.contains("desk ").then_some(())).await;
        let mut desk = place.start_command(with_settings(&["up"]));
        let _link = desk.link().await;
        let named: Vec<_> = settings.iter().map(|(_, key, value)| (*key, *value)).collect();
        let config = configured(&place, &named);
        Some(Self { twin, desk, arguments: vec!["up".to_owned()], config, place })
    }

    /// Starts a desk of mode `demo` whose exchange and prices are a twin's, with these settings beside.
    pub(crate) async fn start_demo(settings: &[(&str, &str)]) -> Option<Self> {
        let place = Place::for_a_desk().await?;
        let mut twin = place.start(&["twin", "--now"]);
        let urls = twin
            .await_said(|text| {
                let words_of = |name: &str| {
                    let line = text.lines().find(|line| line.starts_with(name))?;
                    Some(line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>())
                };
                text.lines().find(|line| line.starts_with("desk "))?;
                Some([words_of("exchange ")?, words_of("spot ")?].concat())
            })
            .await;
        let keys = place.state().join("credentials/twin").to_string_lossy().into_owned();
        let mut set: Vec<(&str, &str)> = ["exchange.rest_url", "exchange.ws_url", "spot.rest_url", "spot.ws_url"]
            .into_iter()
            .zip(urls.iter().map(String::as_str))
            .collect();
        set.extend([("mode", "demo"), ("exchange.credentials_path", keys.as_str())]);
        set.extend_from_slice(settings);
        let mut arguments = vec!["up".to_owned()];
        let mut sources = Sources {
            files: Some([].into()),
            env: [("HOME".into(), place.folder().into())].into(),
            ..Sources::default()
        }
        .with("--state-dir", "state_dir", place.state().to_string_lossy())
        .with("--port-base", "net.port_base", place.port_base.to_string());
        for (key, value) in set {
            arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
            sources = sources.with(format!("--set {key}"), key, value);
        }
        let config = rec_config::load(&sources).expect("a sound configuration").config;
        let mut desk = place.start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let _link = desk.link().await;
        Some(Self { twin, desk, arguments, config, place })
    }

    /// Starts the desk again as it was started.
    pub(crate) async fn start_again(&mut self) {
        self.desk = self.place.start(&self.arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let _link = self.desk.link().await;
    }

    /// Runs another command with the desk's own settings.
    pub(crate) async fn command(&self, words: &[&str]) -> Ended {
        let mut settings: Vec<String> = Vec::new();
        let mut given = self.arguments.iter().skip(1);
        while let (Some(option), Some(value)) = (given.next(), given.next()) {
            let key = match option.as_str() {
                "--set" => value.clone(),
                "--speed" => format!("clock.speed={value}"),
                "--market-origin" => format!("clock.market_origin={value}"),
                "--wall-origin" => format!("clock.wall_origin={value}"),
                other => panic!("{other} is none of the settings"),
            };
            settings.extend(["--set".to_owned(), key]);
        }
        let words: Vec<&str> = words.iter().copied().chain(settings.iter().map(String::as_str)).collect();
        self.place.run(&words).await
    }

    /// The clock of both.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Clocks::of(&self.config.clock).market
    }

    /// The exchange, with the key that may write.
    pub(crate) fn exchange(&self) -> Client {
        let credential = self.config.exchange.write.read().expect("the twin made it");
        let key = PrivateKey::from_pem(credential.pem.expose()).expect("a key");
        let signer = Arc::new(Signer::new(credential.key_id, key));
        let config = ClientConfig::new(self.config.exchange.rest_url.clone());
        Client::new(config, Some(signer), self.clock()).expect("a client")
    }

    fn api(&self) -> HttpDesk {
        let token = std::fs::read_to_string(&self.config.net.service_token_file).expect("made at the first start");
        let url = self.config.net.url(Service::TradeManager).expect("it has a port");
        HttpDesk::new(&url, ServiceToken::new(&token), Duration::from_secs(5)).expect("a client")
    }

    /// The desk as trade-manager shows it; waits for one that is just taking over from itself.
    pub(crate) async fn view(&self) -> DeskView {
        let began = Instant::now();
        loop {
            match self.api().view().await {
                Ok(view) => return *view,
                Err(error) => assert!(began.elapsed() < WITHIN, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks trade-manager as the operator does, again under the same identity while there is no answer.
    pub(crate) async fn ask(&self, command: DeskCommand) -> DeskReply {
        let decision = DecisionId::from_uuid(uuid::Uuid::new_v4());
        let request = DeskRequest { decision, requester: "operator".to_owned(), command };
        let began = Instant::now();
        loop {
            match self.api().request(request.clone()).await {
                Ok(reply) => return reply,
                Err(error) => assert!(began.elapsed() < WITHIN, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a service says of itself.
    pub(crate) async fn health(&self, service: Service) -> ServiceHealth {
        let url = self.config.net.url(service).expect("it has a port");
        serde_json::from_str(&web::get(&format!("{url}/health"), "").await.text).expect("health")
    }

    /// Waits until `what` holds, and gives the time that it took.
    pub(crate) async fn until(&mut self, what: &str, holds: impl AsyncFn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !holds(self).await {
            assert!(self.desk.runs() && self.twin.runs(), "{}{}", self.desk.complained(), self.twin.complained());
            assert!(began.elapsed() < WITHIN, "not within {WITHIN:?}: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        began.elapsed()
    }
}

/// The configuration of a place with settings more.
fn configured(place: &Place, settings: &[(&'static str, &str)]) -> Config {
    let sources =
        Sources { files: Some([].into()), env: [("HOME".into(), place.folder().into())].into(), ..Sources::default() }
            .with("--state-dir", "state_dir", place.state().to_string_lossy())
            .with("--port-base", "net.port_base", place.port_base.to_string());
    let sources = settings.iter().fold(sources, |sources, (key, value)| sources.with("--set", *key, *value));
    rec_config::load(&sources).expect("a sound configuration").config
}
