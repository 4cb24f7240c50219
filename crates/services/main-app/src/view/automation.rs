//! The two switches, and what the entry supervisor does.

use rec_domain::{
    Quantity,
    bus_event::{EntryState, EntryStatus},
    refusal::RefusalCode,
};

use super::{Age, Limits, Moment, Tone, format};
use crate::live::Live;

/// What the automation panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct AutomationView {
    /// The switches; `None` while the desk has not said anything.
    pub switches: Option<Switches>,
    /// What the entry supervisor does; `None` while it has not said anything.
    pub entry: Option<EntryView>,
}

/// The switches with the rules behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Switches {
    /// Whether entries are automatic.
    pub auto_entry: bool,
    /// Whether exits are automatic.
    pub auto_stop: bool,
    /// When it enters, in words.
    pub entry_rule: String,
    /// When it leaves, in words.
    pub stop_rule: String,
}

/// What the entry supervisor does.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryView {
    /// Its state in one word.
    pub state: &'static str,
    /// The state's tone.
    pub tone: Tone,
    /// Until when it is paused, in milliseconds of market time, and the time left.
    pub pause: Option<(i64, String)>,
    /// Why it does not enter now, the most frequent first.
    pub why_not: Vec<Reason>,
    /// In one sentence, what keeps it from looking at all.
    pub held_by: Option<String>,
    /// Rows looked at.
    pub considered: String,
    /// Requests made.
    pub requested: u64,
    /// How old this is.
    pub age: Age,
}

/// A reason with the number of rows that it kept out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The stable code.
    pub code: &'static str,
    /// In words.
    pub words: &'static str,
    /// How many rows.
    pub count: u64,
}

impl Reason {
    /// How many rows, as it is written on the page.
    #[must_use]
    pub fn times(&self) -> String {
        format::count(self.count)
    }
}

/// Reasons that are listed.
const REASONS_SHOWN: usize = 4;

impl AutomationView {
    /// The automation panel.
    #[must_use]
    pub fn of(live: &Live, now: Moment) -> Self {
        let settings = live.desk.as_ref().map(|desk| &desk.value.settings);
        Self {
            switches: settings.map(|settings| Switches {
                auto_entry: settings.auto_entry,
                auto_stop: settings.auto_stop,
                entry_rule: format!(
                    "{} at ≥ {} %, edge ≥ {} pt, {}–{} before the close",
                    contracts(settings.contracts()),
                    settings.min_probability_percent,
                    settings.min_differential_points,
                    format::countdown(rec_domain::TimeSpan::from_seconds(settings.max_time_seconds)),
                    format::countdown(rec_domain::TimeSpan::from_seconds(settings.min_time_seconds)),
                ),
                stop_rule: format!(
                    "leaves below {} %{}",
                    settings.stop_probability_percent,
                    if settings.momentum_exit_enabled {
                        format!(", or momentum ±{} against", settings.momentum_exit_threshold)
                    } else {
                        String::new()
                    },
                ),
            }),
            entry: live.entry.as_ref().map(|entry| {
                let (state, tone) = match entry.value.state {
                    EntryState::Disabled => ("disabled", Tone::Calm),
                    EntryState::Paused => ("paused", Tone::Bad),
                    EntryState::Inactive => ("inactive", Tone::Warn),
                    EntryState::Active => ("active", Tone::Good),
                };
                EntryView {
                    state,
                    tone,
                    pause: entry
                        .value
                        .paused_until
                        .map(|until| (until.millis(), format::countdown(until.since(now.market)))),
                    why_not: recent_reasons(live.entry_before.as_ref(), &entry.value),
                    held_by: held_by(live, &entry.value),
                    considered: format::count(entry.value.considered),
                    requested: entry.value.requested,
                    age: Age::wall(entry.received_at, Limits::STATUS_WALL, now),
                }
            }),
        }
    }
}

fn contracts(quantity: Quantity) -> String {
    let word = if quantity == Quantity::from_contracts(1) { "contract" } else { "contracts" };
    format!("{} {word}", format::quantity(quantity))
}

fn held_by(live: &Live, status: &EntryStatus) -> Option<String> {
    let desk = live.desk.as_ref().map(|desk| &desk.value);
    match status.state {
        EntryState::Active => None,
        EntryState::Paused => Some("A momentum spike: waiting until it has been calm".to_owned()),
        EntryState::Inactive => Some("Outside the time window before the close".to_owned()),
        EntryState::Disabled => Some(match desk {
            None => "The desk has not said anything yet".to_owned(),
            Some(desk) if !desk.settings.auto_entry => "Auto entry is off".to_owned(),
            Some(desk) if !desk.halts.is_empty() => "Entries are halted".to_owned(),
            Some(desk) if !desk.ready => "Books and exchange are being compared".to_owned(),
            Some(_) => "A price, the index or the desk's state is missing or stale".to_owned(),
        }),
    }
}

