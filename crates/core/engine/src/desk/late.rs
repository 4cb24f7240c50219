//! Results that do not come. A dispute is announced by no frame: a market that closed and does not pay is all that shows
//! it. The trade is held as it is; what is late is said.

use rec_domain::{TimeSpan, Timestamp, desk_view::LateResult, market::MarketStatus, trade::TradeState};

use super::{books::Books, draft::Draft};

/// The exchange pays from a minute and a half to 27 minutes after the close; later than this is late.
const LATE_AFTER: TimeSpan = TimeSpan::from_minutes(30);

impl Books {
    /// Trades whose market has closed and does not pay: too late, or said to be disputed.
    #[must_use]
    pub fn late_results(&self, now: Timestamp) -> Vec<LateResult> {
        let expired = self.trades.values().filter(|trade| trade.state == TradeState::Expired);
        let late = expired.filter_map(|trade| {
            let status = self.markets.get(&trade.ticker).map(|market| &market.status);
            let disputed = status == Some(&MarketStatus::Disputed);
            let (ticker, closed_at) = (trade.ticker.clone(), trade.close_time);
            (disputed || now.since(closed_at) >= LATE_AFTER).then_some(LateResult {
                trade: trade.id,
                ticker,
                closed_at,
                disputed,
            })
        });
        late.collect()
    }
}

impl Draft<'_> {
    /// Says of each late result once that it is.
    pub(super) fn say_what_is_late(&mut self) {
        let late = self.books.late_results(self.now);
        self.books.late_said.retain(|said| late.iter().any(|result| result.trade == *said));
        for LateResult { trade, ticker, closed_at, disputed } in late {
            if self.books.late_said.insert(trade) {
                let why = if disputed { "its result is disputed" } else { "its result is late, and may be disputed" };
                self.alarm(format!("trade {trade} is held: {ticker} closed at {closed_at} and has not paid; {why}"));
            }
        }
    }
}
