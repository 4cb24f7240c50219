//! rec-db-poller
