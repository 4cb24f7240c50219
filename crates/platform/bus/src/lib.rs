//! rec-bus
