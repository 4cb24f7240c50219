//! The configuration of the desk, in layers: `config.default.toml`, the operator's `config.local.toml`,
//! `REC_*` variables, the command line. Every value keeps its origin, every fault points at its text, and all
//! faults are reported at once.
//!
//! [`load`] reads from [`Sources`], which are handed in, so that nothing here depends on the process it runs in;
//! nothing ever depends on the working directory. [`init`] is the only function that writes a file. The list of
//! services and their ports is [`Manifest`].

mod checks;
mod derive;
mod doc;
mod document;
mod init;
mod layers;
mod load;
mod manifest;
mod origin;
mod problem;
mod schema;
mod secret;
mod section;
mod sources;
mod suggest;
mod variables;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wrong;

pub use doc::settings_markdown;
pub use init::{InitError, init, template};
pub use load::{Loaded, ShownSetting, load};
pub use manifest::{Credential, Manifest, Need, SERVICES_TOML, ServiceEntry};
pub use origin::Origin;
pub use problem::{ConfigErrors, Problem};
pub use schema::DEFAULTS_TOML;
pub use secret::{REDACTED, Secret};
pub use section::{
    ArmingConfig, BusConfig, ClockConfig, Config, CredentialError, DatabaseConfig, ExchangeConfig, ExchangeCredential,
    ExchangeKey, FeedUrl, FreshnessConfig, KeepConfig, LogConfig, LogFormat, ModelConfig, MonitorConfig, NetConfig,
    RecorderConfig, RiskConfig, SpotConfig, SpotVenue, SslMode, TwinConfig, VenueUrls, WebConfig,
};
pub use sources::{Override, Sources};
pub use variables::{CONFIG_VARIABLE, variables};
