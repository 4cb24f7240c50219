//! The machine itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rec_domain::{MarketTicker, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    interface::{Config, Input, Output, SubscriptionId},
    tracked::TrackedBook,
};
use crate::Machine;

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
                    && let Some(book) = self.books.get_mut(&ticker)
                    && book.replace(&bids, &asks, at).is_err()
                {
                    self.fail(now, "a snapshot has an impossible level", out);
                }
            }
            Input::Delta { sid, seq, ticker, book_side, price, delta, at, received_at } => {
                self.alive(received_at);
                if self.in_sequence(now, sid, seq, out)
                    && let Some(book) = self.books.get_mut(&ticker)
                {
                    book.change(book_side, price, delta, at);
                }
            }
            Input::Acknowledged { sid, seq } => {
                self.in_sequence(now, sid, seq, out);
            }
            Input::Quote { ticker, bid, ask, received_at } => {
                self.alive(received_at);
                if let Some(book) = self.books.get_mut(&ticker) {
                    book.compare(now, bid, ask, self.config.disagreement_limit);
                }
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
        self.books.values_mut().for_each(TrackedBook::forget);
    }

    fn unsubscribe(&mut self) {
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
                self.books = self.wanted.iter().map(|ticker| (ticker.clone(), TrackedBook::new(now))).collect();
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

    fn follow_wanted(&mut self, now: Timestamp, sid: SubscriptionId, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.followed, true) {
            return;
        }
        let added: BTreeSet<_> =
            self.wanted.iter().filter(|ticker| !self.books.contains_key(*ticker)).cloned().collect();
        let dropped: Vec<_> = self.books.keys().filter(|ticker| !self.wanted.contains(*ticker)).cloned().collect();
        if !added.is_empty() {
            self.books.extend(added.iter().map(|ticker| (ticker.clone(), TrackedBook::new(now))));
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
        let lost = self.books.values().any(TrackedBook::was_lost);
        let proof = matches!(self.subscription, Subscription::Active { .. }) && now >= self.next_proof_at;
        let news = now >= self.next_flush_at && self.books.values().any(TrackedBook::is_news);
        if !(lost || proof || news) {
            return;
        }
        let proven_at = self.last_frame_at;
        let tops: Vec<_> = self
            .books
            .iter_mut()
            .filter(|(_ticker, book)| proof || book.is_news())
            .map(|(ticker, book)| book.publish(ticker, proven_at))
            .collect();
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
        self.pursue(now, &mut out);
        self.publish(now, &mut out);
        out
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let news = self.books.values().any(TrackedBook::is_news).then_some(self.next_flush_at);
        let proof = matches!(self.subscription, Subscription::Active { .. }).then_some(self.next_proof_at);
        self.next_pursuit().into_iter().chain(news).chain(proof).min()
    }
}
