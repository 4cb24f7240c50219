//! Spans of wall time as they are typed: `120s`, `15m`, `2h`.

use std::time::Duration;

/// Reads a whole number with its unit.
///
/// # Errors
/// A text for the operator.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no span of time; write it as 120s, 15m or 2h");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_invalid| wrong())?;
    let seconds = match unit {
        "s" => number,
        "m" => number.saturating_mul(60),
        "h" => number.saturating_mul(3_600),
        _ => return Err(wrong()),
    };
    if (1..=7 * 86_400).contains(&seconds) { Ok(Duration::from_secs(seconds)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_needs_its_unit() {
        assert_eq!(parse("120s"), Ok(Duration::from_secs(120)));
        assert_eq!(parse("15m"), Ok(Duration::from_secs(900)));
        for text in ["", "120", "s", "1.5h", "-3s", "0s", "1d", "99999999999999999999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
