//! rec-monitor
