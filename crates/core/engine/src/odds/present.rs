//! The rows of the last table, kept so that a change of one book costs no more than that one row.

use std::collections::BTreeMap;

use rec_domain::{
    EventTicker, MarketTicker, TimeSpan, Timestamp,
    book::BookTop,
    market::Market,
    strike_table::{StrikeRow, StrikeTable},
};
use serde::{Deserialize, Serialize};

use super::quote::quote;

/// The last table as far as books change it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Present {
    event: EventTicker,
    close_time: Timestamp,
    rows: BTreeMap<MarketTicker, Place>,
}

/// A row, and where its market stands in the machine's list.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    row: StrikeRow,
    market: usize,
}

impl Present {
    /// Of a table, the markets of whose rows stand at `places` in the machine's list.
    pub(super) fn of(table: &StrikeTable, places: &[usize]) -> Self {
        let place =
            |(row, market): (&StrikeRow, &usize)| (row.ticker.clone(), Place { row: row.clone(), market: *market });
        let rows = table.rows.iter().zip(places).map(place).collect();
        Self { event: table.event.clone(), close_time: table.close_time, rows }
    }

    pub(super) const fn event(&self) -> &EventTicker {
        &self.event
    }

    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        now < self.close_time
    }

    /// Takes a book over; gives its row when what it says of the book is another top than before.
    pub(super) fn renew(
        &mut self,
        now: Timestamp,
        book: &BookTop,
        markets: &[Market],
        limit: TimeSpan,
    ) -> Option<&StrikeRow> {
        let Place { row, market } = self.rows.get_mut(&book.ticker)?;
        let before = row.top;
        quote(row, now, book, markets.get(*market)?, limit);
        (row.top != before).then_some(row)
    }
}
