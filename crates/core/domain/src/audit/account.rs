//! The whole of an account: every order and every market.

use std::collections::BTreeMap;

use super::{
    fees::{ChargedOrder, charges},
    market::{self, Bought, MarketFigures},
    netting::{Lot, Netting, Returned},
    order::{OrderBooks, own_price},
    report::{
        AuditReport, Counts, Difference, Figure, MarketAudit, OrderAudit, RoundingInForce, Subject, Totals, compare,
    },
    rules::Rules,
    statement::{AccountStatement, FillStatement, SettlementStatement},
};
use crate::{
    BookSide, MarketTicker, Money, OrderId, Quantity, SeriesTicker,
    fee::{FeeRounding, FeeSchedule, Liquidity},
};

/// Computes fees, revenue and profit of every order and market by the fills, and compares them with what is stated.
#[must_use]
pub fn audit(statement: &AccountStatement) -> AuditReport {
    let mut account = Account::default();
    account.take_orders(&statement.orders);
    account.take_fills(&statement.fills);
    account.take_settlements(&statement.settlements);
    account.charge();
    account.settle();
    account.report()
}

#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) orders: BTreeMap<OrderId, OrderBooks>,
    pub(super) settlements: BTreeMap<MarketTicker, Vec<SettlementStatement>>,
    schedules: BTreeMap<SeriesTicker, FeeSchedule>,
    markets: BTreeMap<MarketTicker, MarketAudit>,
    pub(super) differences: Vec<Difference>,
    pub(super) repeated_rows: usize,
}

impl Account {
    /// Fees and figures of every order.
    fn charge(&mut self) {
        let charged: Vec<ChargedOrder> = self.orders.values().map(OrderBooks::charged).collect();
        let rules = Rules::of(&charged);
        let mut differences = Vec::new();
        for (((order_id, order), charged), rounding) in self.orders.iter_mut().zip(&charged).zip(&rules.roundings) {
            let schedule = rules.schedules.get(&charged.series).copied().unwrap_or(FeeSchedule::CRYPTO);
            // Only schedules with a known formula are ever chosen.
            let fees = charges(charged, schedule, *rounding).unwrap_or_default();
            order.fees = charged.total(&fees);
            order.rounding = (!order.fills.is_empty()).then_some(*rounding);
            for ((fill, _), fee) in order.fills.iter().zip(&fees) {
                let subject = || Subject::Fill { fill: fill.fill_id.clone(), order: order_id.clone() };
                compare(&mut differences, subject, "fee", *fee, fill.fee);
            }
            let subject = || Subject::Order(order_id.clone());
            let filled: Quantity = order.fills.iter().map(|(fill, _)| fill.quantity).sum();
            let Some(stated) = &order.statement else {
                differences.push(Difference {
                    subject: subject(),
                    figure: "order",
                    computed: format!("{filled} contracts filled"),
                    stated: "nothing".to_owned(),
                });
                continue;
            };
            compare(&mut differences, subject, "contracts filled", filled, Some(stated.filled));
            compare(&mut differences, subject, "cost as taker", order.cost(Liquidity::Taker), stated.taker_cost);
            compare(&mut differences, subject, "cost as maker", order.cost(Liquidity::Maker), stated.maker_cost);
            compare(&mut differences, subject, "taker fees", order.fees.taker, stated.taker_fees);
            compare(&mut differences, subject, "maker fees", order.fees.maker, stated.maker_fees);
        }
        self.differences.append(&mut differences);
        self.schedules = rules.schedules;
    }

    /// Positions, payouts and figures of every market.
    fn settle(&mut self) {
        let ids: Vec<OrderId> = self.orders.keys().cloned().collect();
        let mut tickers: BTreeMap<MarketTicker, Vec<(usize, FillStatement, BookSide)>> = BTreeMap::new();
        for (index, order) in self.orders.values().enumerate() {
            for (fill, side) in &order.fills {
                tickers.entry(fill.ticker.clone()).or_default().push((index, fill.clone(), *side));
            }
        }
        for ticker in self.settlements.keys() {
            tickers.entry(ticker.clone()).or_default();
        }
        for (ticker, mut fills) in tickers {
            fills.sort_by(|(_, one, _), (_, two, _)| (one.at, &one.fill_id).cmp(&(two.at, &two.fill_id)));
            self.settle_market(&ids, &ticker, &fills);
        }
    }

