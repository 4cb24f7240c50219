//! What all files say, in the order of time.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    ExchangeIndex, MarketTicker, Price, Quantity, Timestamp, UsdPrice,
    book::{Level, Top},
    fee::FeeSchedule,
    market::{LifecycleChange, Market},
};
use rec_engine::book::Input;
use rec_kalshi::{
    legacy::LegacyEvent,
    ws::{Frame, FrameKind},
};

use super::{
    super::{Recorded, books::Books, subscribed_markets},
    spot::SpotPrice,
};

/// The least quantity of the exchange: what a quote without sizes stands for.
const LEAST: Quantity = Quantity::from_units(1);

/// Something that was recorded.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// A market as the exchange described it.
    Described(Box<Market>),
    /// Best prices of a market; `None` when they are not known any more.
    Quoted { ticker: MarketTicker, top: Option<Top>, volume: Option<Quantity> },
    /// News of a market's life.
    Changed(MarketTicker, LifecycleChange),
    /// A print of the settlement index.
    Index { stamped_at: Timestamp, value: UsdPrice },
    /// A price of the underlying.
    Spot(UsdPrice),
    /// A frame of another kind: the connection is alive.
    Alive,
}

/// Everything, in the order of time.
#[derive(Debug, Default)]
pub(super) struct History {
    happenings: Vec<(Timestamp, Happening)>,
    /// The span of the exchange's recordings, spot prices apart.
    span: Option<(Timestamp, Timestamp)>,
}

impl History {
    pub(super) fn of(recordings: &[Recorded], spot: &[SpotPrice]) -> Self {
        let mut happenings: Vec<_> = recordings.iter().flat_map(of_recording).collect();
        happenings.sort_by_key(|(at, _happening)| *at);
        let span = happenings.first().zip(happenings.last()).map(|((begin, _), (end, _))| (*begin, *end));
        happenings.extend(spot.iter().map(|price| (price.at, Happening::Spot(price.price))));
        // Stable: of one instant, what the exchange said comes before the price.
        happenings.sort_by_key(|(at, _happening)| *at);
        Self { happenings, span }
    }

