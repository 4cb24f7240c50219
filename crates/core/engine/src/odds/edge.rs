//! What buying one contract is worth beyond its cost.

use rec_domain::{Price, Probability, Quantity, fee::Liquidity, market::Market, strike_table::Edge};

/// Chance minus price of one contract, before and after its fee; `None` when the fee is not known.
///
/// In points (cents), rounded to 1e-4 of a point so that an edge on a threshold meets it on every machine.
#[must_use]
pub fn edge(market: &Market, probability: Probability, price: Price) -> Option<Edge> {
    let fee = market.fees.fee(Liquidity::Taker, price, Quantity::from_contracts(1))?;
    let rounded = |points: f64| libm::round(points * 1e4) / 1e4;
    let gross = probability.percent() - price.points();
    #[expect(clippy::cast_precision_loss, reason = "a fee is far below 2^53 micro-dollars")]
    let fee_points = fee.micros() as f64 / 1e4;
    Some(Edge { gross_points: rounded(gross), net_points: rounded(gross - fee_points), fee })
}
