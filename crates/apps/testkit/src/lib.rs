//! rec-testkit
