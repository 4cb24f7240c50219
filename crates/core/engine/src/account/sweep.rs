//! One reading of everything.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    BookSide, ExchangeIndex, MarketTicker, Money, OrderId, Quantity, TimeSpan, Timestamp,
    report::{OrderReport, PositionReport, Report, ReportedStatus, Sweep},
};
use serde::{Deserialize, Serialize};

use super::{FetchNumber, Items, List};

/// How far a sweep that reads what money moved goes back for settlements: one that was amended may have kept its
/// instant. Shorter than the day for which the desk remembers what it was paid, also with what a sweep overlaps the one
/// before it: an amendment of what is forgotten fits no books.
const AMENDED_WITHIN: TimeSpan = TimeSpan::from_minutes(23 * 60);

/// Rows that could not be read are named, up to so many in one sweep.
const NAMED: usize = 20;

/// What came on a page.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) items: Items,
    /// Rows that could not be read.
    pub(super) unreadable: Vec<String>,
}

/// A sweep under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reading {
    started_at: Timestamp,
    since: Option<Timestamp>,
    /// Whether it reads what money came, went or moved.
    flows: bool,
    /// Position in [`List::ALL`] of the list that is read.
    position: usize,
    cursors_seen: BTreeSet<String>,
    pages: u32,
    /// The page asked for, and when.
    pub(super) number: FetchNumber,
    pub(super) asked_at: Timestamp,
    as_of: Option<Timestamp>,
    balances: Vec<(ExchangeIndex, Money)>,
    positions: Vec<PositionReport>,
    resting: BTreeMap<OrderId, OrderReport>,
    /// Settlements of the pages read so far: of two words on one market nobody knows which is the later one, so that
    /// all of a reading are reported at once.
    #[serde(default)]
    settlements: Vec<Report>,
    #[serde(default)]
    unreadable: Vec<String>,
}

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The next page, of this list.
    Page(List, Option<String>),
    /// Everything was read.
    Complete(Sweep),
}

