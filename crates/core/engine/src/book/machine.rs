//! The machine itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rec_domain::{MarketTicker, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    interface::{Config, Input, Output, SubscriptionId},
    tracked::TrackedBook,
};
use crate::Machine;

/// An instant that does not come.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// What is known of the subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Subscription {
    None,
    Asked { at: Timestamp },
    Active { sid: SubscriptionId, last_seq: Option<u64>, last_frame_at: Timestamp },
}

/// Keeps the books of the wanted markets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BookMachine {
    config: Config,
    wanted: BTreeSet<MarketTicker>,
    /// Whether the subscription is known to have the wanted markets and no others.
    #[serde(skip)]
    followed: bool,
    connected: bool,
    subscription: Subscription,
    books: BTreeMap<MarketTicker, TrackedBook>,
    last_frame_at: Timestamp,
    /// The question under way: when it was asked.
    asked_at: Option<Timestamp>,
    next_ask_at: Timestamp,
    next_flush_at: Timestamp,
    next_proof_at: Timestamp,
    /// Books that may be news since the last flush, so that none of the others has to be looked at.
    news: BTreeSet<MarketTicker>,
    /// Whether a book that was published as known is not known any more.
    lost: bool,
    /// When something is to be asked for at the earliest; `None` when that has to be thought about anew. Frames that
    /// change no more than one book only move it further away.
    pursue_at: Option<Timestamp>,
    failures: VecDeque<Timestamp>,
    /// Set while a new connection was asked for; when to ask again.
    reconnecting_until: Option<Timestamp>,
    gaps: u64,
}

