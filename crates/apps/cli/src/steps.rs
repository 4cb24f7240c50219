//! One line a step while a desk starts, with its time.

use std::time::Duration;

use tokio::time::Instant;

use crate::say;

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A person, on standard output.
    Person,
    /// A person beside a machine that reads standard output.
    Machine,
}

/// Says what is done, with the time since the start.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    started: Instant,
    audience: Audience,
}

impl Steps {
    /// Starts the watch.
    #[must_use]
    pub fn start(audience: Audience) -> Self {
        Self { started: Instant::now(), audience }
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Says that a step is done.
    pub fn done(&self, what: &str, detail: &str) {
        self.line(&format!("[{:7.2} s] {what:<12} {detail}", self.elapsed().as_secs_f64()));
    }

    /// Says a line without a time.
    pub fn line(&self, text: &str) {
        match self.audience {
            Audience::Person => say::say(text),
            Audience::Machine => say::complain(text),
        }
    }
}
