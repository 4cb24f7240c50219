//! The books of one subscription: the desk's machine says what is certain, a plain book what the frames imply.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    BookSide, MarketTicker, Price, TimeSpan, Timestamp,
    book::{Book, Level, Top},
};
use rec_engine::{
    Machine,
    book::{BookMachine, Config, Input, Levels, Output},
};
use rec_kalshi::ws::{BookDelta, BookSnapshot};

use super::report::BookState;

/// Longer than any recording has frames, since each takes a microsecond.
const NEVER: TimeSpan = TimeSpan::from_minutes(1_000_000);

/// Why a change changed nothing.
pub(super) const NO_SNAPSHOT: &str = "no snapshot of its market came before it";
/// Why a change changed nothing.
pub(super) const IMPOSSIBLE: &str = "a level would be impossible after it, so frames before it are missing";
/// Why a snapshot is no book.
pub(super) const IMPOSSIBLE_SNAPSHOT: &str = "a level of it is impossible";

/// What the frames imply of one market.
#[derive(Debug, Default)]
struct Implied {
    book: Book,
    snapshots: u64,
    changes: u64,
    doubtful_changes: u64,
}

/// The books of one subscription.
#[derive(Debug)]
pub(super) struct Books {
    sid: u64,
    machine: BookMachine,
    /// What the machine knows.
    known: BTreeSet<MarketTicker>,
    implied: BTreeMap<MarketTicker, Implied>,
    now: Timestamp,
}

impl Books {
    /// A subscription to `tickers` of which no frame came yet.
    pub(super) fn new(sid: u64, tickers: BTreeSet<MarketTicker>) -> Self {
        // Nobody answers the machine in a replay, so that nothing may be late or silent; every change is told at once.
        let config = Config {
            flush_every: TimeSpan::ZERO,
            proof_every: NEVER,
            probe_after: NEVER,
            answer_within: NEVER,
            failures_allowed: u32::MAX,
            silence_limit: NEVER,
            disagreement_limit: NEVER,
            ..Config::default()
        };
        let mut books = Self {
            sid,
            machine: BookMachine::new(config),
            known: BTreeSet::new(),
            implied: BTreeMap::new(),
            now: Timestamp::default(),
        };
        for input in [Input::Connected, Input::Wanted { tickers }, Input::Subscribed { sid }] {
            books.feed(input);
        }
        books
    }

    /// Takes any input of the machine and notes what it then knows.
    pub(super) fn feed(&mut self, input: Input) {
        self.now += TimeSpan::from_micros(1);
        for output in self.machine.step(self.now, input) {
            let Output::Publish(tops) = output else { continue };
            for top in tops {
                match top.top {
                    Some(_known) => self.known.insert(top.ticker),
                    None => self.known.remove(&top.ticker),
                };
            }
        }
    }

    /// Compares with a quote of the ticker channel.
    pub(super) fn quote(&mut self, ticker: MarketTicker, bid: Option<Price>, ask: Option<Price>) {
        self.feed(Input::Quote { ticker, bid, ask, received_at: self.now });
    }

    pub(super) fn snapshot(&mut self, seq: u64, snapshot: BookSnapshot) -> Result<(), &'static str> {
        let levels =
            |levels: &[Level]| -> Levels { levels.iter().map(|level| (level.price, level.quantity)).collect() };
        self.feed(Input::Snapshot {
            sid: self.sid,
            seq,
            ticker: snapshot.ticker.clone(),
            bids: levels(&snapshot.levels.bids),
            asks: levels(&snapshot.levels.asks),
            at: self.now,
            received_at: self.now,
        });
        let book = snapshot.levels.book().map_err(|_corrupt| IMPOSSIBLE_SNAPSHOT)?;
        let snapshots = self.implied.get(&snapshot.ticker).map_or(0, |implied| implied.snapshots) + 1;
        self.implied.insert(snapshot.ticker, Implied { book, snapshots, ..Implied::default() });
        Ok(())
    }

    pub(super) fn change(&mut self, seq: u64, delta: BookDelta) -> Result<(), &'static str> {
        let BookDelta { ticker, side, price, delta, at, .. } = delta;
        self.feed(Input::Delta {
            sid: self.sid,
            seq,
            ticker: ticker.clone(),
            book_side: side,
            price,
            delta,
            at: at.unwrap_or(self.now),
            received_at: self.now,
        });
        let implied = self.implied.get_mut(&ticker).ok_or(NO_SNAPSHOT)?;
        implied.book.change(side, price, delta).map_err(|_corrupt| IMPOSSIBLE)?;
        implied.changes += 1;
        implied.doubtful_changes += u64::from(!self.known.contains(&ticker));
        Ok(())
    }

    /// Best bid and ask of a market whose book is certain.
    pub(super) fn top(&self, ticker: &MarketTicker) -> Option<Top> {
        self.known.contains(ticker).then(|| self.implied.get(ticker).map(|implied| implied.book.top()))?
    }

    /// The books as they are now.
    pub(super) fn states(&self) -> impl Iterator<Item = BookState> {
        self.implied.iter().map(|(ticker, implied)| {
            let top = implied.book.top();
            BookState {
                ticker: ticker.clone(),
                sid: self.sid,
                certain: self.known.contains(ticker),
                bid: top.bid,
                ask: top.ask,
                bid_levels: implied.book.levels(BookSide::Bid).len(),
                ask_levels: implied.book.levels(BookSide::Ask).len(),
                snapshots: implied.snapshots,
                changes: implied.changes,
                doubtful_changes: implied.doubtful_changes,
            }
        })
    }
}
