//! The account as its lists show it: a moment behind, and truthful about up to when it is complete.

use std::collections::VecDeque;

use rec_domain::{ExchangeIndex, MarketTicker, Money, TimeSpan, Timestamp, report::PositionReport};
use rec_engine::account::{Items, List};
use rec_twin::core::{Twin, Wallet, wallet::SHARDS};

use super::{flow, venue};

/// Cash and positions from an instant on.
#[derive(Debug)]
struct Standing {
    from: Timestamp,
    cash: Vec<(ExchangeIndex, Money)>,
    positions: Vec<PositionReport>,
}

/// What readers are shown.
#[derive(Debug)]
pub(super) struct Reads {
    /// Everything up to here is shown.
    shown_to: Timestamp,
    standings: VecDeque<Standing>,
    /// The number of postings in the exchange's books at the last look.
    postings: u64,
    /// When the account last changed.
    pub(super) changed_at: Timestamp,
}

impl Reads {
    pub(super) fn new(twin: &Twin) -> Self {
        let mut reads = Self { shown_to: twin.now(), standings: VecDeque::new(), postings: 0, changed_at: twin.now() };
        reads.look(twin);
        reads
    }

    /// Notes that the account has changed, if it has.
    pub(super) fn look(&mut self, twin: &Twin) {
        let account = twin.account();
        let postings = account.ledger.postings();
        if postings == self.postings {
            return;
        }
        (self.postings, self.changed_at) = (postings, twin.now());
        let held = account.positions.values().filter(|position| !position.settled && !position.net.is_zero());
        let positions = held.map(|position| PositionReport {
            ticker: MarketTicker::new(position.ticker.as_ref()),
            position: position.net,
        });
        let cash = SHARDS.iter().map(|shard| (*shard, account.free_cash(Wallet::primary(*shard)))).collect();
        self.standings.push_back(Standing { from: twin.now(), cash, positions: positions.collect() });
    }

    /// A page of a list, read with this lag.
    pub(super) fn page(&mut self, twin: &Twin, list: List, since: Option<Timestamp>, lag: TimeSpan) -> Items {
        let shown = self.shown_to.max(twin.now() - lag);
        self.shown_to = shown;
        while self.standings.get(1).is_some_and(|next| next.from <= shown) {
            self.standings.pop_front();
        }
        let account = twin.account();
        let wanted = |at: Timestamp| at <= shown && since.is_none_or(|since| at >= since);
        match list {
            List::Timestamp => Items::Timestamp(shown),
            List::Orders => {
                let orders = account.orders.values().filter(|order| wanted(order.updated));
                Items::Orders(orders.map(venue::order_report).collect())
            }
            List::RestingOrders => {
                let orders = account.resting.iter().filter_map(|number| account.orders.get(number));
                Items::RestingOrders(orders.filter(|order| wanted(order.created)).map(venue::order_report).collect())
            }
            List::Fills => {
                // As in the exchange's list, a fill does not carry the order's own identity.
                let fills = account.fills.iter().filter(|fill| wanted(fill.at));
                Items::Fills(fills.map(|fill| venue::fill_report(fill, None)).collect())
            }
            List::Settlements => {
                let paid = account.settlements.iter().filter(|settlement| wanted(settlement.at));
                Items::Settlements(paid.map(venue::settlement_report).collect())
            }
            List::Deposits => {
                let deposits = account.deposits.iter().filter(|deposit| deposit.at <= shown);
                Items::Deposits(deposits.map(flow::deposit).collect())
            }
            List::Withdrawals => {
                let withdrawals = account.withdrawals.iter().filter(|withdrawal| withdrawal.at <= shown);
                Items::Withdrawals(withdrawals.map(flow::withdrawal).collect())
            }
            List::ShardTransfers => {
                let transfers = account.shard_transfers.values().filter(|transfer| transfer.at <= shown);
                Items::ShardTransfers(transfers.map(flow::between_shards).collect())
            }
            List::SubaccountTransfers => {
                let transfers = account.subaccount_transfers.iter().filter(|transfer| transfer.at <= shown);
                Items::SubaccountTransfers(transfers.map(flow::between_subaccounts).collect())
            }
            List::Positions => {
                Items::Positions(self.standings.front().map_or_else(Vec::new, |one| one.positions.clone()))
            }
            List::Balance => Items::Balance(self.standings.front().map_or_else(Vec::new, |one| one.cash.clone())),
        }
    }
}