impl BookMachine {
    /// Without a connection and with nothing wanted.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let start = Timestamp::default();
        Self {
            config,
            wanted: BTreeSet::new(),
            followed: false,
            connected: false,
            subscription: Subscription::None,
            books: BTreeMap::new(),
            last_frame_at: start,
            asked_at: None,
            next_ask_at: start,
            next_flush_at: start,
            next_proof_at: start,
            news: BTreeSet::new(),
            lost: false,
            pursue_at: None,
            failures: VecDeque::new(),
            reconnecting_until: None,
            gaps: 0,
        }
    }

    /// Gaps in the frames' numbers since the start.
    #[must_use]
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Books that are known, and books that are wanted.
    #[must_use]
    pub fn known_and_wanted(&self) -> (usize, usize) {
        (self.books.values().filter(|book| book.is_known()).count(), self.wanted.len())
    }

    fn take(&mut self, now: Timestamp, input: Input, out: &mut Vec<Output>) {
        if !matches!(input, Input::Delta { .. } | Input::Quote { .. } | Input::Heartbeat { .. } | Input::Wake) {
            self.pursue_at = None;
        }
        match input {
            Input::Connected => {
                self.reset();
                self.connected = true;
                self.last_frame_at = now;
                self.next_ask_at = now;
            }
            Input::Disconnected => self.reset(),
            Input::Subscribed { sid } => {
                self.subscription = Subscription::Active { sid, last_seq: None, last_frame_at: now };
            }
            Input::SubscriptionLost => {
                self.fail(now, "the exchange ended or refused the subscription", out);
                self.unsubscribe();
            }
            Input::Snapshot { sid, seq, ticker, bids, asks, at, received_at } => {
                self.alive(received_at);
                if self.in_sequence(now, sid, seq, out)
                    && self.change(ticker, |book| book.replace(&bids, &asks, at).is_err()) == Some(true)
                {
                    self.fail(now, "a snapshot has an impossible level", out);
                }
            }
            Input::Delta { sid, seq, ticker, book_side, price, delta, at, received_at } => {
                self.alive(received_at);
                if self.in_sequence(now, sid, seq, out) {
                    self.change(ticker, |book| book.change(book_side, price, delta, at));
                }
            }
            Input::Acknowledged { sid, seq } => {
                self.in_sequence(now, sid, seq, out);
            }
            Input::Quote { ticker, bid, ask, received_at } => {
                self.alive(received_at);
                let limit = self.config.disagreement_limit;
                self.change(ticker, |book| book.compare(now, bid, ask, limit));
            }
            Input::Heartbeat { received_at } => self.alive(received_at),
            Input::Wanted { tickers } => {
                if self.wanted.is_empty() {
                    // Nothing was to be heard before.
                    self.last_frame_at = self.last_frame_at.max(now);
                }
                self.wanted = tickers;
                self.followed = false;
            }
            Input::Wake => self.notice_silence(now, out),
        }
    }

    /// Changes one book, if it is followed, and notes what follows from that.
    fn change<T>(&mut self, ticker: MarketTicker, change: impl FnOnce(&mut TrackedBook) -> T) -> Option<T> {
        let book = self.books.get_mut(&ticker)?;
        let was_known = book.is_known();
        let done = change(book);
        if was_known && !book.is_known() {
            self.pursue_at = None;
            self.lost |= book.was_lost();
        }
        if book.is_news() {
            self.news.insert(ticker);
        }
        Some(done)
    }

    /// A frame proves that the line was alive when it came, however long it has waited for us since.
    fn alive(&mut self, received_at: Timestamp) {
        if self.connected {
            self.last_frame_at = self.last_frame_at.max(received_at);
        }
    }

    /// Whether the frame belongs to the subscription and is new. A gap makes every book unknown first.
    fn in_sequence(&mut self, now: Timestamp, sid: SubscriptionId, seq: u64, out: &mut Vec<Output>) -> bool {
        let Subscription::Active { sid: mine, last_seq, last_frame_at } = &mut self.subscription else { return false };
        if *mine != sid || last_seq.is_some_and(|last| seq <= last) {
            return false;
        }
        // Whatever came before the first frame that we see cannot matter: no book is known without a snapshot.
        let gap = last_seq.is_some_and(|last| seq > last + 1);
        *last_seq = Some(seq);
        *last_frame_at = now;
        if self.asked_at.is_some() {
            // It may be the answer.
            self.pursue_at = None;
        }
        if gap {
            self.gaps += 1;
            let repairing = self.books.values().any(|book| !book.is_known());
            self.forget_books();
            if !repairing {
                self.fail(now, "frames are missing again and again", out);
            }
        }
        true
    }

    fn forget_books(&mut self) {
        self.pursue_at = None;
        for (ticker, book) in &mut self.books {
            book.forget();
            self.lost |= book.was_lost();
            if book.is_news() {
                self.news.insert(ticker.clone());
            }
        }
    }

    fn unsubscribe(&mut self) {
        self.pursue_at = None;
        self.forget_books();
        self.subscription = Subscription::None;
        self.asked_at = None;
    }

    fn reset(&mut self) {
        self.unsubscribe();
        self.connected = false;
        self.reconnecting_until = None;
        self.failures.clear();
    }

    /// Notes a failure; too many of them within the window ask for a new connection.
    fn fail(&mut self, now: Timestamp, what: &str, out: &mut Vec<Output>) {
        self.failures.push_back(now);
        self.pursue_at = None;
        self.next_ask_at = self.next_ask_at.max(now + self.config.repair_gap);
        let begin = now - self.config.escalation_window;
        while self.failures.front().is_some_and(|at| *at < begin) {
            self.failures.pop_front();
        }
        if self.failures.len() > self.config.failures_allowed as usize {
            self.reconnect(now, what, out);
        }
    }

    fn reconnect(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Output>) {
        self.unsubscribe();
        self.failures.clear();
        self.reconnecting_until = Some(now + self.config.reconnect_gap);
        out.push(Output::Reconnect { reason: reason.to_owned() });
    }

    /// Only waking tells of silence: while inputs wait in the queue the line is not silent, we are late.
    fn notice_silence(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let silent = !self.wanted.is_empty() && now.since(self.last_frame_at) >= self.config.silence_limit;
        let due = self.reconnecting_until.is_none_or(|until| now >= until);
        if self.connected && silent && due {
            self.reconnect(now, "no frame at all came for too long", out);
        }
    }

    /// Asks for what is missing, at a bounded rate.
    fn pursue(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if !self.connected || self.reconnecting_until.is_some_and(|until| now < until) {
            return;
        }
        if self.reconnecting_until.is_some() {
            self.reconnect(now, "the connection was not replaced", out);
            return;
        }
        match self.subscription {
            Subscription::None if !self.wanted.is_empty() && now >= self.next_ask_at => {
                self.followed = false;
                self.books.clear();
                self.follow(self.wanted.clone(), now);
                self.mark_asked(now, &self.wanted.clone());
                self.subscription = Subscription::Asked { at: now };
                out.push(Output::Subscribe { tickers: self.wanted.iter().cloned().collect() });
            }
            Subscription::None => {}
            Subscription::Asked { at } => {
                if now >= at + self.config.answer_within {
                    self.unsubscribe();
                    self.fail(now, "the subscription is not answered", out);
                }
            }
            Subscription::Active { sid, last_frame_at, .. } => {
                self.follow_wanted(now, sid, out);
                self.repair(now, sid, last_frame_at, out);
            }
        }
    }

    /// Follows markets whose books are not known yet, which is news too.
    fn follow(&mut self, tickers: BTreeSet<MarketTicker>, now: Timestamp) {
        self.books.extend(tickers.iter().map(|ticker| (ticker.clone(), TrackedBook::new(now))));
        self.news.extend(tickers);
    }

    fn follow_wanted(&mut self, now: Timestamp, sid: SubscriptionId, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.followed, true) {
            return;
        }
        let added: BTreeSet<_> =
            self.wanted.iter().filter(|ticker| !self.books.contains_key(*ticker)).cloned().collect();
        let dropped: Vec<_> = self.books.keys().filter(|ticker| !self.wanted.contains(*ticker)).cloned().collect();
        if !added.is_empty() {
            self.follow(added.clone(), now);
            self.mark_asked(now, &added);
            out.push(Output::AddMarkets { sid, tickers: added.into_iter().collect() });
        }
        if !dropped.is_empty() {
            dropped.iter().for_each(|ticker| drop(self.books.remove(ticker)));
            out.push(Output::DeleteMarkets { sid, tickers: dropped });
        }
    }

    fn repair(&mut self, now: Timestamp, sid: SubscriptionId, last_frame_at: Timestamp, out: &mut Vec<Output>) {
        if let Some(asked_at) = self.asked_at {
            let answered = last_frame_at > asked_at;
            let complete = answered && self.books.values().all(TrackedBook::is_known);
            if !complete && now < asked_at + self.config.answer_within {
                return;
            }
            self.asked_at = None;
            // Books that stay unknown beside known ones are the affair of their markets, not of the line.
            if !answered || !self.books.values().any(TrackedBook::is_known) {
                self.forget_books();
                self.books.values_mut().for_each(TrackedBook::ask_again);
                self.fail(now, "the book subscription does not answer", out);
                if self.reconnecting_until.is_some() {
                    return;
                }
            }
        }
        if now < self.next_ask_at {
            return;
        }
        let due = |book: &TrackedBook| book.wants_snapshot_at().is_some_and(|at| at <= now);
        let mut tickers: BTreeSet<_> =
            self.books.iter().filter(|(_ticker, book)| due(book)).map(|(ticker, _book)| ticker.clone()).collect();
        if tickers.is_empty() && now >= last_frame_at + self.config.probe_after {
            // A known book, since one that is not known may be of a market that the exchange says nothing of.
            tickers.extend(
                self.books.iter().find(|(_ticker, book)| book.is_known()).map(|(ticker, _book)| ticker.clone()),
            );
        }
        if !tickers.is_empty() {
            self.mark_asked(now, &tickers);
            out.push(Output::RequestSnapshot { sid, tickers: tickers.into_iter().collect() });
        }
    }

    fn mark_asked(&mut self, now: Timestamp, tickers: &BTreeSet<MarketTicker>) {
        self.asked_at.get_or_insert(now);
        self.next_ask_at = now + self.config.repair_gap;
        for ticker in tickers {
            if let Some(book) = self.books.get_mut(ticker).filter(|book| !book.is_known()) {
                book.asked(now, self.config.repair_gap.at_least(self.config.answer_within));
            }
        }
    }

    /// Publishes what changed, at once where a book was lost, and everything now and then as proof that it is current.
    fn publish(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let proof = matches!(self.subscription, Subscription::Active { .. }) && now >= self.next_proof_at;
        let news = now >= self.next_flush_at && !self.news.is_empty();
        if !(self.lost || proof || news) {
            return;
        }
        let proven_at = self.last_frame_at;
        let news = std::mem::take(&mut self.news);
        self.lost = false;
        let tops: Vec<_> = if proof {
            self.books.iter_mut().map(|(ticker, book)| book.publish(ticker, proven_at)).collect()
        } else {
            let publish = |ticker: MarketTicker| {
                let book = self.books.get_mut(&ticker).filter(|book| book.is_news())?;
                Some(book.publish(&ticker, proven_at))
            };
            news.into_iter().filter_map(publish).collect()
        };
        self.next_flush_at = now + self.config.flush_every;
        if proof {
            self.next_proof_at = now + self.config.proof_every;
        }
        if !tops.is_empty() {
            out.push(Output::Publish(tops));
        }
    }

    fn next_pursuit(&self) -> Option<Timestamp> {
        if !self.connected {
            return None;
        }
        if let Some(until) = self.reconnecting_until {
            return Some(until);
        }
        let silence = self.last_frame_at + self.config.silence_limit;
        let ask = match self.subscription {
            Subscription::None => (!self.wanted.is_empty()).then_some(self.next_ask_at),
            Subscription::Asked { at } => Some(at + self.config.answer_within),
            Subscription::Active { last_frame_at, .. } => match self.asked_at {
                Some(asked_at) => Some(asked_at + self.config.answer_within),
                None => {
                    let wanted = self.books.values().filter_map(TrackedBook::wants_snapshot_at).min();
                    let any_known = self.books.values().any(TrackedBook::is_known);
                    let probe = any_known.then_some(last_frame_at + self.config.probe_after);
                    wanted.into_iter().chain(probe).min().map(|at| at.max(self.next_ask_at))
                }
            },
        };
        Some(ask.map_or(silence, |ask| ask.min(silence)))
    }
}

impl Machine for BookMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "book";

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.take(now, input, &mut out);
        if self.pursue_at.is_none_or(|at| at <= now) {
            self.pursue(now, &mut out);
            self.pursue_at = Some(self.next_pursuit().unwrap_or(NEVER));
        }
        self.publish(now, &mut out);
        out
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let pursuit = self.pursue_at.filter(|at| *at < NEVER);
        let news = (!self.news.is_empty()).then_some(self.next_flush_at);
        let proof = matches!(self.subscription, Subscription::Active { .. }).then_some(self.next_proof_at);
        pursuit.into_iter().chain(news).chain(proof).min()
    }
}
