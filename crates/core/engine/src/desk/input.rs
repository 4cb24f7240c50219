//! What the desk is told, what it wants done, and how it is set up.

use rec_domain::{
    DecisionId, IntentId, TimeSpan,
    answer::Answer,
    arming::Binding,
    book::BookTop,
    caps::RiskCaps,
    command::{DeskReply, DeskRequest},
    desk_view::DeskView,
    emergency::EmergencyOrder,
    market::{Market, MarketLifecycle},
    report::Report,
    row::Commit,
};
use serde::{Deserialize, Serialize};

/// What the desk is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum DeskInput {
    /// Somebody asks for something.
    Request(DeskRequest),
    /// The next report of the exchange in the inbox.
    Report {
        /// Its number in the inbox.
        number: i64,
        /// What it says.
        report: Report,
    },
    /// The next answer of the executor.
    Answer {
        /// Its number.
        number: i64,
        /// What it says.
        answer: Answer,
    },
    /// Orders that were sent without the desk in an emergency. What was told before is told again until it is known.
    Adopt {
        /// The orders.
        orders: Vec<EmergencyOrder>,
    },
    /// Every market that is open or about to open.
    Markets {
        /// The markets.
        markets: Vec<Market>,
    },
    /// Books that changed, at least of the markets in which something is held.
    Tops {
        /// Their tops, each with its age.
        tops: Vec<BookTop>,
    },
    /// A change in a market's life.
    Lifecycle(MarketLifecycle),
    /// The time of day stepped against the running time.
    ClockStepped {
        /// By how much; positive when it is ahead.
        step: TimeSpan,
    },
    /// Where the exchange's clock is, by its last answers.
    ExchangeClock {
        /// How far it is ahead of ours; behind when negative.
        ahead: TimeSpan,
    },
    /// The commit in flight happened.
    Committed {
        /// Its number.
        number: i64,
    },
    /// The commit in flight certainly did not happen.
    CommitFailed {
        /// Its number.
        number: i64,
        /// Whether the same rows can never be committed, as when they break a constraint.
        for_ever: bool,
        /// Why.
        reason: String,
    },
    /// Nobody knows whether the commit in flight happened.
    CommitUnknown {
        /// Its number.
        number: i64,
        /// Why.
        reason: String,
    },
    /// It is later.
    Wake,
}

/// What the desk wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum DeskOutput {
    /// Commit this, and say what became of it.
    Commit(Commit),
    /// Find out whether the commit of this number happened, and say so.
    Resolve {
        /// Its number.
        number: i64,
    },
    /// Answer a request.
    Reply {
        /// The request.
        decision: DecisionId,
        /// The answer.
        reply: DeskReply,
    },
    /// Tell the executor that an intent is committed.
    Dispatch {
        /// The intent.
        intent: IntentId,
    },
    /// Show the desk as it stands.
    Publish(Box<DeskView>),
    /// Ask for a complete reading of the account.
    RequestSweep,
    /// Something that a person must see.
    Alarm {
        /// What, for people.
        message: String,
    },
    /// This desk must not go on: start again from the database.
    Stop {
        /// Why.
        reason: String,
    },
}

/// How the desk is set up. Spans that cover transport are already scaled for accelerated time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskConfig {
    /// Limits on entries.
    pub caps: RiskCaps,
    /// What an arming is bound to.
    #[serde(default)]
    pub binding: Binding,
    /// Counts up when caps that were lowered at run time, and the peak of equity, shall be forgotten.
    pub risk_revision: u32,
    /// A bid that is older counts as nothing.
    pub book_limit: TimeSpan,
    /// An entry is not sent later than this after it was decided.
    pub entry_send_by: TimeSpan,
    /// How long after the last word on an unknown close it is sent again.
    pub repeat_after: TimeSpan,
    /// A repetition is not sent later than this after it was decided.
    pub repeat_send_by: TimeSpan,
    /// How often a close is sent again at most; after that it is only looked for.
    pub repeats_most: usize,
    /// How far a complete reading must reach past the signature of an unknown order before absence counts.
    pub absence_proof: TimeSpan,
    /// How far a complete reading must reach past the last change in the books before a difference counts.
    pub quiet_before_comparison: TimeSpan,
    /// The exchange's clock may be this far from ours.
    pub clock_distance: TimeSpan,
    /// A halt for the clock ends when the clock has run evenly for this long.
    pub clock_calm: TimeSpan,
    /// How often the view is published when nothing changes.
    pub view_interval: TimeSpan,
    /// How long to wait before a failed commit or a failed order group is tried again.
    pub retry_after: TimeSpan,
    /// How long a clean comparison is not stored again while nothing changes.
    pub comparison_interval: TimeSpan,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self {
            caps: RiskCaps::default(),
            binding: Binding::default(),
            risk_revision: 1,
            book_limit: TimeSpan::from_seconds(3),
            entry_send_by: TimeSpan::from_seconds(2),
            repeat_after: TimeSpan::from_seconds(1),
            repeat_send_by: TimeSpan::from_seconds(2),
            repeats_most: 10,
            absence_proof: TimeSpan::from_seconds(35),
            quiet_before_comparison: TimeSpan::from_seconds(5),
            clock_distance: TimeSpan::from_seconds(1),
            clock_calm: TimeSpan::from_seconds(10),
            view_interval: TimeSpan::from_seconds(1),
            retry_after: TimeSpan::from_seconds(1),
            comparison_interval: TimeSpan::from_seconds(60),
        }
    }
}
