//! The list of services, `services.toml`: the one place where names, ports and units stand.

use std::{collections::BTreeMap, fmt, sync::OnceLock};

use rec_domain::Service;
use serde::{Deserialize, Deserializer, Serialize};

/// The text of `services.toml`, compiled in.
pub const SERVICES_TOML: &str = include_str!("../../../../services.toml");

/// The list of services.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    services: BTreeMap<Service, ServiceEntry>,
}

/// What the manifest says of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceEntry {
    /// What it does, in a few words.
    pub description: String,
    /// The port on which it answers HTTP by default; none for the guard, which has a unix socket only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The variable that overrides the port, as `REC_MAIN_PORT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// What it cannot do its work without.
    pub needs: Vec<Need>,
    /// Its key of the exchange.
    pub credential: Credential,
    /// The engine's machines that it drives.
    pub machines: Vec<String>,
    /// The process that holds it on a server unless told otherwise.
    pub unit: String,
}

/// What a service cannot do its work without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The database.
    Postgres,
    /// The event bus.
    Bus,
    /// The exchange.
    Exchange,
    /// The spot venue.
    Spot,
    /// Another service.
    Service(Service),
}

/// Which key of the exchange a service may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Credential {
    /// None.
    None,
    /// The key with scope read.
    Read,
    /// The key with scope trade.
    Write,
    /// The guard's own key with scope trade.
    Guard,
}

impl Manifest {
    /// The manifest that is compiled in.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they parse the same text.
    #[must_use]
    pub fn bundled() -> &'static Self {
        static MANIFEST: OnceLock<Manifest> = OnceLock::new();
        MANIFEST.get_or_init(|| toml::from_str(SERVICES_TOML).expect("services.toml is compiled in and tested"))
    }

    /// What the manifest says of `service`.
    ///
    /// # Panics
    /// Never for the bundled manifest: a test holds it to [`Service::ALL`].
    #[must_use]
    pub fn get(&self, service: Service) -> &ServiceEntry {
        self.services.get(&service).expect("the manifest names every service, which is tested")
    }

    /// Every service with its entry, in the order of [`Service::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Service, &ServiceEntry)> {
        self.services.iter().map(|(service, entry)| (*service, entry))
    }

    /// The default units with the services of each, units in the order of their first service.
    #[must_use]
    pub fn units(&self) -> Vec<(&str, Vec<Service>)> {
        let mut units: Vec<(&str, Vec<Service>)> = Vec::new();
        for (service, entry) in self.iter() {
            match units.iter_mut().find(|(unit, _)| *unit == entry.unit) {
                Some((_, services)) => services.push(service),
                None => units.push((&entry.unit, vec![service])),
            }
        }
        units
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres => f.pad("postgres"),
            Self::Bus => f.pad("bus"),
            Self::Exchange => f.pad("exchange"),
            Self::Spot => f.pad("spot"),
            Self::Service(service) => service.fmt(f),
        }
    }
}

impl Serialize for Need {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Need {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "postgres" => Ok(Self::Postgres),
            "bus" => Ok(Self::Bus),
            "exchange" => Ok(Self::Exchange),
            "spot" => Ok(Self::Spot),
            name => name.parse().map(Self::Service).map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_service_once_and_no_other() {
        let named: Vec<Service> = Manifest::bundled().iter().map(|(service, _)| service).collect();
        assert_eq!(named, Service::ALL);
    }

    #[test]
    fn keeps_the_operators_ports_and_variables() {
        let expected = [
            ("main-app", 3000, "REC_MAIN_PORT"),
            ("trade-manager", 4000, "REC_TRADE_MANAGER_PORT"),
            ("trade-executor", 8001, "REC_TRADE_EXECUTOR_PORT"),
            ("price-watchdog", 8002, "REC_PRICE_WATCHDOG_PORT"),
            ("db-poller", 8003, "REC_DB_POLLER_PORT"),
            ("kalshi-account-sync", 8004, "REC_KALSHI_ACCOUNT_SYNC_PORT"),
            ("kalshi-api-watchdog", 8005, "REC_KALSHI_API_WATCHDOG_PORT"),
            ("system-monitor", 8006, "REC_SYSTEM_MONITOR_PORT"),
            ("active-trade-supervisor", 8007, "REC_ACTIVE_TRADE_SUPERVISOR_PORT"),
            ("cascading-failure-detector", 8008, "REC_CASCADING_FAILURE_DETECTOR_PORT"),
            ("auto-entry-supervisor", 8009, "REC_AUTO_ENTRY_SUPERVISOR_PORT"),
            ("unified-production-coordinator", 8010, "REC_UNIFIED_PRODUCTION_COORDINATOR_PORT"),
        ];
        let stated: Vec<_> = Manifest::bundled()
            .iter()
            .filter_map(|(service, entry)| Some((service.name(), entry.port?, entry.env.as_deref()?)))
            .collect();
        assert_eq!(stated, expected);
        let guard = Manifest::bundled().get(Service::Guard);
        assert_eq!((guard.port, &guard.env), (None, &None), "the guard has a socket only");
    }

    #[test]
    fn the_process_with_the_page_holds_no_key_and_the_executor_is_alone() {
        for (unit, services) in Manifest::bundled().units() {
            let credentials: Vec<_> = services.iter().map(|s| Manifest::bundled().get(*s).credential).collect();
            match unit {
                "web" => assert_eq!(credentials, [Credential::None]),
                "executor" => assert_eq!(services, [Service::TradeExecutor]),
                "guard" => assert_eq!(credentials, [Credential::Guard]),
                _ => assert!(!credentials.contains(&Credential::Write), "{unit} holds the write key"),
            }
        }
    }

    #[test]
    fn needs_form_no_circle() {
        fn visit(service: Service, path: &mut Vec<Service>) {
            assert!(!path.contains(&service), "circle of needs: {path:?}");
            path.push(service);
            for need in &Manifest::bundled().get(service).needs {
                if let Need::Service(next) = need {
                    visit(*next, path);
                }
            }
            path.pop();
        }
        for service in Service::ALL {
            visit(*service, &mut Vec::new());
        }
    }
}
