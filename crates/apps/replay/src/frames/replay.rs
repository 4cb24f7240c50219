//! The walk through a recording.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::MarketTicker;
use rec_engine::book::Input;
use rec_kalshi::{
    legacy::LegacyEvent,
    ws::{Frame, FrameKind, Observation, SequenceTracker},
};

use super::{
    books::Books,
    index::Index,
    recording::Recorded,
    report::{Gap, Passed, Quote, Report, Subscription, Trade},
};

/// Why frames about our own account are passed over.
const OURS: &str = "it is about an account, and these frames book nothing";
/// Why news of a market's or an event's life is passed over.
const LIFE: &str = "news of a market's or an event's life changes no book, trade or index";

/// What a recording implies.
#[must_use]
pub fn replay(recorded: Recorded) -> Report {
    match recorded {
        Recorded::Frames(frames) => of_frames(frames),
        Recorded::Event(event) => of_event(&event),
    }
}

fn of_event(event: &LegacyEvent) -> Report {
    let mut walk = Walk::default();
    walk.report.frames = 1;
    for market in &event.markets {
        walk.quote(Quote {
            ticker: market.ticker.clone(),
            bid: market.yes_bid,
            ask: market.yes_ask,
            last_price: None,
            at: event.recorded_at,
            count: 1,
        });
    }
    walk.end()
}

fn of_frames(frames: Vec<(u64, Frame)>) -> Report {
    let books = subscribed_markets(&frames).into_iter().map(|(sid, tickers)| (sid, Books::new(sid, tickers))).collect();
    let mut walk = Walk { books, ..Walk::default() };
    for (place, frame) in frames {
        walk.take(place, frame);
    }
    walk.end()
}

/// The markets of each subscription to books: its machine is told which are wanted before its first frame.
pub(super) fn subscribed_markets(frames: &[(u64, Frame)]) -> BTreeMap<u64, BTreeSet<MarketTicker>> {
    let mut wanted: BTreeMap<u64, BTreeSet<MarketTicker>> = BTreeMap::new();
    for (_place, frame) in frames {
        let ticker = match &frame.kind {
            FrameKind::BookSnapshot(snapshot) => &snapshot.ticker,
            FrameKind::BookDelta(delta) => &delta.ticker,
            _ => continue,
        };
        if let Some(sid) = frame.sid {
            wanted.entry(sid).or_default().insert(ticker.clone());
        }
    }
    wanted
}

#[derive(Default)]
struct Walk {
    report: Report,
    tracker: SequenceTracker,
    subscriptions: BTreeMap<u64, Subscription>,
    books: BTreeMap<u64, Books>,
    quotes: BTreeMap<MarketTicker, Quote>,
    indices: BTreeMap<String, Index>,
    /// By kind and reason: how many, and the first.
    ignored: BTreeMap<(String, String), (u64, u64)>,
}

