//! A busy hour: sixty markets with books, prices that are fresh, and the machines that look at them.

use std::sync::Arc;

use divan::Bencher;
use rec_domain::{
    DeskId, EventTicker, ExchangeIndex, Fresh, MarketTicker, Mode, Money, Price, PriceGrid, Quantity, SeriesTicker,
    TimeSpan, Timestamp, UsdPrice,
    desk_view::DeskView,
    fee::FeeSchedule,
    index::IndexPrint,
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
    settings::AutomationSettings,
};
use rec_engine::{
    Machine,
    book::{self, BookMachine},
    desk::{Books, Desk, DeskConfig, DeskInput, DeskOutput, Identity},
    entry::{self, EntryMachine},
    odds::{self, OddsMachine},
};
use rec_kalshi::{
    rows::order_book::NoSidePrices,
    ws::{Frame, FrameKind},
};
use rec_model::{Fingerprint, FingerprintSet, Grid};

/// Ten minutes before a close.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);
const SHARD: ExchangeIndex = ExchangeIndex::new(2);
const STRIKES: i64 = 60;
/// The market whose book changes: its strike lies well below the price, and YES is offered for nearly what it is worth,
/// so that nearly every rule is asked.
const TOUCHED: i64 = 26;

fn ticker(number: i64) -> MarketTicker {
    MarketTicker::new(format!("KXBTCD-26SEP2516-T{}.99", 97_000 + 100 * number - 1))
}

fn strike(number: i64) -> UsdPrice {
    UsdPrice::from_cents((97_000 + 100 * number) * 100)
}

fn markets() -> Vec<Market> {
    let market = |number| Market {
        ticker: ticker(number),
        event: EventTicker::new("KXBTCD-26SEP2516"),
        series: SeriesTicker::new("KXBTCD"),
        title: format!("{} or above", strike(number)),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(strike(number) - UsdPrice::from_cents(1))),
        open_time: NOON - TimeSpan::from_minutes(50),
        close_time: NOON + TimeSpan::from_minutes(10),
        grid: PriceGrid::linear_cent(),
        exchange_index: SHARD,
        volume: Quantity::from_contracts(5_000),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    };
    (0..STRIKES).map(market).collect()
}

/// Normal moves of 0.06 % in a minute.
fn fingerprints() -> Arc<FingerprintSet> {
    let thresholds: Vec<f64> = (0..=200).map(|step| f64::from(step) / 100.0).collect();
    let minutes: Vec<u32> = (1..=60).collect();
    let tail = |minute: &u32, x: &f64| 50.0 * libm::erfc(x / (0.06 * libm::sqrt(2.0 * f64::from(*minute))));
    let cells: Vec<f64> = minutes.iter().flat_map(|minute| thresholds.iter().map(move |x| tail(minute, x))).collect();
    let grid = Grid::new(minutes, thresholds, cells.clone(), cells).expect("a grid");
    let part = ("baseline".to_owned(), None, Fingerprint { grid, support: None });
    Arc::new(FingerprintSet::new("btc", [part]).expect("a set"))
}

/// A frame that takes an order of ten contracts from the best level that YES is offered at, or puts it there: each
/// changes the top of the book.
pub(crate) fn delta(seq: u64) -> String {
    let change = if seq.is_multiple_of(2) { "-10.00" } else { "10.00" };
    format!(
        r#"{{"type":"orderbook_delta","sid":1,"seq":{seq},"msg":{{"market_ticker":"{}","market_id":"ef0ce114-eb71-419d-9563-c670d1859d5d","price_dollars":"0.9700","delta_fp":"{change}","side":"no","ts":"2026-09-25T19:50:00.342537Z","ts_ms":1790365800342}}}}"#,
        ticker(TOUCHED)
    )
}

/// The machines between a frame and a decision, in one thread.
pub(crate) struct Line {
    book: BookMachine,
    odds: OddsMachine,
    entry: EntryMachine,
    /// Rows that the entry machine has looked at, one by one.
    pub(crate) looks: u64,
}

impl Line {
    /// Everything known and fresh at noon, and a table made. No frame waits for another to be published with it.
    pub(crate) fn new() -> Self {
        let odds = OddsMachine::new(odds::Config::default(), fingerprints());
        let config = book::Config { flush_every: TimeSpan::ZERO, ..book::Config::default() };
        let entry = EntryMachine::new(entry::Config::default());
        let mut line = Self { book: BookMachine::new(config), odds, entry, looks: 0 };
        line.entry.step(NOON, entry::Input::Markets(markets()));
        line.tell_odds(NOON, odds::Input::Markets(markets()));
        line.tell_book(NOON, book::Input::Wanted { tickers: (0..STRIKES).map(ticker).collect() });
        line.tell_book(NOON, book::Input::Connected);
        line.tell_book(NOON, book::Input::Subscribed { sid: 1 });
        for number in 0..STRIKES {
            line.tell_book(NOON, snapshot(number));
        }
        line.second(NOON);
        line
    }

