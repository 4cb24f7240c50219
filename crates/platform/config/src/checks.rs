//! Combinations that cannot be meant, and what is possible but worth a word.

use std::collections::BTreeMap;

use rec_domain::{Mode, caps::Cap};

use crate::{
    layers::Leaves,
    problem::Problem,
    section::{Config, bracketed, is_loopback},
    sources::Sources,
};

/// Adds every impossible combination to `problems`.
pub(crate) fn check(config: &Config, leaves: &Leaves, problems: &mut Vec<Problem>) {
    let mut checks = Checks { leaves, problems };
    ports(config, &mut checks);
    hosts(config, &mut checks);
    urls(config, &mut checks);
    bus(config, &mut checks);
    monitor(config, &mut checks);
    clock(config, &mut checks);
    risk(config, &mut checks);
    automation(config, &mut checks);
    small_numbers(config, &mut checks);
}

/// What is possible but worth a word before the desk starts.
pub(crate) fn warnings(config: &Config, sources: &Sources) -> Vec<String> {
    let mut warnings = Vec::new();
    if sources.env.contains_key(std::ffi::OsStr::new("DATABASE_URL")) {
        warnings.push(
            "DATABASE_URL is set and is not read: the database is configured by REC_DB_* or [database]".to_owned(),
        );
    }
    if !is_loopback(&config.net.bind_host) && config.web.public_host.is_none() {
        warnings.push(format!(
            "net.bind_host is {}: the desk answers the network without TLS; put a reverse proxy in front and set \
             web.public_host, or listen on 127.0.0.1",
            config.net.bind_host
        ));
    }
    if config.database.password.is_some() && config.database.password_file.is_some() {
        warnings.push("REC_DB_PASS is set, so database.password_file is not read".to_owned());
    }
    warnings
}

struct Checks<'a> {
    leaves: &'a Leaves,
    problems: &'a mut Vec<Problem>,
}

impl Checks<'_> {
    /// Demands that something holds; otherwise points at those of `keys` that the operator set.
    fn demand(&mut self, holds: bool, keys: &[&str], message: impl FnOnce() -> String, help: &str) {
        if holds {
            return;
        }
        let mut problem = Problem::new(message());
        for key in keys {
            if let Some(place) = self.leaves.get(*key).and_then(|leaf| leaf.place.as_ref()) {
                problem = problem.and_at(place, format!("{key} here"));
            }
        }
        self.problems.push(problem.help(help));
    }
}

fn ports(config: &Config, checks: &mut Checks<'_>) {
    let mut all: Vec<(String, u16)> =
        config.net.ports.iter().map(|(service, port)| (format!("net.ports.{service}"), *port)).collect();
    let runs_twin = matches!(config.mode, Mode::Twin | Mode::Paper);
    if runs_twin {
        all.push(("twin.port".to_owned(), config.twin.port));
        all.push(("twin.spot_port".to_owned(), config.twin.spot_port));
    }
    let mut by_port: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (key, port) in &all {
        by_port.entry(*port).or_default().push(key);
    }
    for (port, keys) in by_port {
        if port == 0 {
            checks.demand(
                config.mode == Mode::Twin,
                &keys,
                || format!("{} cannot be 0 in mode {}: others must know the port", keys.join(", "), config.mode),
                "give it a number of its own",
            );
        } else {
            checks.demand(
                keys.len() == 1,
                &keys,
                || format!("port {port} is given twice: {}", keys.join(", ")),
                "give each its own port, or move all of them with net.port_base",
            );
        }
    }
}

fn hosts(config: &Config, checks: &mut Checks<'_>) {
    let named = [
        ("net.bind_host", &config.net.bind_host),
        ("net.target_host", &config.net.target_host),
        ("twin.host", &config.twin.host),
    ];
    for (key, host) in named {
        let is_name = !host.is_empty()
            && host.len() <= 253
            && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
        checks.demand(
            is_name || host.parse::<std::net::IpAddr>().is_ok(),
            &[key],
            || format!("{key} `{host}` is neither an address nor a host name"),
            "for example 127.0.0.1, ::1 or localhost; the port is a setting of its own",
        );
    }
    for (key, host) in [("net.target_host", &config.net.target_host), ("twin.host", &config.twin.host)] {
        checks.demand(
            !host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_unspecified()),
            &[key],
            || format!("{key} cannot be {host}: nothing is reached there"),
            "name one address, as 127.0.0.1; only net.bind_host may stand for all",
        );
    }
}

