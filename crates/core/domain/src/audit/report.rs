//! What an audit finds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    FillId, MarketTicker, Money, OrderId, Quantity, SeriesTicker,
    fee::{FeeRounding, FeeSchedule},
};

/// An amount as computed, and as the exchange states it where it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// By the fills.
    pub computed: Money,
    /// By the exchange; `None` where it says nothing.
    pub stated: Option<Money>,
}

impl Figure {
    /// Whether nothing else is stated.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.stated.is_none_or(|stated| stated == self.computed)
    }
}

/// What a difference is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A fill of an order.
    Fill {
        /// The fill.
        fill: FillId,
        /// Its order.
        order: OrderId,
    },
    /// An order.
    Order(OrderId),
    /// A market.
    Market(MarketTicker),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fill { fill, order } => write!(f, "fill {fill} of order {order}"),
            Self::Order(order) => write!(f, "order {order}"),
            Self::Market(ticker) => write!(f, "market {ticker}"),
        }
    }
}

/// Something that is not as the exchange states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In what.
    pub subject: Subject,
    /// Which figure, as `taker fees` or `revenue`.
    pub figure: &'static str,
    /// By the fills.
    pub computed: String,
    /// By the exchange.
    pub stated: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: computed {}, stated {}", self.subject, self.figure, self.computed, self.stated)
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderAudit {
    /// The exchange's identity.
    pub order_id: OrderId,
    /// The market.
    pub ticker: MarketTicker,
    /// Contracts filled.
    pub filled: Quantity,
    /// What they cost, at the prices of the side acquired.
    pub cost: Money,
    /// Fees.
    pub fees: Figure,
    /// What came back: by closing, first in first out, and by settlement.
    pub revenue: Money,
    /// What those of its contracts had cost for which nothing has come back yet.
    pub open_cost: Money,
    /// Revenue less fees and the cost of what has ended.
    pub profit: Money,
    /// How its fees were rounded; `None` where it has no fills.
    pub rounding: Option<FeeRounding>,
}

/// A market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarketAudit {
    /// The market.
    pub ticker: MarketTicker,
    /// The exchange's result word; `None` before the settlement.
    pub result: Option<String>,
    /// YES contracts bought.
    pub yes_count: Quantity,
    /// NO contracts bought.
    pub no_count: Quantity,
    /// What both cost.
    pub cost: Money,
    /// Fees of all its fills.
    pub fees: Figure,
    /// What was paid at the end; pairs of YES and NO had been paid before.
    pub revenue: Figure,
    /// What contracts that are not paid yet had cost.
    pub open_cost: Money,
    /// Revenue and a dollar a pair, less cost and fees. Before the settlement: of what was closed.
    pub profit: Figure,
}

/// Sums over the whole account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Fees of all orders.
    pub fees: Figure,
    /// Payouts of all markets.
    pub revenue: Figure,
    /// Profit of the settled markets.
    pub profit: Figure,
    /// What was won or lost in markets that are not settled, by closing.
    pub profit_of_open_markets: Money,
    /// Cost of contracts that are not paid yet.
    pub open_cost: Money,
}

/// How many rows there were, and how many of them were exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Orders.
    pub orders: usize,
    /// Orders with a difference in themselves or one of their fills.
    pub orders_with_differences: usize,
    /// Fills.
    pub fills: usize,
    /// Markets, settled or not.
    pub markets: usize,
    /// Markets that were settled.
    pub settled: usize,
    /// Markets with a difference.
    pub markets_with_differences: usize,
    /// Rows that only repeated others.
    pub repeated_rows: usize,
}

/// A way of rounding, and how many orders with fills it holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RoundingInForce {
    /// The rounding.
    pub rounding: FeeRounding,
    /// Orders.
    pub orders: usize,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Every difference: by order, then by market.
    pub differences: Vec<Difference>,
    /// Sums.
    pub totals: Totals,
    /// Counts.
    pub counts: Counts,
    /// The schedule that was found for each series.
    pub schedules: BTreeMap<SeriesTicker, FeeSchedule>,
    /// The roundings that were found.
    pub roundings: Vec<RoundingInForce>,
    /// Every order, by identity.
    pub orders: Vec<OrderAudit>,
    /// Every market, by ticker.
    pub markets: Vec<MarketAudit>,
}

impl AuditReport {
    /// Whether all is as the exchange states it.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Notes a figure that is not as stated, where it is stated.
pub(super) fn compare<T: PartialEq + ToString>(
    differences: &mut Vec<Difference>,
    subject: impl Fn() -> Subject,
    figure: &'static str,
    computed: T,
    stated: Option<T>,
) {
    if let Some(stated) = stated.filter(|stated| *stated != computed) {
        let (computed, stated) = (computed.to_string(), stated.to_string());
        differences.push(Difference { subject: subject(), figure, computed, stated });
    }
}
