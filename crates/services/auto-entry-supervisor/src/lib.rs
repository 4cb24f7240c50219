//! rec-auto-entry-supervisor
