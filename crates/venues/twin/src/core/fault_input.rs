//! Faults of the world itself: what goes wrong on the exchange, not on the way to it.
//!
//! They are mutations, so that they are journalled and a rebuilt world has them too. Faults of transport (lost frames,
//! timeouts, refusals) are the server's and leave the world as it is.

use rec_domain::{Money, TimeSpan, UsdPrice};
use serde::{Deserialize, Serialize};

/// What goes wrong, once, at the instant of the mutation that carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fault {
    /// An open event closes now; its result comes from the minute before, with the usual delays.
    EarlyClose {
        /// The event.
        event_ticker: String,
    },
    /// The result of an event that is not determined yet comes this much later, and so does its payment.
    ResultLate {
        /// The event.
        event_ticker: String,
        /// How much later.
        by: TimeSpan,
    },
    /// A determined event's value is replaced: its markets become `amended` with the results that follow from it.
    /// What was paid already is taken back and paid anew.
    Amended {
        /// The event.
        event_ticker: String,
        /// What it settles on now.
        value: UsdPrice,
    },
    /// A determined event that was not paid becomes `disputed` and is not paid until a `Fault::Amended`.
    Disputed {
        /// The event.
        event_ticker: String,
    },
    /// Nothing of an index is passed on for a while. The price goes on; the prints are missing for ever, and a close
    /// that lacks any of its sixty stays undetermined until a `Fault::Amended` gives it a value.
    IndexGap {
        /// The index, as `BRTI`.
        index_id: String,
        /// How long.
        lasts: TimeSpan,
    },
    /// All free cash but this goes from the crypto shard to shard 0.
    CollateralGone {
        /// What stays.
        left: Money,
    },
    /// An order group trips by itself.
    GroupTripped {
        /// The group.
        order_group_id: String,
    },
    /// Trading pauses now, as on a Thursday, and resumes after this long. Cancels are taken.
    TradingPause {
        /// How long.
        lasts: TimeSpan,
    },
}
