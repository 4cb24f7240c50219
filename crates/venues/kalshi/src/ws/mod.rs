//! The stream: frames as they come, commands as they go, the connection that carries both, and the watch over the
//! sequence numbers.

pub mod backoff;
pub mod command;
pub mod connection;
mod decode;
pub mod frame;
pub(crate) mod lifecycle;
mod plain_delta;
pub mod sequence;

pub use backoff::Backoff;
pub use command::{Channel, Command};
pub use connection::{CommandError, CommandSender, Connection, ConnectionConfig, DisconnectReason, Event};
pub use frame::{
    BookDelta, BookSnapshot, ErrorFrame, EventFeeUpdate, EventLifecycle, Frame, FrameKind, IndexTick, IndexValue,
    LifecycleUpdate, OrderGroupUpdate, PublicTrade, Subscription, TickerUpdate, WindowMean,
};
pub use sequence::{Observation, Repair, RepairQueue, SequenceTracker};
