//! The bus of a process whose desk runs as several: a local bus joined to the others' through a NATS server.
//!
//! Subscribers of a process are always served by its own [`LocalBus`](crate::LocalBus), so an event that is published
//! and used in one process never waits for the network, and goes on coming while the server is away. Only what the
//! topology feeds to another process is sent, and only what this process is fed with from elsewhere is received.
//!
//! Against the promises of [`Bus`](crate::Bus):
//!
//! - *Order*: events of one publisher arrive in the order of publishing; nothing is said about two publishers.
//! - *Newest state*: a process that connects asks each publisher that it is fed by for its newest states, and a
//!   publisher that connects sends them unasked. So whichever of the two comes later, the state arrives, and it is the
//!   whole state: books too are sent as all that are known. It may come a second time; a state may, a happening not.
//! - *Loss*: states published while the server is away are not kept, since newer ones replace them. Happenings are
//!   kept, the newest [`MOST_HELD`] of them; the oldest are dropped first and counted. An event that is on its way when
//!   the connection breaks is lost; the receiver sees the gap in the publisher's count, counts it, and asks for the
//!   newest states. Whatever must survive is in Postgres.
//!
//! - `options`: where the server is and which events cross. `bus`: the [`NatsBus`]. `bridge`: connects, again and again.
//! - `session`: one connection. `wire`: subjects and messages. `gap`: what a receiver has missed.
//! - [`link`]: how the connection is doing, for health and metrics.

mod bridge;
mod bus;
mod gap;
pub mod link;
mod options;
mod session;
mod wire;

pub use bridge::MOST_HELD;
pub use bus::NatsBus;
pub use link::{Link, LinkStatus};
pub use options::{Feed, NatsOptions, Password};

#[cfg(test)]
mod tests;
