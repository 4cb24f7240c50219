//! A whole desk in one thread: every machine that decides, driven by the engine's own driver and connected by the
//! engine's topology, with the twin's core as exchange, under one seeded (time, sequence) queue with faults on the edges.
//!
//! | file | what it stands for |
//! |---|---|
//! | `world`, `happen` | all of it together, and the only order in which things happen |
//! | `queue`, `event`, `bus` | what is under way, and who hears of what |
//! | `seat`, `seats` | a machine in its driver; the machines of each process |
//! | `market` | feeds, books, chances, entries, exits |
//! | `money` | desk, sender, account; database and exchange |
//! | `memory`, `inbox`, `snapshot` | what Postgres keeps, and what a desk starts from |
//! | `venue`, `flow`, `reads`, `line` | the exchange in the desk's words: orders, money, lists of the account, books |
//! | `process` | ends, starts, standstills, the lease |
//! | `outside`, `hand` | the operator, the exchange's own troubles, a hand on the account |
//! | `fault` | what goes wrong and how often |
//! | `invariant`, `watch`, `ledgers` | what must never happen, and who looks for it |
//! | `coverage`, `digest` | what was reached, and one number of all that happened |
//! | `setup`, `model` | how the machines are set up |
//! | `run`, `summary` | seeds by the hundred, and what they came to together |

mod bus;
mod coverage;
mod digest;
mod event;
mod fault;
mod flow;
mod hand;
mod happen;
mod inbox;
mod invariant;
mod ledgers;
mod line;
mod market;
mod memory;
pub mod model;
mod money;
mod outside;
mod process;
mod queue;
mod reads;
mod run;
mod seat;
mod seats;
mod setup;
mod snapshot;
mod summary;
#[cfg(test)]
mod tests;
mod venue;
mod watch;
mod world;

pub use coverage::Coverage;
pub use fault::{FaultKind, Faults};
pub use invariant::{Breach, Invariant};
pub use run::{SeedReport, run_seed, run_seeds};
pub use summary::Summary;
pub use world::SimConfig;
