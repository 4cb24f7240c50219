//! rec-api
