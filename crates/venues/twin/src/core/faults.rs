//! What the world does when a fault strikes it.

use rec_domain::{ExchangeIndex, Money};

use crate::core::{
    config::CRYPTO_SHARD,
    exchange::Twin,
    fault_input::Fault,
    ledger::LedgerAccount,
    mutation::{Applied, GroupRef},
    rejection::Rejection,
};

impl Twin {
    /// # Errors
    /// `not_found` when the fault names an event or a group that is not there, or not in the state that it needs.
    pub(crate) fn suffer(&mut self, fault: &Fault) -> Result<Applied, Rejection> {
        match fault {
            Fault::CollateralGone { left } => Ok(self.lose_collateral(*left)),
            Fault::GroupTripped { order_group_id } => {
                let order_group_id = order_group_id.clone();
                self.trigger_group(&GroupRef { order_group_id, exchange_index: CRYPTO_SHARD })
            }
            _ => Err(Rejection::not_found()),
        }
    }

    fn lose_collateral(&mut self, left: Money) -> Applied {
        let gone = (self.account.cash() - left).max(Money::ZERO);
        let other = LedgerAccount::Cash(ExchangeIndex::new(0));
        self.account.ledger.post(&[(LedgerAccount::Cash(CRYPTO_SHARD), -gone), (other, gone)]);
        Applied::Done
    }
}
