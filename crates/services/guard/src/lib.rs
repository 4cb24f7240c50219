//! rec-guard
