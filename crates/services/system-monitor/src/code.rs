//! Which alerts there are.

use rec_domain::{Service, halt::HaltSource};
use rec_store::Severity;
use serde::{Serialize, Serializer};

/// What kind of thing is wrong. `docs/OPERATIONS.md` has an entry for each, under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertCode {
    /// A service does not answer.
    ServiceSilent,
    /// Something that a service has to be doing is not done.
    ServiceUnhealthy,
    /// What a service goes on without is missing.
    ServiceDegraded,
    /// What comes from a venue or the exchange has stopped.
    FeedStale,
    /// Entries are halted because the desk is failing.
    EntriesHalted,
    /// An order group has tripped.
    EntryGroupTripped,
    /// Ledger and exchange differ.
    BooksDiffer,
    /// The time of day jumped.
    ClockJumped,
    /// Equity has fallen far from its peak.
    DrawdownNear,
    /// Many orders to close within a minute.
    ManyExits,
    /// A market has closed and does not pay.
    ResultLate,
}

impl AlertCode {
    /// All codes.
    pub const ALL: &'static [Self] = &[
        Self::ServiceSilent,
        Self::ServiceUnhealthy,
        Self::ServiceDegraded,
        Self::FeedStale,
        Self::EntriesHalted,
        Self::EntryGroupTripped,
        Self::BooksDiffer,
        Self::ClockJumped,
        Self::DrawdownNear,
        Self::ManyExits,
        Self::ResultLate,
    ];

    /// Stable name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServiceSilent => "service_silent",
            Self::ServiceUnhealthy => "service_unhealthy",
            Self::ServiceDegraded => "service_degraded",
            Self::FeedStale => "feed_stale",
            Self::EntriesHalted => "entries_halted",
            Self::EntryGroupTripped => "entry_group_tripped",
            Self::BooksDiffer => "books_differ",
            Self::ClockJumped => "clock_jumped",
            Self::DrawdownNear => "drawdown_near",
            Self::ManyExits => "many_exits",
            Self::ResultLate => "result_late",
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::ServiceDegraded => Severity::Info,
            Self::ServiceUnhealthy | Self::FeedStale | Self::EntriesHalted | Self::DrawdownNear | Self::ResultLate => {
                Severity::Warning
            }
            Self::ServiceSilent | Self::EntryGroupTripped | Self::BooksDiffer | Self::ClockJumped | Self::ManyExits => {
                Severity::Critical
            }
        }
    }

    /// What to do about it first, in a sentence; the runbook begins with the same.
    #[must_use]
    pub const fn what_to_do(self) -> &'static str {
        match self {
            Self::ServiceSilent => "See whether its process runs, and read the end of its log.",
            Self::ServiceUnhealthy => "Look at its input first, then at its log.",
            Self::ServiceDegraded => "Look at what is named; the service goes on without it.",
            Self::FeedStale => "Wait; if it lasts, look at the venue's status.",
            Self::EntriesHalted => "Look at the other alerts; the halt ends when all are well again.",
            Self::EntryGroupTripped => "Find out why the desk was silent, then reset the group on the page.",
            Self::BooksDiffer => "Compare the named rows with the exchange's page; do not clear the halt by hand.",
            Self::DrawdownNear => "See what lost and whether it is to go on; at the cap entries stop by themselves.",
            Self::ManyExits => "See which trade is closed again and again, and why nothing fills.",
            Self::ClockJumped => "See whether the machine's time is synchronised.",
            Self::ResultLate => "Look at the market on the exchange's page; the trade is held until it is paid.",
        }
    }

    /// The code of a failing check.
    pub(crate) fn of_check(service: Service, check: &str) -> Self {
        const FEEDS: [Service; 3] = [Service::PriceWatchdog, Service::KalshiApiWatchdog, Service::KalshiAccountSync];
        const CHECKS: [&str; 7] =
            ["spot prices", "index prints", "momentum", "stream", "books", "markets", "account stream"];
        if FEEDS.contains(&service) && CHECKS.contains(&check) { Self::FeedStale } else { Self::ServiceUnhealthy }
    }

    /// The code of a halt; none for the operator's own.
    pub(crate) const fn of_halt(source: HaltSource) -> Option<Self> {
        match source {
            HaltSource::Operator => None,
            HaltSource::Failure => Some(Self::EntriesHalted),
            HaltSource::Reconciliation => Some(Self::BooksDiffer),
            HaltSource::OrderGroup => Some(Self::EntryGroupTripped),
            HaltSource::Clock => Some(Self::ClockJumped),
        }
    }
}

impl Serialize for AlertCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runbook_has_an_entry_for_each_alert_and_for_no_other_and_begins_with_what_it_says_itself() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/OPERATIONS.md");
        let page = std::fs::read_to_string(page).expect("the runbook is in the checkout");
        let alerts = page.split("\n## ").find(|section| section.starts_with("Alerts\n")).expect("there is a section");
        let entries: Vec<(&str, &str)> =
            alerts.split("\n### ").skip(1).map(|entry| entry.split_once('\n').expect("an entry has a text")).collect();
        let headings: Vec<String> = AlertCode::ALL.iter().map(|code| format!("`{}`", code.name())).collect();
        assert_eq!(entries.iter().map(|(heading, _)| *heading).collect::<Vec<_>>(), headings);
        for ((_, text), code) in entries.iter().zip(AlertCode::ALL) {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(code.what_to_do()), "{code:?}: {text}");
        }
    }
}
