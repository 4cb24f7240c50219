//! rec-store

pub mod cluster;
