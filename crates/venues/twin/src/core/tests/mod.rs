//! Promises of the exchange, each by its name.

mod books;
mod changes;
mod desk;
mod faults;
mod flicker;
mod groups;
mod market_data;
mod mirror;
mod money;
mod orders;
mod recorded;
mod series;
mod sessions;
mod settlement;
mod support;
mod world;
