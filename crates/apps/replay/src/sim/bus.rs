//! Who hears which event: the engine's topology.

use rec_domain::{Service, bus_event::BusEvent};
use rec_engine::{desk::DeskInput, entry, exit, lifecycle, odds};

use super::{event::Mail, world::World};

impl World {
    /// Publishes an event to whoever the topology feeds with it.
    pub(super) fn publish(&mut self, event: &BusEvent) {
        let services = self.routes.get(&event.topic()).copied().unwrap_or_default();
        for service in services {
            let Some(mail) = self.subscriber_input(*service, event) else { continue };
            self.market_event(mail);
        }
    }

    /// The event as the input of a service's machine; `None` for services that have none here.
    fn subscriber_input(&self, service: Service, event: &BusEvent) -> Option<Mail> {
        if let (Service::TradeManager, BusEvent::Books(tops)) = (service, event) {
            // The desk is told only the books of markets in which it holds something.
            let trades = self.view.as_ref().map_or(&[][..], |view| &view.trades);
            let held = tops.iter().filter(|top| trades.iter().any(|trade| trade.ticker == top.ticker));
            let tops: Vec<_> = held.cloned().collect();
            return (!tops.is_empty()).then_some(Mail::Desk(DeskInput::Tops { tops }));
        }
        subscriber_input(service, event)
    }
}

/// The event as it is, as the input of a service's machine.
fn subscriber_input(service: Service, event: &BusEvent) -> Option<Mail> {
    Some(match (service, event) {
        (Service::UnifiedProductionCoordinator, BusEvent::Spot(spot)) => Mail::Odds(odds::Input::Spot(spot.clone())),
        (Service::UnifiedProductionCoordinator, BusEvent::Index(print)) => Mail::Odds(odds::Input::Index(*print)),
        (Service::UnifiedProductionCoordinator, BusEvent::Momentum(reading)) => {
            Mail::Odds(odds::Input::Momentum(reading.clone()))
        }
        (Service::UnifiedProductionCoordinator, BusEvent::Markets(markets)) => {
            Mail::Odds(odds::Input::Markets(markets.clone()))
        }
        (Service::UnifiedProductionCoordinator, BusEvent::Books(tops)) => Mail::Odds(odds::Input::Books(tops.clone())),
        (Service::KalshiApiWatchdog, BusEvent::Index(print)) => {
            Mail::Lifecycle(lifecycle::Input::Underlying(print.value))
        }
        (Service::TradeManager, BusEvent::Markets(markets)) => {
            Mail::Desk(DeskInput::Markets { markets: markets.clone() })
        }
        (Service::TradeManager, BusEvent::Lifecycle(change)) => Mail::Desk(DeskInput::Lifecycle(change.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Strikes(table)) => Mail::Entry(entry::Input::Strikes(table.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Rows(rows)) => Mail::Entry(entry::Input::Rows(rows.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Desk(view)) => Mail::Entry(entry::Input::Desk(view.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Momentum(reading)) => {
            Mail::Entry(entry::Input::Momentum(reading.clone()))
        }
        (Service::AutoEntrySupervisor, BusEvent::Markets(markets)) => {
            Mail::Entry(entry::Input::Markets(markets.clone()))
        }
        (Service::ActiveTradeSupervisor, BusEvent::Strikes(table)) => Mail::Exit(exit::Input::Strikes(table.clone())),
        (Service::ActiveTradeSupervisor, BusEvent::Books(tops)) => Mail::Exit(exit::Input::Books(tops.clone())),
        (Service::ActiveTradeSupervisor, BusEvent::Desk(view)) => Mail::Exit(exit::Input::Desk(view.clone())),
        (Service::ActiveTradeSupervisor, BusEvent::Momentum(reading)) => {
            Mail::Exit(exit::Input::Momentum(reading.clone()))
        }
        _ => return None,
    })
}
