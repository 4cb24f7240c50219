//! Markets, kept in the database.
//!
//! Nothing waits for it: a database that is away gets the latest markets when it is back.

use std::time::Duration;

use rec_domain::market::Market;
use rec_runtime::ServiceContext;
use tokio::sync::watch;
use tracing::warn;

const CONNECTIONS: u32 = 1;
/// How long between two writes, and until a database that was not there is looked for again.
const EVERY: Duration = Duration::from_secs(1);

/// Writes the latest markets until nobody gives any more.
pub(crate) async fn keep(ctx: &ServiceContext, mut markets: watch::Receiver<Vec<Market>>) -> anyhow::Result<()> {
    let data = loop {
        match ctx.open_database(CONNECTIONS).await {
            Ok(database) => break database.market_data(),
            Err(error) => warn!(error = format!("{error:#}"), "markets are not kept"),
        }
        tokio::time::sleep(EVERY).await;
    };
    while markets.changed().await.is_ok() {
        let latest = markets.borrow_and_update().clone();
        if let Err(error) = data.upsert_markets(&latest).await {
            warn!(%error, "markets are not kept");
            markets.mark_changed();
        }
        tokio::time::sleep(EVERY).await;
    }
    Ok(())
}
