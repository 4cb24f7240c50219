//! Whose books are wanted.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    MarketTicker, Timestamp, UsdPrice,
    market::{Market, MarketStatus, StrikeRule},
};

use super::Config;

/// Whether the market can still trade before its close.
pub(super) const fn is_alive(status: &MarketStatus) -> bool {
    matches!(status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive)
}

/// A price in the middle of what the strike rule is about.
const fn strike_price(strike: StrikeRule) -> UsdPrice {
    match strike {
        StrikeRule::Greater(price)
        | StrikeRule::GreaterOrEqual(price)
        | StrikeRule::Less(price)
        | StrikeRule::LessOrEqual(price)
        | StrikeRule::Between(price, _) => price,
    }
}

/// The books wanted at `now`: of the event (or events) that closes next, and of the one after it from the lead on.
/// Nearest strikes first up to the bound; what was wanted `before` stays, up to twice the bound, so that a price that
/// wanders does not tear away the book of a market that is held. Markets without a strike are not wanted.
pub(super) fn wanted(
    now: Timestamp,
    config: &Config,
    markets: &BTreeMap<MarketTicker, Market>,
    underlying: Option<UsdPrice>,
    before: &BTreeSet<MarketTicker>,
) -> BTreeSet<MarketTicker> {
    let candidates: Vec<_> = markets
        .values()
        .filter(|market| is_alive(&market.status) && now < market.close_time)
        .filter_map(|market| market.strike.map(|strike| (strike_price(strike), market)))
        .collect();
    let open = candidates.iter().filter(|(_strike, market)| market.open_time <= now);
    let current = open.map(|(_strike, market)| market.close_time).min();
    let roll_over = current.unwrap_or(now);
    let begins = |market: &Market| now >= roll_over.max(market.open_time) - config.next_event_lead;
    let later = candidates.iter().filter(|(_strike, market)| current.is_none_or(|current| market.close_time > current));
    let next = later.filter(|(_strike, market)| begins(market)).map(|(_strike, market)| market.close_time).min();
    let mut all = BTreeSet::new();
    for close_time in [current, next].into_iter().flatten() {
        let mut event: Vec<_> = candidates.iter().filter(|(_strike, market)| market.close_time == close_time).collect();
        event.sort_by_key(|(strike, market)| {
            let distance = underlying.map(|price| (price - *strike).units().abs());
            (distance, std::cmp::Reverse(market.volume), *strike)
        });
        let chosen = event.iter().take(config.books_most);
        let kept = event.iter().skip(config.books_most).filter(|(_strike, market)| before.contains(&market.ticker));
        let both = chosen.chain(kept.take(config.books_most));
        all.extend(both.map(|(_strike, market)| market.ticker.clone()));
    }
    all
}
