//! Exact decimal text to scaled integers and back.

use thiserror::Error;

/// Why a text is not a decimal of the wanted scale.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// The text is not a number in decimal notation.
    #[error("\"{0}\" is not a decimal number")]
    NotANumber(String),
    /// The text carries non-zero digits beyond the scale.
    #[error("\"{text}\" has more than {scale} decimals")]
    TooManyDecimals {
        /// The text as given.
        text: String,
        /// Decimals that the target can hold.
        scale: u32,
    },
    /// The number does not fit.
    #[error("\"{0}\" is out of range")]
    OutOfRange(String),
}

/// Parses `text` into an integer count of `10^-scale`.
///
/// Accepts a sign, digits, a fraction and an exponent, as JSON numbers and the exchange's strings have
/// them. Digits beyond the scale must be zero: nothing is rounded.
///
/// # Errors
/// When the text is not a number, does not fit, or is finer than the scale.
pub fn parse(text: &str, scale: u32) -> Result<i64, DecimalError> {
    if let Some(value) = parse_plain(text.as_bytes(), scale) {
        return Ok(value);
    }
    let not_a_number = || DecimalError::NotANumber(shorten(text));
    let out_of_range = || DecimalError::OutOfRange(shorten(text));
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_invalid| not_a_number())?),
        None => (unsigned, 0),
    };
    if exponent.abs() > 40 {
        return Err(out_of_range());
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(not_a_number());
    }
    if whole.len() + fraction.len() > 64 {
        return Err(out_of_range());
    }
    let mut value: i128 = 0;
    // Decimals still missing after the digits read so far, relative to the scale.
    let scale_signed = i32::try_from(scale).map_err(|_too_large| out_of_range())?;
    let whole_len = i32::try_from(whole.len()).map_err(|_too_long| out_of_range())?;
    let mut place = whole_len + exponent + scale_signed;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return Err(not_a_number());
        }
        let digit = i128::from(byte - b'0');
        if place > 0 {
            value = value.checked_mul(10).and_then(|v| v.checked_add(digit)).ok_or_else(out_of_range)?;
        } else if digit != 0 {
            return Err(DecimalError::TooManyDecimals { text: shorten(text), scale });
        }
        place -= 1;
    }
    for _ in 0..place.max(0) {
        value = value.checked_mul(10).ok_or_else(out_of_range)?;
    }
    let signed = if negative { -value } else { value };
    i64::try_from(signed).map_err(|_too_large| out_of_range())
}

/// The usual form, as `-12.34`: few digits, no exponent, no decimals beyond the scale. `None` leaves it to [`parse`].
fn parse_plain(text: &[u8], scale: u32) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // Eighteen digits fit, those that the scale adds included.
    if digits.is_empty() || digits.len() + scale as usize > 18 {
        return None;
    }
    let mut value = 0_i64;
    let mut decimals = None;
    for byte in digits {
        match (byte, &mut decimals) {
            (b'0'..=b'9', decimals) => {
                value = value * 10 + i64::from(byte - b'0');
                *decimals = decimals.map(|count: u32| count + 1);
            }
            (b'.', None) if digits.len() > 1 => decimals = Some(0),
            _ => return None,
        }
    }
    let missing = scale.checked_sub(decimals.unwrap_or(0))?;
    let value = value * 10_i64.pow(missing);
    Some(if negative { -value } else { value })
}

/// Writes `value` (a count of `10^-scale`) with at least `min_decimals` decimals and no further trailing zeros.
#[must_use]
pub fn format(value: i64, scale: u32, min_decimals: u32) -> String {
    let unit = 10_u64.pow(scale);
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    if scale == 0 {
        return format!("{sign}{magnitude}");
    }
    let mut fraction = format!("{:0width$}", magnitude % unit, width = scale as usize);
    while fraction.len() > min_decimals as usize && fraction.ends_with('0') {
        fraction.pop();
    }
    let whole = magnitude / unit;
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Long garbage is not repeated in full in an error message.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Defines a fixed-point newtype over `i64` with exact text form, arithmetic and serde as a string.
macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, scale: $scale:literal, decimals: $decimals:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// Decimals that this type holds exactly.
            pub const SCALE: u32 = $scale;
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// From a count of the smallest unit.
            #[must_use]
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// As a count of the smallest unit.
            #[must_use]
            pub const fn units(self) -> i64 {
                self.0
            }

            /// Whether this is exactly zero.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether this is above zero.
            #[must_use]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether this is below zero.
            #[must_use]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// Magnitude without sign.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.abs())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::decimal::format(self.0, $scale, $decimals))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::decimal::DecimalError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::decimal::parse(text, $scale).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl std::ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl std::ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl std::ops::Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl std::ops::AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl std::ops::SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                Self(iter.map(|x| x.0).sum())
            }
        }
    };
}
pub(crate) use fixed_point;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_the_exchange_writes() {
        for (text, scale, expected) in [
            ("0.9600", 4, 9_600),
            ("0.96", 4, 9_600),
            ("0.960000", 4, 9_600),
            ("1", 4, 10_000),
            ("-2.00", 2, -200),
            ("33338.00", 2, 3_333_800),
            ("0.017500", 6, 17_500),
            (".5", 2, 50),
            ("92799.99", 6, 92_799_990_000),
            ("8.39865e4", 6, 83_986_500_000),
            ("1e0", 6, 1_000_000),
            ("84018.87000000", 6, 84_018_870_000),
        ] {
            assert_eq!(parse(text, scale), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_hold_exactly() {
        assert!(matches!(parse("0.96005", 4), Err(DecimalError::TooManyDecimals { .. })));
        for text in ["", ".", "-", "1.2.3", "0x10", "NaN", " 1", "1,000.00", "١"] {
            assert!(matches!(parse(text, 4), Err(DecimalError::NotANumber(_))), "{text:?}");
        }
        for text in ["99999999999999999999", "1e39", "1e999"] {
            assert!(matches!(parse(text, 4), Err(DecimalError::OutOfRange(_))), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back_is_the_same(value in -1_000_000_000_000_000_i64..1_000_000_000_000_000, scale in 0_u32..7, min in 0_u32..7) {
            prop_assert_eq!(parse(&format(value, scale, min.min(scale)), scale), Ok(value));
        }

        #[test]
        fn never_panics(text in ".*") {
            let _ = parse(&text, 6);
        }
    }
}
