//! The exchange's numbers: text or JSON number in, checked fixed point out.
//!
//! Every reader bounds the magnitude, so that the sums which a consumer makes of decoded values cannot overflow.

use std::borrow::Cow;

use rec_domain::{Money, Price, Quantity, TimeSpan, Timestamp, UsdPrice, decimal};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

/// Largest number of contracts taken from the wire: a hundred billion.
const MOST_CONTRACTS: i64 = 100_000_000_000;
/// Largest amount taken from the wire: a hundred billion dollars.
const MOST_DOLLARS: i64 = 100_000_000_000;
/// Largest price of an underlying taken from the wire: a billion dollars.
const MOST_UNDERLYING_DOLLARS: i64 = 1_000_000_000;

/// Something that the wire writes as a JSON string or number.
pub(crate) trait Wire: Sized {
    /// Reads the text inside the quotes, or the number's own text.
    fn read(text: &str) -> Result<Self, String>;
}

pub(crate) fn text(raw: &RawValue) -> Result<Cow<'_, str>, String> {
    let json = raw.get();
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<CowText<'_>>(json).map(|text| text.0).map_err(|error| error.to_string()),
        Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(json)),
        _ => Err(format!("expected a number or its text, found {}", shorten(json))),
    }
}

/// A JSON string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct CowText<'a>(#[serde(borrow)] Cow<'a, str>);

/// Long garbage is not repeated in full in a message.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(60).collect()
}

/// For `deserialize_with`: a value that has to be there.
pub(crate) fn required<'de, D: Deserializer<'de>, T: Wire>(deserializer: D) -> Result<T, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    text(raw).and_then(|text| T::read(&text)).map_err(D::Error::custom)
}

/// For `deserialize_with`: a value that may be `null` or an empty text; use with `default` where it may be absent.
pub(crate) fn optional<'de, D: Deserializer<'de>, T: Wire>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    if matches!(raw.get(), "null" | "\"\"") {
        return Ok(None);
    }
    text(raw).and_then(|text| T::read(&text)).map(Some).map_err(D::Error::custom)
}

/// For `deserialize_with`: a value that nothing depends on; unreadable counts as not stated.
pub(crate) fn informative<'de, D: Deserializer<'de>, T: Wire>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(text(raw).and_then(|text| T::read(&text)).ok())
}

/// For `deserialize_with`: the name of something, which cannot be empty: what has none would be taken for each other.
pub(crate) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(D::Error::custom("a name is empty")) } else { Ok(text) }
}

/// For `deserialize_with`: a text that is not stated when `null` or empty.
pub(crate) fn optional_text<'de, D: Deserializer<'de>, T: From<Text>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(|text| T::from(Text(text))))
}

/// A text on its way to one of the text types.
pub(crate) struct Text(String);

macro_rules! from_text {
    ($($name:ty),* $(,)?) => {
        $(impl From<Text> for $name {
            fn from(text: Text) -> Self {
                Self::new(text.0)
            }
        })*
    };
}
from_text!(
    rec_domain::ClientOrderId,
    rec_domain::EventTicker,
    rec_domain::MarketTicker,
    rec_domain::OrderGroupId,
    rec_domain::SeriesTicker,
);

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

pub(crate) fn bounded(text: &str, scale: u32, most_whole: i64) -> Result<i64, String> {
    let units = decimal::parse(text, scale).map_err(|error| error.to_string())?;
    let most = most_whole * 10_i64.pow(scale);
    if units < -most || units > most {
        return Err(format!("\"{}\" is out of range", shorten(text)));
    }
    Ok(units)
}

fn not_negative(units: i64, text: &str) -> Result<i64, String> {
    if units < 0 { Err(format!("\"{}\" is negative", shorten(text))) } else { Ok(units) }
}

impl Wire for Price {
    fn read(text: &str) -> Result<Self, String> {
        let price = Self::from_units(bounded(text, Self::SCALE, 1)?);
        if price.is_valid() { Ok(price) } else { Err(format!("price {price} is outside 0 to 1 dollar")) }
    }
}

impl Wire for Quantity {
    fn read(text: &str) -> Result<Self, String> {
        not_negative(bounded(text, Self::SCALE, MOST_CONTRACTS)?, text).map(Self::from_units)
    }
}

/// A number of contracts that may be negative: a position or a change.
pub(crate) struct Signed(pub(crate) Quantity);

impl Wire for Signed {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, Quantity::SCALE, MOST_CONTRACTS).map(|units| Self(Quantity::from_units(units)))
    }
}

impl Wire for Money {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, Self::SCALE, MOST_DOLLARS).map(Self::from_units)
    }
}

/// An amount in whole cents, the form of the few fields that never became dollars.
pub(crate) struct Cents(pub(crate) Money);

impl Wire for Cents {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, 0, MOST_DOLLARS * 100).map(|cents| Self(Money::from_cents(cents)))
    }
}

/// A price of at most three digits of cents, in whole cents, as old recordings have it.
pub(crate) struct PriceCents(pub(crate) Price);

