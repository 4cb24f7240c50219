//! Start, feeds and health.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use rec_api::DispatchInbox;
use rec_domain::{Clock, TimeSpan};
use rec_engine::{
    Driver,
    sender::{Sender, SenderConfig, SenderInput},
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig},
};
use rec_runtime::{BoxFuture, ServiceContext, drive, serve_http};
use tokio::sync::mpsc;

use crate::{
    effects::{SCAN, SenderEffects},
    signatures::Signatures,
    warm,
};

const CONNECTIONS: u32 = 3;
const QUEUE: usize = 256;
/// Of what the account may read: orders that are looked up.
const READ_PERCENT: u32 = 15;

/// Entry point of the service.
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        ctx.health.check(SCAN, Duration::from_secs(4));
        let inbox = ctx.take_dispatch_inbox().context("the calls to trade-executor were taken by somebody else")?;
        let router = rec_api::executor::router(Arc::clone(&ctx.executor), ctx.token.clone());
        tokio::try_join!(work(&ctx, inbox), serve_http(&ctx, router))?;
        Ok(())
    })
}

async fn work(ctx: &ServiceContext, inbox: DispatchInbox) -> anyhow::Result<()> {
    let database = ctx.open_database(CONNECTIONS).await?;
    let (inputs, received) = mpsc::channel(QUEUE);
    let client = Arc::new(client(ctx)?);
    let signatures = Signatures::new(Arc::clone(&client), ctx.clocks.clone());
    let effects = SenderEffects {
        claims: database.claims(),
        answers: database.answers(),
        client: Arc::clone(&client),
        signatures: signatures.clone(),
        desk: Arc::clone(&ctx.desk),
        clocks: ctx.clocks.clone(),
        health: ctx.health.clone(),
        inputs: inputs.clone(),
    };
    let config = SenderConfig {
        scan_interval: ctx.clocks.limit(TimeSpan::from_seconds(1)),
        retry_after: ctx.clocks.limit(TimeSpan::from_seconds(1)),
        ..SenderConfig::default()
    };
    let driver = Driver::new(Sender::new(config), ctx.journal::<Sender>(), QUEUE);
    tokio::select! {
        ended = drive(driver, received, ctx.clocks.clone(), ctx.shutdown.clone(), effects) => ended.map(|_driver| ()),
        () = hints(inbox, inputs) => Ok(()),
        () = client.keep_to_limits() => Ok(()),
        () = signatures.keep() => Ok(()),
        () = warm::keep(&client) => Ok(()),
    }
}

async fn hints(mut inbox: DispatchInbox, inputs: mpsc::Sender<SenderInput>) {
    while let Some(dispatch) = inbox.recv().await {
        let input = SenderInput::Dispatch { intent: dispatch.intent };
        if inputs.send(input).await.is_err() {
            return;
        }
    }
    // Nobody can tell any more; the scan goes on.
    std::future::pending::<()>().await;
}

/// The client with the write key. It never repeats a write by itself.
fn client(ctx: &ServiceContext) -> anyhow::Result<Client> {
    let exchange = &ctx.config.exchange;
    let credential = exchange.write.read()?;
    let key = PrivateKey::from_pem_file(&exchange.write.key_file)?;
    let signer = Arc::new(Signer::new(credential.key_id, key));
    let clock: Arc<dyn Clock> = ctx.clocks.market.clone();
    let deadline = Duration::from_micros(u64::try_from(exchange.request_timeout.micros()).unwrap_or(0));
    let config = ClientConfig { deadline, read_percent: READ_PERCENT, ..ClientConfig::new(exchange.rest_url.clone()) };
    Ok(Client::new(config, Some(signer), clock)?)
}
