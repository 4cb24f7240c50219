//! rec-cli
