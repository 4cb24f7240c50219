//! rec-trade-manager
