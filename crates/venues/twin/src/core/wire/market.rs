//! Series, events, markets and order books.

use rec_domain::{BookSide, Price, PriceGrid, Quantity, TimeSpan, Timestamp, UsdPrice, eastern, market::Collateral};
use serde_json::{Map, Value, json};

use crate::core::{
    Twin, Verdict,
    book::Level,
    config::CRYPTO_SHARD,
    market::{Event, Market, Strike},
    series::{Series, SeriesKind},
    wire::{count, price},
};

/// A series.
#[must_use]
pub fn series_body(series: Series) -> Value {
    let asset = series.asset();
    let (title, frequency, tags) = match series.kind() {
        SeriesKind::Above => ("price Above/below", "hourly", ["Hourly", asset.symbol()]),
        SeriesKind::Range => ("range", "hourly", ["Hourly", asset.symbol()]),
        SeriesKind::Quarter => ("price up down", "fifteen_min", [asset.symbol(), "15 min"]),
    };
    json!({
        "ticker": series.ticker(),
        "title": format!("{} {title}", asset.title()),
        "frequency": frequency,
        "category": "Crypto",
        "categories": ["Crypto"],
        "tags": tags,
        "settlement_sources": [{"name": "CF Benchmarks", "url": ""}],
        "contract_url": "",
        "contract_terms_url": "",
        "product_metadata": {
            "important_info": { "id": series.ticker(), "markdown": RULES_SECONDARY, "message": "", "title": "" },
        },
        "fee_type": "quadratic",
        "fee_multiplier": 1,
        "additional_prohibitions": ["Whoever knows the index before it is published must not trade."],
        "last_updated_ts": "2026-08-24T16:04:33.777344Z",
        "exchange_index": CRYPTO_SHARD.get(),
    })
}

/// The title of an event.
pub(crate) fn event_title(series: Series) -> String {
    match series.kind() {
        SeriesKind::Above => format!("{} price", series.asset().title()),
        SeriesKind::Range => format!("{} range", series.asset().title()),
        SeriesKind::Quarter => format!("{} price up in next 15 mins?", series.asset().symbol()),
    }
}

/// An event, without its markets.
#[must_use]
pub fn event_body(event: &Event) -> Value {
    let (usual, exclusive) = event.series.collateral();
    let collateral = match &event.collateral {
        None => usual,
        Some(Collateral::None) => "",
        Some(Collateral::DirectNetting) => "DIRECNET",
        Some(Collateral::Other(word)) => word,
    };
    json!({
        "event_ticker": &*event.ticker,
        "series_ticker": event.series.ticker(),
        "title": event_title(event.series),
        "sub_title": eastern::date_and_clock(event.close),
        "collateral_return_type": collateral,
        "mutually_exclusive": exclusive,
        "category": "Crypto",
        "strike_date": event.close,
        "strike_period": if event.series.kind() == SeriesKind::Quarter { "fifteen_min" } else { "hourly" },
        "available_on_brokers": true,
        "product_metadata": null,
        "settlement_sources": [{"name": "CF Benchmarks", "url": ""}],
        "last_updated_ts": event.created,
        "exchange_index": CRYPTO_SHARD.get(),
    })
}

