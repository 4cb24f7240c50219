//! rec-twin
