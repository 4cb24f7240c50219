//! rec-runtime
