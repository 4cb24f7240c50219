//! Candlesticks: of a market, of an event, of several markets.

use serde_json::{Map, Value, json};

use super::{
    Params,
    exchange::{event_named, find},
};
use crate::core::{
    Twin,
    candles::{Candle, Span},
    market::{Event, Market},
    rejection::Rejection,
    wire,
};

/// Candles that one answer may hold, for one market and for several.
const MOST: i64 = 5_000;
const MOST_IN_A_BATCH: i64 = 10_000;
/// Markets that one answer may hold.
const MOST_MARKETS: usize = 100;

/// What was asked for.
struct Wanted {
    start: i64,
    end: i64,
    minutes: i64,
    with_latest_before: bool,
}

impl Wanted {
    fn read(operation: &str, params: &Params, most: i64) -> Result<Self, Rejection> {
        let number = |name: &str| {
            params.number(name).ok_or_else(|| Rejection::parameter(operation, &format!("{name} is required")))
        };
        let (start, end, minutes) = (number("start_ts")?, number("end_ts")?, number("period_interval")?);
        if ![1, 60, 1_440].contains(&minutes) {
            return Err(Rejection::parameter(operation, "period_interval must be one of 1, 60, 1440"));
        }
        if start > end {
            return Err(Rejection::parameter(operation, "start_ts must not be after end_ts"));
        }
        if (end - start).div_euclid(minutes * 60) > most {
            return Err(Rejection::parameter(operation, &format!("more than {most} candlesticks requested")));
        }
        Ok(Self { start, end, minutes, with_latest_before: params.is_set("include_latest_before_start") })
    }

    fn bodies(&self, market: &Market) -> Vec<Value> {
        self.candles(market).iter().map(|candle| body(candle, "_dollars", "_fp")).collect()
    }

    fn candles(&self, market: &Market) -> Vec<Candle> {
        let before = self
            .with_latest_before
            .then(|| market.candles.latest_before(self.minutes, self.start))
            .flatten()
            .map(|candle| candle.continued(self.start));
        let candles = market.candles.of_width(self.minutes, self.start, self.end);
        before.into_iter().chain(candles).collect()
    }
}

/// `/series/{series}/markets/{ticker}/candlesticks`
pub(super) fn of_market(twin: &Twin, series: &str, ticker: &str, params: &Params) -> Result<Value, Rejection> {
    let (event, market) = find(twin, ticker).or_else(|gone| twin.archive.market(ticker).ok_or(gone))?;
    belongs(event, series)?;
    let wanted = Wanted::read("GetMarketCandlesticks", params, MOST)?;
    Ok(json!({ "ticker": ticker, "candlesticks": wanted.bodies(market) }))
}

/// `/historical/markets/{ticker}/candlesticks`: only what was paid before the cutoff is there.
pub(super) fn of_historical_market(twin: &Twin, ticker: &str, params: &Params) -> Result<Value, Rejection> {
    let (_, market) = twin.archive.market(ticker).ok_or_else(Rejection::not_found)?;
    let wanted = Wanted::read("GetMarketCandlesticksHistorical", params, MOST)?;
    let bodies: Vec<Value> = wanted.candles(market).iter().map(|candle| body(candle, "", "")).collect();
    Ok(json!({ "ticker": ticker, "candlesticks": bodies }))
}

/// `/series/{series}/events/{ticker}/candlesticks`
pub(super) fn of_event(twin: &Twin, series: &str, ticker: &str, params: &Params) -> Result<Value, Rejection> {
    let event = event_named(twin, ticker)?;
    belongs(event, series)?;
    let wanted = Wanted::read("GetMarketCandlesticksByEvent", params, MOST)?;
    let markets: Vec<&Market> = event.markets.clone().filter_map(|number| twin.markets.get(&number)).collect();
    let tickers: Vec<&str> = markets.iter().map(|market| &*market.name.ticker).collect();
    let candles: Vec<Vec<Value>> = markets.iter().map(|market| wanted.bodies(market)).collect();
    Ok(json!({ "market_tickers": tickers, "market_candlesticks": candles, "adjusted_end_ts": wanted.end }))
}

/// `/markets/candlesticks`
pub(super) fn batch(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    const OPERATION: &str = "BatchGetMarketCandlesticks";
    let tickers: Vec<&str> = params.text("market_tickers").unwrap_or_default().split(',').collect();
    if tickers.iter().all(|ticker| ticker.is_empty()) || tickers.len() > MOST_MARKETS {
        return Err(Rejection::parameter(OPERATION, "market_tickers must name 1 to 100 markets"));
    }
    let most = MOST_IN_A_BATCH / i64::try_from(tickers.len()).unwrap_or(1);
    let wanted = Wanted::read(OPERATION, params, most)?;
    let markets: Vec<Value> = tickers
        .iter()
        .filter_map(|ticker| Some((ticker, find(twin, ticker).ok()?.1)))
        .map(|(ticker, market)| json!({ "market_ticker": ticker, "candlesticks": wanted.bodies(market) }))
        .collect();
    Ok(json!({ "markets": markets }))
}

fn belongs(event: &Event, series: &str) -> Result<(), Rejection> {
    if event.series.ticker() == series { Ok(()) } else { Err(Rejection::not_found()) }
}

/// A candle. The names of the historical ones carry no units.
fn body(candle: &Candle, dollars: &str, count: &str) -> Value {
    let span = |span: &Span| {
        let prices = [("open", span.open()), ("low", span.low()), ("high", span.high()), ("close", span.close())];
        let named = prices.into_iter().map(|(name, price)| (format!("{name}{dollars}"), json!(wire::price(price))));
        named.collect::<Map<String, Value>>()
    };
    let mut traded = candle.price.as_ref().map(span).unwrap_or_default();
    traded.insert(format!("previous{dollars}"), json!(wire::price(candle.previous)));
    if let Some(mean) = candle.mean() {
        traded.insert(format!("mean{dollars}"), json!(wire::price(mean)));
    }
    let mut body = json!({
        "end_period_ts": candle.end, "yes_bid": span(&candle.bid), "yes_ask": span(&candle.ask), "price": traded,
    });
    body[format!("volume{count}")] = json!(wire::count(candle.volume));
    body[format!("open_interest{count}")] = json!(wire::count(candle.open_interest));
    body
}
