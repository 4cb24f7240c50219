//! Prints of the settlement index, from the exchange's stream.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use rec_domain::Clock;
use rec_engine::feed::Input;
use rec_kalshi::{
    PrivateKey, Signer,
    ws::{Channel, Command, CommandError, Connection, ConnectionConfig, Event, FrameKind},
};
use rec_runtime::ServiceContext;
use tokio::{sync::mpsc, time::Instant};
use tracing::{info, warn};

use crate::effects::INDEX;

/// The index that crypto markets settle on.
pub(crate) const NAME: &str = "BRTI";

/// Without a print for this long, in wall time, the subscription is taken for lost and made on a new connection. It
/// covers refused subscriptions too.
const PATIENCE: Duration = Duration::from_secs(5);

/// Feeds the machine with the index's prints until it ends.
pub(crate) async fn watch(ctx: &ServiceContext, inputs: mpsc::Sender<Input>) -> anyhow::Result<()> {
    let credential = ctx.config.exchange.read.read()?;
    let key = PrivateKey::from_pem_file(&ctx.config.exchange.read.key_file)?;
    let signer = Arc::new(Signer::new(credential.key_id, key));
    let clock: Arc<dyn Clock> = ctx.clocks.market.clone();
    let tap = ctx.tap("index");
    let config = ConnectionConfig { tap, ..ConnectionConfig::new(ctx.config.exchange.ws_url.clone()) };
    let mut stream = Connection::open(config, Some(signer), clock, &ctx.shutdown);
    let (mut current, mut patient_until) = (0, Instant::now() + PATIENCE);
    loop {
        let event = tokio::select! {
            event = stream.events.recv() => event,
            () = tokio::time::sleep_until(patient_until) => {
                patient_until = Instant::now() + PATIENCE;
                if current > 0 {
                    info!("no index print came; making a new connection");
                    note(stream.commands.reconnect(current));
                }
                continue;
            }
        };
        match event {
            None if ctx.shutdown.is_cancelled() => return Ok(()),
            None => bail!("the stream's task ended"),
            Some(Event::Connected { connection, .. }) => {
                (current, patient_until) = (connection, Instant::now() + PATIENCE);
                // By itself in a command: the exchange's other channels do not take indices.
                let (channels, indices) = (vec![Channel::Index], vec![NAME.to_owned()]);
                let command = Command::Subscribe { channels, markets: Vec::new(), indices };
                note(stream.commands.send(connection, command).map(|_id| ()));
            }
            Some(Event::Disconnected { reason, .. }) => {
                current = 0;
                ctx.health.fail(INDEX, reason.to_string());
            }
            Some(Event::Frame { frame, .. }) => match frame.kind {
                FrameKind::IndexValue(value) if value.index == NAME => {
                    patient_until = Instant::now() + PATIENCE;
                    let input = Input::Index { stamped_at: value.stamped_at, value: value.value };
                    if inputs.send(input).await.is_err() {
                        return Ok(());
                    }
                }
                FrameKind::Error(error) => {
                    warn!(code = error.code, message = error.message, "the index subscription was refused or lost");
                    ctx.health.fail(INDEX, error.message);
                }
                FrameKind::Malformed { kind, reason } => warn!(kind, reason, "a frame cannot be read"),
                _ => {}
            },
        }
    }
}

/// A command that did not get through is one that is not answered: patience ends and it is tried again.
fn note(sent: Result<(), CommandError>) {
    if let Err(error) = sent {
        warn!(%error, "a command was dropped");
    }
}
