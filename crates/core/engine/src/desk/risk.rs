//! What the caps are held against beside the trades: equity and its peak, the day's result, and how much was asked for.
//!
//! Contracts are worth what selling them would fetch, so the desk is told the bids of the markets in which it holds
//! something. They are market data and not committed. A bid that is missing or too old counts as nothing, which is the
//! least it can be; after a market's close its last bid stands until the result is booked.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use rec_domain::{
    MarketTicker, Money, Price, TimeSpan, Timestamp,
    book::BookTop,
    caps::{Amount, Cap, EquityPeak, RiskCaps, Tightening},
    ledger::{Account, Posting},
    refusal::{Refusal, RefusalCode},
    risk_view::{CapUse, EXITS_ALARM, Equity, RiskView},
    row::Row,
    trade::Trade,
};
use serde::{Deserialize, Serialize};

use super::{DeskConfig, books::Books, draft::Draft};

/// A drawdown of so many percent of its cap is warned of.
const NEAR_PERCENT: i64 = 80;
/// How long it has to be so near: a bid that is late for a moment is no loss.
const NEAR_FOR: TimeSpan = TimeSpan::from_seconds(5);
/// A peak that rises is stored no more often than this. A peak that is moved by a deposit is stored with it.
const PEAK_STORED_EVERY: TimeSpan = TimeSpan::from_seconds(10);
/// The span of the caps on orders.
const MINUTE: TimeSpan = TimeSpan::from_seconds(60);

/// What of the limits' state is not in trades, orders and ledger.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Risk {
    /// Caps lowered while the desk ran.
    pub tightened: Option<Tightening>,
    /// The highest equity; `None` before books and exchange were first compared.
    pub peak: Option<EquityPeak>,
    /// The peak as it was stored last.
    pub stored_peak: Option<EquityPeak>,
    /// Since when the drawdown has been near its cap.
    pub near_since: Option<Timestamp>,
    /// Whether that was said.
    pub near_said: bool,
    /// When orders that only reduce were committed, in the last minute.
    pub exit_times: VecDeque<Timestamp>,
    /// Whether it was said that they are many.
    pub many_exits_said: bool,
    /// Refusals of the present Eastern day by reason.
    pub refusals: BTreeMap<RefusalCode, u64>,
    /// The last books of markets in which something is held; market data, not committed.
    pub tops: Arc<BTreeMap<MarketTicker, BookTop>>,
}

impl Risk {
    /// Caps that were lowered stay lowered over starts and the drawdown goes on from its peak, until the configuration
    /// has another revision.
    pub(super) fn forget_other_revisions(&mut self, revision: u32) {
        self.tightened.take_if(|tightening| tightening.revision != revision);
        self.peak.take_if(|peak| peak.revision != revision);
        self.stored_peak = self.peak;
    }
}

impl Books {
    /// The limits in force: the configured ones, lowered by what was tightened since.
    #[must_use]
    pub fn caps(&self, configured: &RiskCaps) -> RiskCaps {
        match &self.risk.tightened {
            Some(tightening) => configured.tightened(&tightening.caps),
            None => *configured,
        }
    }

    /// What selling a contract of `trade` fetches; `None` while the bid is missing or older than `limit`. The time of a
    /// market ends at its close.
    fn bid(&self, trade: &Trade, limit: TimeSpan, now: Timestamp) -> Option<Price> {
        let top = self.risk.tops.get(&trade.ticker)?;
        let until = now.min(trade.close_time);
        if until.since(top.observed_at.min(top.received_at)) > limit {
            return None;
        }
        // A book that nobody bids in is known, and selling fetches nothing.
        top.top.map(|top| top.bid_of(trade.side).map_or(Price::ZERO, |level| level.price))
    }

    /// What the desk owns.
    #[must_use]
    pub fn equity(&self, book_limit: TimeSpan, now: Timestamp) -> Equity {
        let is_cash =
            |account: &Account| matches!(account, Account::Cash { .. } | Account::Reserved { .. } | Account::Transit);
        let cash = self.ledger.iter().filter(|(account, _)| is_cash(account));
        let mut equity = Equity { cash: cash.map(|(_, balance)| *balance).sum(), ..Equity::default() };
        for trade in self.trades.values().filter(|trade| trade.held().is_positive()) {
            match self.bid(trade, book_limit, now) {
                Some(bid) => equity.at_bid += bid * trade.held(),
                None => equity.without_bid += trade.open_cost,
            }
        }
        equity
    }

