//! How far the exchange's clock is from ours, told to the desk, which decides what follows.
//!
//! It is read off the answers to the account's pages, which come every two seconds; an exchange that refuses everything
//! since it takes it for too old still says what time it has.

use std::time::Duration;

use rec_kalshi::rest::ExchangeClock;
use rec_runtime::ServiceContext;
use tracing::debug;

/// How often it is told, while there are answers.
const EVERY: Duration = Duration::from_secs(1);

/// Tells the desk; does not end.
pub(crate) async fn tell(ctx: &ServiceContext, clock: &ExchangeClock) {
    loop {
        if let Some(ahead) = clock.take_ahead()
            && let Err(error) = ctx.desk.exchange_clock(ahead).await
        {
            debug!(%error, %ahead, "the desk was not told where the exchange's clock is");
        }
        tokio::time::sleep(EVERY).await;
    }
}
