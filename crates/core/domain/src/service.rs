//! The services of the desk.

use serde::{Deserialize, Serialize};

macro_rules! services {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A service of the desk, by the operator's own name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Service {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl Service {
            /// All of them, guard last.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, as `trade-manager`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

services! {
    /// Pages and the operator's API.
    MainApp = "main-app",
    /// Risk gate, durable intents, trade life cycle, ledger.
    TradeManager = "trade-manager",
    /// Sends every order.
    TradeExecutor = "trade-executor",
    /// Spot price, index, momentum.
    PriceWatchdog = "price-watchdog",
    /// Relays the outbox to the bus.
    DbPoller = "db-poller",
    /// What the exchange says of the account, appended to the inbox.
    KalshiAccountSync = "kalshi-account-sync",
    /// Markets, books and their life cycle.
    KalshiApiWatchdog = "kalshi-api-watchdog",
    /// Health of every service.
    SystemMonitor = "system-monitor",
    /// Leaves trades under rules.
    ActiveTradeSupervisor = "active-trade-supervisor",
    /// Halts entries when the desk is failing.
    CascadingFailureDetector = "cascading-failure-detector",
    /// Enters trades under rules.
    AutoEntrySupervisor = "auto-entry-supervisor",
    /// Strike table.
    UnifiedProductionCoordinator = "unified-production-coordinator",
    /// Trips the entry group when the desk is gone.
    Guard = "guard",
}

impl Service {
    /// The name in snake case, as `trade_manager`.
    #[must_use]
    pub fn snake_name(self) -> String {
        self.name().replace('-', "_")
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no service of the desk")]
pub struct UnknownService(String);

impl std::str::FromStr for Service {
    type Err = UnknownService;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|service| service.name() == text || service.snake_name() == text)
            .ok_or_else(|| UnknownService(text.chars().take(40).collect()))
    }
}