    /// Won or lost on the present Eastern day: realised after fees, and open at the bid.
    #[must_use]
    pub fn day_result(&self, equity: &Equity) -> Money {
        let at_cost: Money = self.trades.values().map(|trade| trade.open_cost).sum();
        self.realised_today + equity.at_bid - at_cost
    }

    /// How far `equity` is below its peak.
    #[must_use]
    pub fn drawdown(&self, equity: &Equity) -> Money {
        let peak = self.risk.peak.map_or(Money::ZERO, |peak| peak.equity);
        if self.risk.peak.is_some() { (peak - equity.total()).max(Money::ZERO) } else { Money::ZERO }
    }

    /// What of `cap` is used, and by which market or event where each has its own. The contracts of one order are used by
    /// no order before it.
    #[must_use]
    pub fn used(&self, cap: Cap, equity: &Equity, now: Timestamp) -> (Amount, Option<String>) {
        let count = |number: usize| Amount::Count(u32::try_from(number).unwrap_or(u32::MAX));
        let most = |name: fn(&Trade) -> &str| {
            let mut exposures: BTreeMap<&str, Money> = BTreeMap::new();
            for trade in self.trades.values() {
                *exposures.entry(name(trade)).or_default() += self.exposure_of(trade);
            }
            let largest = exposures.into_iter().map(|(name, money)| (money, name)).max();
            let (money, name) = largest.map_or((Money::ZERO, None), |(money, name)| (money, Some(name.to_owned())));
            (Amount::Dollars(money), name)
        };
        match cap {
            Cap::ContractsPerOrder => (Amount::Contracts(rec_domain::Quantity::ZERO), None),
            Cap::MoneyPerMarket => most(|trade| trade.ticker.as_str()),
            Cap::MoneyPerEvent => most(|trade| trade.event.as_str()),
            Cap::MoneyPerDay => (Amount::Dollars(self.risked_today), None),
            Cap::MoneyPerAccount => (Amount::Dollars(self.exposure(|_| true)), None),
            Cap::OrdersPerMinute => (count(self.entries_in_last_minute(now)), None),
            Cap::OpenTrades => (count(self.trades.len()), None),
            Cap::DailyLoss => (Amount::Dollars((-self.day_result(equity)).max(Money::ZERO)), None),
            Cap::Drawdown => (Amount::Dollars(self.drawdown(equity)), None),
        }
    }

    /// Orders that only reduce, in the sixty seconds before `now`.
    #[must_use]
    pub fn exits_in_last_minute(&self, now: Timestamp) -> u32 {
        let count = self.risk.exit_times.iter().filter(|at| **at > now - MINUTE).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How much of the limits is used.
    #[must_use]
    pub fn risk_view(&self, config: &DeskConfig, now: Timestamp) -> RiskView {
        let caps = self.caps(&config.caps);
        let equity = self.equity(config.book_limit, now);
        let uses = Cap::ALL.iter().map(|cap| {
            let (limit, (used, of)) = (caps.limit(*cap), self.used(*cap, &equity, now));
            CapUse { cap: *cap, limit, used, headroom: used.headroom(limit), of }
        });
        RiskView {
            caps: uses.collect(),
            tightened: self.risk.tightened.clone(),
            equity: self.risk.peak.is_some().then_some(equity),
            peak: self.risk.peak,
            drawdown: self.drawdown(&equity),
            drawdown_near: self.risk.near_said,
            day_result: self.day_result(&equity),
            exits_last_minute: self.exits_in_last_minute(now),
            refusals: self.risk.refusals.iter().map(|(code, times)| (*code, *times)).collect(),
        }
    }

    /// Takes the books of markets in which something is held; forgets the others.
    pub(super) fn take_tops(&mut self, tops: Vec<BookTop>) {
        let held: BTreeSet<&MarketTicker> = self.trades.values().map(|trade| &trade.ticker).collect();
        let known = Arc::make_mut(&mut self.risk.tops);
        known.retain(|ticker, _| held.contains(ticker));
        known.extend(tops.into_iter().filter(|top| held.contains(&top.ticker)).map(|top| (top.ticker.clone(), top)));
    }
}

impl Draft<'_> {
    /// Counts a refusal.
    pub(super) fn count_refusal(&mut self, code: RefusalCode) {
        *self.books.risk.refusals.entry(code).or_default() += 1;
    }

    /// Counts an order that only reduces. It is never refused for being one of many, but that is said.
    pub(super) fn count_exit(&mut self) {
        self.books.risk.exit_times.push_back(self.now);
        let many = self.books.exits_in_last_minute(self.now);
        if many >= EXITS_ALARM && !self.books.risk.many_exits_said {
            self.books.risk.many_exits_said = true;
            self.alarm(format!("{many} orders to close within a minute"));
        }
    }

