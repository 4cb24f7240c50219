//! What a configuration promises as a whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use rec_domain::{Mode, Money, Service, caps::RiskCaps, settings::AutomationSettings};

use crate::{ConfigErrors, Loaded, Origin, Sources, init, load, schema::Schema, template, variables};

const ENV_EXAMPLE: &str = include_str!("../../../../.env.example");

/// A user with a home, the given variables, and `text` as the file in the configuration folder.
fn sources(env: &[(&str, &str)], text: Option<&str>) -> Sources {
    let mut all: BTreeMap<_, _> = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    all.entry("HOME".into()).or_insert("/home/op".into());
    let file = PathBuf::from("/home/op/.config/rec/config.local.toml");
    Sources {
        env: all,
        files: Some(text.map(|text| (file, text.to_owned())).into_iter().collect()),
        ..Sources::default()
    }
}

fn loaded(env: &[(&str, &str)], text: Option<&str>) -> Loaded {
    load(&sources(env, text)).unwrap_or_else(|errors| panic!("{:#?}", errors.problems()))
}

fn faults(env: &[(&str, &str)], text: Option<&str>) -> ConfigErrors {
    load(&sources(env, text)).expect_err("the configuration has faults")
}

/// The report as a terminal without colours shows it.
fn report(errors: &ConfigErrors) -> String {
    errors.report(false)
}

#[test]
fn the_defaults_are_sound_and_say_what_the_domain_says() {
    let Loaded { config, warnings, file, .. } = loaded(&[], None);
    assert_eq!(config.mode, Mode::Twin);
    assert_eq!(config.automation, AutomationSettings::default());
    assert_eq!(config.risk.caps, RiskCaps::default());
    assert!(config.risk.caps.above(&config.risk.ceiling).is_empty());
    assert_eq!(config.state_dir, PathBuf::from("/home/op/.local/state/rec"));
    assert_eq!(config.log_dir, PathBuf::from("/home/op/.local/state/rec/log"));
    assert_eq!(config.exchange.rest_url, "http://127.0.0.1:8090/trade-api/v2");
    assert_eq!(config.exchange.ws_url, "ws://127.0.0.1:8090/trade-api/ws/v2");
    assert_eq!(config.spot.ws_url, "ws://127.0.0.1:8091");
    assert_eq!(config.exchange.read.key_file, PathBuf::from("/home/op/.local/state/rec/credentials/twin/read.pem"));
    assert_eq!(config.freshness.price.seconds(), 3);
    assert_eq!(config.net.url(Service::TradeManager).as_deref(), Some("http://127.0.0.1:4000"));
    assert_eq!(config.net.port(Service::Guard), None);
    assert!(warnings.is_empty() && file.is_none());
}

#[test]
fn a_later_layer_wins_and_every_value_knows_its_origin() {
    let file =
        "mode = \"twin\"\n[net]\nbind_host = \"127.0.0.2\"\n[net.ports]\nmain-app = 3001\n[risk]\nopen_trades = 3\n";
    let env = [("REC_MAIN_PORT", "3002"), ("REC_DB_HOST", "/run/postgresql")];
    let loaded = load(&sources(&env, Some(file)).with("--bind", "net.bind_host", "127.0.0.3")).expect("sound");
    assert_eq!(loaded.config.net.bind_host, "127.0.0.3");
    assert_eq!(loaded.config.net.port(Service::MainApp), Some(3002));
    assert_eq!(loaded.config.risk.caps.open_trades, 3);
    assert!(loaded.config.database.is_socket());
    let origin = |key: &str| loaded.origin(key).expect("set").to_string();
    assert_eq!(origin("net.bind_host"), "--bind");
    assert_eq!(origin("net.ports.main-app"), "REC_MAIN_PORT");
    assert_eq!(origin("risk.open_trades"), "/home/op/.config/rec/config.local.toml:7");
    assert!(origin("net.ports.trade-manager").starts_with("default (services.toml:"));
    assert!(origin("freshness.book_seconds").starts_with("default (config.default.toml:"));
    assert_eq!(origin("log_dir"), "follows from state_dir");
}

#[test]
fn the_file_may_be_named_and_then_must_exist() {
    let mut named = sources(&[("REC_CONFIG", "/etc/rec.toml")], Some("mode = \"paper\""));
    let errors = load(&named).expect_err("there is no such file");
    assert!(errors.to_string().contains("/etc/rec.toml"), "{errors}");
    named.files.get_or_insert_default().insert("/etc/rec.toml".into(), "[log]\nfilter = \"warn\"\n".to_owned());
    let loaded = load(&named).expect("sound");
    assert_eq!((loaded.config.mode, loaded.config.log.filter.as_str()), (Mode::Twin, "warn"));
    named.config_flag = Some("/home/op/.config/rec/config.local.toml".into());
    assert_eq!(load(&named).expect("sound").config.mode, Mode::Paper, "--config beats REC_CONFIG");
    named.config_flag = Some("config.toml".into());
    assert!(load(&named).expect_err("relative").to_string().contains("not an absolute path"));
}

