//! The exchange's lists of what money came, went or moved, in the words of the desk, which trades on the primary account.

use rec_domain::{
    ExchangeIndex, Money,
    flow::{FlowKind, FlowReport, FlowStage, Place},
};
use rec_twin::core::{
    transfers::{CashMovement, ShardTransfer, SubaccountTransfer},
    wallet::SHARDS,
};

/// Money that came in; as in the exchange's list, it names no shard.
#[must_use]
pub(super) fn deposit(movement: &CashMovement) -> FlowReport {
    FlowReport { from: Place::World, to: Place::Shard(SHARDS[0]), ..of(FlowKind::Deposit, movement) }
}

/// Money that was taken out; it names no shard either.
#[must_use]
pub(super) fn withdrawal(movement: &CashMovement) -> FlowReport {
    FlowReport { from: Place::Shard(SHARDS[0]), to: Place::World, ..of(FlowKind::Withdrawal, movement) }
}

fn of(kind: FlowKind, movement: &CashMovement) -> FlowReport {
    FlowReport {
        id: movement.id.clone(),
        kind,
        from: Place::World,
        to: Place::World,
        amount: movement.amount,
        fee: Money::ZERO,
        stage: FlowStage::Done,
        at: movement.at,
    }
}

/// A transfer between shards.
#[must_use]
pub(super) fn between_shards(transfer: &ShardTransfer) -> FlowReport {
    FlowReport {
        id: transfer.transfer_id.clone(),
        kind: FlowKind::Transfer,
        from: Place::Shard(transfer.from.exchange_index),
        to: Place::Shard(transfer.to.exchange_index),
        amount: transfer.amount,
        fee: Money::ZERO,
        stage: if transfer.complete { FlowStage::Done } else { FlowStage::Pending },
        at: transfer.at,
    }
}

/// A transfer to or from another subaccount on a shard.
#[must_use]
pub(super) fn between_subaccounts(transfer: &SubaccountTransfer) -> FlowReport {
    let place = |subaccount: u32, shard: ExchangeIndex| {
        if subaccount == 0 { Place::Shard(shard) } else { Place::Subaccount(subaccount) }
    };
    FlowReport {
        id: transfer.transfer_id.clone(),
        kind: FlowKind::Transfer,
        from: place(transfer.from, transfer.exchange_index),
        to: place(transfer.to, transfer.exchange_index),
        amount: transfer.amount,
        fee: Money::ZERO,
        stage: FlowStage::Done,
        at: transfer.at,
    }
}