    pub(super) const fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    pub(super) fn has_index(&self) -> bool {
        self.happenings.iter().any(|(_at, happening)| matches!(happening, Happening::Index { .. }))
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (Timestamp, Happening)> {
        self.happenings.into_iter()
    }
}

fn of_recording(recorded: &Recorded) -> Vec<(Timestamp, Happening)> {
    match recorded {
        Recorded::Frames(frames) => of_frames(frames),
        Recorded::Event(event) => of_event(event),
    }
}

/// A quote without sizes, with the least that it can mean.
fn top(bid: Option<Price>, ask: Option<Price>) -> Top {
    let level = |price: Option<Price>| price.map(|price| Level { price, quantity: LEAST });
    Top { bid: level(bid), ask: level(ask) }
}

fn of_event(event: &LegacyEvent) -> Vec<(Timestamp, Happening)> {
    let Some(at) = event.recorded_at else { return Vec::new() };
    let described = event.markets(FeeSchedule::CRYPTO).into_iter().map(|market| Happening::Described(Box::new(market)));
    let quoted = event.markets.iter().map(|market| Happening::Quoted {
        ticker: market.ticker.clone(),
        top: Some(top(market.yes_bid, market.yes_ask)),
        volume: Some(market.volume),
    });
    described.chain(quoted).map(|happening| (at, happening)).collect()
}

/// The frames of one connection. A frame without a time of its own has that of the newest before it; those before
/// the first time have the first.
fn of_frames(frames: &[(u64, Frame)]) -> Vec<(Timestamp, Happening)> {
    let mut now = frames.iter().find_map(|(_place, frame)| time_of(frame));
    let mut books: BTreeMap<u64, Books> =
        subscribed_markets(frames).into_iter().map(|(sid, tickers)| (sid, Books::new(sid, tickers))).collect();
    // Markets whose books are followed: their quotes by the ticker channel are older than their books.
    let followed: BTreeSet<_> = subscribed_markets(frames).into_values().flatten().collect();
    let mut happenings = Vec::with_capacity(frames.len());
    for (_place, frame) in frames {
        now = now.max(time_of(frame));
        // A recording without any time cannot be put into an order of time.
        let Some(at) = now else { return Vec::new() };
        let happening = of_frame(frame, &mut books, &followed);
        happenings.push((at, happening));
    }
    happenings
}

fn time_of(frame: &Frame) -> Option<Timestamp> {
    let own = match &frame.kind {
        FrameKind::BookDelta(delta) => delta.at,
        FrameKind::Ticker(update) => update.at,
        FrameKind::Trade(trade) => trade.at,
        FrameKind::IndexValue(value) => Some(value.stamped_at),
        FrameKind::IndexValue5Hz(tick) => Some(tick.stamped_at),
        FrameKind::Lifecycle(update) => update.at,
        _ => None,
    };
    own.or(frame.sent_at)
}

fn of_frame(frame: &Frame, books: &mut BTreeMap<u64, Books>, followed: &BTreeSet<MarketTicker>) -> Happening {
    let numbered = frame.sid.zip(frame.seq);
    match &frame.kind {
        FrameKind::Ok { .. } => {
            if let Some((books, (sid, seq))) = numbered.and_then(|(sid, seq)| Some((books.get_mut(&sid)?, (sid, seq))))
            {
                books.feed(Input::Acknowledged { sid, seq });
            }
            Happening::Alive
        }
        FrameKind::BookSnapshot(snapshot) => {
            let Some((books, seq)) = numbered.and_then(|(sid, seq)| Some((books.get_mut(&sid)?, seq))) else {
                return Happening::Alive;
            };
            // What is impossible leaves the book unknown, which its top tells.
            let _impossible = books.snapshot(seq, snapshot.clone());
            quoted(books, &snapshot.ticker)
        }
        FrameKind::BookDelta(delta) => {
            let Some((books, seq)) = numbered.and_then(|(sid, seq)| Some((books.get_mut(&sid)?, seq))) else {
                return Happening::Alive;
            };
            let _impossible = books.change(seq, delta.clone());
            quoted(books, &delta.ticker)
        }
        FrameKind::Ticker(update) if followed.contains(&update.ticker) => Happening::Alive,
        FrameKind::Ticker(update) => {
            Happening::Quoted { ticker: update.ticker.clone(), top: Some(update.top), volume: update.volume }
        }
        FrameKind::IndexValue(value) => Happening::Index { stamped_at: value.stamped_at, value: value.value },
        FrameKind::Lifecycle(update) => {
            described(update).unwrap_or_else(|| Happening::Changed(update.ticker.clone(), update.change.clone()))
        }
        _ => Happening::Alive,
    }
}

fn quoted(books: &Books, ticker: &MarketTicker) -> Happening {
    Happening::Quoted { ticker: ticker.clone(), top: books.top(ticker), volume: None }
}

/// News of a listing describe the market, fees and collateral apart.
fn described(update: &rec_kalshi::ws::LifecycleUpdate) -> Option<Happening> {
    let (event, open_time, close_time) = (update.event.clone()?, update.open_time?, update.close_time?);
    let series = event.as_str().split('-').next().unwrap_or_default().to_owned();
    let grid = match &update.change {
        LifecycleChange::GridUpdated(grid) => grid.clone(),
        _ => rec_domain::PriceGrid::linear_cent(),
    };
    Some(Happening::Described(Box::new(Market {
        ticker: update.ticker.clone(),
        event,
        series: rec_domain::SeriesTicker::new(series),
        title: String::new(),
        status: rec_domain::market::MarketStatus::Active,
        strike: update.strike,
        open_time,
        close_time,
        grid,
        exchange_index: update.exchange_index.unwrap_or(ExchangeIndex::new(0)),
        volume: Quantity::default(),
        fees: FeeSchedule::CRYPTO,
        collateral: rec_domain::market::Collateral::DirectNetting,
    })))
}
