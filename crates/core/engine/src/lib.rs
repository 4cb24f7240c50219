//! rec-engine
