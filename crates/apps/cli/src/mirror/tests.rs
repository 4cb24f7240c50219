//! Recorded production frames, through the exchange's client and the mirror.

use std::path::PathBuf;

use rec_domain::{
    BookSide, EventTicker, ExchangeIndex, MarketTicker, PriceGrid, Quantity, SeriesTicker, Timestamp, UsdPrice,
    fee::FeeSchedule,
    market::{Collateral, Market, MarketStatus, StrikeRule},
};
use rec_kalshi::{
    rows::order_book::NoSidePrices,
    ws::{Frame, FrameKind},
};
use rec_twin::core::{Mirrored, Mutation, Output, Series, Twin, TwinConfig, mirror::ListedMarket};

use super::shown;

/// The recorded frames; `None`, said aloud, where there are none.
fn recorded() -> Option<Vec<Frame>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, PathBuf::from);
    let file = folder.join("data/kalshi/ws_frames.jsonl");
    let text = std::fs::read_to_string(&file).map_err(|error| println!("SKIPPED: {}: {error}", file.display())).ok()?;
    Some(text.lines().map(|line| Frame::decode(line, NoSidePrices::No)).collect())
}

fn ticker_of(kind: &FrameKind) -> Option<&MarketTicker> {
    match kind {
        FrameKind::BookSnapshot(book) => Some(&book.ticker),
        FrameKind::BookDelta(change) => Some(&change.ticker),
        FrameKind::Ticker(update) => Some(&update.ticker),
        FrameKind::Trade(trade) => Some(&trade.ticker),
        _ => None,
    }
}

/// A market of that name, as it was open on the day of the recording: its body was not recorded with the frames.
fn market_named(ticker: &MarketTicker, at: Timestamp) -> Option<ListedMarket> {
    let series = ticker.as_str().split('-').next()?;
    Series::named(series)?;
    let (event, _) = ticker.as_str().rsplit_once('-')?;
    let market = Market {
        ticker: ticker.clone(),
        event: EventTicker::new(event),
        series: SeriesTicker::new(series),
        title: String::new(),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(UsdPrice::from_cents(8_399_999))),
        open_time: at,
        close_time: at + rec_domain::TimeSpan::from_minutes(60),
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(2),
        volume: Quantity::ZERO,
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    };
    Some(ListedMarket { market, result: None, expiration_value: None })
}

#[test]
fn recorded_frames_make_the_mirror_show_what_they_say() {
    let Some(frames) = recorded() else { return };
    let at = Timestamp::from_seconds(1_790_363_500);
    let mut twin = Twin::new(TwinConfig::mirror(at, Series::ALL.to_vec()));
    let take = |twin: &mut Twin, change: Mirrored| {
        let now = twin.now();
        twin.apply(now, &Mutation::Mirror(change)).expect("a mirror takes whatever is shown");
        twin.take_outputs()
    };
    let (mut books, mut trades, mut prints) = (0, 0, 0);
    for frame in &frames {
        if let Some(listed) = ticker_of(&frame.kind).and_then(|ticker| market_named(ticker, at)) {
            take(&mut twin, Mirrored::Market(Box::new(listed)));
        }
        let Some(change) = shown::frame(&frame.kind) else { continue };
        let told = take(&mut twin, change);
        match &frame.kind {
            FrameKind::BookSnapshot(book) => {
                let of = |side| -> Vec<_> {
                    let market = twin.listed().map(|(_, market)| market);
                    let market = market.into_iter().find(|market| *market.name.ticker == *book.ticker.as_str());
                    let levels = market.expect("it was listed").book.levels(side).iter();
                    levels.map(|(price, level)| (*price, level.total())).collect()
                };
                for (side, levels) in [(BookSide::Bid, &book.levels.bids), (BookSide::Ask, &book.levels.asks)] {
                    let mut said: Vec<_> = levels.iter().map(|level| (level.price, level.quantity)).collect();
                    said.sort_unstable();
                    assert_eq!(of(side), said);
                }
                books += 1;
            }
            FrameKind::Trade(trade) => {
                let print = told.iter().find_map(|output| match output {
                    Output::Trade(print) => Some(print),
                    _ => None,
                });
                assert_eq!(print.map(|print| (print.price, print.count)), Some((trade.price, trade.quantity)));
                trades += 1;
            }
            FrameKind::IndexValue(_) => prints += told.iter().filter(|one| matches!(one, Output::Index(_))).count(),
            _ => {}
        }
    }
    assert!(books >= 1 && trades >= 1 && prints >= 1, "{books} {trades} {prints}");
}
