//! What the exchange says, as the mirror takes it.

use rec_domain::{BookSide, Price, Side, book::Level, market::LifecycleChange};
use rec_kalshi::{
    rows::{EventRow, MarketRow, SeriesRow},
    ws::{FrameKind, LifecycleUpdate},
};
use rec_twin::core::{Asset, Mirrored, Verdict, mirror::ListedMarket};

/// What a result's word and the stated value of a YES contract say; `None` where that is not what a market can pay.
fn verdict(word: &str, value: Option<Price>) -> Option<Verdict> {
    match word {
        "yes" => Some(Verdict::Yes),
        "no" => Some(Verdict::No),
        "scalar" => value.filter(|value| value.is_valid()).map(Verdict::Scalar),
        _ => None,
    }
}

/// The markets of an event that can be mirrored, and of the others why not.
pub(super) fn markets(event: &EventRow, series: &SeriesRow) -> (Vec<ListedMarket>, Vec<String>) {
    let (mut taken, mut left_out) = (Vec::new(), Vec::new());
    for row in &event.markets {
        match listed(row, event, series) {
            Ok(listed) => taken.push(listed),
            Err(reason) => left_out.push(format!("{}: {reason}", row.ticker)),
        }
    }
    left_out.extend(event.unreadable.iter().map(|row| format!("{}: {}", row.row, row.reason)));
    (taken, left_out)
}

fn listed(row: &MarketRow, event: &EventRow, series: &SeriesRow) -> Result<ListedMarket, String> {
    let market = row.join(event, series).map_err(|error| error.to_string())?;
    let result = row.result.as_deref().and_then(|word| verdict(word, row.settlement_value));
    let listed = ListedMarket { market, result, expiration_value: row.expiration_value };
    listed.left_out().map_or(Ok(listed), |reason| Err(reason.to_owned()))
}

/// What a frame of the stream shows; nothing for answers to commands and for what a mirror has no use for.
pub(super) fn frame(kind: &FrameKind) -> Option<Mirrored> {
    Some(match kind {
        FrameKind::BookSnapshot(book) => Mirrored::Book {
            ticker: book.ticker.to_string(),
            bids: levels(&book.levels.bids),
            asks: levels(&book.levels.asks),
        },
        FrameKind::BookDelta(change) => Mirrored::Level {
            ticker: change.ticker.to_string(),
            side: change.side,
            price: change.price,
            delta: change.delta,
        },
        FrameKind::Ticker(update) => {
            Mirrored::Summary { ticker: update.ticker.to_string(), last: update.last_price, volume: update.volume }
        }
        FrameKind::Trade(trade) => Mirrored::Trade {
            ticker: trade.ticker.to_string(),
            trade_id: trade.trade_id.clone(),
            price: trade.price,
            count: trade.quantity,
            // Only the tape shows it; what it fills depends on the price.
            taker: if trade.taker == Some(Side::No) { BookSide::Ask } else { BookSide::Bid },
        },
        FrameKind::IndexValue(print) => {
            Mirrored::Index { asset: Asset::of_index(&print.index)?, stamped: print.stamped_at, value: print.value }
        }
        FrameKind::IndexValue5Hz(tick) => {
            Mirrored::Steady { asset: Asset::of_index(&tick.index)?, stamped: tick.stamped_at, value: tick.value }
        }
        FrameKind::Lifecycle(update) => return lifecycle(update),
        _ => return None,
    })
}

fn levels(levels: &[Level]) -> Vec<(Price, rec_domain::Quantity)> {
    levels.iter().map(|level| (level.price, level.quantity)).collect()
}

/// What an announcement says by itself. A listing has to be read: the announcement lacks the event's and series' part.
fn lifecycle(update: &LifecycleUpdate) -> Option<Mirrored> {
    let ticker = update.ticker.to_string();
    Some(match &update.change {
        LifecycleChange::Activated => Mirrored::Suspended { ticker, suspended: false },
        LifecycleChange::Deactivated => Mirrored::Suspended { ticker, suspended: true },
        LifecycleChange::CloseDateUpdated(close) => Mirrored::Close { ticker, close: *close },
        LifecycleChange::Determined { result } => {
            Mirrored::Result { ticker, result: verdict(result, update.settlement_value)? }
        }
        LifecycleChange::Settled => Mirrored::Paid { ticker },
        LifecycleChange::GridUpdated(grid) => Mirrored::Grid { ticker, grid: grid.clone() },
        LifecycleChange::Created => return None,
        LifecycleChange::Other(_) => Mirrored::Strike { ticker, strike: update.strike? },
    })
}
