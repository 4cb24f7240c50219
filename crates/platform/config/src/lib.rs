//! rec-config
