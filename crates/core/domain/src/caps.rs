//! The limits within which the desk may increase exposure.

use serde::{Deserialize, Serialize};

use crate::{Money, Quantity};

/// Limits on entries. Exits are never refused by a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskCaps {
    /// Contracts in one order.
    pub contracts_per_order: Quantity,
    /// Worst-case loss in one market.
    pub money_per_market: Money,
    /// Worst-case loss in one event, over all its markets.
    pub money_per_event: Money,
    /// Worst-case money put at risk in one Eastern day.
    pub money_per_day: Money,
    /// Worst-case loss over everything open.
    pub money_per_account: Money,
    /// Orders that increase exposure in any sixty seconds.
    pub orders_per_minute: u32,
    /// Trades open at a time.
    pub open_trades: u32,
    /// Loss of one Eastern day, realised and after fees, at which entries stop.
    pub daily_loss: Money,
}

impl Default for RiskCaps {
    fn default() -> Self {
        Self {
            contracts_per_order: Quantity::from_contracts(100),
            money_per_market: Money::from_dollars(100),
            money_per_event: Money::from_dollars(200),
            money_per_day: Money::from_dollars(1_000),
            money_per_account: Money::from_dollars(500),
            orders_per_minute: 10,
            open_trades: 10,
            daily_loss: Money::from_dollars(100),
        }
    }
}

impl RiskCaps {
    /// Names of the limits in which `self` allows more than `ceiling`.
    #[must_use]
    pub fn above(&self, ceiling: &Self) -> Vec<&'static str> {
        let limits = [
            ("contracts_per_order", self.contracts_per_order > ceiling.contracts_per_order),
            ("money_per_market", self.money_per_market > ceiling.money_per_market),
            ("money_per_event", self.money_per_event > ceiling.money_per_event),
            ("money_per_day", self.money_per_day > ceiling.money_per_day),
            ("money_per_account", self.money_per_account > ceiling.money_per_account),
            ("orders_per_minute", self.orders_per_minute > ceiling.orders_per_minute),
            ("open_trades", self.open_trades > ceiling.open_trades),
            ("daily_loss", self.daily_loss > ceiling.daily_loss),
        ];
        limits.into_iter().filter_map(|(name, above)| above.then_some(name)).collect()
    }
}
