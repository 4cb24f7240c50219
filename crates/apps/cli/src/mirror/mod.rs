//! `rec twin --mirror`: shows a twin what another exchange shows, by the exchange's client with a key that only reads.
//!
//! Two tasks feed it. `listing` reads lists: markets, results, payments, pauses; what it misses it reads again.
//! `stream` follows the stream: books, trades, index, announcements. When the stream breaks or skips a number, every
//! book of the mirror becomes unknown until it was sent whole again. Nothing is ever written to the other exchange.

mod listing;
mod shown;
mod source;
mod stream;

#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use rec_domain::MarketTicker;
use rec_twin::server::TwinServer;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

pub use source::{MirrorArgs, Source};

/// Feeds a served mirror until `shutdown`.
///
/// # Errors
/// When the source's address is none, or its stream's task ends.
pub async fn follow(source: Source, server: &TwinServer, shutdown: CancellationToken) -> anyhow::Result<()> {
    let (feed, clock) = (server.mirror(), server.clock());
    let client = source.client(Arc::new(clock))?;
    let connection = source.connection(Arc::new(clock), &shutdown);
    let (wanted, follows) = watch::channel(BTreeSet::<MarketTicker>::new());
    let news = Arc::new(Notify::new());
    let listing = listing::Listing::new(client, source.series().to_vec(), feed.clone(), clock, wanted);
    let stream = stream::Stream::new(connection, source.series().to_vec(), feed, follows, Arc::clone(&news));
    tokio::select! {
        () = listing.run(&news) => Ok(()),
        ended = stream.run() => ended,
        () = shutdown.cancelled() => Ok(()),
    }
}
