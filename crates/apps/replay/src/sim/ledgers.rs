//! The desk's ledger beside the exchange's books, to the micro-dollar.

use std::collections::BTreeMap;

use rec_domain::{ExchangeIndex, Money, ledger::Account};
use rec_twin::core::{Wallet, account::Account as AtExchange, ledger::LedgerAccount, wallet::SHARDS};

use super::{invariant::Invariant, memory::Memory, watch::Watch};

impl Watch {
    /// Money came to a shard or, below zero, went from it. The exchange's lists do not say which shard it was; what met
    /// the first one needs no placing.
    pub(super) fn met(&mut self, shard: ExchangeIndex, amount: Money) {
        if shard != SHARDS[0] {
            self.unplaced.push(amount);
        }
    }

    /// Nothing is under way and everything that the exchange did was read.
    pub(super) fn quiet(&mut self, memory: &Memory, account: &AtExchange) {
        self.quiet_points += 1;
        self.cash(memory, account);
        let theirs = |of: LedgerAccount| account.ledger.balance(of);
        let aside = |subaccount| SHARDS.map(|shard| theirs(LedgerAccount::Cash(Wallet::new(shard, subaccount))));
        let subaccounts = (1_u32..).take(account.subaccounts.len());
        for subaccount in subaccounts {
            let theirs = aside(subaccount).into_iter().sum();
            self.equal(memory.balance(&Account::Subaccount { subaccount }), theirs, || {
                format!("cash of subaccount {subaccount}")
            });
        }
        for exchange_index in SHARDS {
            let theirs = theirs(LedgerAccount::Reserved(Wallet::primary(exchange_index)));
            self.equal(memory.balance(&Account::Reserved { exchange_index }), theirs, || {
                format!("what resting orders bind on shard {exchange_index}")
            });
        }
        for (what, ours, theirs) in [
            ("cash in transit", Account::Transit, theirs(LedgerAccount::InTransit)),
            ("capital", Account::Capital, theirs(LedgerAccount::World)),
            ("fees", Account::Fees, theirs(LedgerAccount::Fees)),
            ("result", Account::Result, theirs(LedgerAccount::Result)),
            ("interest", Account::Interest, Money::ZERO),
            ("adjustments", Account::Adjustment, Money::ZERO),
        ] {
            self.equal(memory.balance(&ours), theirs, || what.to_owned());
        }
        self.costs(memory, account);
        let missing = self.missing.len();
        self.demand(missing == 0, Invariant::FillsBookedOnce, || format!("{missing} fills are not booked"));
    }

    /// Cash of the shards. What came or went may still be booked on the first shard where it met another, until it is
    /// found there.
    fn cash(&mut self, memory: &Memory, account: &AtExchange) {
        let [first, other] = SHARDS.map(|exchange_index| {
            let ours = memory.balance(&Account::Cash { exchange_index });
            (ours, account.free_cash(Wallet::primary(exchange_index)))
        });
        self.equal(first.0 + other.0, first.1 + other.1, || "cash".to_owned());
        let misplaced = other.1 - other.0;
        let mut met = Money::ZERO;
        let known = self.unplaced.iter().rev().any(|amount| {
            met += *amount;
            met == misplaced
        });
        if misplaced.is_zero() {
            self.unplaced.clear();
        } else if !known {
            self.equal(other.0, other.1, || format!("cash of shard {}", SHARDS[1]));
        }
    }

    /// What each market's position cost.
    fn costs(&mut self, memory: &Memory, account: &AtExchange) {
        let mut costs: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
        for (account, balance) in memory.ledger.iter().filter(|(_, balance)| !balance.is_zero()) {
            if let Account::Position { ticker, .. } = account {
                costs.entry(ticker.as_str()).or_default().0 += *balance;
            }
        }
        for position in account.positions.values().filter(|position| !position.cost.is_zero()) {
            costs.entry(&position.ticker).or_default().1 += position.cost;
        }
        for (ticker, (ours, theirs)) in costs {
            self.equal(ours, theirs, || format!("cost of {ticker}"));
        }
    }

    fn equal(&mut self, ours: Money, theirs: Money, what: impl FnOnce() -> String) {
        self.demand(ours == theirs, Invariant::LedgerEqualsExchange, || {
            format!("{}: {ours} here, {theirs} there", what())
        });
    }
}
