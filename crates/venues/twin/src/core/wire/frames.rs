//! Frames of the exchange's WebSocket.

use rec_domain::{BookSide, Price, Quantity};
use serde_json::{Map, Value, json};

use crate::core::{
    account::{Order, Position},
    config::CRYPTO_SHARD,
    market::Market,
    output::{
        BookChange, EventListed, FillView, GroupChange, LifecycleChange, LifecycleEvent, MarketName, SteadyPrint,
        TickerView, TradePrint,
    },
    wire::{
        count, dollars,
        market::{Titles, event_title, grid_fields, levels, price_ranges, rules, strike_fields},
        portfolio::legacy_side,
        price,
    },
};

/// A book as it stands. The key of an empty side is left out.
pub(crate) fn orderbook_snapshot(market: &Market, use_yes_price: bool) -> Value {
    let mut message = json!({ "market_ticker": &*market.name.ticker, "market_id": &*market.name.uuid });
    let sides = [
        ("yes_dollars_fp", levels(market, BookSide::Bid, false)),
        ("no_dollars_fp", levels(market, BookSide::Ask, use_yes_price)),
    ];
    for (key, levels) in sides {
        if !levels.is_empty() {
            message[key] = json!(levels);
        }
    }
    message
}

/// A change of one level; the NO side in NO prices, or in YES prices where `use_yes_price` is set.
pub(crate) fn orderbook_delta(change: &BookChange, use_yes_price: bool) -> Value {
    let shown = if change.side == BookSide::Ask && !use_yes_price { change.price.complement() } else { change.price };
    let mut message = market_fields(&change.market);
    message.insert("price_dollars".to_owned(), json!(price(shown)));
    message.insert("delta_fp".to_owned(), json!(count(change.delta)));
    message.insert("side".to_owned(), json!(change.side.acquired().name()));
    message.insert("ts".to_owned(), json!(change.at));
    message.insert("ts_ms".to_owned(), json!(change.at.millis()));
    if let Some(own) = &change.cause {
        if let Some(id) = &own.client_order_id {
            message.insert("client_order_id".to_owned(), json!(id));
        }
        message.insert("subaccount".to_owned(), json!(own.subaccount));
    }
    Value::Object(message)
}

fn market_fields(market: &MarketName) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("market_ticker".to_owned(), json!(&*market.ticker));
    fields.insert("market_id".to_owned(), json!(&*market.uuid));
    fields
}

/// A market's summary.
pub(crate) fn ticker(view: &TickerView) -> Value {
    let size = |level: Option<(Price, Quantity)>| count(level.map_or(Quantity::ZERO, |(_, size)| size));
    let whole_dollars = |quantity: Quantity| quantity.units() / 200;
    json!({
        "market_id": &*view.market.uuid,
        "market_ticker": &*view.market.ticker,
        "price_dollars": price(view.last),
        "yes_bid_dollars": price(view.bid.map_or(Price::ZERO, |(price, _)| price)),
        "yes_ask_dollars": price(view.ask.map_or(Price::ONE, |(price, _)| price)),
        "yes_bid_size_fp": size(view.bid),
        "yes_ask_size_fp": size(view.ask),
        "volume_fp": count(view.volume),
        "open_interest_fp": count(view.open_interest),
        "dollar_volume": whole_dollars(view.volume),
        "dollar_open_interest": whole_dollars(view.open_interest),
        "last_trade_size_fp": count(view.last_size),
        "ts": view.at.seconds(),
        "ts_ms": view.at.millis(),
        "time": view.at,
    })
}

/// A public trade.
pub(crate) fn trade(print: &TradePrint) -> Value {
    json!({
        "trade_id": print.trade_id,
        "market_ticker": &*print.market.ticker,
        "yes_price_dollars": price(print.price),
        "no_price_dollars": price(print.price.complement()),
        "count_fp": count(print.count),
        "taker_side": print.taker_side.acquired().name(),
        "taker_outcome_side": print.taker_side.acquired().name(),
        "taker_book_side": print.taker_side.name(),
        "is_block_trade": false,
        "ts": print.at.seconds(),
        "ts_ms": print.at.millis(),
    })
}

/// A fill of the account.
pub(crate) fn fill(view: &FillView) -> Value {
    let fill = &view.fill;
    let (side, action) = legacy_side(fill.side, fill.closed);
    let mut message = json!({
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "market_ticker": &*fill.ticker,
        "exchange_index": fill.wallet.exchange_index.get(),
        "subaccount": fill.wallet.subaccount,
        "is_taker": fill.is_taker,
        "side": side,
        "action": action,
        "purchased_side": fill.side.acquired().name(),
        "outcome_side": fill.side.acquired().name(),
        "book_side": fill.side.name(),
        "yes_price_dollars": price(fill.price),
        "count_fp": count(fill.count),
        "fee_cost": dollars(fill.fee),
        "ts": fill.at.seconds(),
        "ts_ms": fill.at.millis(),
        "post_position_fp": count(view.position),
    });
    if let Some(id) = &view.client_order_id {
        message["client_order_id"] = json!(id);
    }
    message
}

