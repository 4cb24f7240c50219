//! The form of a server-sent event on the wire.

use std::fmt::Write as _;

use crate::view::Moment;

/// An event with a name and data of any number of lines.
#[must_use]
pub fn encode(name: &str, data: &str) -> String {
    let mut text = String::with_capacity(data.len() + data.len() / 16 + 32);
    let _infallible = writeln!(text, "event: {name}");
    // A carriage return would end a line, too.
    for line in data.split(['\n', '\r']) {
        if !line.trim().is_empty() {
            let _infallible = writeln!(text, "data: {line}");
        }
    }
    text.push('\n');
    text
}

/// Both clocks, as the page's scripts read them.
#[must_use]
pub fn clocks(now: Moment) -> String {
    let data = serde_json::json!({
        "market_ms": now.market.millis(),
        "wall_ms": now.wall.millis(),
        "speed": now.speed,
    });
    encode("clock", &data.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_can_never_begin_an_event_of_its_own() {
        assert_eq!(
            encode("trades", "<p>\n\nevent: clock\rdata: x</p>"),
            "event: trades\ndata: <p>\ndata: event: clock\ndata: data: x</p>\n\n"
        );
    }
}
