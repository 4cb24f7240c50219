//! The `book` machine: order books that are known to be right, or known not to be known.
//!
//! It keeps one subscription to the exchange's book channel. The numbers of a subscription's frames count over all
//! its markets and over acknowledgements, so a gap makes every book of the subscription unknown until a new snapshot
//! came. What is wanted (subscriptions, repairs, reconnects) is derived from the state at every step and asked for at a
//! bounded rate, so that a broken line cannot start a storm of requests.
//!
//! A book is *current* while the line is proven alive: any frame proves it for a while, and when the subscription itself
//! says nothing for [`Config::probe_after`], one snapshot is asked for as a probe. So a channel that was silenced alone
//! is found out too.

mod interface;
mod machine;
mod tracked;

#[cfg(test)]
mod tests;

pub use interface::{Config, Input, Levels, Output, SubscriptionId};
pub use machine::BookMachine;
