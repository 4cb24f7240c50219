//! rec-main-app
