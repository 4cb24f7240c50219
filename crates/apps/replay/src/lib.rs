//! rec-replay