#[test]
fn all_faults_are_reported_at_once_and_point_at_their_text() {
    let file = "\
mode = \"prd\"
[net]
bind_hots = \"127.0.0.1\"
[net.ports]
main-app = 4000
trade-executor = 70000
[databse]
port = 5432
[risk]
open_trades = -1
orders_per_minute = \"many\"
money_per_event = \"3000.00\"
[automation]
min_time_seconds = 1000
max_ask = 0.98
[clock]
speed = 0
";
    let errors = faults(&[("REC_DB_PROT", "5432"), ("REC_DB_PORT", "abc")], Some(file));
    let report = report(&errors);
    for expected in [
        "`mode` cannot be \"prd\"",
        "`net.bind_hots`",
        "did you mean `net.bind_host`",
        "port 4000 is given twice",
        "`net.ports.trade-executor` cannot be 70000",
        "`databse` is no section",
        "`risk.open_trades` cannot be -1",
        "`risk.orders_per_minute` must be a number, not a string",
        "risk.money_per_event is above its ceiling",
        "automation.min_time_seconds must not be above max_time_seconds",
        "`automation.max_ask` must be a text in quotes, not a float",
        "clock.speed 0 is not between",
        "unknown variable REC_DB_PROT",
        "did you mean `REC_DB_PORT`",
        "REC_DB_PORT must be a number",
    ] {
        assert!(report.contains(expected), "{expected} is missing in\n{report}");
    }
    let places: BTreeSet<_> = errors.problems().iter().filter_map(|problem| problem.place()).collect();
    assert!(places.contains("/home/op/.config/rec/config.local.toml:1"), "{places:?}");
    assert!(places.contains("REC_DB_PORT"), "{places:?}");
    assert!(report.contains("config.local.toml:12:19"), "line and column of the cap:\n{report}");
}

