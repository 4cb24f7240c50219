//! rec-kalshi-account-sync