impl Walk {
    fn take(&mut self, place: u64, frame: Frame) {
        self.report.frames += 1;
        self.count(&frame);
        let (sid, seq) = (frame.sid, frame.seq);
        match frame.kind {
            FrameKind::Subscribed { channel } => {
                if let Some(subscription) = sid.and_then(|sid| self.subscriptions.get_mut(&sid)) {
                    subscription.channel = Some(channel);
                }
            }
            FrameKind::Ok { .. } => {
                if let (Some(sid), Some(seq)) = (sid, seq)
                    && let Some(books) = self.books.get_mut(&sid)
                {
                    books.feed(Input::Acknowledged { sid, seq });
                }
            }
            FrameKind::BookSnapshot(snapshot) => {
                let taken = self.numbered(sid, seq).and_then(|(books, seq)| books.snapshot(seq, snapshot));
                self.note(place, "orderbook_snapshot", taken);
            }
            FrameKind::BookDelta(delta) => {
                let taken = self.numbered(sid, seq).and_then(|(books, seq)| books.change(seq, delta));
                self.note(place, "orderbook_delta", taken);
            }
            FrameKind::Ticker(update) => {
                let quote = Quote {
                    ticker: update.ticker,
                    bid: update.top.bid.map(|level| level.price),
                    ask: update.top.ask.map(|level| level.price),
                    last_price: update.last_price,
                    at: update.at,
                    count: 1,
                };
                for books in self.books.values_mut() {
                    books.quote(quote.ticker.clone(), quote.bid, quote.ask);
                }
                self.quote(quote);
            }
            FrameKind::Trade(trade) => self.report.trades.push(Trade {
                trade_id: trade.trade_id,
                ticker: trade.ticker,
                price: trade.price,
                quantity: trade.quantity,
                taker: trade.taker,
                at: trade.at,
            }),
            FrameKind::IndexValue(value) => {
                let taken = self.index(&value.index).print(&value);
                self.note(place, "cfbenchmarks_value", taken);
            }
            FrameKind::IndexValue5Hz(tick) => self.index(&tick.index).tick(&tick),
            FrameKind::Unsubscribed => {
                self.end_subscription(sid);
                self.pass(place, "unsubscribed", "the subscription ended");
            }
            FrameKind::Error(error) => {
                if error.ends_subscription() {
                    self.end_subscription(sid);
                }
                self.pass(place, "error", &format!("the exchange reported error {}: {}", error.code, error.message));
            }
            FrameKind::Fill(_) => self.pass(place, "fill", OURS),
            FrameKind::UserOrder(_) => self.pass(place, "user_order", OURS),
            FrameKind::MarketPosition(_) => self.pass(place, "market_position", OURS),
            FrameKind::OrderGroupUpdate(_) => self.pass(place, "order_group_updates", OURS),
            FrameKind::Lifecycle(_) => self.pass(place, "market_lifecycle_v2", LIFE),
            FrameKind::EventLifecycle(_) => self.pass(place, "event_lifecycle", LIFE),
            FrameKind::EventFeeUpdate(_) => self.pass(place, "event_fee_update", LIFE),
            FrameKind::Unknown { kind } => self.pass(place, &kind, "this version does not know the kind"),
            FrameKind::Malformed { kind, reason } => self.pass(place, &kind, &format!("it cannot be read: {reason}")),
        }
    }

    /// Counts a frame of its subscription and notes what is missing before it.
    fn count(&mut self, frame: &Frame) {
        let Some(sid) = frame.sid else { return };
        let new = Subscription { sid, channel: None, frames: 0, gaps: Vec::new() };
        let subscription = self.subscriptions.entry(sid).or_insert(new);
        subscription.frames += 1;
        // A frame that cannot be read counts as missing too; it is listed with what was passed over.
        if let Observation::Gap { expected, got, .. } = self.tracker.observe(frame)
            && expected != got
        {
            subscription.gaps.push(Gap { expected, got });
        }
    }

    fn numbered(&mut self, sid: Option<u64>, seq: Option<u64>) -> Result<(&mut Books, u64), &'static str> {
        let unnumbered = "it has no subscription or number, so that nobody knows whether it is current";
        let books = sid.and_then(|sid| self.books.get_mut(&sid)).ok_or(unnumbered)?;
        Ok((books, seq.ok_or(unnumbered)?))
    }

    fn index(&mut self, name: &str) -> &mut Index {
        self.indices.entry(name.to_owned()).or_insert_with(|| Index::new(name))
    }

    fn end_subscription(&mut self, sid: Option<u64>) {
        if let Some(books) = sid.and_then(|sid| self.books.get_mut(&sid)) {
            books.feed(Input::SubscriptionLost);
        }
    }

    /// The last quote of a market wins.
    fn quote(&mut self, quote: Quote) {
        let count = self.quotes.get(&quote.ticker).map_or(0, |before| before.count) + 1;
        self.quotes.insert(quote.ticker.clone(), Quote { count, ..quote });
    }

    fn note(&mut self, place: u64, kind: &str, taken: Result<(), &'static str>) {
        if let Err(reason) = taken {
            self.pass(place, kind, reason);
        }
    }

    fn pass(&mut self, place: u64, kind: &str, reason: &str) {
        self.ignored.entry((kind.to_owned(), reason.to_owned())).or_insert((0, place)).0 += 1;
    }

    fn end(self) -> Report {
        let ignored = self.ignored.into_iter();
        let mut books: Vec<_> = self.books.values().flat_map(Books::states).collect();
        books.sort_by(|one, other| (&one.ticker, one.sid).cmp(&(&other.ticker, other.sid)));
        Report {
            subscriptions: self.subscriptions.into_values().collect(),
            books,
            quotes: self.quotes.into_values().collect(),
            indices: self.indices.into_values().map(Index::state).collect(),
            ignored: ignored.map(|((kind, reason), (count, first))| Passed { kind, reason, count, first }).collect(),
            ..self.report
        }
    }
}
