//! Start, limits and health.

use std::{sync::Arc, time::Duration};

use rec_domain::{Clock, TimeSpan};
use rec_engine::{
    Driver,
    account::{AccountMachine, Config},
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig, ExchangeClock},
};
use rec_runtime::{BoxFuture, Clocks, ServiceContext, axum::Router, drive, serve_http};
use tokio::sync::mpsc;

use crate::{
    effects::{AccountEffects, INBOX, SWEEPS},
    exchange_clock, stream, wishes,
};

const CONNECTIONS: u32 = 3;
/// Inputs that may wait for the machine.
const QUEUE: usize = 1_024;
/// Of what the account may read: the rest is for orders that are looked up and for books.
const READ_PERCENT: u32 = 70;

/// Limit of the checks on sweeps and on the inbox, which each sweep writes to.
const SWEEP_LIMIT: Duration = Duration::from_secs(4);
/// A page with all its repetitions must come within this.
const PAGE_WITHIN: Duration = Duration::from_secs(12);

/// Entry point of the service.
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        ctx.health.check(SWEEPS, SWEEP_LIMIT);
        ctx.health.check(INBOX, SWEEP_LIMIT);
        tokio::try_join!(work(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

async fn work(ctx: &ServiceContext) -> anyhow::Result<()> {
    let credential = ctx.config.exchange.read.read()?;
    let key = PrivateKey::from_pem_file(&ctx.config.exchange.read.key_file)?;
    let signer = Arc::new(Signer::new(credential.key_id, key));
    let database = ctx.open_database(CONNECTIONS).await?;
    let (inputs, received) = mpsc::channel(QUEUE);
    let exchange_clock = Arc::new(ExchangeClock::default());
    let client = client(ctx, Arc::clone(&signer), Arc::clone(&exchange_clock))?;
    let effects =
        AccountEffects { ctx: ctx.clone(), inbox: database.inbox(), client: client.clone(), inputs: inputs.clone() };
    let machine = AccountMachine::new(config(&ctx.clocks));
    let driver = Driver::new(machine, ctx.journal::<AccountMachine>(), QUEUE);
    tokio::select! {
        ended = drive(driver, received, ctx.clocks.clone(), ctx.shutdown.clone(), effects) => ended.map(|_driver| ()),
        ended = stream::watch(ctx, signer, inputs.clone()) => ended,
        () = wishes::listen(&database, &inputs) => Ok(()),
        () = exchange_clock::tell(ctx, &exchange_clock) => Ok(()),
        () = client.keep_to_limits() => Ok(()),
    }
}

fn client(ctx: &ServiceContext, signer: Arc<Signer>, exchange_clock: Arc<ExchangeClock>) -> anyhow::Result<Client> {
    let clock: Arc<dyn Clock> = ctx.clocks.market.clone();
    let exchange = &ctx.config.exchange;
    let deadline = Duration::from_micros(u64::try_from(exchange.request_timeout.micros()).unwrap_or(0));
    let tap = ctx.tap("account-reads");
    let exchange_clock = Some(exchange_clock);
    let usual = ClientConfig::new(exchange.rest_url.clone());
    let read_percent = READ_PERCENT;
    let config = ClientConfig { deadline, read_attempts: 2, tap, exchange_clock, read_percent, ..usual };
    Ok(Client::new(config, Some(signer), clock)?)
}

/// All of these spans pace requests, so they are wall time in what the machine counts in market time.
///
/// A sweep every two seconds is what lets the service notice within five that nothing comes any more: its private
/// channels say nothing for hours when nothing happens. It costs some 35 of the 200 tokens that the exchange's lowest
/// tier has for reading in each second; the lists of deposits, withdrawals and transfers, which cost another 40, are read
/// once a minute and whenever the desk finds a difference.
fn config(clocks: &Clocks) -> Config {
    let usual = Config::default();
    Config {
        sweep_every: TimeSpan::from_seconds(2).at_least(clocks.in_market(Duration::from_secs(1))),
        sweep_gap: clocks.limit(usual.sweep_gap),
        retry_after: clocks.in_market(Duration::from_secs(1)),
        retry_most: clocks.in_market(Duration::from_secs(5)),
        page_within: clocks.in_market(PAGE_WITHIN),
        margin: clocks.limit(usual.margin),
        flows_every: clocks.in_market(Duration::from_secs(60)),
        ..usual
    }
}
