//! The rows of an export, each once, and what of them contradicts each other.

use std::collections::BTreeMap;

use super::{
    account::Account,
    report::{Difference, Subject},
    statement::{FillDirection, FillStatement, OrderStatement, SettlementStatement},
};
use crate::{FillId, Money, OrderId};

impl Account {
    pub(super) fn differ(
        &mut self,
        subject: Subject,
        figure: &'static str,
        computed: impl ToString,
        stated: impl ToString,
    ) {
        let (computed, stated) = (computed.to_string(), stated.to_string());
        self.differences.push(Difference { subject, figure, computed, stated });
    }

    /// Of an order that is listed more than once the latest counts.
    pub(super) fn take_orders(&mut self, orders: &[OrderStatement]) {
        for order in orders {
            let known = &mut self.orders.entry(order.order_id.clone()).or_default().statement;
            let Some(other) = known else {
                *known = Some(order.clone());
                continue;
            };
            self.repeated_rows += 1;
            let figures =
                |order: &OrderStatement| [order.taker_fees, order.maker_fees, order.taker_cost, order.maker_cost];
            let mut both = figures(other).into_iter().zip(figures(order)).filter_map(|(one, two)| one.zip(two));
            let contradicts = other.filled == order.filled
                && (both.any(|(one, two)| one != two)
                    || other.book_side != order.book_side
                    || other.ticker != order.ticker);
            if (order.filled, order.updated_at) > (other.filled, other.updated_at) {
                *known = Some(order.clone());
            }
            if contradicts {
                let subject = Subject::Order(order.order_id.clone());
                self.differ(subject, "order", "one row, or the same twice", "two rows that contradict each other");
            }
        }
    }

    pub(super) fn take_fills(&mut self, fills: &[FillStatement]) {
        let mut known: BTreeMap<(&FillId, &OrderId), FillStatement> = BTreeMap::new();
        let mut contradictory = Vec::new();
        for fill in fills {
            let Some(other) = known.get_mut(&(&fill.fill_id, &fill.order_id)) else {
                known.insert((&fill.fill_id, &fill.order_id), fill.clone());
                continue;
            };
            self.repeated_rows += 1;
            let fee = other.fee.or(fill.fee);
            let alike = FillStatement { fee, direction: other.direction, no_price: other.no_price, ..fill.clone() };
            let same_side = match (other.direction, fill.direction) {
                (FillDirection::Stated(one), FillDirection::Stated(two)) => one == two,
                _ => true,
            };
            if alike != (FillStatement { fee, ..other.clone() })
                || fill.fee.is_some_and(|own| Some(own) != fee)
                || !same_side
            {
                contradictory.push(Subject::Fill { fill: fill.fill_id.clone(), order: fill.order_id.clone() });
            }
            other.fee = fee;
            if matches!(fill.direction, FillDirection::Stated(_)) {
                other.direction = fill.direction;
            }
        }
        for subject in contradictory {
            self.differ(subject, "fill", "one row, or the same twice", "two rows that contradict each other");
        }
        for fill in known.into_values() {
            self.take_fill(fill);
        }
    }

    fn take_fill(&mut self, fill: FillStatement) {
        let subject = || Subject::Fill { fill: fill.fill_id.clone(), order: fill.order_id.clone() };
        if let Some(no_price) = fill.no_price.filter(|no_price| *no_price != fill.yes_price.complement()) {
            self.differ(subject(), "price of NO", fill.yes_price.complement(), no_price);
        }
        let order = self.orders.entry(fill.order_id.clone()).or_default();
        let ordered = order.statement.as_ref().map(|order| (order.book_side, order.ticker.clone()));
        let side = match (fill.direction, &ordered) {
            (FillDirection::Stated(side), _) => side,
            (FillDirection::Sold(_), Some((side, _))) => *side,
            (FillDirection::Sold(side), None) => side,
        };
        order.fills.push((fill.clone(), side));
        if let Some((ordered_side, ticker)) = ordered {
            if ordered_side != side {
                self.differ(subject(), "side acquired", ordered_side.acquired(), side.acquired());
            }
            if ticker != fill.ticker {
                self.differ(subject(), "market", ticker, &fill.ticker);
            }
        }
    }

    pub(super) fn take_settlements(&mut self, settlements: &[SettlementStatement]) {
        for settlement in settlements {
            let rows = self.settlements.entry(settlement.ticker.clone()).or_default();
            if rows.contains(settlement) {
                self.repeated_rows += 1;
            } else {
                rows.push(settlement.clone());
            }
        }
        // Where all say that there were none, they say nothing: the fees of a settlement itself are always none.
        let says_nothing = |row: &SettlementStatement| row.fees.is_none_or(Money::is_zero);
        if self.settlements.values().flatten().all(says_nothing) {
            for row in self.settlements.values_mut().flatten() {
                row.fees = None;
            }
        }
    }
}
