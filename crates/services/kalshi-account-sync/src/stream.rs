//! What the exchange's private channels say.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::bail;
use rec_domain::{Clock, Timestamp, report::Report};
use rec_engine::account::Input;
use rec_kalshi::{
    Signer,
    ws::{Channel, Command, CommandError, Connection, ConnectionConfig, Event, Frame, FrameKind},
};
use rec_runtime::ServiceContext;
use tokio::{sync::mpsc, time::Instant};
use tracing::{info, warn};

/// Name of the health check on the private channels being subscribed on a connection that answers pings.
const STREAM: &str = "account stream";

/// The account's channels. They carry no sequence numbers, so what a connection missed is found by sweeps.
const CHANNELS: [Channel; 3] = [Channel::Fill, Channel::UserOrders, Channel::OrderGroups];

/// All channels are subscribed within this, in wall time, or on another connection.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(5);
/// A connection that answers no ping for this long is given up; pings go out at a third of it.
const LIVENESS: Duration = Duration::from_secs(3);

/// Where the subscriptions stand on the present connection.
#[derive(Debug, Clone, Copy)]
struct Line {
    connection: u64,
    subscribed: usize,
    deadline: Instant,
}

/// Feeds the machine with what the private channels say, until it ends.
pub(crate) async fn watch(
    ctx: &ServiceContext,
    signer: Arc<Signer>,
    inputs: mpsc::Sender<Input>,
) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = ctx.clocks.market.clone();
    let config = ConnectionConfig {
        liveness: LIVENESS,
        connect_deadline: LIVENESS,
        tap: ctx.tap("account"),
        ..ConnectionConfig::new(ctx.config.exchange.ws_url.clone())
    };
    let mut stream = Connection::open(config, Some(signer), clock, &ctx.shutdown);
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    ctx.health.probe(STREAM, move || match is_up.load(Ordering::Relaxed) {
        true => Ok(()),
        false => Err("the account's channels are not subscribed".to_owned()),
    });
    let mut line: Option<Line> = None;
    loop {
        let late = async {
            match line.filter(|line| line.subscribed < CHANNELS.len()) {
                Some(line) => tokio::time::sleep_until(line.deadline).await,
                None => std::future::pending().await,
            }
        };
        let event = tokio::select! {
            event = stream.events.recv() => event,
            () = late => {
                if let Some(line) = &mut line {
                    line.deadline = Instant::now() + SUBSCRIBE_WITHIN;
                    warn!("the account's channels were not subscribed; making a new connection");
                    note(stream.commands.reconnect(line.connection));
                }
                continue;
            }
        };
        let input = match event {
            None if ctx.shutdown.is_cancelled() => return Ok(()),
            None => bail!("the stream's task ended"),
            Some(Event::Connected { connection, .. }) => {
                let command =
                    Command::Subscribe { channels: CHANNELS.to_vec(), markets: Vec::new(), indices: Vec::new() };
                note(stream.commands.send(connection, command).map(|_id| ()));
                line = Some(Line { connection, subscribed: 0, deadline: Instant::now() + SUBSCRIBE_WITHIN });
                None
            }
            Some(Event::Disconnected { .. }) => {
                up.store(false, Ordering::Relaxed);
                line = None;
                Some(Input::Disconnected)
            }
            Some(Event::Frame { frame, received_at, .. }) => match said(frame, received_at) {
                Said::Subscribed => line.as_mut().and_then(|line| {
                    line.subscribed += 1;
                    let complete = line.subscribed == CHANNELS.len();
                    up.store(complete, Ordering::Relaxed);
                    complete.then(|| {
                        info!("the account's channels are subscribed");
                        Input::Connected
                    })
                }),
                Said::Lost => {
                    // The deadline, which has room for a pause, makes a new connection.
                    up.store(false, Ordering::Relaxed);
                    if let Some(line) = &mut line {
                        (line.subscribed, line.deadline) = (0, Instant::now() + SUBSCRIBE_WITHIN);
                    }
                    None
                }
                Said::Unreadable => Some(Input::Hint),
                Said::Report(report) => Some(Input::Reports { reports: vec![report] }),
                Said::Nothing => None,
            },
        };
        if let Some(input) = input
            && inputs.send(input).await.is_err()
        {
            return Ok(());
        }
    }
}

/// What a frame means for the account.
enum Said {
    Subscribed,
    /// A subscription was refused or has ended.
    Lost,
    /// Something of the account happened that only a sweep can tell.
    Unreadable,
    Report(Report),
    Nothing,
}

fn said(frame: Frame, received_at: Timestamp) -> Said {
    match frame.kind {
        FrameKind::Subscribed { .. } => Said::Subscribed,
        FrameKind::Error(error) => {
            warn!(code = error.code, message = error.message, "a channel of the account was refused or lost");
            Said::Lost
        }
        FrameKind::Unsubscribed => Said::Lost,
        FrameKind::Malformed { kind, reason } => {
            warn!(kind, reason, "a frame of the account cannot be read");
            Said::Unreadable
        }
        FrameKind::Fill(fill) => Said::Report(Report::Fill(fill)),
        FrameKind::UserOrder(order) => Said::Report(Report::Order(order)),
        FrameKind::OrderGroupUpdate(update) => Said::Report(Report::Group(update.report(received_at))),
        _ => Said::Nothing,
    }
}

/// A command that did not get through is one that is not answered: the deadline passes and it is tried again.
fn note(sent: Result<(), CommandError>) {
    if let Err(error) = sent {
        warn!(%error, "a command was dropped");
    }
}
