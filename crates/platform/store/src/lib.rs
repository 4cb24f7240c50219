//! rec-store
