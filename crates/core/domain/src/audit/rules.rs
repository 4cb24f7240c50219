//! By which of the exchange's rules an account was charged.
//!
//! An export says neither which schedule a series had nor how fees were rounded at the time. Both are found out: each
//! series has the schedule, and each stretch of time the rounding, that leaves the fewest orders unexplained. Another
//! rule than the common one is only taken when it explains several orders more, so that a wrong figure does not become a
//! rule of its own.

use std::collections::BTreeMap;

use super::fees::{ChargedOrder, charges};
use crate::{
    Money, SeriesTicker, Timestamp,
    fee::{FeeKind, FeeRounding, FeeSchedule},
};

/// Roundings that the exchange is known to use or to have used, the likelier first.
pub const ROUNDINGS: [FeeRounding; 7] = [
    FeeRounding::CENTS,
    FeeRounding::DIRECT,
    FeeRounding::INTRODUCED,
    // Pages of October 2026 speak of fees in whole micro-dollars.
    FeeRounding { trade: Money::from_micros(1), balance: Money::from_micros(100) },
    FeeRounding { trade: Money::from_micros(1), balance: Money::from_cents(1) },
    // Exports that leave the rounding of the balance out.
    FeeRounding { trade: Money::from_micros(100), balance: Money::from_micros(1) },
    FeeRounding { trade: Money::from_micros(1), balance: Money::from_micros(1) },
];

/// What an order counts whose fees are stated once, or twice (by its fills and by itself): a figure that is wrong by
/// mistake is hardly wrong in both.
const ONCE: u32 = 1;
const TWICE: u32 = 4;
/// What another schedule has to explain more than that of crypto series.
const EVIDENCE_FOR_SCHEDULE: u32 = 4;
/// What a change of rounding has to explain more than none.
const EVIDENCE_FOR_CHANGE: u32 = 3;

impl ChargedOrder {
    fn is_explained(&self, schedule: FeeSchedule, rounding: FeeRounding) -> bool {
        (!self.in_cents || rounding == FeeRounding::CENTS)
            && charges(self, schedule, rounding).is_some_and(|fees| self.fits(&fees))
    }

    /// Which of the roundings explain its fees.
    fn explained_by(&self, schedule: FeeSchedule) -> [bool; ROUNDINGS.len()] {
        ROUNDINGS.map(|rounding| self.is_explained(schedule, rounding))
    }

    /// When it first filled.
    fn at(&self) -> Option<Timestamp> {
        self.fills.iter().map(|fill| fill.at).min()
    }

    fn weight(&self) -> u32 {
        let by_fills = self.fills.iter().all(|fill| fill.stated.is_some());
        let by_order = self.taker_fees.is_some() || self.maker_fees.is_some();
        match (self.fills.is_empty(), by_fills, by_order) {
            (true, ..) | (_, false, false) => 0,
            (_, true, true) => TWICE,
            _ => ONCE,
        }
    }
}

/// The rules that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The schedule of each series.
    pub schedules: BTreeMap<SeriesTicker, FeeSchedule>,
    /// The rounding of each order, as the orders were given.
    pub roundings: Vec<FeeRounding>,
}

impl Rules {
    /// The rules that leave the fewest of `orders` unexplained.
    #[must_use]
    pub fn of(orders: &[ChargedOrder]) -> Self {
        let mut explained: Vec<[bool; ROUNDINGS.len()]> =
            orders.iter().map(|order| order.explained_by(FeeSchedule::CRYPTO)).collect();
        let mut of_series: BTreeMap<SeriesTicker, Vec<usize>> = BTreeMap::new();
        for (index, order) in orders.iter().enumerate() {
            of_series.entry(order.series.clone()).or_default().push(index);
        }
        let mut schedules = BTreeMap::new();
        for (series, indices) in of_series {
            let score = |explained: &[[bool; ROUNDINGS.len()]]| -> u32 {
                let any = indices.iter().zip(explained).filter(|(_, by)| by.contains(&true));
                any.map(|(index, _)| orders[*index].weight()).sum()
            };
            let usual: Vec<_> = indices.iter().map(|index| explained[*index]).collect();
            let mut best = (FeeSchedule::CRYPTO, score(&usual) + EVIDENCE_FOR_SCHEDULE - 1, usual);
            if best.2.iter().any(|by| !by.contains(&true)) {
                for schedule in other_schedules() {
                    let by: Vec<_> = indices.iter().map(|index| orders[*index].explained_by(schedule)).collect();
                    let score = score(&by);
                    if score > best.1 {
                        best = (schedule, score, by);
                    }
                }
            }
            for (index, by) in indices.iter().zip(best.2) {
                explained[*index] = by;
            }
            schedules.insert(series, best.0);
        }
        Self { schedules, roundings: roundings(orders, &explained) }
    }
}

