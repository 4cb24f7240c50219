//! A hand that trades on the desk's account, outside the desk.

use rec_domain::{BookSide, MarketTicker, Price, Quantity};
use rec_twin::core::{CreateOrder, Mutation, SelfTradePrevention, TimeInForce, config::CRYPTO_SHARD, market::Market};

use super::world::World;

impl World {
    /// Buys or sells a few contracts at once, in a market in which the desk holds something or near the price.
    pub(super) fn trade_by_hand(&mut self) {
        let trades = self.view.as_ref().map_or(&[][..], |view| &view.trades);
        let held: Vec<MarketTicker> = trades.iter().map(|trade| trade.ticker.clone()).collect();
        let place = self.fate.whole(0, i64::try_from(held.len()).unwrap_or(0));
        let wanted = usize::try_from(place).ok().and_then(|place| held.get(place));
        let Some((ticker, bid, ask)) = self.quoted(wanted) else { return };
        let (side, price) = if self.fate.even() { (BookSide::Bid, ask) } else { (BookSide::Ask, bid) };
        let order = CreateOrder {
            ticker: ticker.to_string(),
            client_order_id: self.fate.even().then(|| format!("by hand at {}", self.now)),
            side,
            count: Quantity::from_units(self.fate.whole(1, 2_000)),
            price,
            time_in_force: TimeInForce::ImmediateOrCancel,
            self_trade_prevention: SelfTradePrevention::TakerAtCross,
            post_only: false,
            reduce_only: false,
            expires_at: None,
            order_group_id: None,
            exchange_index: Some(CRYPTO_SHARD),
            subaccount: None,
            cancel_on_pause: false,
        };
        self.trace(|| format!("hand: {side:?} {} of {ticker} at {price}", order.count));
        if self.twin.apply(self.now, &Mutation::CreateOrder(order)).is_ok() {
            let outputs = self.twin.take_outputs();
            self.hear(outputs);
        }
    }

    /// The best prices of an open market, `wanted` or the one that is nearest to the price.
    pub(super) fn quoted(&self, wanted: Option<&MarketTicker>) -> Option<(MarketTicker, Price, Price)> {
        let away = |market: &Market| match wanted {
            Some(wanted) if wanted.as_str() == &*market.name.ticker => 0.0,
            Some(_) => f64::MAX,
            None => market.strike.anchor().map_or(f64::MAX, |anchor| (anchor - self.last_index.as_f64()).abs()),
        };
        let open = self.twin.listed().filter(|(event, _)| event.is_open(self.now)).map(|(_, market)| market);
        let market = open.min_by(|one, other| away(one).total_cmp(&away(other)))?;
        let (bid, ask) = (market.quotes.bid?.price, market.quotes.ask?.price);
        Some((MarketTicker::new(market.name.ticker.as_ref()), bid, ask))
    }
}
