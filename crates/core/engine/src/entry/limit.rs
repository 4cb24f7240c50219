//! The limit of an entry.

use rec_domain::{Price, Probability, Side, market::Market, settings::AutomationSettings};

use crate::odds::edge;

/// The highest price to pay for `side`: at most the slippage above the ask, at most the highest ask allowed, still worth
/// the least edge after its fee, and on the market's grid. `None` when not even the ask is all that.
#[must_use]
pub fn entry_limit(
    market: &Market,
    side: Side,
    ask: Price,
    probability: Probability,
    settings: &AutomationSettings,
) -> Option<Price> {
    // The steps between ask and the highest candidate are bounded by the slippage (10 cents) over the finest step.
    const MOST_STEPS: usize = 1_001;
    let highest = (ask + settings.entry_slippage).min(settings.max_ask);
    let worth_it = |price: Price| {
        edge(market, probability, price).is_some_and(|edge| edge.net_points >= settings.min_differential_points)
    };
    let below = |price: Price| match side {
        Side::Yes => market.grid.round_down(price),
        // A NO price is a YES price from above.
        Side::No => market.grid.round_up(price.complement()).map(Price::complement),
    };
    let mut candidate = below(highest);
    for _step in 0..MOST_STEPS {
        let price = candidate.filter(|price| *price >= ask)?;
        if worth_it(price) {
            return Some(price);
        }
        candidate = below(price - Price::from_units(1));
    }
    None
}
