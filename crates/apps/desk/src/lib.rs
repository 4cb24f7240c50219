//! The unit `desk`: everything between the feeds and the committed intent, in one process, so that a stop needs few
//! processes alive.

use rec_domain::Service;
use rec_runtime::Hosted;

/// The services of the unit, in the order of the data: feeds first, whoever acts on them last.
pub const SERVICES: &[Hosted] = &[
    (Service::PriceWatchdog, rec_price_watchdog::run),
    (Service::KalshiApiWatchdog, rec_kalshi_api_watchdog::run),
    (Service::UnifiedProductionCoordinator, rec_unified_production_coordinator::run),
    (Service::TradeManager, rec_trade_manager::run),
    (Service::DbPoller, rec_db_poller::run),
    (Service::ActiveTradeSupervisor, rec_active_trade_supervisor::run),
    (Service::AutoEntrySupervisor, rec_auto_entry_supervisor::run),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn holds_what_the_manifest_says() {
        let held: BTreeSet<Service> = SERVICES.iter().map(|(service, _)| *service).collect();
        let units = rec_config::Manifest::bundled().units();
        let stated = units.into_iter().find(|(unit, _)| *unit == "desk").expect("the unit exists").1;
        assert_eq!(held, stated.into_iter().collect());
    }
}
