//! What happened last.

use rec_domain::{
    Timestamp,
    outbox::{DeskEvent, OutboxEvent},
};

use super::{Moment, Tone, automation, format};
use crate::live::Live;

/// Events shown.
const SHOWN: usize = 12;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number, which is the row's key.
    pub number: i64,
    /// When, Eastern.
    pub at: String,
    /// What kind of thing.
    pub kind: &'static str,
    /// What happened.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
}

/// The newest events first.
#[must_use]
pub fn rows(live: &Live, now: Moment) -> Vec<EventRow> {
    live.events.iter().take(SHOWN).map(|event| EventRow::of(event, now.market)).collect()
}

impl EventRow {
    fn of(event: &OutboxEvent, now: Timestamp) -> Self {
        let (kind, text, tone) = describe(&event.event, now);
        Self { number: event.number, at: format::clock(event.at, now), kind, text, tone }
    }
}

fn describe(event: &DeskEvent, now: Timestamp) -> (&'static str, String, Tone) {
    match event {
        DeskEvent::Trade { trade, ticker, side, state, held, realised } => {
            let tone = if state.is_final() { Tone::of_sign(realised.micros().signum()) } else { Tone::Calm };
            let side = side.name().to_uppercase();
            let result = if state.is_final() {
                format!(", {}", format::signed_money(*realised))
            } else if held.is_positive() {
                format!(", {} held", format::quantity(*held))
            } else {
                String::new()
            };
            ("trade", format!("#{trade} {} {side} {ticker}{result}", state.name()), tone)
        }
        DeskEvent::Order { trade, state, note, .. } => {
            let note = note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
            let tone = match state {
                rec_domain::order::OrderState::Unknown | rec_domain::order::OrderState::Rejected => Tone::Bad,
                _ => Tone::Calm,
            };
            ("order", format!("order of #{trade} {}{note}", state.name()), tone)
        }
        DeskEvent::Fill { trade, quantity, price, fee } => (
            "fill",
            format!("#{trade} {} at {}, fee {}", format::quantity(*quantity), format::cents(*price), format::fee(*fee)),
            Tone::Calm,
        ),
        DeskEvent::Refused { ticker, side, refusal } => (
            "refused",
            format!(
                "{} {ticker}: {} ({})",
                side.name().to_uppercase(),
                automation::words(refusal.code),
                refusal.message
            ),
            Tone::Warn,
        ),
        DeskEvent::Halted { source, reason } => ("halt", format!("halted by {source}: {reason}"), Tone::Bad),
        DeskEvent::Resumed { source, reason } => ("resume", format!("halt of {source} ended: {reason}"), Tone::Good),
        DeskEvent::Armed { until, reason } => {
            ("armed", format!("armed until {}: {reason}", format::instant(*until, now)), Tone::Warn)
        }
        DeskEvent::Disarmed { reason } => ("disarmed", format!("disarmed: {reason}"), Tone::Calm),
        DeskEvent::Automation { auto_entry, auto_stop } => {
            let word = |on: &bool| if *on { "on" } else { "off" };
            ("switch", format!("auto entry {}, auto stop {}", word(auto_entry), word(auto_stop)), Tone::Calm)
        }
        DeskEvent::CapsTightened { caps, reason } => {
            ("caps", format!("lowered to {}: {reason}", caps.join(", ")), Tone::Warn)
        }
        DeskEvent::Flow { kind, stage, amount } => {
            ("money", format!("{} of {}: {}", kind.name(), format::money(*amount), stage.name()), Tone::Calm)
        }
        DeskEvent::Adjusted { exchange_index, amount, reason } => {
            ("books", format!("{} adjusted on shard {exchange_index}: {reason}", format::money(*amount)), Tone::Warn)
        }
        DeskEvent::Disagreement { differences } => {
            ("books", format!("ledger and exchange differ: {}", differences.join("; ")), Tone::Bad)
        }
    }
}