/// Variables, the file, and what the report must say.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn impossible_combinations_are_named() {
    let cases: &[Case] = &[
        (&[("REC_ACCOUNT_MODE", "prod"), ("REC_CLOCK_SPEED", "30")], "", "market time is the time of day in mode prod"),
        (
            &[("REC_ACCOUNT_MODE", "paper"), ("REC_CLOCK_SPEED", "2")],
            "",
            "market time is the time of day in mode paper",
        ),
        (&[("REC_CLOCK_MARKET_ORIGIN", "2025-11-19T19:40:00Z")], "", "belong together"),
        (&[("REC_CLOCK_MARKET_ORIGIN", "noon")], "", "RFC 3339"),
        (&[("REC_MAIN_PORT", "8090")], "", "port 8090 is given twice"),
        (&[("REC_ACCOUNT_MODE", "demo"), ("REC_MAIN_PORT", "0")], "", "cannot be 0 in mode demo"),
        (&[("REC_PORT_BASE", "65530")], "", "leaves no room"),
        (&[("REC_PORT_BASE", "80")], "", "leaves no room"),
        (&[("REC_TARGET_HOST", "0.0.0.0")], "", "nothing is reached there"),
        (&[("REC_BIND_HOST", "127.0.0.1:3000")], "", "neither an address nor a host name"),
        (
            &[("REC_KALSHI_BASE_URL", "https://external-api.kalshi.com/trade-api/v2")],
            "",
            "not the exchange of mode twin",
        ),
        (
            &[
                ("REC_ACCOUNT_MODE", "prod"),
                ("REC_KALSHI_BASE_URL", "https://external-api.demo.kalshi.co/trade-api/v2"),
            ],
            "",
            "not the exchange of mode",
        ),
        (
            &[("REC_ACCOUNT_MODE", "prod"), ("REC_KALSHI_BASE_URL", "https://evilkalshi.com/trade-api/v2")],
            "",
            "not the exchange of mode",
        ),
        (
            &[("REC_ACCOUNT_MODE", "prod"), ("REC_KALSHI_BASE_URL", "http://external-api.kalshi.com/trade-api/v2")],
            "",
            "has no TLS",
        ),
        (
            &[("REC_ACCOUNT_MODE", "demo"), ("REC_KALSHI_BASE_URL", "http://exchange.example:8090/trade-api/v2")],
            "",
            "not the exchange of mode",
        ),
        (
            &[("REC_ACCOUNT_MODE", "prod"), ("REC_KALSHI_BASE_URL", "http://127.0.0.1:8090/trade-api/v2")],
            "",
            "not the exchange of mode",
        ),
        (&[], "[monitor]\nheartbeat_url = \"watch.example.org\"", "monitor.heartbeat_url is no address"),
        (&[("REC_KALSHI_WS_URL", "http://127.0.0.1:1/x")], "", "is no address of the form ws://"),
        (&[("REC_SPOT_VENUE", "krakn")], "", "`spot.venue` cannot be \"krakn\""),
        (&[], "[spot.kraken]\nws_url = \"https://ws.kraken.com\"", "is no address of the form ws://"),
        (&[("REC_NATS_URL", "http://127.0.0.1:4222")], "", "is no address of the form nats://"),
        (&[("REC_NATS_URL", "nats://rec@127.0.0.1:4222")], "", "bus.user and bus.password_file"),
        (&[("REC_NATS_URL", "nats://bus.example:4222")], "", "goes over the network without TLS"),
        (&[("REC_NATS_PREFIX", "rec.>")], "", "not made of letters"),
        (&[("REC_NATS_USER", "rec")], "", "bus.user and bus.password_file belong together"),
        (&[], "[automation]\nposition_size = \"-1\"", "automation.position_size must be positive"),
        (&[], "[automation]\nposition_size = \"60\"\nmultiplier = 2", "automation orders 120.00 contracts"),
        (&[], "[risk]\nmoney_per_day = \"-5.00\"", "risk.money_per_day must not be negative"),
        (&[], "[risk]\nmoney_per_day = \"5.0000001\"", "more than 6 decimals"),
        (&[], "[freshness]\nprice_seconds = -3", "between 0.001 and 86400"),
        (&[], "[exchange]\nseries = []", "at least one series"),
        (&[], "[exchange]\nseries = [1]", "must be a list of texts"),
        (&[], "net = 3", "is a section, not a setting"),
        (&[], "[mode]\nx = 1", "is a setting, not a section"),
        (&[], "[database]\nsslmode = \"on\"", "unknown variant"),
        (&[], "[log\nfilter = 1", "not TOML"),
        (&[], "bind_host = \"127.0.0.1\"", "there is `net.bind_host`"),
        (&[("REC_LOG_DIR", "log")], "", "is relative"),
        (&[("REC_DB_PASS_FILE", "credential:db")], "", "systemd credential"),
        (&[("HOME", "relative")], "", "there is no folder for the desk's state"),
    ];
    for (env, file, expected) in cases {
        let report = report(&faults(env, Some(file)));
        assert!(report.contains(expected), "{expected} is missing for {env:?} {file}\n{report}");
    }
}

#[test]
fn a_twin_on_this_machine_may_stand_in_for_the_exchanges_demo() {
    let twin = [
        ("REC_ACCOUNT_MODE", "demo"),
        ("REC_KALSHI_BASE_URL", "http://127.0.0.1:8090/trade-api/v2"),
        ("REC_KALSHI_WS_URL", "ws://[::1]:8090/trade-api/ws/v2"),
    ];
    let config = loaded(&twin, None).config;
    assert_eq!((config.mode, config.exchange.rest_url.as_str()), (Mode::Demo, twin[1].1));
}

#[test]
fn ports_move_together_and_one_that_is_set_stays() {
    let config = loaded(&[("REC_PORT_BASE", "3100"), ("REC_DB_POLLER_PORT", "9999")], None).config;
    assert_eq!(config.net.port(Service::MainApp), Some(3100));
    assert_eq!(config.net.port(Service::TradeManager), Some(3101));
    assert_eq!(config.net.port(Service::DbPoller), Some(9999));
    assert_eq!(config.net.port(Service::UnifiedProductionCoordinator), Some(3111));
    assert_eq!((config.twin.port, config.twin.spot_port), (3112, 3113));
    assert_eq!(config.exchange.rest_url, "http://127.0.0.1:3112/trade-api/v2");
    let given = sources(&[("REC_DB_POLLER_PORT", "9999")], None).with("--port-base", "net.port_base", "3100");
    let config = load(&given).expect("sound").config;
    assert_eq!(config.net.port(Service::DbPoller), Some(3104), "the option stands above the variable");
}

