//! Which output feeds which input: the one table that processes, demo and simulation are composed by.

use rec_domain::{Service, bus_event::Topic};

/// One kind of event on the bus: who may publish it and who is fed by it.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The kind of event.
    pub topic: Topic,
    /// Its only publisher.
    pub from: Service,
    /// Whoever is fed.
    pub to: &'static [Service],
}

use Service::{
    ActiveTradeSupervisor, AutoEntrySupervisor, CascadingFailureDetector, DbPoller, Guard, KalshiAccountSync,
    KalshiApiWatchdog, MainApp, PriceWatchdog, SystemMonitor, TradeExecutor, TradeManager,
    UnifiedProductionCoordinator,
};

/// Every event on the bus, from the feeds to the pages.
pub const ROUTES: &[Route] = &[
    Route { topic: Topic::Spot, from: PriceWatchdog, to: &[UnifiedProductionCoordinator, MainApp] },
    Route { topic: Topic::Index, from: PriceWatchdog, to: &[KalshiApiWatchdog, UnifiedProductionCoordinator, MainApp] },
    Route {
        topic: Topic::Momentum,
        from: PriceWatchdog,
        to: &[UnifiedProductionCoordinator, AutoEntrySupervisor, ActiveTradeSupervisor, MainApp],
    },
    Route {
        topic: Topic::Markets,
        from: KalshiApiWatchdog,
        to: &[UnifiedProductionCoordinator, TradeManager, AutoEntrySupervisor, MainApp],
    },
    Route {
        topic: Topic::Books,
        from: KalshiApiWatchdog,
        to: &[UnifiedProductionCoordinator, TradeManager, ActiveTradeSupervisor, MainApp],
    },
    Route { topic: Topic::Lifecycle, from: KalshiApiWatchdog, to: &[TradeManager, MainApp] },
    Route {
        topic: Topic::Strikes,
        from: UnifiedProductionCoordinator,
        to: &[AutoEntrySupervisor, ActiveTradeSupervisor, MainApp],
    },
    Route { topic: Topic::Rows, from: UnifiedProductionCoordinator, to: &[AutoEntrySupervisor] },
    Route { topic: Topic::Desk, from: TradeManager, to: &[AutoEntrySupervisor, ActiveTradeSupervisor, MainApp] },
    Route { topic: Topic::Outbox, from: DbPoller, to: &[MainApp] },
    Route { topic: Topic::Entry, from: AutoEntrySupervisor, to: &[MainApp] },
    Route { topic: Topic::Health, from: SystemMonitor, to: &[CascadingFailureDetector, MainApp] },
];

/// A command that one service gives another; the only way upstream.
#[derive(Debug, Clone, Copy)]
pub struct CommandRoute {
    /// Who asks.
    pub from: Service,
    /// Who does it.
    pub to: Service,
    /// What, for people.
    pub what: &'static str,
}

/// Every command between services.
pub const COMMANDS: &[CommandRoute] = &[
    CommandRoute { from: AutoEntrySupervisor, to: TradeManager, what: "open, note refusals" },
    CommandRoute { from: ActiveTradeSupervisor, to: TradeManager, what: "close" },
    CommandRoute { from: CascadingFailureDetector, to: TradeManager, what: "halt, resume" },
    CommandRoute {
        from: MainApp,
        to: TradeManager,
        what: "open, close, flatten, halt, resume, arm, disarm, settings, lower caps",
    },
    CommandRoute { from: TradeManager, to: TradeExecutor, what: "dispatch: an intent is committed" },
    CommandRoute { from: MainApp, to: Guard, what: "kill: trip the entry groups" },
    CommandRoute { from: TradeManager, to: Guard, what: "heartbeat datagram" },
    CommandRoute { from: TradeManager, to: KalshiAccountSync, what: "hint: read the account now" },
    CommandRoute { from: KalshiAccountSync, to: TradeManager, what: "hint: the inbox has news" },
    CommandRoute { from: KalshiAccountSync, to: TradeManager, what: "hint: how far the exchange's clock is away" },
    CommandRoute { from: TradeExecutor, to: TradeManager, what: "hint: there are answers" },
];

/// What `service` is fed with.
#[must_use]
pub fn subscriptions(service: Service) -> Vec<Topic> {
    ROUTES.iter().filter(|route| route.to.contains(&service)).map(|route| route.topic).collect()
}

/// The only service that publishes `topic`.
#[must_use]
pub fn publisher(topic: Topic) -> Option<Service> {
    ROUTES.iter().find(|route| route.topic == topic).map(|route| route.from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_topic_has_exactly_one_publisher() {
        let topics: BTreeSet<_> = ROUTES.iter().map(|route| route.topic).collect();
        assert_eq!(topics.len(), ROUTES.len());
    }

    #[test]
    fn nobody_is_fed_by_himself() {
        assert!(ROUTES.iter().all(|route| !route.to.contains(&route.from)));
    }

    #[test]
    fn the_executor_is_fed_by_no_event() {
        assert!(subscriptions(TradeExecutor).is_empty(), "it sends what was committed and nothing else");
    }

    /// The tables of `docs/ARCHITECTURE.md`, as this file says them.
    fn tables() -> String {
        let names = |services: &[Service]| services.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ");
        let mut text = "| event | from | to |\n| --- | --- | --- |\n".to_owned();
        for Route { topic, from, to } in ROUTES {
            let topic = serde_json::to_value(topic).expect("a topic has a name");
            let topic = topic.as_str().expect("which is a word");
            text += &format!("| {topic} | {from} | {} |\n", names(to));
        }
        text += "\n| command or hint | from | to |\n| --- | --- | --- |\n";
        for CommandRoute { from, to, what } in COMMANDS {
            text += &format!("| {what} | {from} | {to} |\n");
        }
        text
    }

    #[test]
    fn the_architecture_page_shows_this_topology() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/ARCHITECTURE.md");
        let Ok(text) = std::fs::read_to_string(page) else {
            println!("SKIPPED: {page} is not in this source set");
            return;
        };
        let (_, rest) = text.split_once("<!-- topology: begin -->\n").expect("the page marks where the tables begin");
        let (shown, _) = rest.split_once("<!-- topology: end -->").expect("the page marks where the tables end");
        assert_eq!(shown, tables(), "put this between the marks of {page}:\n{}", tables());
    }
}
