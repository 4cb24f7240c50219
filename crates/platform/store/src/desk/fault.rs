//! Faults that tests plant in the next commit.

use std::sync::{Arc, Mutex, PoisonError};

use super::Desk;
use crate::error::StoreError;

/// What the next commit pretends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails before anything is written.
    Failed,
    /// Its outcome is unknown, and it happened.
    UnknownCommitted,
    /// Its outcome is unknown, and it did not happen.
    UnknownNotCommitted,
}

/// The fault planted for the next commit, if any.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Option<Fault>>>);

impl Faults {
    pub(super) fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(super) fn injected() -> StoreError {
    StoreError::Unavailable(sqlx::Error::Io(std::io::Error::other("a fault planted by a test")))
}

impl Desk {
    /// Plants `fault` in the next commit of this handle or of one of its clones.
    pub fn plant(&self, fault: Fault) {
        *self.faults.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }
}