#[test]
fn the_mode_chooses_the_addresses() {
    let prod = loaded(&[("REC_ACCOUNT_MODE", "prod")], None).config;
    assert_eq!(prod.exchange.rest_url, "https://external-api.kalshi.com/trade-api/v2");
    assert_eq!(prod.spot.ws_url, "wss://ws-feed.exchange.coinbase.com");
    let demo = loaded(&[("REC_ACCOUNT_MODE", "demo")], None).config;
    assert_eq!(demo.exchange.ws_url, "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2");
    let paper = loaded(&[("REC_ACCOUNT_MODE", "paper")], None).config;
    assert_eq!(paper.exchange.rest_url, "http://127.0.0.1:8090/trade-api/v2");
    assert_eq!(paper.spot.rest_url, "https://api.exchange.coinbase.com");
}

#[test]
fn the_spot_venue_chooses_its_feed_and_candles_stay_with_coinbase() {
    for (venue, at_the_twin, own) in [
        ("coinbase", "ws://127.0.0.1:8091", "wss://ws-feed.exchange.coinbase.com"),
        ("kraken", "ws://127.0.0.1:8091/kraken/v2", "wss://ws.kraken.com/v2"),
        ("bitstamp", "ws://127.0.0.1:8091/bitstamp", "wss://ws.bitstamp.net"),
    ] {
        let twin = loaded(&[("REC_SPOT_VENUE", venue)], None).config.spot;
        assert_eq!((twin.venue.to_string().as_str(), twin.ws_url.as_str()), (venue, at_the_twin));
        assert_eq!(twin.rest_url, "http://127.0.0.1:8091");
        let paper = loaded(&[("REC_SPOT_VENUE", venue), ("REC_ACCOUNT_MODE", "paper")], None).config.spot;
        assert_eq!((paper.ws_url.as_str(), paper.rest_url.as_str()), (own, "https://api.exchange.coinbase.com"));
        let set = loaded(&[("REC_SPOT_VENUE", venue), ("REC_SPOT_WS_URL", "wss://elsewhere.example")], None).config;
        assert_eq!(set.spot.ws_url, "wss://elsewhere.example");
    }
}

#[test]
fn paths_never_depend_on_the_working_directory() {
    let file = "state_dir = \"~/desk state\"\n[database]\npassword_file = \"secrets/db\"\n";
    let env = [("REC_CREDENTIALS_PATH", "/keys"), ("CREDENTIALS_DIRECTORY", "/run/credentials/rec.service")];
    let with = sources(&env, Some(file)).with("--token", "net.service_token_file", "credential:token");
    let config = load(&with).expect("sound").config;
    assert_eq!(config.state_dir, PathBuf::from("/home/op/desk state"));
    assert_eq!(config.database.password_file, Some(PathBuf::from("/home/op/.config/rec/secrets/db")));
    assert_eq!(config.net.service_token_file, PathBuf::from("/run/credentials/rec.service/token"));
    assert_eq!(config.exchange.guard.key_file, PathBuf::from("/keys/guard.pem"));
    let root = Sources { is_root: true, files: Some(BTreeMap::new()), ..Sources::default() };
    assert_eq!(load(&root).expect("root needs no home").config.state_dir, PathBuf::from("/var/lib/rec"));
}

#[test]
fn secrets_are_printed_nowhere() {
    const PLANTED: &str = "hunter2-planted";
    let loaded = loaded(&[("REC_DB_PASS", PLANTED)], None);
    let password = loaded.config.database.read_password().expect("no file is read").expect("set");
    assert_eq!(password.expose(), PLANTED);
    assert!(!format!("{:?} {:?}", loaded.config, loaded.settings()).contains(PLANTED));
    let pem = format!("-----BEGIN RSA PRIVATE KEY-----\\n{PLANTED}");
    let file = format!(
        "[database]\npassword = \"{PLANTED}\"\npassword_file = 3\n[exchange.write]\nkey_file = \"{pem}\"\npem = \"{PLANTED}\"\n"
    );
    let env_pem = format!("-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}");
    let errors = faults(&[("REC_SERVICE_TOKEN_FILE", &env_pem)], Some(&file));
    let report = report(&errors) + &format!("{errors} {errors:?}");
    assert!(!report.contains(PLANTED), "{report}");
    assert!(report.contains("`database.password` holds a secret itself"), "{report}");
    assert!(report.contains("`exchange.write.key_file` holds a secret itself"), "{report}");
    assert!(report.contains("`exchange.write.pem` holds a secret itself"), "{report}");
    assert!(report.contains("`net.service_token_file` holds a secret itself"), "{report}");
}

#[test]
fn a_foreign_database_url_is_a_warning_and_a_test_variable_is_nothing() {
    let env = [("DATABASE_URL", "postgres://elsewhere"), ("REC_TEST_DATABASE_URL", "x"), ("REC_SHARED_DIR", "/x")];
    let loaded = loaded(&env, None);
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].starts_with("DATABASE_URL is set and is not read"));
    assert_eq!(loaded.config.database.host, None);
}

