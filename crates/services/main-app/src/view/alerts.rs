//! What a person must see, until it is over and some time after.

use rec_domain::Timestamp;
use rec_store::{Alert, Severity};

use super::{Age, Limits, Moment, Tone, format};
use crate::live::Live;

/// What the alerts' panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertsView {
    /// Alerts, those that are not over first.
    pub rows: Vec<AlertRow>,
    /// How many are not over.
    pub open: usize,
    /// How old this is; `None` while nothing was read.
    pub age: Option<Age>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// How bad it is.
    pub severity: &'static str,
    /// Its tone; calm once it is over.
    pub tone: Tone,
    /// Its stable name, which is the name of its entry in the runbook.
    pub code: String,
    /// To what it happened.
    pub subject: String,
    /// For people.
    pub message: String,
    /// Since when, Eastern.
    pub since: String,
    /// Until when, Eastern; `None` while it is not over.
    pub until: Option<String>,
}

impl AlertsView {
    /// The alerts' panel.
    #[must_use]
    pub fn of(live: &Live, now: Moment) -> Self {
        let alerts = live.records.as_ref().map(|records| records.value.alerts.as_slice()).unwrap_or_default();
        Self {
            rows: alerts.iter().map(|alert| AlertRow::of(alert, now.market)).collect(),
            open: alerts.iter().filter(|alert| alert.resolved_at.is_none()).count(),
            age: live.records.as_ref().map(|records| Age::wall(records.received_at, Limits::RECORDS_WALL, now)),
        }
    }
}

impl AlertRow {
    fn of(alert: &Alert, now: Timestamp) -> Self {
        Self {
            severity: alert.severity.name(),
            tone: match (alert.resolved_at, alert.severity) {
                (Some(_), _) | (None, Severity::Info) => Tone::Calm,
                (None, Severity::Warning) => Tone::Warn,
                (None, Severity::Critical) => Tone::Bad,
            },
            code: alert.code.clone(),
            subject: alert.subject.clone(),
            // The subject stands before it.
            message: alert.message.strip_prefix(&alert.subject).unwrap_or(&alert.message).trim().to_owned(),
            since: format::clock(alert.raised_at, now),
            until: alert.resolved_at.map(|at| format::clock(at, now)),
        }
    }
}
