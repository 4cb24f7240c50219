//! An order with its fills.

use super::{
    fees::{ChargedFill, ChargedOrder, OrderFees},
    report::{Figure, OrderAudit},
    statement::{FillStatement, OrderStatement},
};
use crate::{
    BookSide, MarketTicker, Money, OrderId, Price, SeriesTicker,
    fee::{FeeRounding, Liquidity},
};

/// An order and its fills.
#[derive(Debug, Default)]
pub(super) struct OrderBooks {
    pub(super) statement: Option<OrderStatement>,
    pub(super) fills: Vec<(FillStatement, BookSide)>,
    pub(super) fees: OrderFees,
    pub(super) rounding: Option<FeeRounding>,
    pub(super) revenue: Money,
    pub(super) open_cost: Money,
}

impl OrderBooks {
    pub(super) fn cost(&self, liquidity: Liquidity) -> Money {
        self.of(liquidity).map(|(fill, side)| own_price(fill, *side) * fill.quantity).sum()
    }

    fn of(&self, liquidity: Liquidity) -> impl Iterator<Item = &(FillStatement, BookSide)> {
        self.fills.iter().filter(move |(fill, _)| fill.is_taker == (liquidity == Liquidity::Taker))
    }

    fn ticker(&self) -> Option<&MarketTicker> {
        let own = self.statement.as_ref().map(|order| &order.ticker);
        own.or_else(|| self.fills.first().map(|(fill, _)| &fill.ticker))
    }

    /// What is stated of its fees: by itself, else by all of its fills.
    pub(super) fn stated_fees(&self) -> Option<Money> {
        let own = self.statement.as_ref().map(|order| (order.taker_fees, order.maker_fees));
        match own {
            Some((None, None)) | None => self.fills.iter().map(|(fill, _)| fill.fee).sum(),
            Some((taker, maker)) => Some(taker.unwrap_or_default() + maker.unwrap_or_default()),
        }
    }

    /// What decides its fees.
    pub(super) fn charged(&self) -> ChargedOrder {
        let fills = self.fills.iter().map(|(fill, side)| ChargedFill {
            liquidity: if fill.is_taker { Liquidity::Taker } else { Liquidity::Maker },
            price: own_price(fill, *side),
            quantity: fill.quantity,
            at: fill.at,
            stated: fill.fee,
        });
        ChargedOrder {
            series: self.ticker().map_or_else(|| SeriesTicker::new(""), series),
            fills: fills.collect(),
            taker_fees: self.statement.as_ref().and_then(|order| order.taker_fees),
            maker_fees: self.statement.as_ref().and_then(|order| order.maker_fees),
            in_cents: self.statement.as_ref().is_some_and(|order| order.in_cents),
        }
    }

    /// What came of it; `None` where neither it nor a fill says for which market it was.
    pub(super) fn audit(self, order_id: OrderId) -> Option<OrderAudit> {
        let ticker = self.ticker()?.clone();
        let cost = self.cost(Liquidity::Taker) + self.cost(Liquidity::Maker);
        let fees = Figure { computed: self.fees.taker + self.fees.maker, stated: self.stated_fees() };
        Some(OrderAudit {
            order_id,
            ticker,
            filled: self.fills.iter().map(|(fill, _)| fill.quantity).sum(),
            cost,
            fees,
            revenue: self.revenue,
            open_cost: self.open_cost,
            profit: self.revenue - (cost - self.open_cost) - fees.computed,
            rounding: self.rounding,
        })
    }
}

/// The series of a market: what stands before the first dash of its ticker. Only which orders are likely to share a
/// schedule depends on it.
fn series(ticker: &MarketTicker) -> SeriesTicker {
    SeriesTicker::new(ticker.as_str().split('-').next().unwrap_or_default())
}

/// The price of the side acquired.
pub(super) fn own_price(fill: &FillStatement, side: BookSide) -> Price {
    side.acquired().convert_price(fill.yes_price)
}
