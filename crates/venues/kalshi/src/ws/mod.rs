//! The stream: frames as they come, commands as they go, the connection that carries both, and the watch over the
//! sequence numbers.

pub mod backoff;
mod book;
pub mod command;
pub mod command_sender;
pub mod connection;
pub mod connection_config;
mod decode;
pub mod event;
pub mod frame;
mod index;
pub(crate) mod lifecycle;
mod market;
mod plain_delta;
pub mod sequence;

pub use backoff::Backoff;
pub use command::{Channel, Command};
pub use command_sender::{CommandError, CommandSender};
pub use connection::Connection;
pub use connection_config::ConnectionConfig;
pub use event::{DisconnectReason, Event};
pub use frame::{
    BookDelta, BookSnapshot, ErrorFrame, EventFeeUpdate, EventLifecycle, Frame, FrameKind, IndexTick, IndexValue,
    LifecycleUpdate, OrderGroupUpdate, PublicTrade, Subscription, TickerUpdate, WindowMean,
};
pub use sequence::{Observation, Repair, RepairQueue, SequenceTracker};
