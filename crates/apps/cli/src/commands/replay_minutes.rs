//! The strike tables of a replay as text.

use rec_domain::{Price, eastern};
use rec_replay::frames::minutes::{Decision, Minute, MinuteRow, Minutes};

use super::table::columns;

const HEADING: [&str; 9] = ["strike", "side", "chance", "bid", "ask", "edge", "volume", "decision", "reasons"];
/// Columns that are numbers.
const NUMBERS: [usize; 6] = [0, 2, 3, 4, 5, 6];

pub(super) fn text(minutes: &Minutes) -> String {
    let assumed = minutes.assumed.iter().map(|one| format!("assumed: {one}"));
    let tables = minutes.minutes.iter().map(table);
    let parts: Vec<_> = assumed.chain(tables).collect();
    if parts.is_empty() {
        return "nothing in the recordings has a time, so there is no strike table".to_owned();
    }
    parts.join("\n\n")
}

fn table(minute: &Minute) -> String {
    let clock = eastern::date_and_clock(minute.at);
    let Some((event, left)) = minute.event.as_ref().zip(minute.seconds_to_close) else {
        return format!("{clock}: no known event is open");
    };
    let known = |name: &str, value: Option<String>| {
        value.map_or_else(|| format!("no {name}"), |value| format!("{name} {value}"))
    };
    let facts = [
        known("spot", minute.spot.map(|spot| spot.to_string())),
        known("index", minute.index.map(|index| index.to_string())),
        known("momentum", minute.momentum_percent.map(|percent| format!("{percent:+.3} %"))),
    ];
    let title = format!("{clock}: {event}, {:02}:{:02} to the close, {}", left / 60, left % 60, facts.join(", "));
    let rows: Vec<_> = [HEADING.map(str::to_owned)].into_iter().chain(minute.rows.iter().map(row)).collect();
    format!("{title}\n{}", columns(&rows, &NUMBERS))
}

fn row(row: &MinuteRow) -> [String; 9] {
    let price = |price: Option<Price>| price.map_or_else(|| "-".to_owned(), |price| price.to_string());
    let number =
        |value: Option<f64>, unit: &str| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}{unit}"));
    let decision = match row.decision {
        Decision::Enter { quantity, limit } => format!("buy {quantity} at most {limit}"),
        Decision::Refuse => "refuse".to_owned(),
    };
    let reasons: Vec<_> = row.reasons.iter().map(|reason| reason.message.as_str()).collect();
    [
        row.strike.to_string(),
        row.side.map_or_else(|| "-".to_owned(), |side| side.to_string()),
        number(row.probability, " %"),
        price(row.bid),
        price(row.ask),
        number(row.edge, ""),
        row.volume.to_string(),
        decision,
        reasons.join("; "),
    ]
}
