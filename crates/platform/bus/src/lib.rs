//! Events between services. Postgres is the truth for whatever must survive; losing an event loses no order and
//! no fill.
//!
//! - [`bus`]: the [`Bus`] trait, which every form of the bus has, and the [`Subscription`] that it hands out.
//! - [`queue`]: the bounded queue of one subscriber and its rule for dropping.
//! - [`latest`]: the newest state by topic, which a late subscriber is given first.
//! - [`local`]: the bus within one process. [`nats`]: the bus of a process that is joined to others.
//!
//! ```
//! # use std::sync::Arc;
//! # use rec_bus::{Bus, LocalBus};
//! # use rec_domain::bus_event::{BusEvent, Topic};
//! # async fn example(event: BusEvent) {
//! let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
//! let mut subscription = bus.subscribe(&[Topic::Desk, Topic::Strikes]);
//! bus.publish(event);
//! let delivery = subscription.recv().await;
//! match &*delivery.event {
//!     BusEvent::Desk(view) => println!("epoch {}", view.epoch),
//!     _ => {}
//! }
//! # }
//! ```

pub mod bus;
pub mod latest;
pub mod local;
pub mod nats;
pub mod queue;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use bus::{Bus, Delivery, Subscription};
pub use local::LocalBus;
pub use nats::NatsBus;
