//! rec-spot
