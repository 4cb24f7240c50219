//! The venue's numbers: text or JSON number in, fixed point out.

use std::borrow::Cow;

use rec_domain::{Timestamp, UsdPrice};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

/// Highest price taken from the wire.
const HIGHEST: UsdPrice = UsdPrice::from_cents(100_000_000_000);

/// A price above zero. Digits beyond 1e-6 dollars are cut off: the venue has up to eight decimals, and prices of an
/// underlying are compared, never paid.
pub(crate) fn price(text: &str) -> Result<UsdPrice, String> {
    let decimals = UsdPrice::SCALE as usize;
    let kept = match text.split_once('.') {
        Some((whole, fraction)) if fraction.len() > decimals && fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            &text[..=whole.len() + decimals]
        }
        _ => text,
    };
    let price: UsdPrice = kept.parse().map_err(|error: rec_domain::decimal::DecimalError| error.to_string())?;
    if price.is_positive() && price <= HIGHEST { Ok(price) } else { Err(format!("{price} is no price")) }
}

/// The text of a JSON string, or of a JSON number.
fn text(raw: &RawValue) -> Result<Cow<'_, str>, String> {
    let json = raw.get();
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(json).map(Cow::Owned).map_err(|error| error.to_string()),
        Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(json)),
        _ => Err("expected a number or its text".to_owned()),
    }
}

/// For `deserialize_with`.
pub(crate) fn read_price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UsdPrice, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    text(raw).and_then(|text| price(&text)).map_err(D::Error::custom)
}

/// For `deserialize_with`: an instant that nothing but freshness depends on.
pub(crate) fn read_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(text(raw).ok().and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_cut_off_and_never_rounded() {
        assert_eq!(price("70691.27").map(UsdPrice::units), Ok(70_691_270_000));
        assert_eq!(price("0.12345678").map(UsdPrice::units), Ok(123_456));
        assert_eq!(price("0.99999999").map(UsdPrice::units), Ok(999_999));
        for text in ["0", "-1.5", "0.0000001", "", "x", "1e30", "1.é34567890", "1000000000.01"] {
            assert!(price(text).is_err(), "{text}");
        }
    }
}
