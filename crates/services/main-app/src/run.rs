//! The service: follows the bus, tells the pages what changed, and serves them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rec_config::Config;
use rec_domain::{Service, TimeSpan};
use rec_runtime::{BoxFuture, Clocks, ServiceContext, Turning, health::EVERY_SECOND, serve_public};
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    app::{App, Shared},
    auth::{Auth, AuthConfig, CookieRules, UserStore, postgres::PostgresUsers},
    records,
    routes::router,
    stream::Hub,
    view::{Limits, Moment, page::Setting},
};

/// How often the pages are told what changed, of wall time.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);
/// How often the database is asked whether it is there, of wall time.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Connections to the database.
const CONNECTIONS: u32 = 3;

/// Entry point.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let database = ctx.open_database(CONNECTIONS).await?;
        let users = Arc::new(PostgresUsers::new(database.clone()));
        let app = build(&ctx, Arc::<PostgresUsers>::clone(&users));
        tokio::try_join!(
            follow(&ctx, &app),
            records::follow(&ctx, &app, &database),
            ping(&ctx, &users),
            serve_public(&ctx, router(Arc::clone(&app))),
        )?;
        Ok(())
    })
}

fn build(ctx: &ServiceContext, users: Arc<dyn UserStore>) -> Shared {
    let config = &ctx.config;
    let port_of = |service| ctx.peers.url(service).and_then(|url| url.rsplit(':').next()?.parse().ok());
    let ports: BTreeMap<String, u16> =
        Service::ALL.iter().filter_map(|service| Some((service.snake_name(), port_of(*service)?))).collect();
    let own_port = port_of(Service::MainApp).unwrap_or_default();
    let auth = AuthConfig {
        life: Duration::from_secs(u64::from(config.web.session_hours) * 3_600),
        attempts_per_minute: config.web.login_attempts_per_minute,
        cookies: CookieRules::new(own_port, config.web.public_host.is_some()),
    };
    let clocks = ctx.clocks.clone();
    Arc::new(App {
        auth: Auth::new(users, auth),
        desk: Arc::clone(&ctx.desk),
        hub: Hub::default(),
        setting: setting(config, &ctx.clocks),
        now: Arc::new(move || moment(&clocks)),
        guard_socket: rec_api::guard::socket_path(&ctx.state_dir),
        ports,
        public_host: config.web.public_host.clone(),
    })
}

fn setting(config: &Config, clocks: &Clocks) -> Setting {
    let product = config.spot.products.first().map_or("", String::as_str);
    let underlying = product.split('-').next().filter(|name| !name.is_empty()).unwrap_or("Underlying");
    let limit = |limit: TimeSpan| clocks.limit(limit);
    Setting {
        mode: config.mode,
        underlying: underlying.to_owned(),
        limits: Limits {
            price: limit(config.freshness.price),
            index: limit(config.freshness.index),
            book: limit(config.freshness.book),
            strike_table: limit(config.freshness.strike_table),
        },
    }
}

fn moment(clocks: &Clocks) -> Moment {
    Moment { market: clocks.now(), wall: clocks.wall_now(), speed: clocks.market.speed() }
}

/// Takes over what the bus says and tells the pages, until shutdown.
async fn follow(ctx: &ServiceContext, app: &Shared) -> anyhow::Result<()> {
    ctx.health.check("state of the desk", EVERY_SECOND);
    ctx.health.check("pages told", EVERY_SECOND);
    let mut events = ctx.subscribe();
    let mut publish = interval(PUBLISH_EVERY);
    publish.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let turning = Turning::new("pages");
    loop {
        turning.turn();
        tokio::select! {
            () = ctx.shutdown.cancelled() => {
                app.hub.close();
                return Ok(());
            }
            delivery = events.recv() => {
                app.hub.apply(&delivery.event, (app.now)());
                if matches!(&*delivery.event, rec_domain::bus_event::BusEvent::Desk(_)) {
                    ctx.health.beat("state of the desk");
                }
            }
            _ = publish.tick() => {
                app.hub.publish(&app.setting, (app.now)());
                ctx.health.beat_with("pages told", format!("{} follow", app.hub.followers()));
            }
        }
    }
}

/// Asks the database whether it is there, until shutdown: without it nobody can log in.
async fn ping(ctx: &ServiceContext, users: &PostgresUsers) -> anyhow::Result<()> {
    ctx.health.check("database", EVERY_SECOND);
    let mut ticks = interval(PING_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ctx.shutdown.cancelled() => return Ok(()),
            _ = ticks.tick() => match users.ping().await {
                Ok(()) => ctx.health.beat("database"),
                Err(failure) => ctx.health.fail("database", failure.to_string()),
            },
        }
    }
}
