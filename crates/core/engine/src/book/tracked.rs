//! One market's book with what is known about it.

use rec_domain::{
    BookSide, MarketTicker, Price, Quantity, TimeSpan, Timestamp,
    book::{Book, BookTop, CorruptBook, Top},
};
use serde::{Deserialize, Serialize};

use crate::shape::nested;

/// A book that is known, or unknown until its next snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TrackedBook {
    /// `None` while it is not known.
    book: Option<Book>,
    /// The exchange's time of the last change, at first the start of tracking.
    changed_at: Timestamp,
    /// Last published; `None` before the first time.
    #[serde(with = "nested")]
    published: Option<Option<Top>>,
    /// Since when quotes of the ticker channel contradict it.
    disagrees_since: Option<Timestamp>,
    /// Requests for its snapshot that were not answered with one.
    unanswered: u32,
    /// No request for its snapshot before this.
    ask_not_before: Timestamp,
}

impl TrackedBook {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self { book: None, changed_at: now, published: None, disagrees_since: None, unanswered: 0, ask_not_before: now }
    }

    pub(super) const fn is_known(&self) -> bool {
        self.book.is_some()
    }

    pub(super) fn forget(&mut self) {
        self.book = None;
        self.disagrees_since = None;
    }

    /// Takes a snapshot; the book stays unknown when a level cannot be.
    pub(super) fn replace(
        &mut self,
        bids: &[(Price, Quantity)],
        asks: &[(Price, Quantity)],
        at: Timestamp,
    ) -> Result<(), CorruptBook> {
        self.forget();
        let mut book = Book::default();
        for (side, levels) in [(BookSide::Bid, bids), (BookSide::Ask, asks)] {
            for (price, quantity) in levels {
                book.set(side, *price, *quantity)?;
            }
        }
        self.book = Some(book);
        self.changed_at = at;
        self.ask_again();
        Ok(())
    }

    /// Changes a level; an unknown book stays as it is, and one that cannot be becomes unknown.
    pub(super) fn change(&mut self, side: BookSide, price: Price, delta: Quantity, at: Timestamp) {
        let Some(book) = &mut self.book else { return };
        self.disagrees_since = None;
        match book.change(side, price, delta) {
            Ok(()) => self.changed_at = self.changed_at.max(at),
            Err(_corrupt) => self.forget(),
        }
    }

    /// Compares with the ticker channel. Since the two channels are not in step, only a book that no change reached
    /// between two contradicting quotes at least `limit` apart is wrong; it becomes unknown.
    pub(super) fn compare(&mut self, now: Timestamp, bid: Option<Price>, ask: Option<Price>, limit: TimeSpan) {
        let Some(top) = self.top() else { return };
        if top.bid.map(|level| level.price) == bid && top.ask.map(|level| level.price) == ask {
            self.disagrees_since = None;
            return;
        }
        let since = *self.disagrees_since.get_or_insert(now);
        if now.since(since) >= limit {
            self.forget();
        }
    }

    fn top(&self) -> Option<Top> {
        self.book.as_ref().map(Book::top)
    }

    /// Whether what would be published differs from what was.
    pub(super) fn is_news(&self) -> bool {
        self.published != Some(self.top())
    }

    /// Whether it was published as known and is not any more.
    pub(super) fn was_lost(&self) -> bool {
        self.book.is_none() && matches!(self.published, Some(Some(_)))
    }

    /// The top to publish; `proven_at` is the instant up to which the line is known to have told everything.
    pub(super) fn publish(&mut self, ticker: &MarketTicker, proven_at: Timestamp) -> BookTop {
        let top = self.top();
        self.published = Some(top);
        let observed_at = if top.is_some() { self.changed_at.max(proven_at) } else { self.changed_at };
        BookTop { ticker: ticker.clone(), top, observed_at, received_at: proven_at }
    }

    /// Lets its snapshot be asked for without waiting.
    pub(super) fn ask_again(&mut self) {
        self.unanswered = 0;
        self.ask_not_before = Timestamp::default();
    }

    /// When its snapshot may be asked for; `None` when it is known.
    pub(super) fn wants_snapshot_at(&self) -> Option<Timestamp> {
        self.book.is_none().then_some(self.ask_not_before)
    }

    /// Notes that its snapshot was asked for: the next time may come after `gap`, doubled each time up to 32-fold, so
    /// that a market which the exchange does not answer for is not asked for on and on.
    pub(super) fn asked(&mut self, now: Timestamp, gap: TimeSpan) {
        let factor = 1_i64 << self.unanswered.min(5);
        self.ask_not_before = now + TimeSpan::from_micros(gap.micros().saturating_mul(factor));
        self.unanswered += 1;
    }
}
