//! Addresses and ports.

use std::{collections::BTreeMap, path::PathBuf};

use rec_domain::Service;
use serde::Deserialize;

/// Addresses and ports of the services.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetConfig {
    /// The address on which services listen.
    pub bind_host: String,
    /// The address at which services reach each other.
    pub target_host: String,
    /// The first of the ports, where they were moved together.
    #[serde(default, deserialize_with = "port_base")]
    pub port_base: Option<u16>,
    /// File with the token that services show to each other.
    pub service_token_file: PathBuf,
    /// The port of each service that has one; 0 is any free port.
    pub ports: BTreeMap<Service, u16>,
}

/// The local twin of the exchange and of the spot venue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinConfig {
    /// The address on which it listens and is reached.
    pub host: String,
    /// Port of the exchange.
    pub port: u16,
    /// Port of the spot venue.
    pub spot_port: u16,
}

/// A first port from which all others fit below 65536 and above the privileged ones.
fn port_base<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let base = i64::deserialize(deserializer)?;
    let count = crate::derive::moved_ports().len();
    let last = u16::MAX - u16::try_from(count).unwrap_or(u16::MAX - 1024) + 1;
    match u16::try_from(base) {
        Ok(base) if (1024..=last).contains(&base) => Ok(Some(base)),
        _ => Err(serde::de::Error::custom(format!(
            "it leaves no room for {count} ports; choose a number from 1024 to {last}"
        ))),
    }
}

impl NetConfig {
    /// The port of a service; none for the guard.
    #[must_use]
    pub fn port(&self, service: Service) -> Option<u16> {
        self.ports.get(&service).copied()
    }

    /// The address at which a service is reached, as `http://127.0.0.1:4000`; none for the guard.
    #[must_use]
    pub fn url(&self, service: Service) -> Option<String> {
        Some(format!("http://{}:{}", bracketed(&self.target_host), self.port(service)?))
    }
}

/// Whether nobody but this machine reaches the address.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host as it stands in a URL.
pub(crate) fn bracketed(host: &str) -> String {
    if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}
