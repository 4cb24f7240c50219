//! How numbers and times are written, the same everywhere on the page.

use rec_domain::{Money, Price, Probability, Quantity, TimeSpan, Timestamp, UsdPrice, decimal, eastern};

/// What stands where there is no number.
pub const NOTHING: &str = "–";

/// The minus sign: a hyphen is narrower than the digits beside it.
const MINUS: char = '\u{2212}';

/// `$118,082.01`.
#[must_use]
pub fn usd(price: UsdPrice) -> String {
    format!("{}${}", minus(price.is_negative()), dollars(micros_to_cents(price.units())))
}

/// `$118,250` when there are no cents, otherwise as [`usd`]: for strikes.
#[must_use]
pub fn strike(price: UsdPrice) -> String {
    let text = usd(price);
    text.strip_suffix(".00").map(str::to_owned).unwrap_or(text)
}

/// A distance from the price: `$1,582`, `$8.20`. Cents only where they matter.
#[must_use]
pub fn distance(distance: UsdPrice) -> String {
    if distance.abs() < UsdPrice::from_cents(1_000) {
        return usd(distance);
    }
    let whole = (distance.units().unsigned_abs() + 500_000) / 1_000_000;
    format!("{}${}", minus(distance.is_negative()), thousands(whole))
}

/// `$1,234.56`, rounded to the cent.
#[must_use]
pub fn money(money: Money) -> String {
    let cents = micros_to_cents(money.micros());
    format!("{}${}", minus(cents < 0), dollars(cents))
}

/// `+$12.34`, `−$0.05`, `$0.00`.
#[must_use]
pub fn signed_money(amount: Money) -> String {
    let cents = micros_to_cents(amount.micros());
    format!("{}{}", if cents > 0 { "+" } else { "" }, money(amount))
}

/// `93¢`, `93.5¢`.
#[must_use]
pub fn cents(price: Price) -> String {
    let units = price.units().abs();
    let fraction = match units % 100 {
        0 => String::new(),
        rest if rest % 10 == 0 => format!(".{}", rest / 10),
        rest => format!(".{rest:02}"),
    };
    format!("{}{}{fraction}¢", minus(price.is_negative()), units / 100)
}

/// A price for a field that counts cents: `95.5`, without a sign of the unit.
#[must_use]
pub fn cents_field(price: Price) -> String {
    decimal::format(price.units(), 2, 0)
}

/// The price that [`cents_field`] writes; `None` for what is no number of at most two decimals.
#[must_use]
pub fn parse_cents(text: &str) -> Option<Price> {
    decimal::parse(text.trim(), 2).ok().map(Price::from_units)
}

/// `97.3 %`. What is not certain is never written as 0.0 % or 100.0 %.
#[must_use]
pub fn percent(probability: Probability) -> String {
    let value = probability.percent();
    if value > 99.9 && value < 100.0 {
        ">99.9 %".to_owned()
    } else if value > 0.0 && value < 0.1 {
        "<0.1 %".to_owned()
    } else {
        format!("{value:.1} %")
    }
}

/// `+1.25`, `−0.40`: points of a dollar, which are cents per contract.
#[must_use]
pub fn points(points: f64) -> String {
    signed(points, 2)
}

/// A signed decimal; what rounds to zero has no sign.
#[must_use]
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let sign = match text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        false => "",
        true if value < 0.0 => "\u{2212}",
        true => "+",
    };
    format!("{sign}{text}")
}

/// `10`, `71.94`, with thousands separated.
#[must_use]
pub fn quantity(quantity: Quantity) -> String {
    let units = quantity.units().unsigned_abs();
    let whole = thousands(units / 100);
    let fraction = match units % 100 {
        0 => String::new(),
        rest if rest % 10 == 0 => format!(".{}", rest / 10),
        rest => format!(".{rest:02}"),
    };
    format!("{}{whole}{fraction}", minus(quantity.is_negative()))
}

/// `17,619`.
#[must_use]
pub fn count(count: u64) -> String {
    thousands(count)
}

/// A fee, to a hundredth of a cent where it has one: `$0.07`, `$0.0028`.
#[must_use]
pub fn fee(fee: Money) -> String {
    if fee.micros() % 10_000 == 0 {
        return money(fee);
    }
    let hundredths = (fee.micros().unsigned_abs() + 50) / 100;
    format!("{}${}.{:04}", minus(fee.is_negative()), thousands(hundredths / 10_000), hundredths % 10_000)
}

/// Contracts for a field: `10`, `2.5`.
#[must_use]
pub fn contracts_field(quantity: Quantity) -> String {
    decimal::format(quantity.units(), 2, 0)
}

/// The most that something costs, in whole cents.
#[must_use]
pub fn at_most(amount: Money) -> Money {
    -at_least(-amount)
}

/// The least that something brings, in whole cents.
#[must_use]
pub fn at_least(amount: Money) -> Money {
    Money::from_micros(amount.micros().div_euclid(10_000) * 10_000)
}