fn urls(config: &Config, checks: &mut Checks<'_>) {
    let all = [
        ("exchange.rest_url", &config.exchange.rest_url, "http"),
        ("exchange.ws_url", &config.exchange.ws_url, "ws"),
        ("exchange.prod.rest_url", &config.exchange.prod.rest_url, "http"),
        ("exchange.prod.ws_url", &config.exchange.prod.ws_url, "ws"),
        ("exchange.demo.rest_url", &config.exchange.demo.rest_url, "http"),
        ("exchange.demo.ws_url", &config.exchange.demo.ws_url, "ws"),
        ("spot.rest_url", &config.spot.rest_url, "http"),
        ("spot.ws_url", &config.spot.ws_url, "ws"),
        ("spot.coinbase.rest_url", &config.spot.coinbase.rest_url, "http"),
        ("spot.coinbase.ws_url", &config.spot.coinbase.ws_url, "ws"),
        ("spot.kraken.ws_url", &config.spot.kraken.ws_url, "ws"),
        ("spot.bitstamp.ws_url", &config.spot.bitstamp.ws_url, "ws"),
    ];
    for (key, url, scheme) in all {
        checks.demand(
            host_of(url, scheme).is_some(),
            &[key],
            || format!("{key} `{url}` is no address of the form {scheme}://host or {scheme}s://host"),
            "write scheme, host, and path",
        );
    }
    for (key, url, scheme) in &all[..2] {
        let Some(host) = host_of(url, scheme) else { continue };
        let (of_prod, of_demo) = (is_under(&host, "kalshi.com"), is_under(&host, "kalshi.co"));
        let (fits, wanted) = match config.mode {
            Mode::Twin | Mode::Paper => (!of_prod && !of_demo, "the local twin"),
            // A simulated exchange on this machine may stand in for the exchange's demo: no money is behind either.
            Mode::Demo => (of_demo || stays_here(&host), "a host under kalshi.co, or a twin on this machine"),
            Mode::Prod => (of_prod, "a host under kalshi.com"),
        };
        let mode = config.mode;
        checks.demand(
            fits,
            &[key, "mode"],
            || format!("{key} `{url}` is not the exchange of mode {mode}, which is {wanted}"),
            "change the mode, or leave the address out: it follows from the mode",
        );
        let needs_tls = mode.needs_arming();
        checks.demand(
            !needs_tls || stays_here(&host) || url.starts_with(&format!("{scheme}s://")),
            &[key],
            || format!("{key} `{url}` has no TLS, and orders are signed there"),
            "begin with https:// or wss://",
        );
    }
}

/// Whether a host is this machine.
pub(crate) fn stays_here(host: &str) -> bool {
    is_loopback(host.trim_matches(['[', ']']))
}

fn monitor(config: &Config, checks: &mut Checks<'_>) {
    let url = config.monitor.heartbeat_url.as_deref();
    checks.demand(
        url.is_none_or(|url| host_of(url, "http").is_some()),
        &["monitor.heartbeat_url"],
        || "monitor.heartbeat_url is no address of the form https://host/path".to_owned(),
        "write scheme, host and path; where it is a secret, name its file with monitor.heartbeat_url_file",
    );
}

fn bus(config: &Config, checks: &mut Checks<'_>) {
    let bus = &config.bus;
    if let Some(url) = &bus.url {
        let (plain, tls) = (url.strip_prefix("nats://"), url.strip_prefix("tls://"));
        let host = plain.or(tls).and_then(|rest| host_of(&format!("http://{rest}"), "http"));
        checks.demand(
            host.is_some(),
            &["bus.url"],
            || "bus.url is no address of the form nats://host:port or tls://host:port".to_owned(),
            "user and password are settings of their own: bus.user and bus.password_file",
        );
        checks.demand(
            host.as_deref().is_none_or(stays_here) || tls.is_some(),
            &["bus.url"],
            || format!("bus.url `{url}` goes over the network without TLS"),
            "begin with tls://, or run the server on this machine",
        );
    }
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    checks.demand(
        bus.prefix.split('.').all(is_word),
        &["bus.prefix"],
        || format!("bus.prefix `{}` is not made of letters, digits, - and _, with dots between", bus.prefix),
        "for example rec",
    );
    checks.demand(
        bus.user.is_some() == bus.password_file.is_some(),
        &["bus.user", "bus.password_file"],
        || "bus.user and bus.password_file belong together, and one is missing".to_owned(),
        "set both or none",
    );
}