/// A market with its summary.
#[must_use]
pub fn market_body(twin: &Twin, event: &Event, market: &Market) -> Value {
    let titles = Titles::of(market.strike);
    let mut body = json!({
        "ticker": &*market.name.ticker,
        "event_ticker": &*event.ticker,
        "market_type": "binary",
        "title": event_title(event.series),
        "yes_sub_title": titles.yes,
        "no_sub_title": titles.no,
        "created_time": event.created,
        "updated_time": market.updated,
        "open_time": event.open,
        "close_time": event.close,
        "expected_expiration_time": event.close + TimeSpan::from_minutes(5),
        "expiration_time": event.close + TimeSpan::from_minutes(7 * 24 * 60),
        "latest_expiration_time": event.close + TimeSpan::from_minutes(7 * 24 * 60),
        "occurrence_datetime": event.close + TimeSpan::from_minutes(5),
        "settlement_timer_seconds": event.series.settlement_timer_seconds(),
        "status": market.status(event, twin.now()),
        "result": market.result.map_or("", Verdict::name),
        "can_close_early": true,
        "expiration_value": event.expiration_value.map(|value| value.to_string()).unwrap_or_default(),
        "rules_primary": rules(event.series, event.close, market.strike),
        "rules_secondary": RULES_SECONDARY,
        "exchange_index": CRYPTO_SHARD.get(),
    });
    if let Some(fields) = body.as_object_mut() {
        if event.series.kind() == SeriesKind::Quarter {
            fields.insert("custom_strike".to_owned(), json!({ "round_digits": "2" }));
        } else {
            fields.insert("subtitle".to_owned(), json!(titles.yes));
        }
        fields.extend(strike_fields(market.strike));
        fields.extend(grid_fields(event.series, &market.grid()));
        if let Value::Object(mut quotes) = quotes(market) {
            fields.append(&mut quotes);
        }
        if let Some(result) = market.result {
            fields.insert("settlement_value_dollars".to_owned(), json!(price(result.value())));
        }
        if market.status(event, twin.now()) == "finalized" {
            fields.insert("settlement_ts".to_owned(), json!(event.settled_at.unwrap_or(market.updated)));
        }
    }
    body
}

const RULES_SECONDARY: &str = "At the last minute before expiration, 60 RTI prices are collected. The official and \
                               final value is the average of these prices.";

/// `strike_type`, `floor_strike` and `cap_strike`; the key of a strike that is not there is left out.
pub(crate) fn strike_fields(strike: Strike) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("strike_type".to_owned(), json!(strike.kind()));
    for (key, value) in [("floor_strike", strike.floor()), ("cap_strike", strike.cap())] {
        if let Some(value) = value {
            fields.insert(key.to_owned(), number(value));
        }
    }
    fields
}

/// A strike as the exchange writes it: a number, whole where it can be.
fn number(value: UsdPrice) -> Value {
    let whole = value.units() / 1_000_000;
    if whole * 1_000_000 == value.units() { json!(whole) } else { json!(value.as_f64()) }
}

/// `price_level_structure` and `price_ranges`.
pub(crate) fn grid_fields(series: Series, grid: &PriceGrid) -> Map<String, Value> {
    let mut fields = Map::new();
    // Of a grid that is not its series' nobody told the name.
    let name = if *grid == series.grid() { series.price_level_structure() } else { "other" };
    fields.insert("price_level_structure".to_owned(), json!(name));
    fields.insert("price_ranges".to_owned(), price_ranges(grid));
    fields
}

/// `price_ranges`.
pub(crate) fn price_ranges(grid: &PriceGrid) -> Value {
    let range = |range: &rec_domain::grid::PriceRange| json!({ "start": price(range.start), "end": price(range.end), "step": price(range.step) });
    grid.ranges().iter().map(range).collect()
}

/// What the two sides of a market are called.
pub(crate) struct Titles {
    pub(crate) yes: String,
    no: String,
}

impl Titles {
    pub(crate) fn of(strike: Strike) -> Self {
        let cent = UsdPrice::from_cents(1);
        let both = |text: String| Self { yes: text.clone(), no: text };
        match strike {
            Strike::Above(floor) => both(format!("${} or above", grouped(floor + cent))),
            Strike::Between(floor, cap) => both(format!("${} to {}", grouped(floor), grouped(cap))),
            Strike::Below(cap) => both(format!("${} or below", grouped(cap - cent))),
            Strike::AtLeast(None) => both("Target price: TBD".to_owned()),
            // Recorded: only the side that wins above is told the target.
            Strike::AtLeast(Some(floor)) => {
                Self { yes: format!("Target Price: ${}", grouped(floor)), no: "Target price: TBD".to_owned() }
            }
        }
    }
}

