//! People, their settings, what they did; health and alerts.

mod alerts;
mod audit;
mod health;
mod settings;
mod users;

pub use alerts::{Alert, Severity};
pub use audit::AuditEntry;
pub use health::StoredHealth;
pub use users::{LoginToken, Session, User, Users};

use crate::database::Database;

/// Health, alerts, audit and page settings.
#[derive(Debug, Clone)]
pub struct Ops {
    database: Database,
}

impl Database {
    /// Health, alerts, audit and page settings.
    #[must_use]
    pub fn ops(&self) -> Ops {
        Ops { database: self.clone() }
    }
}
