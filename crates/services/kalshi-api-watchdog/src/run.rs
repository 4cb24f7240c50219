//! Start, limits and health.

use std::{sync::Arc, time::Duration};

use rec_domain::{Clock, bus_event::BusEvent};
use rec_engine::{
    Driver,
    book::{self, BookMachine},
    lifecycle::{self, LifecycleMachine},
};
use rec_kalshi::{
    PrivateKey, Signer,
    ws::{Connection, ConnectionConfig},
};
use rec_runtime::{BoxFuture, Clocks, ServiceContext, axum::Router, drive, health::EVERY_SECOND, serve_http};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::{
    archive,
    books::{BOOKS, BookEffects},
    discovery::Discovery,
    idle,
    line::Line,
    markets::{MARKETS, MarketEffects},
    stream::{self, STREAM},
};

/// Inputs that may wait for a machine.
const QUEUE: usize = 4_096;

/// Reading all markets must end within this.
const FETCH_WITHIN: Duration = Duration::from_secs(10);
/// Limit of the check on discovery: the longest time between two fetches and the fetch itself. A fetch that fails is
/// said at once, so this only covers a service that does not fetch any more.
const DISCOVERY_LIMIT: Duration = Duration::from_secs(26);
/// A connection that answers no ping for this long is given up; pings go out at a third of it.
const LIVENESS: Duration = Duration::from_secs(3);
/// The price of the underlying is passed on at most this often: it only chooses strikes.
const UNDERLYING_EVERY: Duration = Duration::from_secs(1);

/// Entry point of the service.
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        ctx.health.check(STREAM, EVERY_SECOND);
        ctx.health.check(BOOKS, EVERY_SECOND);
        ctx.health.check(MARKETS, DISCOVERY_LIMIT);
        tokio::try_join!(work(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

async fn work(ctx: &ServiceContext) -> anyhow::Result<()> {
    let credential = ctx.config.exchange.read.read()?;
    let key = PrivateKey::from_pem_file(&ctx.config.exchange.read.key_file)?;
    let signer = Arc::new(Signer::new(credential.key_id, key));
    let discovery = Arc::new(Discovery::new(ctx, Arc::clone(&signer))?);
    let clock: Arc<dyn Clock> = ctx.clocks.market.clone();
    let config = ConnectionConfig {
        liveness: LIVENESS,
        connect_deadline: LIVENESS,
        tap: ctx.tap("books"),
        ..ConnectionConfig::new(ctx.config.exchange.ws_url.clone())
    };
    let connection = Connection::open(config, Some(signer), clock, &ctx.shutdown);
    let line = Line::new(connection.commands.clone());
    let (book_inputs, book_received) = mpsc::channel(QUEUE);
    let (market_inputs, market_received) = mpsc::channel(QUEUE);
    let (archive, kept) = watch::channel(Vec::new());
    let book_effects = BookEffects { ctx: ctx.clone(), line: line.clone() };
    let market_effects = MarketEffects {
        ctx: ctx.clone(),
        discovery,
        inputs: market_inputs.clone(),
        books: book_inputs.clone(),
        line: line.clone(),
        archive,
    };
    let idle_line = line.clone();
    let books = Driver::new(BookMachine::new(book_config(&ctx.clocks)), ctx.journal::<BookMachine>(), QUEUE);
    let machine = LifecycleMachine::new(lifecycle_config(&ctx.clocks));
    let markets = Driver::new(machine, ctx.journal::<LifecycleMachine>(), QUEUE);
    tokio::select! {
        ended = drive(books, book_received, ctx.clocks.clone(), ctx.shutdown.clone(), book_effects) => {
            ended.map(|_driver| ())
        }
        ended = drive(markets, market_received, ctx.clocks.clone(), ctx.shutdown.clone(), market_effects) => {
            ended.map(|_driver| ())
        }
        ended = stream::watch(ctx, connection, line, book_inputs, market_inputs.clone()) => ended,
        ended = underlying(ctx, market_inputs) => ended,
        ended = archive::keep(ctx, kept) => ended,
        () = idle::say(ctx, &idle_line) => Ok(()),
    }
}

/// Feeds the index as the price of the underlying: both are dollars, and strikes are chosen by its rough place.
async fn underlying(ctx: &ServiceContext, inputs: mpsc::Sender<lifecycle::Input>) -> anyhow::Result<()> {
    let mut events = ctx.subscribe();
    let mut next = Instant::now();
    loop {
        if let BusEvent::Index(print) = &*events.recv().await.event
            && Instant::now() >= next
        {
            next = Instant::now() + UNDERLYING_EVERY;
            if inputs.send(lifecycle::Input::Underlying(print.value)).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Limits of wall time in what the machine counts in market time.
fn book_config(clocks: &Clocks) -> book::Config {
    let usual = book::Config::default();
    let millis = |millis| clocks.in_market(Duration::from_millis(millis));
    book::Config {
        // However fast market time goes, these pace what services can read in wall time. A change after a quiet moment
        // is told at once; between two flushes the latest top of each market replaces the one before, so that a busy
        // market costs its readers little more than a quiet one.
        flush_every: millis(2),
        proof_every: usual.proof_every.at_least(millis(200)),
        probe_after: clocks.limit(usual.probe_after),
        answer_within: clocks.limit(usual.answer_within),
        repair_gap: clocks.limit(usual.repair_gap),
        // Wall time, as the failures that it counts are the network's.
        escalation_window: clocks.in_market(Duration::from_secs(30)),
        silence_limit: clocks.in_market(Duration::from_secs(15)),
        reconnect_gap: clocks.in_market(Duration::from_secs(10)),
        disagreement_limit: clocks.limit(usual.disagreement_limit),
        ..usual
    }
}

/// Limits of wall time in what the machine counts in market time.
fn lifecycle_config(clocks: &Clocks) -> lifecycle::Config {
    let usual = lifecycle::Config::default();
    lifecycle::Config {
        fetch_every: clocks.limit(usual.fetch_every),
        fetch_every_near: clocks.limit(usual.fetch_every_near),
        fetch_gap: clocks.limit(usual.fetch_gap),
        fetch_within: clocks.in_market(FETCH_WITHIN),
        list_lag: clocks.limit(usual.list_lag),
        publish_every: clocks.limit(usual.publish_every),
        closed_for: clocks.limit(usual.closed_for),
        next_event_lead: clocks.limit(usual.next_event_lead),
        ..usual
    }
}
