//! The bus of a process: local, and joined to the other processes where there are some.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context as _;
use rec_bus::{
    Bus, LocalBus, NatsBus,
    nats::{Feed, Link, NatsOptions, Password},
};
use rec_config::Config;
use rec_domain::Service;
use rec_engine::topology;

use crate::{
    HealthBoard,
    clock::{SystemWall, WallClock as _},
};

/// The check that holds while the process is joined to the others.
pub(super) const CHECK: &str = "bus between processes";

/// The bus of a process that runs the services of `boards`. Whether it is joined to the others degrades the services
/// that are concerned; it makes none of them unhealthy, since whatever a service cannot do without has a check of its
/// own.
pub(super) fn bus_of(config: &Config, boards: &BTreeMap<Service, HealthBoard>) -> anyhow::Result<Arc<dyn Bus>> {
    let here: BTreeSet<Service> = boards.keys().copied().collect();
    let Crossing { publishes, wants } = Crossing::of(&here);
    let Some(url) = config.bus.url.clone() else {
        warn_of_unfed(boards);
        return Ok(Arc::new(LocalBus::new()));
    };
    if publishes.is_empty() && wants.is_empty() {
        return Ok(Arc::new(LocalBus::new()));
    }
    let concerned: BTreeSet<Service> = publishes
        .iter()
        .map(|feed| feed.from)
        .chain(here.iter().copied().filter(|service| {
            topology::subscriptions(*service).iter().any(|topic| wants.iter().any(|feed| feed.topic == *topic))
        }))
        .collect();
    let login = config
        .bus
        .read_login()
        .context("the password for the NATS server cannot be read: set bus.password_file (REC_NATS_PASS_FILE)")?;
    let bus = NatsBus::join(NatsOptions {
        url,
        login: login.map(|(user, password)| (user, Password::new(password.expose()))),
        prefix: format!("{}.{}", config.bus.prefix, config.mode),
        name: boards.keys().map(|service| service.name()).collect::<Vec<_>>().join("+"),
        publishes,
        wants,
        now: || SystemWall.now(),
    });
    for (service, board) in boards {
        if concerned.contains(service) {
            watch(board, bus.link().clone());
        }
    }
    Ok(Arc::new(bus))
}

/// What has to leave a process, and what has to come into it.
#[derive(Debug, PartialEq, Eq)]
struct Crossing {
    publishes: Vec<Feed>,
    wants: Vec<Feed>,
}

impl Crossing {
    fn of(here: &BTreeSet<Service>) -> Self {
        let feeds = |crosses: &dyn Fn(&topology::Route) -> bool| {
            let routes = topology::ROUTES.iter().filter(|route| crosses(route));
            routes.map(|route| Feed { from: route.from, topic: route.topic }).collect()
        };
        let is_here = |service: &Service| here.contains(service);
        Self {
            publishes: feeds(&|route| is_here(&route.from) && !route.to.iter().all(is_here)),
            wants: feeds(&|route| !is_here(&route.from) && route.to.iter().any(is_here)),
        }
    }
}

/// Shows in a service's health whether it is joined to the others, and what was lost since the last look.
fn watch(board: &HealthBoard, link: Link) {
    let told = AtomicU64::new(0);
    board.advise(CHECK, move || {
        let status = link.status();
        metrics::gauge!("rec_bus_joined").set(if status.away.is_none() { 1.0 } else { 0.0 });
        metrics::gauge!("rec_bus_lag_seconds").set(status.lag.as_secs_f64());
        for (name, count) in [
            ("rec_bus_connections", status.connected),
            ("rec_bus_sent", status.sent),
            ("rec_bus_received", status.received),
            ("rec_bus_dropped", status.dropped),
            ("rec_bus_lost_on_the_way", status.missed),
            ("rec_bus_too_large", status.too_large),
            ("rec_bus_unreadable", status.unreadable),
        ] {
            metrics::counter!(name).absolute(count);
        }
        let lost = status.lost() - told.swap(status.lost(), Ordering::Relaxed).min(status.lost());
        match status.away {
            Some(why) => Err(format!("away for {} s: {why}", status.lasting.as_secs())),
            None if lost > 0 => Err(format!("{lost} events lost since the last look")),
            None => Ok(format!(
                "joined for {} s, the last event took {} ms, {} events lost since the start",
                status.lasting.as_secs(),
                status.lag.as_millis(),
                status.lost()
            )),
        }
    });
}

/// Without a server a service whose events come from elsewhere waits for them in vain and says so in its health; this
/// says why.
fn warn_of_unfed(boards: &BTreeMap<Service, HealthBoard>) {
    for service in boards.keys() {
        for topic in topology::subscriptions(*service) {
            if let Some(publisher) = topology::publisher(topic)
                && !boards.contains_key(&publisher)
            {
                tracing::warn!(%service, %publisher, ?topic, "events of another process do not arrive: set bus.url");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossing(services: impl IntoIterator<Item = Service>) -> Crossing {
        Crossing::of(&services.into_iter().collect())
    }

    #[test]
    fn the_default_unit_of_the_desk_is_fed_by_no_other_process_so_that_a_stop_needs_no_network() {
        let units = rec_config::Manifest::bundled().units();
        let desk = units.into_iter().find(|(unit, _)| *unit == "desk").expect("there is one").1;
        let desk = crossing(desk);
        assert_eq!(desk.wants, []);
        assert!(!desk.publishes.is_empty(), "the pages are fed by it");
    }

    #[test]
    fn in_one_process_nothing_crosses_and_apart_everything_does() {
        assert_eq!(crossing(Service::ALL.iter().copied()), Crossing { publishes: Vec::new(), wants: Vec::new() });
        let apart = Service::ALL.iter().map(|service| crossing([*service]));
        let (publishes, wants) = apart.fold((0, 0), |(p, w), one| (p + one.publishes.len(), w + one.wants.len()));
        let edges: usize = topology::ROUTES.iter().map(|route| route.to.len()).sum();
        assert_eq!((publishes, wants), (topology::ROUTES.len(), edges));
    }
}
