//! What the `entry` machine is told and what it wants done.

use rec_domain::{
    DecisionId, TimeSpan,
    bus_event::EntryStatus,
    command::{DeskReply, DeskRequest, NotedRefusal},
    desk_view::DeskView,
    market::Market,
    momentum::MomentumReading,
    strike_table::{StrikeRows, StrikeTable},
};
use serde::{Deserialize, Serialize};

/// How old what an entry is decided on may be, in market time (the shell has raised it to what transport needs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The desk's view.
    pub desk: TimeSpan,
    /// The strike table.
    pub table: TimeSpan,
    /// The spot price.
    pub spot: TimeSpan,
    /// The settlement index.
    pub index: TimeSpan,
    /// A market's book.
    pub book: TimeSpan,
    /// Momentum.
    pub momentum: TimeSpan,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            desk: TimeSpan::from_seconds(3),
            table: TimeSpan::from_seconds(3),
            spot: TimeSpan::from_seconds(3),
            index: TimeSpan::from_seconds(3),
            book: TimeSpan::from_seconds(3),
            momentum: TimeSpan::from_seconds(5),
        }
    }
}

/// Limits of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Ages.
    pub limits: Limits,
    /// Requests in any second of market time.
    pub requests_per_second: u32,
    /// After this a request without an answer is forgotten, if the desk's view is newer and does not show it.
    pub reply_timeout: TimeSpan,
    /// A market and side that the desk refused is left alone for this long.
    pub retry_after_refusal: TimeSpan,
    /// The status is published at least this often.
    pub status_every: TimeSpan,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            requests_per_second: 4,
            reply_timeout: TimeSpan::from_seconds(5),
            retry_after_refusal: TimeSpan::from_seconds(1),
            status_every: TimeSpan::from_seconds(1),
        }
    }
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// A strike table.
    Strikes(Box<StrikeTable>),
    /// Rows of the last strike table whose books changed.
    Rows(StrikeRows),
    /// The desk as it stands.
    Desk(Box<DeskView>),
    /// Momentum, the past readings first: what came before the desk's first word is taken when that comes, so that a
    /// pause holds over a restart.
    Momentum(MomentumReading),
    /// Every market that is open or about to open.
    Markets(Vec<Market>),
    /// The desk's answer to a request.
    Reply {
        /// The request.
        decision: DecisionId,
        /// The answer.
        reply: DeskReply,
    },
    /// Time has passed.
    Wake,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Ask the desk to open a trade, once. No answer is needed when the transport fails: the machine finds out by the
    /// desk's view, and asks anew with another identity only then.
    Request(Box<DeskRequest>),
    /// Publish what the machine is doing.
    Status(EntryStatus),
    /// Store why a market and side is not entered: the reason's code is another one than before. The desk's own
    /// refusals are stored by the desk.
    RefusalChanged(Box<NotedRefusal>),
}