    /// What comes once a second: prices and momentum.
    pub(crate) fn second(&mut self, now: Timestamp) {
        let value = UsdPrice::from_cents(10_000_000);
        let spot = Fresh { value, source: "coinbase".to_owned(), observed_at: now, received_at: now };
        let reading = MomentumReading { at: now, score_percent: Some(0.01), deltas_percent: [None; 6] };
        self.entry.step(now, entry::Input::Desk(Box::new(desk_view(now))));
        self.entry.step(now, entry::Input::Momentum(reading.clone()));
        self.tell_odds(now, odds::Input::Spot(spot));
        self.tell_odds(now, odds::Input::Momentum(reading));
        let later = now + TimeSpan::from_millis(20);
        self.tell_odds(later, odds::Input::Index(IndexPrint { stamped_at: now, value, received_at: later }));
    }

    /// One frame as it comes off the socket, up to what is decided on it.
    pub(crate) fn frame(&mut self, now: Timestamp, text: &str) {
        if let Some(change) = change(now, text) {
            self.tell_book(now, change);
        }
    }

    fn tell_book(&mut self, now: Timestamp, input: book::Input) {
        for output in self.book.step(now, input) {
            if let book::Output::Publish(tops) = output {
                self.tell_odds(now, odds::Input::Books(tops));
            }
        }
    }

    fn tell_odds(&mut self, now: Timestamp, input: odds::Input) {
        for output in self.odds.step(now, input) {
            let input = match output {
                odds::Output::Strikes(table) => entry::Input::Strikes(table),
                odds::Output::Rows(rows) => {
                    self.looks += rows.rows.len() as u64;
                    entry::Input::Rows(rows)
                }
            };
            divan::black_box(self.entry.step(now, input));
        }
    }
}

/// A frame as the book machine takes it.
fn change(now: Timestamp, text: &str) -> Option<book::Input> {
    let frame = Frame::decode(text, NoSidePrices::Yes);
    let (FrameKind::BookDelta(change), Some(sid), Some(seq)) = (frame.kind, frame.sid, frame.seq) else { return None };
    Some(book::Input::Delta {
        sid,
        seq,
        ticker: change.ticker,
        book_side: change.side,
        price: change.price,
        delta: change.delta,
        at: change.at.unwrap_or(now),
        received_at: now,
    })
}

fn snapshot(number: i64) -> book::Input {
    let levels = |cents: std::ops::RangeInclusive<i64>| {
        cents.map(|cents| (Price::from_cents(cents), Quantity::from_contracts(100))).collect()
    };
    let seq = u64::try_from(number + 1).expect("positive");
    let (ticker, at) = (ticker(number), NOON);
    book::Input::Snapshot { sid: 1, seq, ticker, bids: levels(60..=95), asks: levels(97..=99), at, received_at: at }
}

/// A desk that may enter, as its own machine shows itself.
fn desk_view(now: Timestamp) -> DeskView {
    let identity = Identity { desk: DeskId::from_bits(7), mode: Mode::Twin, epoch: 1 };
    let settings =
        AutomationSettings { auto_entry: true, min_differential_points: 3.0, ..AutomationSettings::default() };
    let mut desk = Desk::new(DeskConfig::default(), Books::new(identity, settings, now));
    let view = desk.step(now, DeskInput::Markets { markets: Vec::new() }).into_iter().find_map(|output| match output {
        DeskOutput::Publish(view) => Some(*view),
        _ => None,
    });
    let mut view = view.expect("it shows itself at once");
    view.ready = true;
    view.halts.clear();
    view.cash = [(SHARD, Money::from_dollars(1_000))].into();
    view
}

/// The first sequence number after the snapshots.
pub(crate) const FIRST: u64 = 61;

/// Changes of the touched book, one after another.
fn deltas() -> impl FnMut() -> String {
    let mut seq = FIRST;
    move || {
        let text = delta(seq);
        seq += 1;
        text
    }
}

#[divan::bench]
fn delta_to_book(bencher: Bencher) {
    let mut line = Line::new();
    bencher.with_inputs(deltas()).bench_local_values(|text| {
        if let Some(change) = change(NOON, &text) {
            divan::black_box(line.book.step(NOON, change));
        }
    });
}

#[divan::bench]
fn frame_to_decision(bencher: Bencher) {
    let mut line = Line::new();
    let now = NOON + TimeSpan::from_millis(30);
    bencher.with_inputs(deltas()).bench_local_values(|text| line.frame(now, &text));
}

#[divan::bench]
fn tick_to_strike_table(bencher: Bencher) {
    let mut line = Line::new();
    let mut now = NOON + TimeSpan::from_millis(30);
    bencher
        .with_inputs(|| {
            now += TimeSpan::from_millis(11);
            let value = UsdPrice::from_cents(10_000_000 + now.millis() % 100);
            (now, odds::Input::Index(IndexPrint { stamped_at: now, value, received_at: now }))
        })
        .bench_local_values(|(at, print)| divan::black_box(line.odds.step(at, print)));
}