/// The host of an address of the given scheme, or of that scheme with TLS.
pub(crate) fn host_of(url: &str, scheme: &str) -> Option<String> {
    let rest = url.strip_prefix(scheme)?;
    let rest = rest.strip_prefix('s').unwrap_or(rest).strip_prefix("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.contains('@') || authority.contains(char::is_whitespace) {
        return None;
    }
    let host = if let Some(v6) = authority.strip_prefix('[') {
        let (address, _) = v6.split_once(']')?;
        bracketed(address)
    } else {
        authority.split(':').next()?.to_owned()
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

fn clock(config: &Config, checks: &mut Checks<'_>) {
    let speed = config.clock.speed;
    let is_real_time = speed.to_bits() == 1.0_f64.to_bits();
    checks.demand(
        (0.01..=1_000.0).contains(&speed),
        &["clock.speed"],
        || format!("clock.speed {speed} is not between 0.01 and 1000"),
        "1 is real time",
    );
    let mode = config.mode;
    checks.demand(
        mode == Mode::Twin || (is_real_time && config.clock.market_origin.is_none()),
        &["clock.speed", "clock.market_origin", "mode"],
        || format!("market time is the time of day in mode {mode}; only the twin runs at another time or speed"),
        "leave clock.* out, or use mode twin",
    );
    checks.demand(
        config.clock.market_origin.is_some() == config.clock.wall_origin.is_some(),
        &["clock.market_origin", "clock.wall_origin"],
        || "clock.market_origin and clock.wall_origin belong together, and one is missing".to_owned(),
        "set both or none",
    );
}

fn risk(config: &Config, checks: &mut Checks<'_>) {
    for name in config.risk.caps.above(&config.risk.ceiling) {
        let (cap, ceiling) = (format!("risk.{name}"), format!("risk.ceiling.{name}"));
        checks.demand(
            false,
            &[&cap, &ceiling],
            || format!("{cap} is above its ceiling {ceiling}"),
            "lower the limit, or raise the ceiling on purpose",
        );
    }
    for (section, caps) in [("risk", &config.risk.caps), ("risk.ceiling", &config.risk.ceiling)] {
        for cap in Cap::ALL {
            let key = format!("{section}.{cap}");
            let is_sound = !caps.limit(*cap).is_negative();
            checks.demand(is_sound, &[&key], || format!("{key} must not be negative"), "0 refuses every entry");
        }
    }
}

fn automation(config: &Config, checks: &mut Checks<'_>) {
    if let Err(errors) = config.automation.validate() {
        for error in errors {
            let key = format!("automation.{}", error.setting);
            // A rule between two settings names the other one in its text.
            let partner = error
                .problem
                .split_whitespace()
                .last()
                .map(|word| format!("automation.{word}"))
                .filter(|other| *other != key && checks.leaves.contains_key(other));
            let mut keys = vec![key.as_str()];
            keys.extend(partner.as_deref());
            checks.demand(
                false,
                &keys,
                || format!("{key} {}", error.problem),
                "config.default.toml explains each setting",
            );
        }
    }
    let contracts = config.automation.contracts();
    let cap = config.risk.caps.contracts_per_order;
    checks.demand(
        contracts <= cap,
        &["automation.position_size", "automation.multiplier", "risk.contracts_per_order"],
        || format!("automation orders {contracts} contracts at a time and risk.contracts_per_order allows {cap}"),
        "position_size times multiplier must not be above the limit",
    );
}

fn small_numbers(config: &Config, checks: &mut Checks<'_>) {
    checks.demand(
        !config.exchange.series.is_empty() && config.exchange.series.iter().all(|series| is_series(series.as_str())),
        &["exchange.series"],
        || "exchange.series must name at least one series, in capitals and digits".to_owned(),
        "for example [\"KXBTCD\"]",
    );
    checks.demand(
        !config.spot.products.is_empty() && config.spot.products.iter().all(|product| product.contains('-')),
        &["spot.products"],
        || "spot.products must name at least one product as BASE-QUOTE".to_owned(),
        "for example [\"BTC-USD\"]",
    );
    checks.demand(
        (12..=1_000).contains(&config.database.max_connections),
        &["database.max_connections"],
        || format!("database.max_connections {} is not between 12 and 1000", config.database.max_connections),
        "each of the twelve services needs one; 48 are enough for all",
    );
    checks.demand(
        config.database.port != 0,
        &["database.port"],
        || "database.port cannot be 0".to_owned(),
        "Postgres listens on 5432 unless told otherwise",
    );
    checks.demand(
        (1..=24 * 30).contains(&config.web.session_hours),
        &["web.session_hours"],
        || format!("web.session_hours {} is not between 1 and 720", config.web.session_hours),
        "12 is a day's work",
    );
    checks.demand(
        (1..=1_000).contains(&config.web.login_attempts_per_minute),
        &["web.login_attempts_per_minute"],
        || "web.login_attempts_per_minute must lie between 1 and 1000".to_owned(),
        "0 would lock everybody out",
    );
    for (keep, keys) in [
        (&config.journal, ["journal.file_megabytes", "journal.file_minutes"]),
        (&config.recorder.keep, ["recorder.keep.file_megabytes", "recorder.keep.file_minutes"]),
    ] {
        checks.demand(
            (1..=256).contains(&keep.file_megabytes) && (1..=1_440).contains(&keep.file_minutes),
            &keys,
            || format!("{} must lie between 1 and 256, and {} between 1 and 1440", keys[0], keys[1]),
            "whoever replays or reads a file holds it in memory as a whole",
        );
    }
}

fn is_series(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}
