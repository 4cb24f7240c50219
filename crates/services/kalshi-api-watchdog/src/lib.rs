//! rec-kalshi-api-watchdog
