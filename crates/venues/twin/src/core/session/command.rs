//! Commands of a client.

use serde::Deserialize;

use crate::core::series::Asset;

/// A command; unknown fields are ignored.
#[derive(Debug, Deserialize)]
pub(super) struct Command {
    pub(super) id: Option<i64>,
    pub(super) cmd: Option<String>,
    pub(super) params: Option<CommandParams>,
}

/// The parameters of all commands.
#[derive(Debug, Deserialize)]
pub(super) struct CommandParams {
    pub(super) channels: Option<Vec<String>>,
    market_ticker: Option<String>,
    market_tickers: Option<Vec<String>>,
    pub(super) send_initial_snapshot: Option<bool>,
    pub(super) use_yes_price: Option<bool>,
    pub(super) index_ids: Option<Vec<String>>,
    pub(super) sid: Option<u64>,
    pub(super) sids: Option<Vec<u64>>,
    pub(super) action: Option<String>,
}

impl CommandParams {
    /// The markets that are named; `None` when none is.
    pub(super) fn tickers(&self) -> Option<Vec<String>> {
        let one = self.market_ticker.clone().map(|ticker| vec![ticker]);
        self.market_tickers.clone().or(one).filter(|tickers| !tickers.is_empty())
    }

    /// The indices that are named, `all` meaning every one; `None` when none is.
    pub(super) fn indices(&self) -> Option<Vec<Asset>> {
        let ids = self.index_ids.as_deref().filter(|ids| !ids.is_empty())?;
        if ids.iter().any(|id| id == "all") {
            return Some(Asset::ALL.to_vec());
        }
        Some(ids.iter().filter_map(|id| Asset::of_index(id)).collect())
    }
}