    fn settle_market(&mut self, ids: &[OrderId], ticker: &MarketTicker, fills: &[(usize, FillStatement, BookSide)]) {
        let mut bought = Bought::default();
        for (_, fill, side) in fills {
            bought.add(side.acquired(), fill.quantity, own_price(fill, *side) * fill.quantity);
        }
        let rows: Vec<&SettlementStatement> = self.settlements.get(ticker).into_iter().flatten().collect();
        let settled = market::settled(&rows, &bought);
        // One row for several subaccounts is of all of them together.
        let together = settled.as_ref().is_some_and(|settled| settled.rows == 1);
        let mut positions: BTreeMap<u32, Netting> = BTreeMap::new();
        let mut returned: Vec<Returned> = Vec::new();
        for (order, fill, side) in fills {
            let position = positions.entry(if together { 0 } else { fill.subaccount }).or_default();
            let lot = Lot { order: *order, price: own_price(fill, *side), quantity: fill.quantity };
            returned.extend(position.buy(side.acquired(), lot));
        }
        let positions: Vec<Netting> = positions.into_values().collect();
        let mut payouts = Vec::new();
        if let Some(settled) = &settled {
            let (paid, mut differences) = market::paid(ticker, &positions, settled);
            payouts = paid;
            self.differences.append(&mut differences);
        }
        for part in returned.iter().chain(payouts.iter().flatten()) {
            self.book(ids, part.order).revenue += part.amount;
        }
        let open = if settled.is_none() { positions.as_slice() } else { &[] };
        for lot in open.iter().flat_map(Netting::lots) {
            self.book(ids, lot.order).open_cost += lot.price * lot.quantity;
        }
        let mut orders: Vec<usize> = fills.iter().map(|(order, ..)| *order).collect();
        orders.sort_unstable();
        orders.dedup();
        let of_market: Vec<&OrderBooks> = orders.iter().map(|order| &self.orders[&ids[*order]]).collect();
        let fees: Money = of_market.iter().map(|order| order.fees.taker + order.fees.maker).sum();
        let stated_fees: Option<Money> = of_market.iter().map(|order| order.stated_fees()).sum();
        let pairs: Quantity = positions.iter().map(Netting::paired).sum();
        let market = MarketFigures { ticker, bought, fees, stated_fees, pairs, positions: &positions };
        let exact: Vec<Money> = payouts.iter().map(|parts| parts.iter().map(|part| part.amount).sum()).collect();
        let (audit, mut differences) = market.audit(settled.as_ref(), &exact);
        self.differences.append(&mut differences);
        self.markets.insert(ticker.clone(), audit);
    }

    fn book(&mut self, ids: &[OrderId], order: usize) -> &mut OrderBooks {
        self.orders.entry(ids[order].clone()).or_default()
    }

    fn report(self) -> AuditReport {
        let mut roundings: BTreeMap<FeeRounding, usize> = BTreeMap::new();
        for rounding in self.orders.values().filter_map(|order| order.rounding) {
            *roundings.entry(rounding).or_default() += 1;
        }
        let with_differences = |matches: fn(&Subject) -> Option<String>| {
            let mut subjects: Vec<_> = self.differences.iter().filter_map(|found| matches(&found.subject)).collect();
            subjects.sort();
            subjects.dedup();
            subjects.len()
        };
        let counts = Counts {
            orders: self.orders.len(),
            orders_with_differences: with_differences(|subject| match subject {
                Subject::Order(order) | Subject::Fill { order, .. } => Some(order.to_string()),
                Subject::Market(_) => None,
            }),
            fills: self.orders.values().map(|order| order.fills.len()).sum(),
            markets: self.markets.len(),
            settled: self.markets.values().filter(|market| market.result.is_some()).count(),
            markets_with_differences: with_differences(|subject| match subject {
                Subject::Market(ticker) => Some(ticker.to_string()),
                _ => None,
            }),
            repeated_rows: self.repeated_rows,
        };
        let orders: Vec<OrderAudit> = self.orders.into_iter().filter_map(|(id, order)| order.audit(id)).collect();
        let markets: Vec<MarketAudit> = self.markets.into_values().collect();
        AuditReport {
            differences: self.differences,
            totals: totals(&orders, &markets),
            counts,
            schedules: self.schedules,
            roundings: roundings.into_iter().map(|(rounding, orders)| RoundingInForce { rounding, orders }).collect(),
            orders,
            markets,
        }
    }
}

fn totals(orders: &[OrderAudit], markets: &[MarketAudit]) -> Totals {
    let sum = |figures: &mut dyn Iterator<Item = Figure>| {
        let mut total = Figure { computed: Money::ZERO, stated: Some(Money::ZERO) };
        for figure in figures {
            total.computed += figure.computed;
            total.stated = total.stated.zip(figure.stated).map(|(sum, stated)| sum + stated);
        }
        total
    };
    let settled = || markets.iter().filter(|market| market.result.is_some());
    Totals {
        fees: sum(&mut orders.iter().map(|order| order.fees)),
        revenue: sum(&mut settled().map(|market| market.revenue)),
        profit: sum(&mut settled().map(|market| market.profit)),
        profit_of_open_markets: markets
            .iter()
            .filter(|market| market.result.is_none())
            .map(|market| market.profit.computed)
            .sum(),
        open_cost: markets.iter().map(|market| market.open_cost).sum(),
    }
}
