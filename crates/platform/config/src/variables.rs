//! The variables of the environment that set something.

use crate::manifest::Manifest;

/// Variable and setting, apart from the ports of the services, whose variables stand in `services.toml`.
const SETTINGS: &[(&str, &str)] = &[
    ("REC_ACCOUNT_MODE", "mode"),
    ("REC_STATE_DIR", "state_dir"),
    ("REC_LOG_DIR", "log_dir"),
    ("REC_LOG", "log.filter"),
    ("REC_LOG_FORMAT", "log.format"),
    ("REC_BIND_HOST", "net.bind_host"),
    ("REC_TARGET_HOST", "net.target_host"),
    ("REC_PORT_BASE", "net.port_base"),
    ("REC_SERVICE_TOKEN_FILE", "net.service_token_file"),
    ("REC_DB_HOST", "database.host"),
    ("REC_DB_PORT", "database.port"),
    ("REC_DB_NAME", "database.name"),
    ("REC_DB_USER", "database.user"),
    ("REC_DB_PASS", "database.password"),
    ("REC_DB_PASS_FILE", "database.password_file"),
    ("REC_DB_SSLMODE", "database.sslmode"),
    ("REC_NATS_URL", "bus.url"),
    ("REC_NATS_PREFIX", "bus.prefix"),
    ("REC_NATS_USER", "bus.user"),
    ("REC_NATS_PASS_FILE", "bus.password_file"),
    ("REC_KALSHI_BASE_URL", "exchange.rest_url"),
    ("REC_KALSHI_WS_URL", "exchange.ws_url"),
    ("REC_SERIES", "exchange.series"),
    ("REC_CREDENTIALS_PATH", "exchange.credentials_path"),
    ("REC_COINBASE_BASE_URL", "spot.rest_url"),
    ("REC_SPOT_VENUE", "spot.venue"),
    ("REC_SPOT_WS_URL", "spot.ws_url"),
    ("REC_TWIN_HOST", "twin.host"),
    ("REC_TWIN_PORT", "twin.port"),
    ("REC_TWIN_SPOT_PORT", "twin.spot_port"),
    ("REC_CLOCK_SPEED", "clock.speed"),
    ("REC_CLOCK_MARKET_ORIGIN", "clock.market_origin"),
    ("REC_CLOCK_WALL_ORIGIN", "clock.wall_origin"),
    ("REC_PUBLIC_HOST", "web.public_host"),
    ("REC_FINGERPRINT_DIR", "model.fingerprint_dir"),
];

/// The variable that names the operator's file.
pub const CONFIG_VARIABLE: &str = "REC_CONFIG";

/// Every variable with the setting it sets; `None` for `REC_CONFIG`, which names a file of settings.
#[must_use]
pub fn variables() -> Vec<(&'static str, Option<String>)> {
    let ports = Manifest::bundled()
        .iter()
        .filter_map(|(service, entry)| Some((entry.env.as_deref()?, Some(format!("net.ports.{service}")))));
    let settings = SETTINGS.iter().map(|(variable, key)| (*variable, Some((*key).to_owned())));
    std::iter::once((CONFIG_VARIABLE, None)).chain(settings).chain(ports).collect()
}

/// Whether a variable belongs to the tests and is none of the configuration's business.
pub(crate) fn belongs_to_tests(name: &str) -> bool {
    name.starts_with("REC_TEST_") || name == "REC_SHARED_DIR"
}