impl Wire for PriceCents {
    fn read(text: &str) -> Result<Self, String> {
        let price = Price::from_cents(bounded(text, 0, 1_000)?);
        if price.is_valid() { Ok(Self(price)) } else { Err(format!("price {price} is outside 0 to 1 dollar")) }
    }
}

impl Wire for UsdPrice {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, Self::SCALE, MOST_UNDERLYING_DOLLARS).map(Self::from_units)
    }
}

/// A mean of underlying prices, which the exchange writes with eight decimals; digits beyond the sixth are cut off.
/// Means are shown and compared, never settled on.
pub(crate) struct Mean(pub(crate) UsdPrice);

impl Wire for Mean {
    fn read(text: &str) -> Result<Self, String> {
        let kept = match text.split_once('.') {
            Some((whole, fraction))
                if fraction.len() > UsdPrice::SCALE as usize && fraction.bytes().all(|b| b.is_ascii_digit()) =>
            {
                &text[..=whole.len() + UsdPrice::SCALE as usize]
            }
            _ => text,
        };
        UsdPrice::read(kept).map(Self)
    }
}

/// A multiplier in millionths.
pub(crate) struct Micros(pub(crate) i64);

impl Wire for Micros {
    fn read(text: &str) -> Result<Self, String> {
        not_negative(bounded(text, 6, 1_000_000)?, text).map(Self)
    }
}

impl Wire for Timestamp {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: rec_domain::time::TimestampError| error.to_string())
    }
}

/// Latest second taken from the wire: the year 9999.
const LATEST_SECOND: i64 = 253_402_300_799;

/// An instant in whole seconds since the epoch.
pub(crate) struct Seconds(pub(crate) Timestamp);

impl Wire for Seconds {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, 0, LATEST_SECOND).map(|seconds| Self(Timestamp::from_seconds(seconds)))
    }
}

/// An instant in whole milliseconds since the epoch.
pub(crate) struct Millis(pub(crate) Timestamp);

impl Millis {
    /// From a number; `None` outside of the years that are taken.
    pub(crate) const fn of(millis: i64) -> Option<Self> {
        let most = LATEST_SECOND * 1_000;
        if millis < -most || millis > most { None } else { Some(Self(Timestamp::from_millis(millis))) }
    }
}

impl Wire for Millis {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, 0, LATEST_SECOND * 1_000).map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

/// A span in whole seconds.
pub(crate) struct SpanSeconds(pub(crate) TimeSpan);

impl Wire for SpanSeconds {
    fn read(text: &str) -> Result<Self, String> {
        bounded(text, 0, LATEST_SECOND).map(|seconds| Self(TimeSpan::from_seconds(seconds)))
    }
}

/// The settlement value of the underlying, a text that may carry thousands separators (`"79,604.96"`).
/// `None` for whatever is no such number: other series settle on words.
pub(crate) fn expiration_value(text: &str) -> Option<UsdPrice> {
    let (whole, _fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let mut rest = groups.peekable();
    // "84,03" could be a decimal comma: only groups of three are thousands.
    if rest.peek().is_some() && (first.is_empty() || first.len() > 3) || rest.any(|group| group.len() != 3) {
        return None;
    }
    UsdPrice::read(&text.replace(',', "")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_settlement_value_may_have_thousands_separators() {
        let value = |text| expiration_value(text).map(|value| value.to_string());
        assert_eq!(value("79,604.96").as_deref(), Some("79604.96"));
        assert_eq!(value("1,079,604.96").as_deref(), Some("1079604.96"));
        assert_eq!(value("84028.57").as_deref(), Some("84028.57"));
        for text in ["", "84,03", "Yes", "1,0000.5", ",123", "1,,234", "-"] {
            assert_eq!(value(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_large_too_fine_or_negative_is_refused() {
        assert!(Price::read("1.0001").is_err());
        assert!(Price::read("-0.0100").is_err());
        assert!(Price::read("0.00001").is_err());
        assert!(Price::read("0.960000").is_ok());
        assert!(Quantity::read("-1.00").is_err());
        assert!(Quantity::read("0.001").is_err());
        assert!(Quantity::read("92233720368547758.07").is_err());
        assert!(Signed::read("-2.00").is_ok());
        assert!(Money::read("9223372036854.775807").is_err());
        assert!(Millis::read("9223372036854775807").is_err());
    }

    #[test]
    fn a_mean_is_cut_off_and_a_print_is_not() {
        assert_eq!(Mean::read("84023.75645833").map(|mean| mean.0.units()).ok(), Some(84_023_756_458));
        assert!(UsdPrice::read("84023.75645833").is_err());
        assert!(Mean::read("1.é34567890").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Price::read(&text);
            let _ = Signed::read(&text);
            let _ = Money::read(&text);
            let _ = Cents::read(&text);
            let _ = PriceCents::read(&text);
            let _ = Mean::read(&text);
            let _ = Micros::read(&text);
            let _ = Seconds::read(&text);
            let _ = Millis::read(&text);
            let _ = expiration_value(&text);
        }
    }
}
