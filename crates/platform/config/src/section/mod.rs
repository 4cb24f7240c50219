//! The configuration as types, one file a section.

mod arming;
mod bus;
mod clock;
mod database;
mod exchange;
mod keep;
mod limits;
mod monitor;
mod net;
mod spot;

use std::path::PathBuf;

use rec_domain::{Mode, settings::AutomationSettings};
use serde::Deserialize;

pub use arming::ArmingConfig;
pub use bus::BusConfig;
pub use clock::ClockConfig;
pub use database::{DatabaseConfig, SslMode};
pub use exchange::{CredentialError, ExchangeConfig, ExchangeCredential, ExchangeKey, VenueUrls};
pub use keep::{KeepConfig, RecorderConfig};
pub use limits::{FreshnessConfig, RiskConfig};
pub use monitor::MonitorConfig;
pub use net::{NetConfig, TwinConfig};
pub(crate) use net::{bracketed, is_loopback};
pub use spot::{FeedUrl, SpotConfig, SpotVenue};

/// The whole configuration, checked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the desk trades against.
    pub mode: Mode,
    /// Where the desk keeps its state.
    pub state_dir: PathBuf,
    /// Where logs go.
    pub log_dir: PathBuf,
    /// What is logged and how.
    pub log: LogConfig,
    /// Addresses and ports.
    pub net: NetConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Events between processes.
    pub bus: BusConfig,
    /// The exchange and its keys.
    pub exchange: ExchangeConfig,
    /// The local twin.
    pub twin: TwinConfig,
    /// The spot venue.
    pub spot: SpotConfig,
    /// Market time.
    pub clock: ClockConfig,
    /// How old a value may be on the way to an order.
    pub freshness: FreshnessConfig,
    /// Limits on entries.
    pub risk: RiskConfig,
    /// The strategy with which a new database starts.
    pub automation: AutomationSettings,
    /// Arming.
    pub arming: ArmingConfig,
    /// What is told to the world outside of the machine.
    pub monitor: MonitorConfig,
    /// Pages and log-ins.
    pub web: WebConfig,
    /// The probability model.
    pub model: ModelConfig,
    /// What is kept of the machines' journals.
    pub journal: KeepConfig,
    /// What is recorded of what comes.
    pub recorder: RecorderConfig,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Filter in the syntax of `tracing`'s directives.
    pub filter: String,
    /// For whom.
    pub format: LogFormat,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// Pages and log-ins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebConfig {
    /// How long a log-in lasts, in hours.
    pub session_hours: u32,
    /// Wrong log-ins from one address in a minute before it has to wait.
    pub login_attempts_per_minute: u32,
    /// The name under which a browser reaches the desk through a reverse proxy with TLS.
    pub public_host: Option<String>,
}

/// The probability model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Folder with the fingerprints from which chances are computed.
    pub fingerprint_dir: PathBuf,
}

/// Reads a time given in seconds, whole or with decimals.
pub(crate) fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<rec_domain::TimeSpan, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    if !(0.001..=86_400.0).contains(&seconds) {
        return Err(serde::de::Error::custom("a time must lie between 0.001 and 86400 seconds"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 86,400,000 milliseconds")]
    let millis = (seconds * 1e3).round() as i64;
    Ok(rec_domain::TimeSpan::from_millis(millis))
}
