//! Order groups: the exchange's own brake on how much fills in 15 seconds.

use rec_domain::{ExchangeIndex, OrderGroupId, OrderId, Quantity};
use serde::Deserialize;

use super::list::{ReadError, Row};
use crate::number::optional;

/// An order group as the exchange has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderGroup {
    /// Its identity.
    pub id: OrderGroupId,
    /// Contracts that may fill in any 15 seconds.
    pub limit: Option<Quantity>,
    /// The exchange's `is_auto_cancel_enabled`.
    pub auto_cancel_enabled: bool,
    /// Orders that stand in it; only stated when one group is asked for.
    pub orders: Vec<OrderId>,
    /// The shard, where stated.
    pub exchange_index: Option<ExchangeIndex>,
}

#[derive(Deserialize)]
pub(crate) struct WireGroup {
    /// Absent in the answer for one group, whose identity was in the request.
    #[serde(default)]
    id: String,
    #[serde(default, deserialize_with = "optional")]
    contracts_limit_fp: Option<Quantity>,
    is_auto_cancel_enabled: bool,
    #[serde(default)]
    orders: Option<Vec<String>>,
    #[serde(default)]
    exchange_index: Option<i32>,
}

impl Row for OrderGroup {
    type Wire = WireGroup;
    const LIST: &'static str = "order_groups";
    const WHAT: &'static str = "an order group";

    fn from_wire(wire: WireGroup) -> Result<Self, String> {
        Ok(Self {
            id: OrderGroupId::new(wire.id),
            limit: wire.contracts_limit_fp,
            auto_cancel_enabled: wire.is_auto_cancel_enabled,
            orders: wire.orders.unwrap_or_default().into_iter().map(OrderId::new).collect(),
            exchange_index: wire.exchange_index.map(ExchangeIndex::new),
        })
    }

    fn identity(&self) -> String {
        self.id.to_string()
    }
}

/// Reads the answer to a request for the group `id`.
pub(crate) fn read_group(body: &str, id: &OrderGroupId) -> Result<OrderGroup, ReadError> {
    let group: OrderGroup = super::list::read_row(body)?;
    Ok(OrderGroup { id: id.clone(), ..group })
}
