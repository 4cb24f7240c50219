//! One connection for all channels: what it says, as the machines' inputs.

use anyhow::bail;
use rec_domain::{SeriesTicker, Timestamp, book::Level};
use rec_engine::{
    book::{Input, Levels},
    lifecycle,
};
use rec_kalshi::ws::{Channel, Connection, Event, Frame, FrameKind, LifecycleUpdate};
use rec_runtime::{ServiceContext, metric::QueueDepth};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::line::{Line, Owner};

/// Name of the health check on frames of the stream.
pub(crate) const STREAM: &str = "stream";

/// Feeds the machines until the connection's task ends.
pub(crate) async fn watch(
    ctx: &ServiceContext,
    mut connection: Connection,
    line: Line,
    books: mpsc::Sender<Input>,
    markets: mpsc::Sender<lifecycle::Input>,
) -> anyhow::Result<()> {
    let mut depth = QueueDepth::new("stream", connection.events.max_capacity());
    let frames = metrics::counter!("rec_stream_frames");
    let changes = metrics::counter!("rec_stream_book_changes");
    while let Some(event) = connection.events.recv().await {
        depth.note(connection.events.len() + 1);
        let input = match event {
            Event::Connected { connection, .. } => {
                info!(connection, "stream connected");
                line.connected(connection);
                Some(Input::Connected)
            }
            Event::Disconnected { reason, .. } => {
                line.disconnected();
                ctx.health.fail(STREAM, reason.to_string());
                Some(Input::Disconnected)
            }
            Event::Frame { frame, received_at, .. } => {
                ctx.health.beat(STREAM);
                frames.increment(1);
                if matches!(frame.kind, FrameKind::BookDelta(_)) {
                    changes.increment(1);
                }
                if let FrameKind::Lifecycle(update) = &frame.kind
                    && concerns(&ctx.config.exchange.series, update)
                    && markets.send(lifecycle::Input::Lifecycle(update.lifecycle(received_at))).await.is_err()
                {
                    return Ok(());
                }
                Some(of_books(frame, received_at, &line))
            }
        };
        if let Some(input) = input
            && books.send(input).await.is_err()
        {
            return Ok(());
        }
    }
    if !ctx.shutdown.is_cancelled() {
        bail!("the stream's task ended");
    }
    Ok(())
}

/// Whether an announcement is of a followed series. The channel is the whole exchange's, and each listing would have
/// the markets fetched. Names are the exchange's, `SERIES-EVENT-MARKET`; nothing else is concluded from them.
fn concerns(series: &[SeriesTicker], update: &LifecycleUpdate) -> bool {
    let name = update.event.as_ref().map_or(update.ticker.as_str(), |event| event.as_str());
    series.iter().any(|series| name.strip_prefix(series.as_str()).is_some_and(|rest| rest.starts_with('-')))
}

/// A frame as the book machine takes it; every frame at least proves that the line is alive.
fn of_books(frame: Frame, received_at: Timestamp, line: &Line) -> Input {
    let Frame { sid, seq, id, sent_at, kind } = frame;
    let at = sent_at.unwrap_or(received_at);
    match (kind, sid, seq) {
        (FrameKind::Subscribed { channel }, Some(sid), _) if channel == Channel::OrderBook.name() => {
            line.books_subscribed(sid);
            Input::Subscribed { sid }
        }
        (FrameKind::Subscribed { channel }, Some(sid), _) if channel == Channel::Ticker.name() => {
            line.ticker_subscribed(sid);
            Input::Heartbeat { received_at }
        }
        (FrameKind::Ok { .. }, Some(sid), Some(seq)) => Input::Acknowledged { sid, seq },
        (FrameKind::Unsubscribed, Some(sid), _) if line.is_books(sid) => Input::SubscriptionLost,
        (FrameKind::Error(error), sid, _) => {
            let owner = line.owner(id, sid);
            warn!(code = error.code, message = error.message, ?owner, "the exchange refused or ended something");
            if owner == Owner::Books { Input::SubscriptionLost } else { Input::Heartbeat { received_at } }
        }
        (FrameKind::BookSnapshot(book), Some(sid), Some(seq)) => Input::Snapshot {
            sid,
            seq,
            ticker: book.ticker,
            bids: levels(&book.levels.bids),
            asks: levels(&book.levels.asks),
            at,
            received_at,
        },
        (FrameKind::BookDelta(change), Some(sid), Some(seq)) => Input::Delta {
            sid,
            seq,
            ticker: change.ticker,
            book_side: change.side,
            price: change.price,
            delta: change.delta,
            at: change.at.unwrap_or(at),
            received_at,
        },
        (FrameKind::Ticker(quote), _, _) => Input::Quote {
            ticker: quote.ticker,
            bid: quote.top.bid.map(|level| level.price),
            ask: quote.top.ask.map(|level| level.price),
            received_at,
        },
        // One of the books' leaves a gap in their numbers, which the machine repairs.
        (FrameKind::Malformed { kind, reason }, _, _) => {
            warn!(kind, reason, "a frame cannot be read");
            Input::Heartbeat { received_at }
        }
        _ => Input::Heartbeat { received_at },
    }
}

fn levels(levels: &[Level]) -> Levels {
    levels.iter().map(|level| (level.price, level.quantity)).collect()
}
