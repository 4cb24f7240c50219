//! Worlds and orders for the tests.

use std::path::PathBuf;

use rec_domain::{BookSide, ExchangeIndex, Price, Quantity, TimeSpan, Timestamp};

use crate::core::{
    Applied, CancelOrder, CreateGroup, CreateOrder, Mutation, Rejection, SelfTradePrevention, TimeInForce, Twin,
    TwinConfig,
    config::CRYPTO_SHARD,
    mutation::{GroupRef, OrderAnswer},
};

/// A recording of the exchange, when there are recordings beside the workspace or in `REC_SHARED_DIR`.
pub(super) fn recorded(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, PathBuf::from).join("data/kalshi");
    let text = std::fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        println!("SKIPPED: no recording {name} in {}", folder.display());
    }
    text
}

/// A world a few minutes into its first hour.
pub(super) fn young(seed: u64) -> Twin {
    let mut twin = Twin::new(TwinConfig::demo(seed));
    let at = twin.config().start + TimeSpan::from_minutes(3);
    twin.advance_quietly(at);
    twin
}

/// The open market whose YES is worth closest to `points` to the makers, with both sides quoted.
pub(super) fn market_worth(twin: &Twin, points: f64) -> String {
    let distance = |ticker: &str| (100.0 * twin.fair_value(ticker).expect("known") - points).abs();
    let open = twin.markets.values().filter(|market| {
        twin.events[&market.event].is_open(twin.now())
            && market.book.best(BookSide::Bid).is_some()
            && market.book.best(BookSide::Ask).is_some()
    });
    let tickers = open.map(|market| market.name.ticker.to_string());
    tickers.min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("an open market")
}

pub(super) fn best(twin: &Twin, ticker: &str, side: BookSide) -> (Price, Quantity) {
    twin.markets[&twin.by_ticker[ticker]].book.best(side).expect("quoted")
}

pub(super) fn order(ticker: &str, id: &str, side: BookSide, contracts: i64, price: Price) -> CreateOrder {
    CreateOrder {
        ticker: ticker.to_owned(),
        client_order_id: Some(id.to_owned()),
        side,
        count: Quantity::from_contracts(contracts),
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
    }
}

pub(super) fn place(twin: &mut Twin, order: &CreateOrder) -> Result<OrderAnswer, Rejection> {
    let at = twin.now();
    twin.apply(at, &Mutation::CreateOrder(order.clone())).map(|applied| match applied {
        Applied::Order(answer) => answer,
        other => unreachable!("an order is answered as one, not as {other:?}"),
    })
}

pub(super) fn cancel(twin: &mut Twin, order_id: &str) -> Result<Applied, Rejection> {
    cancel_on(twin, order_id, Some(CRYPTO_SHARD))
}

pub(super) fn cancel_on(twin: &mut Twin, order_id: &str, shard: Option<ExchangeIndex>) -> Result<Applied, Rejection> {
    let request =
        CancelOrder { order_id: order_id.to_owned(), exchange_index: shard, market_ticker: None, subaccount: None };
    let at = twin.now();
    twin.apply(at, &Mutation::CancelOrder(request))
}

pub(super) fn group(twin: &mut Twin, contracts: i64) -> GroupRef {
    let limit = Quantity::from_contracts(contracts);
    let request = CreateGroup { limit, exchange_index: CRYPTO_SHARD, subaccount: None };
    let at = twin.now();
    match twin.apply(at, &Mutation::CreateGroup(request)) {
        Ok(Applied::Group { order_group_id, exchange_index, .. }) => {
            GroupRef { order_group_id, exchange_index, subaccount: None }
        }
        other => panic!("a group is made, not {other:?}"),
    }
}

pub(super) fn after(twin: &Twin, seconds: i64) -> Timestamp {
    twin.now() + TimeSpan::from_seconds(seconds)
}

pub(super) fn contracts(count: i64) -> Quantity {
    Quantity::from_contracts(count)
}