impl Reading {
    pub(super) const fn new(now: Timestamp, since: Option<Timestamp>, flows: bool) -> Self {
        Self {
            started_at: now,
            since,
            flows,
            position: 0,
            cursors_seen: BTreeSet::new(),
            pages: 0,
            number: 0,
            asked_at: now,
            as_of: None,
            balances: Vec::new(),
            positions: Vec::new(),
            resting: BTreeMap::new(),
            settlements: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    pub(super) const fn list(&self) -> List {
        List::ALL[self.position]
    }

    /// The instant from which the present list is read.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let since = self.since.filter(|_since| self.list().is_since());
        let reaches_back = self.flows && self.list() == List::Settlements;
        if reaches_back { since.map(|since| since - AMENDED_WITHIN) } else { since }
    }

    /// Takes a page: what it reports, and what follows.
    ///
    /// # Errors
    /// When the page is not of the list that was asked for, its cursor leads in a circle, or a row of it cannot be read
    /// that would be taken for absent.
    pub(super) fn take(
        &mut self,
        rows: Rows,
        next: Option<String>,
        pages_most: u32,
    ) -> Result<(Vec<Report>, Next), String> {
        let list = self.list();
        let Rows { items, unreadable } = rows;
        if let Some(row) = unreadable.first().filter(|_| !list.is_of_flows()) {
            return Err(format!("a row of {list:?} cannot be read: {row}"));
        }
        self.unreadable.extend(unreadable);
        self.unreadable.truncate(NAMED);
        if items.list() != list {
            return Err(format!("a page of {:?} came where {list:?} was asked for", items.list()));
        }
        let mut reports = self.keep(items);
        self.pages += 1;
        if let Some(cursor) = next.filter(|cursor| !cursor.is_empty()) {
            // A cursor that the exchange does not know silently gives the first page again.
            if self.pages >= pages_most || !self.cursors_seen.insert(cursor.clone()) {
                return Err(format!("the pages of {list:?} lead in a circle after {} pages", self.pages));
            }
            return Ok((reports, Next::Page(list, Some(cursor))));
        }
        reports.append(&mut self.settlements);
        self.cursors_seen.clear();
        self.pages = 0;
        let is_read = |list: &List| self.flows || !list.is_of_flows();
        if let Some(ahead) = List::ALL.iter().skip(self.position + 1).position(is_read) {
            self.position += 1 + ahead;
            return Ok((reports, Next::Page(self.list(), None)));
        }
        let as_of = self.as_of.ok_or("the instant up to which the lists are complete is not known")?;
        let resting = std::mem::take(&mut self.resting);
        let sweep = Sweep {
            started_at: self.started_at,
            as_of,
            since: self.since,
            balances: std::mem::take(&mut self.balances),
            reserved: reserved(&resting, &self.positions),
            positions: std::mem::take(&mut self.positions),
            resting: resting.into_keys().collect(),
            flows: self.flows,
            unreadable: std::mem::take(&mut self.unreadable),
        };
        Ok((reports, Next::Complete(sweep)))
    }

    fn keep(&mut self, items: Items) -> Vec<Report> {
        match items {
            Items::Timestamp(as_of) => {
                self.as_of = Some(as_of);
                Vec::new()
            }
            Items::Orders(orders) => orders.into_iter().map(Report::Order).collect(),
            Items::RestingOrders(orders) => {
                let resting = orders.iter().filter(|order| order.status == ReportedStatus::Resting);
                self.resting.extend(resting.map(|order| (order.order_id.clone(), order.clone())));
                orders.into_iter().map(Report::Order).collect()
            }
            Items::Fills(fills) => fills.into_iter().map(Report::Fill).collect(),
            Items::Settlements(settlements) => {
                self.settlements.extend(settlements.into_iter().map(Report::Settlement));
                Vec::new()
            }
            Items::Deposits(flows)
            | Items::Withdrawals(flows)
            | Items::ShardTransfers(flows)
            | Items::SubaccountTransfers(flows) => flows.into_iter().map(Report::Flow).collect(),
            Items::Positions(positions) => {
                self.positions.extend(positions.into_iter().filter(|held| !held.position.is_zero()));
                Vec::new()
            }
            Items::Balance(balances) => {
                self.balances.extend(balances);
                Vec::new()
            }
        }
    }
}

/// What resting orders bind per shard: the price of their own side for every contract that would open something. What
/// only closes binds nothing, and the order that was placed first closes first; of one instant, the one whose identity
/// comes first. Neither a fill nor an amendment makes an order younger.
fn reserved(resting: &BTreeMap<OrderId, OrderReport>, positions: &[PositionReport]) -> Vec<(ExchangeIndex, Money)> {
    let mut orders: Vec<&OrderReport> = resting.values().collect();
    orders.sort_by_key(|order| (order.created_at.unwrap_or(order.updated_at), &order.order_id));
    let mut closable: BTreeMap<(&MarketTicker, BookSide), Quantity> = BTreeMap::new();
    for held in positions {
        let closed_by = if held.position.is_negative() { BookSide::Bid } else { BookSide::Ask };
        closable.insert((&held.ticker, closed_by), held.position.abs());
    }
    let mut reserved: BTreeMap<ExchangeIndex, Money> = BTreeMap::new();
    for order in orders {
        let closing = closable
            .get_mut(&(&order.ticker, order.book_side))
            .map(|left| {
                let closing = order.remaining.at_most(*left);
                *left -= closing;
                closing
            })
            .unwrap_or_default();
        let own_price = order.book_side.acquired().convert_price(order.price);
        *reserved.entry(order.exchange_index).or_default() += own_price * (order.remaining - closing);
    }
    reserved.into_iter().filter(|(_, amount)| !amount.is_zero()).collect()
}
