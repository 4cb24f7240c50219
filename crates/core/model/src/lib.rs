//! rec-model
