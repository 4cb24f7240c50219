//! rec-trade-executor
