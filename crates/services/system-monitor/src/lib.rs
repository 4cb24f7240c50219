//! rec-system-monitor
