//! What a key may do that is locked to one subaccount, and what a change needs of a key at all.
//!
//! Such a key may leave the subaccount out or name its own; it moves no cash and makes no subaccount. Not verified on the
//! exchange: the refusal's words, and that making subaccounts and saying what they net belong to the scope for transfers.

use crate::core::{mutation::Mutation, query::Params, rejection::Rejection};

impl Mutation {
    /// Whether it moves cash or changes the subaccounts, rather than orders.
    #[must_use]
    pub const fn is_of_cash(&self) -> bool {
        matches!(
            self,
            Self::CreateSubaccount(_)
                | Self::TransferBetweenSubaccounts(_)
                | Self::TransferBetweenShards(_)
                | Self::Allocate(_)
                | Self::Net { .. }
        )
    }

    /// The same in the subaccount that a key is locked to.
    ///
    /// # Errors
    /// `forbidden` when it names another, or is not of orders.
    pub fn confined(mut self, subaccount: u32) -> Result<Self, Rejection> {
        let confine = |named: &mut Option<u32>| {
            let is_own = named.is_none_or(|named| named == subaccount);
            *named = Some(subaccount);
            if is_own { Ok(()) } else { Err(forbidden()) }
        };
        match &mut self {
            Self::CreateOrder(order) => confine(&mut order.subaccount)?,
            Self::CancelOrder(cancel) => confine(&mut cancel.subaccount)?,
            Self::AmendOrder(amend) => confine(&mut amend.subaccount)?,
            Self::DecreaseOrder(decrease) => confine(&mut decrease.order.subaccount)?,
            Self::CreateOrders(orders) => orders.iter_mut().try_for_each(|order| confine(&mut order.subaccount))?,
            Self::CancelOrders(cancels) => cancels.iter_mut().try_for_each(|cancel| confine(&mut cancel.subaccount))?,
            Self::CancelAll(named) => confine(named)?,
            Self::CreateGroup(group) => confine(&mut group.subaccount)?,
            Self::LimitGroup(group, _)
            | Self::TriggerGroup(group)
            | Self::ResetGroup(group)
            | Self::DeleteGroup(group) => {
                confine(&mut group.subaccount)?;
            }
            Self::CreateSubaccount(_)
            | Self::TransferBetweenSubaccounts(_)
            | Self::TransferBetweenShards(_)
            | Self::Allocate(_)
            | Self::Net { .. }
            | Self::Deposit(..)
            | Self::Withdraw(..)
            | Self::Fault(_)
            | Self::Mirror(_) => return Err(forbidden()),
        }
        Ok(self)
    }
}

/// The parameters of a read of the account by a key that is locked to a subaccount.
///
/// # Errors
/// `forbidden` when they name another one, or the read is of the subaccounts as such.
pub fn confined_read(path: &str, params: Params, subaccount: u32) -> Result<Params, Rejection> {
    let path = path.trim_matches('/');
    let is_of_all = path.starts_with("portfolio/subaccounts")
        || path.starts_with("portfolio/intra_exchange")
        || path == "portfolio/target_balance_allocation";
    match params.number("subaccount") {
        _ if is_of_all => Err(forbidden()),
        Some(named) if named != i64::from(subaccount) => Err(forbidden()),
        Some(_) => Ok(params),
        None => Ok(params.with("subaccount", subaccount)),
    }
}

fn forbidden() -> Rejection {
    Rejection::nested(403, "forbidden", Some("the key is restricted to one subaccount"))
}

#[cfg(test)]
mod tests {
    use rec_domain::{ExchangeIndex, Quantity};

    use super::*;
    use crate::core::{CancelOrder, CreateGroup};

    #[test]
    fn a_locked_key_is_in_its_subaccount_and_nowhere_else() {
        let cancel = |subaccount| {
            Mutation::CancelOrder(CancelOrder {
                order_id: "o".to_owned(),
                exchange_index: None,
                market_ticker: None,
                subaccount,
            })
        };
        let group = |subaccount| {
            let exchange_index = ExchangeIndex::new(2);
            Mutation::CreateGroup(CreateGroup { limit: Quantity::from_contracts(1), exchange_index, subaccount })
        };
        for (named, own) in [(cancel as fn(Option<u32>) -> Mutation, cancel(Some(3))), (group, group(Some(3)))] {
            assert_eq!(named(None).confined(3), Ok(own.clone()), "left out is its own");
            assert_eq!(named(Some(3)).confined(3), Ok(own));
            assert_eq!(named(Some(4)).confined(3).map_err(|refused| refused.status), Err(403));
        }
        assert_eq!(Mutation::CancelAll(None).confined(3), Ok(Mutation::CancelAll(Some(3))));
        assert!(Mutation::CreateSubaccount(ExchangeIndex::new(2)).confined(3).is_err());
        let read = |path, query| confined_read(path, Params::parse(query), 3).map(|params| params.number("subaccount"));
        assert_eq!(read("portfolio/orders", "limit=5"), Ok(Some(3)));
        assert_eq!(read("/portfolio/orders", "subaccount=3"), Ok(Some(3)));
        assert!(
            read("portfolio/orders", "subaccount=0").is_err() && read("portfolio/subaccounts/balances", "").is_err()
        );
    }
}