/// Schedules other than that of crypto series: the known shares of makers and multipliers, and fees waived.
fn other_schedules() -> impl Iterator<Item = FeeSchedule> {
    let kinds = [FeeKind::Quadratic, FeeKind::QuadraticWithMakerFees, FeeKind::QuadraticWithComboMakerFees];
    let all = [1_000_000, 500_000, 0]
        .into_iter()
        .flat_map(move |multiplier_micros| kinds.map(|kind| FeeSchedule { kind, multiplier_micros }));
    all.filter(|schedule| *schedule != FeeSchedule::CRYPTO)
}

/// The rounding of each order: the cheapest way through time, where an order unexplained costs its weight and a change
/// of rounding costs [`EVIDENCE_FOR_CHANGE`].
fn roundings(orders: &[ChargedOrder], explained: &[[bool; ROUNDINGS.len()]]) -> Vec<FeeRounding> {
    let mut sequence: Vec<usize> = (0..orders.len()).collect();
    sequence.sort_by_key(|index| orders[*index].at());
    let mut costs = [0_u64; ROUNDINGS.len()];
    let mut came_from: Vec<[usize; ROUNDINGS.len()]> = Vec::with_capacity(orders.len());
    for index in &sequence {
        let cheapest = cheapest_of(&costs);
        let mut from = [0; ROUNDINGS.len()];
        let mut next = [0; ROUNDINGS.len()];
        for rounding in 0..ROUNDINGS.len() {
            let changed = costs[cheapest] + u64::from(EVIDENCE_FOR_CHANGE);
            let stays = costs[rounding] <= changed;
            from[rounding] = if stays { rounding } else { cheapest };
            // What is stated in cents was rounded to cents, whatever others were.
            let counts = !orders[*index].in_cents && !explained[*index][rounding];
            let unexplained = if counts { orders[*index].weight() } else { 0 };
            next[rounding] = costs[rounding].min(changed) + u64::from(unexplained);
        }
        came_from.push(from);
        costs = next;
    }
    let mut at = cheapest_of(&costs);
    let mut found = vec![ROUNDINGS[at]; orders.len()];
    for (index, from) in sequence.iter().zip(&came_from).rev() {
        found[*index] = if orders[*index].in_cents { FeeRounding::CENTS } else { ROUNDINGS[at] };
        at = from[at];
    }
    found
}

/// The first of the cheapest.
fn cheapest_of(costs: &[u64; ROUNDINGS.len()]) -> usize {
    (0..costs.len()).min_by_key(|index| costs[*index]).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Price, Quantity, audit::fees::ChargedFill, fee::Liquidity};

    const HALF: FeeSchedule = FeeSchedule { kind: FeeKind::Quadratic, multiplier_micros: 500_000 };

    fn order(second: i64, price: i64, schedule: FeeSchedule, rounding: FeeRounding) -> ChargedOrder {
        let fill = ChargedFill {
            liquidity: Liquidity::Taker,
            price: Price::from_units(price),
            quantity: Quantity::from_units(1_234),
            at: Timestamp::from_seconds(second),
            stated: None,
        };
        let series = SeriesTicker::new("S");
        let order = ChargedOrder { series, fills: vec![fill], taker_fees: None, maker_fees: None, in_cents: false };
        let fees = charges(&order, schedule, rounding).expect("a known formula");
        ChargedOrder { taker_fees: Some(fees[0]), ..order }
    }

    #[test]
    fn a_change_of_rounding_is_found_where_it_happened_and_a_wrong_fee_is_none() {
        let mut orders: Vec<_> =
            (0..20).map(|n| order(n, 1_300 + 100 * n, FeeSchedule::CRYPTO, FeeRounding::CENTS)).collect();
        orders.extend((20..40).map(|n| order(n, 1_313 + 101 * n, FeeSchedule::CRYPTO, FeeRounding::DIRECT)));
        let wrong = 7;
        orders[wrong].taker_fees = orders[wrong].taker_fees.map(|fee| fee + Money::from_micros(100));
        let rules = Rules::of(&orders);
        assert!(rules.roundings[..20].iter().all(|rounding| *rounding == FeeRounding::CENTS));
        assert!(rules.roundings[20..].iter().all(|rounding| *rounding == FeeRounding::DIRECT));
        orders.reverse();
        assert_eq!(Rules::of(&orders).roundings[39], FeeRounding::CENTS, "whatever order they stand in");
    }

    #[test]
    fn another_schedule_takes_more_than_one_order() {
        let common: Vec<_> = (0..9).map(|n| order(n, 5_000, FeeSchedule::CRYPTO, FeeRounding::CENTS)).collect();
        let schedule = |orders: &[ChargedOrder]| Rules::of(orders).schedules[&SeriesTicker::new("S")];
        let one: Vec<_> = common.iter().cloned().chain([order(9, 5_000, HALF, FeeRounding::CENTS)]).collect();
        assert_eq!(schedule(&one), FeeSchedule::CRYPTO);
        let all: Vec<_> = (0..4).map(|n| order(n, 5_000, HALF, FeeRounding::CENTS)).collect();
        assert_eq!(schedule(&all), HALF);
        assert_eq!(schedule(&all[..2]), FeeSchedule::CRYPTO, "two orders are no evidence");
    }
}
