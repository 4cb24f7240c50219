//! Promises of the exchange, each by its name.

mod books;
mod desk;
mod groups;
mod orders;
mod recorded;
mod sessions;
mod settlement;
mod support;
mod world;