/// Dollars with thousands separators, and with cents where there are any.
fn grouped(value: UsdPrice) -> String {
    let text = value.to_string();
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if cents.trim_end_matches('0').is_empty() { grouped } else { format!("{grouped}.{cents}") }
}

/// Prices and volumes of a market; where nobody quotes, the bid is zero and the ask one dollar.
fn quotes(market: &Market) -> Value {
    let (bid, ask) = (market.book.best(BookSide::Bid), market.book.best(BookSide::Ask));
    let bid_price = bid.map_or(Price::ZERO, |(price, _)| price);
    let ask_price = ask.map_or(Price::ONE, |(price, _)| price);
    let size = |level: Option<(Price, Quantity)>| count(level.map_or(Quantity::ZERO, |(_, size)| size));
    json!({
        "yes_bid_dollars": price(bid_price),
        "yes_bid_size_fp": size(bid),
        "yes_ask_dollars": price(ask_price),
        "yes_ask_size_fp": size(ask),
        "no_bid_dollars": price(ask_price.complement()),
        "no_ask_dollars": price(bid_price.complement()),
        "last_price_dollars": price(market.last.map_or(Price::ZERO, |(price, _)| price)),
        "previous_yes_bid_dollars": "0.0000",
        "previous_yes_ask_dollars": "0.0000",
        "previous_price_dollars": "0.0000",
        "volume_fp": count(market.volume),
        "volume_24h_fp": count(market.volume),
        "open_interest_fp": count(market.open_interest),
        "notional_value_dollars": "1.0000",
        // As in every recorded market; the specification says that it stays so.
        "liquidity_dollars": "0.0000",
    })
}

/// The rule of a market in the exchange's words.
pub(crate) fn rules(series: Series, close: Timestamp, strike: Strike) -> String {
    let at = eastern::date_and_clock(close);
    let index = series.asset().index_title();
    let wins = match strike {
        Strike::Above(floor) => format!("above {floor}"),
        Strike::Below(cap) => format!("below {cap}"),
        Strike::Between(floor, cap) => format!("between {floor}-{cap}"),
        Strike::AtLeast(_) => {
            let before = eastern::date_and_clock(close - series.period());
            return format!(
                "If the simple average of the sixty seconds of CF Benchmarks' {index} before {at} is at least the \
                 simple average of the sixty seconds of CF Benchmarks' {index} before {before}, then the market \
                 resolves to Yes."
            );
        }
    };
    format!(
        "If the simple average of the sixty seconds of CF Benchmarks' {index} before {at} is {wins} at {at}, then the \
         market resolves to Yes."
    )
}

/// A market's book: bids of both sides, ascending, the best last.
#[must_use]
pub fn orderbook_body(market: &Market, depth: Option<usize>) -> Value {
    let keep = |mut levels: Vec<(String, String)>| {
        if let Some(depth) = depth.filter(|depth| *depth > 0) {
            levels.drain(..levels.len().saturating_sub(depth));
        }
        levels
    };
    let (yes, no) = (levels(market, BookSide::Bid, false), levels(market, BookSide::Ask, false));
    json!({ "orderbook_fp": { "yes_dollars": keep(yes), "no_dollars": keep(no) } })
}

/// The levels of a side in ascending price; the NO side in NO prices, or in YES prices where `yes_leg` is set.
pub(crate) fn levels(market: &Market, side: BookSide, yes_leg: bool) -> Vec<(String, String)> {
    let pair = |(yes_price, level): (&Price, &Level)| {
        let shown = if side == BookSide::Ask && !yes_leg { yes_price.complement() } else { *yes_price };
        (price(shown), count(level.total()))
    };
    let levels = market.book.levels(side);
    if side == BookSide::Ask && !yes_leg {
        levels.iter().rev().map(pair).collect()
    } else {
        levels.iter().map(pair).collect()
    }
}