#[test]
fn listening_to_the_network_without_tls_is_a_warning() {
    assert!(loaded(&[("REC_BIND_HOST", "0.0.0.0")], None).warnings[0].contains("without TLS"));
    let env = [("REC_BIND_HOST", "0.0.0.0"), ("REC_PUBLIC_HOST", "desk.example.org")];
    assert!(loaded(&env, None).warnings.is_empty());
}

#[test]
fn the_example_of_variables_is_complete_both_ways() {
    let known: BTreeSet<&str> = variables().into_iter().map(|(name, _)| name).collect();
    let listed: Vec<&str> = ENV_EXAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix('#').unwrap_or(line).split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("REC_"))
        .collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(listed.len(), known.len(), "a variable is listed twice");
    for (name, key) in variables() {
        if let Some(key) = key {
            assert!(Schema::bundled().get(&key).is_some(), "{name} sets {key}, which is no setting");
        }
    }
}

#[test]
fn the_example_of_variables_states_the_defaults() {
    let env: Vec<(&str, &str)> =
        ENV_EXAMPLE.lines().filter(|line| line.starts_with("REC_")).filter_map(|line| line.split_once('=')).collect();
    assert_eq!(loaded(&env, None).config, loaded(&[], None).config);
}

#[test]
fn every_example_in_the_default_file_can_be_used() {
    let file: String = crate::DEFAULTS_TOML
        .lines()
        .filter(|line| !line.contains("port_base"))
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let loaded = loaded(&[], Some(&file));
    assert_eq!(loaded.config.database.host.as_deref(), Some("/run/postgresql"));
}

#[test]
fn the_template_changes_nothing_and_is_written_once() {
    assert_eq!(loaded(&[], Some(&template())).config, loaded(&[], None).config);
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a b/config.local.toml");
    let sources = Sources { config_flag: Some(path.clone()), ..Sources::default() };
    assert_eq!(init(&sources).expect("written"), path);
    std::fs::write(&path, "# mine\n").expect("edit");
    assert!(init(&sources).expect_err("there is one").to_string().contains("stays as it is"));
    assert_eq!(std::fs::read_to_string(&path).expect("read"), "# mine\n");
}

#[test]
fn the_listing_names_every_setting_with_its_origin() {
    let loaded = loaded(&[("REC_DB_PASS", "x")], None);
    let settings = loaded.settings();
    assert_eq!(settings.len(), Schema::bundled().iter().count());
    assert_eq!(settings[0].key, "mode", "in the order of the default file");
    let password = settings.iter().find(|setting| setting.key == "database.password").expect("listed");
    assert_eq!(password.value.as_deref(), Some("[redacted]"));
    assert!(matches!(&password.origin, Some(Origin::Env { name }) if name == "REC_DB_PASS"));
    let host = settings.iter().find(|setting| setting.key == "database.host").expect("listed");
    assert_eq!((&host.value, &host.origin), (&None, &None));
}

#[test]
fn keys_are_read_from_their_files_and_wrong_ones_are_named() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().display().to_string();
    let config = loaded(&[("REC_CREDENTIALS_PATH", &path)], None).config;
    let missing = config.exchange.write.read().expect_err("nothing there").to_string();
    assert!(missing.contains("write.id"), "{missing}");
    std::fs::write(folder.path().join("write.id"), "abc-1\n").expect("write");
    std::fs::write(folder.path().join("write.pem"), "ssh-rsa AAAA").expect("write");
    assert!(config.exchange.write.read().expect_err("no PEM").to_string().contains("holds no private key"));
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    std::fs::write(folder.path().join("write.pem"), pem).expect("write");
    let credential = config.exchange.write.read().expect("sound");
    assert_eq!((credential.key_id.as_str(), credential.pem.expose()), ("abc-1", pem));
    assert!(!format!("{credential:?}").contains("AAAA"));
}

#[test]
fn money_stays_exact() {
    let config = loaded(&[], Some("[risk]\nmoney_per_market = \"0.000001\"\n")).config;
    assert_eq!(config.risk.caps.money_per_market, Money::from_micros(1));
}

#[test]
fn a_report_shows_the_line_and_what_was_meant() {
    let file = "[net]\nbind_hots = \"127.0.0.1\"\n\n[risk]\nmoney_per_event = \"3000.00\"\n";
    let report = report(&faults(&[("REC_DB_PORT", "abc")], Some(file)));
    insta::assert_snapshot!(report);
}