/// The reasons that counted since the status before; over the whole time when there was none, or nothing counted.
fn recent_reasons(before: Option<&EntryStatus>, present: &EntryStatus) -> Vec<Reason> {
    let counted = |code: RefusalCode| -> u64 {
        let earlier = before.and_then(|before| before.refused.iter().find(|(known, _)| *known == code));
        earlier.map_or(0, |(_, count)| *count)
    };
    let mut reasons: Vec<Reason> = present
        .refused
        .iter()
        .map(|(code, count)| (*code, count.saturating_sub(counted(*code))))
        .filter(|(_, count)| *count > 0)
        .map(|(code, count)| Reason { code: code.name(), words: words(code), count })
        .collect();
    reasons.sort_by(|a, b| b.count.cmp(&a.count).then(a.code.cmp(b.code)));
    reasons.truncate(REASONS_SHOWN);
    if reasons.is_empty() && before.is_some() { recent_reasons(None, present) } else { reasons }
}

/// A refusal in words that complete "not entered: ...".
#[must_use]
pub const fn words(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::Halted => "halted",
        RefusalCode::Disarmed => "not armed",
        RefusalCode::NothingToArm => "nothing to arm in this mode",
        RefusalCode::SecondFactor => "second factor missing or wrong",
        RefusalCode::TooManyCodes => "too many wrong codes",
        RefusalCode::OtherDesk => "another desk on the account",
        RefusalCode::SwitchedOff => "auto entry off",
        RefusalCode::StaleSpot => "spot price stale",
        RefusalCode::StaleIndex => "index stale",
        RefusalCode::StaleBook => "book stale",
        RefusalCode::StaleDesk => "desk state stale",
        RefusalCode::NoProbability => "no chance known",
        RefusalCode::SpikePause => "spike pause",
        RefusalCode::OutsideWindow => "outside time window",
        RefusalCode::MarketNotOpen => "market not open",
        RefusalCode::Cooldown => "cooling down",
        RefusalCode::AlreadyTraded => "already traded",
        RefusalCode::OppositeHeld => "other side held",
        RefusalCode::UnknownOrder => "order outcome unknown",
        RefusalCode::Volume => "too little volume",
        RefusalCode::AskLimit => "ask missing or too high",
        RefusalCode::Probability => "chance too small",
        RefusalCode::Edge => "edge too small",
        RefusalCode::ContractsPerOrder => "cap: contracts per order",
        RefusalCode::MoneyPerMarket => "cap: money per market",
        RefusalCode::MoneyPerEvent => "cap: money per event",
        RefusalCode::MoneyPerDay => "cap: money per day",
        RefusalCode::MoneyPerAccount => "cap: money per account",
        RefusalCode::DailyLoss => "cap: daily loss",
        RefusalCode::Drawdown => "cap: drawdown",
        RefusalCode::NotTighter => "a cap is only ever lowered",
        RefusalCode::OrdersPerMinute => "cap: orders per minute",
        RefusalCode::OpenTrades => "cap: open trades",
        RefusalCode::Cash => "not enough cash",
        RefusalCode::Price => "limit off the price grid",
        RefusalCode::Quantity => "no quantity",
        RefusalCode::UnknownTerms => "fee or collateral rule unknown",
        RefusalCode::UnknownMarket => "market unknown",
        RefusalCode::OrderGroup => "order group missing or tripped",
        RefusalCode::NoSuchTrade => "no such trade",
        RefusalCode::AlreadyClosing => "already closing",
        RefusalCode::NothingHeld => "nothing held",
        RefusalCode::TooLate => "too late",
        RefusalCode::BadSettings => "settings make no sense",
        RefusalCode::SettingsChanged => "settings changed meanwhile",
        RefusalCode::Unreconciled => "books not compared or disagree",
        RefusalCode::Adjustment => "adjustment explains nothing",
        RefusalCode::NotLeading => "desk does not lead",
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::Timestamp;

    use super::*;

    fn status(refused: &[(RefusalCode, u64)]) -> EntryStatus {
        EntryStatus {
            at: Timestamp::from_seconds(0),
            state: EntryState::Active,
            paused_until: None,
            considered: 0,
            requested: 0,
            refused: refused.to_vec(),
        }
    }

    #[test]
    fn why_not_is_what_counted_last() {
        let before = status(&[(RefusalCode::Volume, 900), (RefusalCode::Edge, 5)]);
        let present = status(&[(RefusalCode::Volume, 900), (RefusalCode::Edge, 9), (RefusalCode::Probability, 20)]);
        let codes =
            |reasons: Vec<Reason>| reasons.into_iter().map(|reason| (reason.code, reason.count)).collect::<Vec<_>>();
        assert_eq!(codes(recent_reasons(Some(&before), &present)), [("probability", 20), ("edge", 4)]);
        assert_eq!(
            codes(recent_reasons(Some(&present), &present))[0],
            ("volume", 900),
            "nothing new: over the whole time"
        );
    }
}
