//! The desk as others see it.

use rec_domain::{MarketTicker, Timestamp, desk_view::DeskView, ledger::Account};

use super::{DeskConfig, books::Books};

impl Books {
    /// The committed state, to be published.
    #[must_use]
    pub fn view(&self, config: &DeskConfig, now: Timestamp) -> DeskView {
        let cash = self
            .ledger
            .iter()
            .filter_map(|(account, balance)| match account {
                Account::Cash { exchange_index } => Some((*exchange_index, *balance)),
                _ => None,
            })
            .collect();
        DeskView {
            at: now,
            mode: self.identity.mode,
            desk: self.identity.desk,
            epoch: self.identity.epoch,
            ready: self.ready,
            armed: self.armed(now),
            arming: self.arming.clone(),
            settings: self.settings.clone(),
            caps: self.caps(&config.caps),
            halts: self.halts.values().cloned().collect(),
            trades: self.trades.values().cloned().collect(),
            orders: self.open_orders().cloned().collect(),
            history: self.history.values().filter(|past| self.is_open(&past.ticker, now)).cloned().collect(),
            cash,
            exposure: self.exposure(|_| true),
            realised_today: self.realised_today,
            risk: self.risk_view(config, now),
            reconciliation: self.reconciliation.clone(),
            late_results: self.late_results(now),
            cursors: self.cursors,
        }
    }

    fn is_open(&self, ticker: &MarketTicker, now: Timestamp) -> bool {
        self.markets.get(ticker).is_some_and(|market| now < market.close_time)
    }
}
