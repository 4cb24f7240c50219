//! What a row says of its market's book.

use rec_domain::{Side, TimeSpan, Timestamp, book::BookTop, market::Market, strike_table::StrikeRow};

use super::edge;

/// Writes a book into a row, and what buying is worth at it; a book older than `limit` counts as not known.
pub(super) fn quote(row: &mut StrikeRow, now: Timestamp, book: &BookTop, market: &Market, limit: TimeSpan) {
    let seen_at = book.observed_at.min(book.received_at);
    row.book_at = Some(seen_at);
    row.top = book.top.filter(|_top| now.since(seen_at) <= limit);
    let (top, yes) = (row.top, row.yes);
    let edge_of = |side: Side| {
        let yes = yes?;
        let probability = if side == Side::Yes { yes } else { yes.complement() };
        edge(market, probability, top?.ask_of(side)?.price)
    };
    row.yes_edge = edge_of(Side::Yes);
    row.no_edge = edge_of(Side::No);
}
