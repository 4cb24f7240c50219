//! Cash between subaccounts, between shards, and in and out of the exchange.
//!
//! Not verified on the exchange: the words of the refusals; that a transfer between shards leaves its source at once
//! and arrives seconds later; that one client's identity is unique among transfers of both kinds; that subaccounts
//! can be used on every shard, whichever they were made on.

use rec_domain::{ExchangeIndex, Money, TimeSpan, Timestamp};

use crate::core::{
    dice::Dice,
    exchange::{Due, Twin},
    identity::{Kind, identity},
    ledger::LedgerAccount,
    mutation::{Applied, TransferBetweenShards, TransferBetweenSubaccounts},
    rejection::Rejection,
    wallet::{MOST_SUBACCOUNTS, SHARDS, Wallet},
};

/// How often the exchange moves cash towards the wanted allocation.
const REBALANCE: TimeSpan = TimeSpan::from_seconds(10);
/// Streams of chance for the time that transfers take begin here, one a transfer.
const TRANSFER_STREAM: u64 = 1 << 49;

/// A transfer between subaccounts. It is done at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubaccountTransfer {
    /// The exchange's identity.
    pub transfer_id: String,
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// How much.
    pub amount: Money,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// When.
    pub at: Timestamp,
}

/// A transfer between shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardTransfer {
    /// The exchange's identity.
    pub transfer_id: String,
    /// From.
    pub from: Wallet,
    /// To.
    pub to: Wallet,
    /// How much.
    pub amount: Money,
    /// Whether it has arrived.
    pub complete: bool,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Money that came into the exchange or left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashMovement {
    /// The exchange's identity.
    pub id: String,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
}

impl Twin {
    pub(crate) fn create_subaccount(&mut self, exchange_index: ExchangeIndex) -> Result<Applied, Rejection> {
        known_shard(exchange_index)?;
        let number = u32::try_from(self.account.subaccounts.len()).unwrap_or(u32::MAX).saturating_add(1);
        if number > MOST_SUBACCOUNTS {
            return Err(Rejection::nested(400, "subaccount_limit_reached", None));
        }
        self.account.subaccounts.push(exchange_index);
        Ok(Applied::Subaccount(number))
    }

    pub(crate) fn transfer_between_subaccounts(
        &mut self,
        request: &TransferBetweenSubaccounts,
    ) -> Result<Applied, Rejection> {
        known_shard(request.exchange_index)?;
        let wallet = |subaccount| Wallet::new(request.exchange_index, subaccount);
        let (from, to) = (wallet(request.from), wallet(request.to));
        self.transferable(from, to, request.amount, Some(&request.client_transfer_id))?;
        let number = self.next_number();
        self.account.client_transfer_ids.insert(request.client_transfer_id.clone());
        let amount = request.amount;
        self.account.ledger.post(&[(LedgerAccount::Cash(from), -amount), (LedgerAccount::Cash(to), amount)]);
        self.account.subaccount_transfers.push(SubaccountTransfer {
            transfer_id: identity(self.config.seed, Kind::Transfer, number).to_string(),
            from: request.from,
            to: request.to,
            amount,
            exchange_index: request.exchange_index,
            at: self.now,
        });
        Ok(Applied::Done)
    }

    pub(crate) fn transfer_between_shards(&mut self, request: &TransferBetweenShards) -> Result<Applied, Rejection> {
        known_shard(request.from.exchange_index)?;
        known_shard(request.to.exchange_index)?;
        self.transferable(request.from, request.to, request.amount, request.client_transfer_id.as_deref())?;
        let number = self.next_number();
        self.account.client_transfer_ids.extend(request.client_transfer_id.clone());
        let amount = request.amount;
        self.account.ledger.post(&[(LedgerAccount::Cash(request.from), -amount), (LedgerAccount::InTransit, amount)]);
        let transfer_id = identity(self.config.seed, Kind::Transfer, number).to_string();
        let transfer = ShardTransfer {
            transfer_id: transfer_id.clone(),
            from: request.from,
            to: request.to,
            amount,
            complete: false,
            at: self.now,
        };
        self.account.shard_transfers.insert(number, transfer);
        let takes = Dice::new(self.config.seed, TRANSFER_STREAM + number).whole(800, 5_000);
        self.schedule(self.now + TimeSpan::from_millis(takes), Due::Transfer(number));
        Ok(Applied::Transfer { transfer_id })
    }

    /// Whether cash may go from one wallet to another.
    fn transferable(
        &self,
        from: Wallet,
        to: Wallet,
        amount: Money,
        client_transfer_id: Option<&str>,
    ) -> Result<(), Rejection> {
        if client_transfer_id.is_some_and(|id| self.account.client_transfer_ids.contains(id)) {
            return Err(Rejection::nested(409, "transfer_already_exists", None));
        }
        if ![from, to].iter().all(|wallet| self.account.has_subaccount(wallet.subaccount)) {
            return Err(Rejection::nested(404, "not_found", Some("unknown subaccount")));
        }
        if !amount.is_positive() || from == to {
            return Err(Rejection::bad_request("a transfer has an amount above zero and two different ends"));
        }
        if amount > self.account.free_cash(from) {
            return Err(Rejection::nested(400, "insufficient_balance", None));
        }
        Ok(())
    }

