//! Recorded life-cycle events.

use rec_domain::market::MarketLifecycle;
use serde::Deserialize;

use super::tickers::Received;
use crate::{rows::list::ReadError, ws::lifecycle::WireLifecycle};

/// Reads a file of life-cycle events, in the order in which they came.
///
/// # Errors
/// When the text is no such recording, or an event in it cannot be read.
pub fn read_lifecycle(json: &str) -> Result<Vec<MarketLifecycle>, ReadError> {
    #[derive(Deserialize)]
    struct File {
        events: Vec<Received<WireLifecycle>>,
    }
    let wrong = |reason: &dyn std::fmt::Display| ReadError::new("recorded life-cycle events", reason);
    let file: File = serde_json::from_str(json).map_err(|error| wrong(&error))?;
    let event = |Received { received_at, data }: Received<WireLifecycle>| {
        data.update().map(|update| update.lifecycle(received_at)).map_err(|reason| wrong(&reason))
    };
    file.events.into_iter().map(event).collect()
}
