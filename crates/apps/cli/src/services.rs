//! Every service with its entry point, in the order of their start.

use rec_domain::Service;
use rec_runtime::Hosted;

/// The twelve services of the desk, from the writers of facts to the page. The guard is a process of its own.
pub const DESK: &[Hosted] = &[
    (Service::PriceWatchdog, rec_price_watchdog::run),
    (Service::KalshiApiWatchdog, rec_kalshi_api_watchdog::run),
    (Service::KalshiAccountSync, rec_kalshi_account_sync::run),
    (Service::TradeExecutor, rec_trade_executor::run),
    (Service::TradeManager, rec_trade_manager::run),
    (Service::UnifiedProductionCoordinator, rec_unified_production_coordinator::run),
    (Service::AutoEntrySupervisor, rec_auto_entry_supervisor::run),
    (Service::ActiveTradeSupervisor, rec_active_trade_supervisor::run),
    (Service::DbPoller, rec_db_poller::run),
    (Service::MainApp, rec_main_app::run),
    (Service::SystemMonitor, rec_system_monitor::run),
    (Service::CascadingFailureDetector, rec_cascading_failure_detector::run),
];

/// The named services with their entry points, the guard included.
#[must_use]
pub fn hosted(names: &[Service]) -> Vec<Hosted> {
    let guard: Hosted = (Service::Guard, rec_guard::run);
    DESK.iter().copied().chain([guard]).filter(|(service, _)| names.contains(service)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_entry_point() {
        assert_eq!(hosted(Service::ALL).len(), Service::ALL.len());
    }
}
