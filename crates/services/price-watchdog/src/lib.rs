//! rec-price-watchdog