/// `12:34`, `1:02:03`; nothing below zero.
#[must_use]
pub fn countdown(left: TimeSpan) -> String {
    let seconds = left.seconds().max(0);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

/// `0.4 s`, `12 s`, `3 min`, `2 h`.
#[must_use]
pub fn age(age: TimeSpan) -> String {
    let seconds = age.seconds().max(0);
    match seconds {
        0..10 => format!("{:.1} s", age.as_seconds_f64().max(0.0)),
        10..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// `14:40:00 EDT`, with the date before it where that is another Eastern day than the one of `now`.
#[must_use]
pub fn instant(at: Timestamp, now: Timestamp) -> String {
    if eastern::day(at) == eastern::day(now) { eastern::clock(at) } else { eastern::date_and_clock(at) }
}

/// The same without its zone, for lists that name it once.
#[must_use]
pub fn clock(at: Timestamp, now: Timestamp) -> String {
    let text = instant(at, now);
    text.rsplit_once(' ').map(|(time, _zone)| time.to_owned()).unwrap_or(text)
}

/// `15:00 EDT`.
#[must_use]
pub fn hour(at: Timestamp) -> String {
    let text = eastern::clock(at);
    let (time, zone) = text.split_once(' ').unwrap_or((&text, ""));
    format!("{} {zone}", time.get(..5).unwrap_or(time))
}

fn minus(negative: bool) -> String {
    if negative { MINUS.to_string() } else { String::new() }
}

/// Half away from zero, so that a gain and the same loss look alike.
fn micros_to_cents(micros: i64) -> i64 {
    let magnitude = (micros.unsigned_abs() + 5_000) / 10_000;
    let cents = i64::try_from(magnitude).unwrap_or(i64::MAX);
    if micros < 0 { -cents } else { cents }
}

fn dollars(cents: i64) -> String {
    let cents = cents.unsigned_abs();
    format!("{}.{:02}", thousands(cents / 100), cents % 100)
}

fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals_and_its_sign() {
        for (micros, plain, signed) in [
            (1_234_560_000, "$1,234.56", "+$1,234.56"),
            (-50_000, "−$0.05", "−$0.05"),
            (0, "$0.00", "$0.00"),
            (-4_999, "$0.00", "$0.00"),
            (-5_000, "−$0.01", "−$0.01"),
            (5_000, "$0.01", "+$0.01"),
        ] {
            assert_eq!(money(Money::from_micros(micros)), plain);
            assert_eq!(signed_money(Money::from_micros(micros)), signed);
        }
    }

    #[test]
    fn prices_are_cents_and_strikes_are_dollars() {
        assert_eq!(cents(Price::from_cents(93)), "93¢");
        assert_eq!(cents(Price::from_units(9_350)), "93.5¢");
        assert_eq!(cents(Price::from_units(9_355)), "93.55¢");
        assert_eq!(usd(UsdPrice::from_cents(11_808_201)), "$118,082.01");
        assert_eq!(strike(UsdPrice::from_cents(11_825_000)), "$118,250");
        assert_eq!(distance(UsdPrice::from_cents(158_250)), "$1,583");
        assert_eq!(distance(UsdPrice::from_cents(820)), "$8.20");
        assert_eq!(quantity(Quantity::from_units(7_194)), "71.94");
        assert_eq!(quantity(Quantity::from_contracts(33_338)), "33,338");
    }

    #[test]
    fn a_field_of_cents_reads_what_it_writes() {
        for (units, text) in [(9_500, "95"), (9_350, "93.5"), (9_355, "93.55"), (1, "0.01")] {
            assert_eq!(cents_field(Price::from_units(units)), text);
            assert_eq!(parse_cents(text), Some(Price::from_units(units)));
        }
        for text in ["", "x", "95.555", "95,5"] {
            assert_eq!(parse_cents(text), None, "{text}");
        }
        assert_eq!(fee(Money::from_micros(2_800)), "$0.0028");
        assert_eq!(fee(Money::from_micros(70_000)), "$0.07");
    }

    #[test]
    fn only_certainty_is_written_as_certain() {
        let text = |value| percent(Probability::new(value).expect("probability"));
        assert_eq!(text(0.973_4), "97.3 %");
        assert_eq!(text(0.999_9), ">99.9 %");
        assert_eq!(text(1.0), "100.0 %");
        assert_eq!(text(0.000_2), "<0.1 %");
        assert_eq!(text(0.0), "0.0 %");
        assert_eq!(points(-0.001), "0.00");
        assert_eq!(points(-0.4), "−0.40");
        assert_eq!(points(1.25), "+1.25");
    }

    #[test]
    fn times() {
        assert_eq!(countdown(TimeSpan::from_seconds(754)), "12:34");
        assert_eq!(countdown(TimeSpan::from_seconds(3_723)), "1:02:03");
        assert_eq!(countdown(TimeSpan::from_seconds(-5)), "00:00");
        assert_eq!(age(TimeSpan::from_millis(440)), "0.4 s");
        assert_eq!(age(TimeSpan::from_seconds(75)), "75 s");
        assert_eq!(age(TimeSpan::from_minutes(3)), "3 min");
        let close: Timestamp = "2025-07-26T19:00:00Z".parse().expect("instant");
        assert_eq!((clock(close, close).as_str(), hour(close).as_str()), ("15:00:00", "15:00 EDT"));
        assert_eq!(instant(close, close), "15:00:00 EDT");
        // Eight hours later it is still the same day in New York, nine hours later it is not.
        assert_eq!(clock(close, close + TimeSpan::from_minutes(8 * 60)), "15:00:00");
        assert_eq!(clock(close, close + TimeSpan::from_minutes(9 * 60)), "2025-07-26 15:00:00");
        assert_eq!(instant(close, close + TimeSpan::from_minutes(9 * 60)), "2025-07-26 15:00:00 EDT");
    }
}
