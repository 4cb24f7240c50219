//! rec-kalshi
