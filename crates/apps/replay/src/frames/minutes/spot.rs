//! Recorded prices of the underlying.

use rec_domain::{Timestamp, UsdPrice};
use serde_json::Value;
use thiserror::Error;

/// A recorded price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpotPrice {
    /// When it held.
    pub at: Timestamp,
    /// The price.
    pub price: UsdPrice,
}

/// Why a text is no recording of prices.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SpotError {
    /// There is no price in it.
    #[error(
        "there is no price in it; a recording of spot prices is lines of Coinbase ticker messages, lines \"time,price\" \
         or \"time,open,high,low,close\", or Coinbase's JSON list of candles"
    )]
    Empty,
    /// A line that is no price.
    #[error("line {line} is no price with its time: {text}")]
    Line {
        /// From 1.
        line: usize,
        /// The line, cut.
        text: String,
    },
}

/// Reads prices: Coinbase ticker messages a line (other messages of the feed are passed over), lines `time,price` or
/// `time,open,high,low,close` with or without a heading, or Coinbase's list of one-minute candles, whose close holds at
/// the candle's end. Times are RFC 3339 or seconds or milliseconds since 1970. The result is in the order of time.
///
/// # Errors
/// [`SpotError`] for a text that is none of these.
pub fn read_spot(text: &str) -> Result<Vec<SpotPrice>, SpotError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut prices = match serde_json::from_str::<Vec<Value>>(text) {
        Ok(list) => {
            list.iter().enumerate().map(|(place, value)| of_json(place + 1, value)).collect::<Result<_, _>>()?
        }
        Err(_no_list) => lines(text)?,
    };
    prices.retain(Option::is_some);
    let mut prices: Vec<_> = prices.into_iter().flatten().collect();
    if prices.is_empty() {
        return Err(SpotError::Empty);
    }
    prices.sort_by_key(|price| price.at);
    Ok(prices)
}

fn lines(text: &str) -> Result<Vec<Option<SpotPrice>>, SpotError> {
    let mut prices = Vec::new();
    let written = text.lines().enumerate().filter(|(_place, line)| !line.trim().is_empty());
    for (nth, (place, line)) in written.enumerate() {
        let price = match serde_json::from_str::<Value>(line) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => of_json(place + 1, &value)?,
            _ => match of_columns(line) {
                // The first line may name the columns.
                None if nth == 0 => None,
                None => return Err(wrong(place + 1, line)),
                price => price,
            },
        };
        prices.push(price);
    }
    Ok(prices)
}

/// A message of the feed, or a candle `[start, low, high, open, close, volume]`; `None` for other messages.
fn of_json(line: usize, value: &Value) -> Result<Option<SpotPrice>, SpotError> {
    match value {
        Value::Array(candle) => {
            let (start, close) = (candle.first(), candle.get(4).filter(|_close| candle.len() == 6));
            let price = start.zip(close).and_then(|(start, close)| {
                let start = instant(&word(start))?;
                Some(SpotPrice { at: start + rec_domain::TimeSpan::from_minutes(1), price: price(&word(close))? })
            });
            price.map(Some).ok_or_else(|| wrong(line, &value.to_string()))
        }
        Value::Object(message) => {
            if message.get("type").is_some_and(|kind| kind != "ticker") {
                return Ok(None);
            }
            let field = |names: [&str; 3]| names.iter().find_map(|name| message.get(*name)).map(word);
            let at = field(["time", "timestamp", "ts"]).and_then(|text| instant(&text));
            let price = field(["price", "value", "close"]).and_then(|text| price(&text));
            match (at, price) {
                (Some(at), Some(price)) => Ok(Some(SpotPrice { at, price })),
                _ => Err(wrong(line, &value.to_string())),
            }
        }
        other => Err(wrong(line, &other.to_string())),
    }
}

/// The text of a JSON string or number.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn of_columns(line: &str) -> Option<SpotPrice> {
    let columns: Vec<_> = line.split([',', ';', '\t']).map(|column| column.trim().trim_matches('"')).collect();
    let price_column = match columns.len() {
        2 | 3 => 1,
        5.. => 4,
        _ => return None,
    };
    Some(SpotPrice { at: instant(columns.first()?)?, price: price(columns.get(price_column)?)? })
}

fn price(text: &str) -> Option<UsdPrice> {
    let plain: UsdPrice = text.replace('_', "").parse().ok()?;
    plain.is_positive().then_some(plain)
}

/// RFC 3339, or seconds, or milliseconds since 1970 when the number is too large for seconds.
fn instant(text: &str) -> Option<Timestamp> {
    const FIRST_MILLISECONDS: i64 = 100_000_000_000;
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let micros = rec_domain::decimal::parse(text, 6).ok()?;
    let milliseconds = micros.abs() >= FIRST_MILLISECONDS * 1_000_000;
    Some(Timestamp::from_micros(if milliseconds { micros / 1_000 } else { micros }))
}

fn wrong(line: usize, text: &str) -> SpotError {
    SpotError::Line { line, text: text.chars().take(80).collect() }
}
