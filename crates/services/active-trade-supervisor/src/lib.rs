//! rec-active-trade-supervisor
