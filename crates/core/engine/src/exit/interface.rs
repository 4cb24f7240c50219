//! What the `exit` machine is told and what it wants done.

use rec_domain::{
    DecisionId, TimeSpan, TradeId,
    book::BookTop,
    command::{DeskReply, DeskRequest},
    desk_view::DeskView,
    momentum::MomentumReading,
    strike_table::StrikeTable,
};
use serde::{Deserialize, Serialize};

/// Limits, in market time (the shell has scaled those that also cover transport).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// How old the desk's view may be.
    pub desk_limit: TimeSpan,
    /// How old the strike table may be.
    pub table_limit: TimeSpan,
    /// How old spot price and index may be.
    pub price_limit: TimeSpan,
    /// How old momentum may be.
    pub momentum_limit: TimeSpan,
    /// How old a book may be.
    pub book_limit: TimeSpan,
    /// A missed close is tried again after this.
    pub retry_every: TimeSpan,
    /// After this a request without an answer is forgotten, if the desk's view is newer and does not show it.
    pub reply_timeout: TimeSpan,
    /// While there is something to supervise the machine looks at least this often.
    pub tick: TimeSpan,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            desk_limit: TimeSpan::from_seconds(3),
            table_limit: TimeSpan::from_millis(2_500),
            price_limit: TimeSpan::from_millis(2_500),
            momentum_limit: TimeSpan::from_seconds(5),
            book_limit: TimeSpan::from_seconds(3),
            retry_every: TimeSpan::from_millis(500),
            reply_timeout: TimeSpan::from_seconds(5),
            tick: TimeSpan::from_millis(250),
        }
    }
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// A strike table.
    Strikes(Box<StrikeTable>),
    /// Tops of books that changed.
    Books(Vec<BookTop>),
    /// The desk as it stands.
    Desk(Box<DeskView>),
    /// Momentum.
    Momentum(MomentumReading),
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

/// What keeps a trade from being supervised, or closed where that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// Desk, strike table, spot, index or momentum are missing or stale: supervision is suspended.
    Inputs,
    /// The chance of the trade's side is not known: supervision is suspended.
    Chance,
    /// A close is wanted, but the book is missing or stale.
    Book,
    /// A close is wanted, but nobody buys at the worst price or better.
    NoBid,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Ask the desk to close a trade. No answer is needed when the transport fails.
    Request(Box<DeskRequest>),
    /// Raise an alarm, or end it where there is no obstacle any more.
    Alarm {
        /// The trade that it concerns.
        trade: TradeId,
        /// What is in the way; `None` ends the alarm of this trade.
        obstacle: Option<Obstacle>,
        /// For people.
        message: String,
    },
}