    /// A transfer between shards arrives.
    pub(crate) fn complete_transfer(&mut self, number: u64) {
        let Some(transfer) = self.account.shard_transfers.get_mut(&number).filter(|transfer| !transfer.complete) else {
            return;
        };
        transfer.complete = true;
        let (to, amount) = (transfer.to, transfer.amount);
        self.account.ledger.post(&[(LedgerAccount::InTransit, -amount), (LedgerAccount::Cash(to), amount)]);
        self.outputs.push(crate::core::output::Output::Cash);
    }

    pub(crate) fn allocate(&mut self, allocation: &[(ExchangeIndex, u32)]) -> Result<Applied, Rejection> {
        let mut shards: Vec<ExchangeIndex> = allocation.iter().map(|(shard, _)| *shard).collect();
        shards.sort_unstable();
        shards.dedup();
        let whole = allocation.iter().map(|(_, percent)| u64::from(*percent)).sum::<u64>();
        if shards.len() != allocation.len() || !(allocation.is_empty() || whole == 100) {
            return Err(Rejection::bad_request("percentages of different shards must total 100"));
        }
        shards.into_iter().try_for_each(known_shard)?;
        self.account.allocation = allocation.to_vec();
        if !allocation.is_empty() && !std::mem::replace(&mut self.account.rebalances, true) {
            self.schedule(self.now + REBALANCE, Due::Rebalance);
        }
        Ok(Applied::Done)
    }

    /// Moves the primary account's free cash to where it is wanted.
    pub(crate) fn rebalance(&mut self) {
        let allocation = self.account.allocation.clone();
        self.account.rebalances = !allocation.is_empty();
        if allocation.is_empty() {
            return;
        }
        let cash = |twin: &Self, shard: ExchangeIndex| twin.account.free_cash(Wallet::primary(shard));
        let all: Money = SHARDS.iter().map(|shard| cash(self, *shard)).sum();
        let wanted = |shard: ExchangeIndex| {
            let percent = allocation.iter().find(|(known, _)| *known == shard).map_or(0, |(_, percent)| *percent);
            Money::from_cents(all.floor_cents() * i64::from(percent) / 100)
        };
        for source in SHARDS {
            for target in SHARDS {
                let spare = cash(self, source) - wanted(source);
                let amount = spare.min(wanted(target) - cash(self, target));
                if amount.is_positive() {
                    let at = |shard| LedgerAccount::Cash(Wallet::primary(shard));
                    self.account.ledger.post(&[(at(source), -amount), (at(target), amount)]);
                    self.outputs.push(crate::core::output::Output::Cash);
                }
            }
        }
        self.schedule(self.now + REBALANCE, Due::Rebalance);
    }

    /// Notes whether a subaccount is to net.
    pub(crate) fn net_subaccount(&mut self, subaccount: u32, enabled: bool) -> Result<Applied, Rejection> {
        if !self.account.has_subaccount(subaccount) {
            return Err(Rejection::nested(404, "not_found", Some("unknown subaccount")));
        }
        if enabled {
            self.account.not_netting.remove(&subaccount);
        } else {
            self.account.not_netting.insert(subaccount);
        }
        Ok(Applied::Done)
    }

    pub(crate) fn deposit(&mut self, shard: ExchangeIndex, amount: Money) -> Result<Applied, Rejection> {
        let movement = self.cash_movement(shard, amount)?;
        let cash = LedgerAccount::Cash(Wallet::primary(shard));
        self.account.ledger.post(&[(LedgerAccount::World, -amount), (cash, amount)]);
        self.account.deposits.push(movement);
        Ok(Applied::Done)
    }

    pub(crate) fn withdraw_cash(&mut self, shard: ExchangeIndex, amount: Money) -> Result<Applied, Rejection> {
        if amount > self.account.free_cash(Wallet::primary(shard)) {
            return Err(Rejection::nested(400, "insufficient_balance", None));
        }
        let movement = self.cash_movement(shard, amount)?;
        let cash = LedgerAccount::Cash(Wallet::primary(shard));
        self.account.ledger.post(&[(cash, -amount), (LedgerAccount::World, amount)]);
        self.account.withdrawals.push(movement);
        Ok(Applied::Done)
    }

    fn cash_movement(&mut self, shard: ExchangeIndex, amount: Money) -> Result<CashMovement, Rejection> {
        known_shard(shard)?;
        if !amount.is_positive() || Money::from_cents(amount.floor_cents()) != amount {
            return Err(Rejection::bad_request("an amount is whole cents above zero"));
        }
        let number = self.next_number();
        let id = identity(self.config.seed, Kind::Deposit, number).to_string();
        Ok(CashMovement { id, amount, at: self.now })
    }
}

fn known_shard(shard: ExchangeIndex) -> Result<(), Rejection> {
    if SHARDS.contains(&shard) { Ok(()) } else { Err(Rejection::bad_request("unknown exchange_index")) }
}
