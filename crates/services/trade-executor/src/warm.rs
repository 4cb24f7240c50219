//! A connection to the exchange that stands before there is an order: making one takes several round trips.

use std::time::Duration;

use rec_kalshi::rest::Client;
use tokio::time::MissedTickBehavior;
use tracing::debug;

/// How often the exchange is asked something cheap, in wall time: well within the time after which the client gives up
/// a connection that is not used (30 s), and servers do (a minute or more).
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Keeps a connection in the client's pool, for ever. The question carries no signature and costs nothing of the
/// account's rate; what is answered does not matter.
pub(crate) async fn keep(client: &Client) {
    let mut asks = tokio::time::interval(ASK_EVERY);
    asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        asks.tick().await;
        if let Err(error) = client.exchange_status().await {
            debug!(%error, "no connection to the exchange waits for an order");
        }
    }
}
