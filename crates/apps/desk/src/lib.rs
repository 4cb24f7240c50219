//! rec-desk