    /// Looks at equity: its peak, and how far it has fallen from it.
    pub(super) fn watch_equity(&mut self) {
        let now = self.now;
        self.books.risk.exit_times.retain(|at| *at > now - MINUTE);
        self.books.risk.many_exits_said &= self.books.exits_in_last_minute(now) >= EXITS_ALARM;
        // Before the first comparison there is nothing to measure from.
        if self.books.risk.peak.is_none() && !self.books.ready {
            return;
        }
        let equity = self.books.equity(self.config.book_limit, now);
        let revision = self.config.risk_revision;
        let risen = self.books.risk.peak.is_none_or(|peak| equity.total() > peak.equity);
        if risen {
            self.books.risk.peak = Some(EquityPeak { at: now, equity: equity.total(), revision });
        }
        let (peak, stored) = (self.books.risk.peak, self.books.risk.stored_peak);
        if peak != stored && stored.is_none_or(|stored| now.since(stored.at) >= PEAK_STORED_EVERY) {
            self.store_peak();
        }
        self.warn_of_drawdown(&equity);
    }

    fn store_peak(&mut self) {
        if let Some(peak) = self.books.risk.peak {
            self.rows.push(Row::EquityPeak(peak));
            self.books.risk.stored_peak = Some(peak);
        }
    }

    fn warn_of_drawdown(&mut self, equity: &Equity) {
        let (drawdown, cap) = (self.books.drawdown(equity), self.books.caps(&self.config.caps).drawdown);
        let near = drawdown.is_positive() && drawdown.micros() * 100 >= cap.micros().saturating_mul(NEAR_PERCENT);
        let risk = &mut self.books.risk;
        if !near {
            (risk.near_since, risk.near_said) = (None, false);
            return;
        }
        let since = *risk.near_since.get_or_insert(self.now);
        if !risk.near_said && self.now.since(since) >= NEAR_FOR {
            risk.near_said = true;
            let text = drawdown_text(drawdown, cap, equity);
            self.alarm(text);
        }
    }

    /// Money that was brought in or taken out is neither won nor lost: it moves the peak.
    pub(super) fn move_peak(&mut self, posting: &Posting) {
        let brought_in = posting.brought_in();
        if brought_in.is_zero() {
            return;
        }
        if let Some(peak) = &mut self.books.risk.peak {
            *peak = EquityPeak { at: self.now, equity: peak.equity + brought_in, ..*peak };
            self.store_peak();
        }
    }

    /// Lowers caps, or says why not. There is no way to raise one while the desk runs.
    ///
    /// # Errors
    /// When one of them is not lower than what is in force, or is no limit.
    pub(super) fn tighten_caps(&mut self, caps: &BTreeMap<Cap, Amount>, reason: &str) -> Result<(), Refusal> {
        let in_force = self.books.caps(&self.config.caps);
        let refuse = |text: String| Err(Refusal::new(RefusalCode::NotTighter, text));
        if caps.is_empty() {
            return refuse("no cap is named".to_owned());
        }
        for (cap, amount) in caps {
            let limit = in_force.limit(*cap);
            if amount.is_above(limit) || *amount == limit {
                return refuse(format!("{cap} is {limit}; {amount} is not lower"));
            }
            if amount.is_negative() {
                return refuse(format!("{cap} cannot be {amount}"));
            }
        }
        let mut lowered = self.books.risk.tightened.take().map(|earlier| earlier.caps).unwrap_or_default();
        lowered.extend(caps.iter().map(|(cap, amount)| (*cap, *amount)));
        let revision = self.config.risk_revision;
        let tightening = Tightening { at: self.now, caps: lowered, reason: reason.to_owned(), revision };
        self.rows.push(Row::Tightened(tightening.clone()));
        self.books.risk.tightened = Some(tightening);
        let caps = caps.iter().map(|(cap, amount)| format!("{cap} {amount}")).collect();
        self.event(rec_domain::outbox::DeskEvent::CapsTightened { caps, reason: reason.to_owned() });
        Ok(())
    }
}

/// How far equity has fallen, for people.
pub(super) fn drawdown_text(drawdown: Money, cap: Money, equity: &Equity) -> String {
    format!("equity is {drawdown} below its peak, the cap is {cap}{}", without_bid_text(equity))
}

/// What of `equity` counts as nothing, for people.
pub(super) fn without_bid_text(equity: &Equity) -> String {
    if equity.without_bid.is_zero() {
        return String::new();
    }
    format!(" (what was bought for {} counts as nothing, since its bid is missing or too old)", equity.without_bid)
}