/// An order of the account.
pub(crate) fn user_order(order: &Order, user_id: &str) -> Value {
    let mut message = json!({
        "order_id": order.order_id,
        "user_id": user_id,
        "client_order_id": order.client_order_id.as_deref().unwrap_or(""),
        "ticker": &*order.ticker,
        "status": order.status.name(),
        "side": order.side.acquired().name(),
        "is_yes": order.side == BookSide::Bid,
        "outcome_side": order.side.acquired().name(),
        "book_side": order.side.name(),
        "yes_price_dollars": price(order.price),
        "fill_count_fp": count(order.filled),
        "remaining_count_fp": count(order.remaining),
        "initial_count_fp": count(order.initial),
        "taker_fill_cost_dollars": dollars(order.taker_cost),
        "maker_fill_cost_dollars": dollars(order.maker_cost),
        "taker_fees_dollars": dollars(order.taker_fees),
        "maker_fees_dollars": dollars(order.maker_fees),
        "self_trade_prevention_type": order.self_trade_prevention,
        "created_time": order.created,
        "created_ts_ms": order.created.millis(),
        "last_update_time": order.updated,
        "last_updated_ts_ms": order.updated.millis(),
        "subaccount_number": order.wallet.subaccount,
        "exchange_index": order.wallet.exchange_index.get(),
    });
    let optional = [
        ("order_group_id", order.order_group_id.as_ref().map(|id| json!(id))),
        ("last_update_reason", order.reason.map(|reason| json!(reason))),
        ("expiration_time", order.expires_at.map(|at| json!(at))),
        ("expiration_ts_ms", order.expires_at.map(|at| json!(at.millis()))),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            message[key] = value;
        }
    }
    message
}

/// A position of the account.
pub(crate) fn market_position(position: &Position, user_id: &str) -> Value {
    json!({
        "user_id": user_id,
        "market_ticker": &*position.ticker,
        "position_fp": count(position.net),
        "position_cost_dollars": dollars(position.cost),
        "realized_pnl_dollars": dollars(position.realized),
        "fees_paid_dollars": dollars(position.fees),
        "position_fee_cost_dollars": dollars(position.fees),
        "volume_fp": count(position.yes_count + position.no_count),
        "subaccount": position.wallet.subaccount,
    })
}

/// A change of an order group.
pub(crate) fn group(change: &GroupChange) -> Value {
    let mut message = json!({
        "event_type": change.event, "order_group_id": change.order_group_id, "ts_ms": change.at.millis(),
    });
    if let Some(limit) = change.limit {
        message["contracts_limit_fp"] = json!(count(limit));
    }
    message
}

/// A step in a market's life.
pub(crate) fn lifecycle(change: &LifecycleChange) -> Value {
    let ticker = &*change.ticker;
    match &change.event {
        LifecycleEvent::Created { event_ticker, series, strike, open, close } => {
            let titles = Titles::of(*strike);
            let mut listed = json!({
                "name": titles.yes,
                "title": event_title(*series),
                "yes_sub_title": titles.yes,
                "no_sub_title": titles.yes,
                "rules_primary": rules(*series, *close, *strike),
                "rules_secondary": "",
                "can_close_early": true,
                "event_ticker": &**event_ticker,
                "expected_expiration_ts": close.seconds() + 300,
            });
            let mut message = json!({
                "event_type": "created",
                "market_ticker": ticker,
                "exchange_index": CRYPTO_SHARD.get(),
                "open_ts": open.seconds(),
                "close_ts": close.seconds(),
            });
            extend(&mut listed, strike_fields(*strike));
            message["additional_metadata"] = listed;
            extend(&mut message, grid_fields(*series, &series.grid()));
            message
        }
        LifecycleEvent::Suspended => json!({ "event_type": "deactivated", "market_ticker": ticker }),
        LifecycleEvent::Resumed => json!({ "event_type": "activated", "market_ticker": ticker }),
        LifecycleEvent::GridUpdated { grid } => {
            let mut message = json!({ "event_type": "price_level_structure_updated", "market_ticker": ticker });
            message["price_level_structure"] = json!("other");
            message["price_ranges"] = price_ranges(grid);
            message
        }
        LifecycleEvent::StrikeKnown { strike } => {
            let mut message = json!({
                "event_type": "metadata_updated",
                "market_ticker": ticker,
                "exchange_index": CRYPTO_SHARD.get(),
                "yes_sub_title": Titles::of(*strike).yes,
            });
            extend(&mut message, strike_fields(*strike));
            message
        }
        LifecycleEvent::CloseDateUpdated { close } => json!({
            "event_type": "close_date_updated",
            "market_ticker": ticker,
            "exchange_index": CRYPTO_SHARD.get(),
            "close_ts": close.seconds(),
        }),
        LifecycleEvent::Determined { result, at } => json!({
            "event_type": "determined",
            "market_ticker": ticker,
            "exchange_index": CRYPTO_SHARD.get(),
            "result": result.name(),
            "settlement_value": price(result.value()),
            "determination_ts": at.seconds(),
        }),
        LifecycleEvent::Settled { at } => json!({
            "event_type": "settled",
            "market_ticker": ticker,
            "exchange_index": CRYPTO_SHARD.get(),
            "settled_ts": at.seconds(),
        }),
    }
}

fn extend(message: &mut Value, fields: Map<String, Value>) {
    if let Some(message) = message.as_object_mut() {
        message.extend(fields);
    }
}

/// An event that was listed.
pub(crate) fn event_listed(event: &EventListed) -> Value {
    json!({
        "event_ticker": &*event.ticker,
        "exchange_index": CRYPTO_SHARD.get(),
        "title": event_title(event.series),
        "subtitle": rec_domain::eastern::date_and_clock(event.close),
        "collateral_return_type": event.series.collateral().0,
        "series_ticker": event.series.ticker(),
        "strike_date": event.close.seconds(),
    })
}

/// One of five prints of an index in a second.
pub(crate) fn steady_index(print: &SteadyPrint) -> Value {
    let id = print.asset.index_id();
    let data = json!({ "type": "value", "time": print.stamped.millis(), "id": id, "value": print.value.to_string() });
    json!({
        "index_id": id,
        "value_usd": rec_domain::decimal::format(print.value.units(), 6, 6) + "00",
        "source_ts_ms": print.stamped.millis(),
        "received_at": print.received.millis(),
        "data": data.to_string(),
    })
}
