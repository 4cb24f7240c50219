//! Arming: an operator's word, for a while and with a second factor, that a desk whose money is real may open trades.
//!
//! It gates only what increases exposure, and only in modes whose money is real ([`crate::Mode::needs_arming`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{TimeSpan, Timestamp};

/// The shortest time to be armed for.
pub const SHORTEST: TimeSpan = TimeSpan::from_minutes(1);
/// The longest time to be armed for.
pub const LONGEST: TimeSpan = TimeSpan::from_minutes(24 * 60);

/// What an arming is bound to beside mode and account: it ends when one of them changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Hash of the configuration.
    pub configuration: String,
    /// The program's release.
    pub release: String,
    /// The start of the machine that the desk runs on.
    pub boot: String,
}

/// An arming in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arming {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who armed.
    pub requester: String,
    /// Why, for people.
    pub reason: String,
    /// What it is bound to.
    pub binding: Binding,
    /// When the desk began anew after a crash, in the last ten minutes; oldest first.
    pub crashes: Vec<Timestamp>,
    /// Whether the desk crashed and books and exchange were not yet found to agree since: nothing is opened meanwhile.
    pub unproven: bool,
}

/// A request to arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmRequest {
    /// For how long.
    pub duration: TimeSpan,
    /// Why, for people.
    pub reason: String,
    /// Whether to arm although another desk traded on the account a while ago.
    #[serde(default)]
    pub take_over: bool,
    /// The second factor.
    pub factor: Factor,
}

/// The second factor of a request to arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "factor", rename_all = "snake_case")]
pub enum Factor {
    /// The code as it was typed. trade-manager puts its finding in its place before anything is written down.
    Code {
        /// The code.
        code: OneTimeCode,
    },
    /// trade-manager has no secret to check a code with.
    NotEnrolled {
        /// Why not.
        why: String,
    },
    /// The code was none of the present ones.
    Wrong,
    /// The code was that of a step of thirty seconds, counted from the beginning of 1970.
    Right {
        /// The step.
        step: i64,
    },
}

/// A one-time code. It can be handed over, and prints as dots.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OneTimeCode(String);

impl OneTimeCode {
    /// A code as it was typed; spaces are left out.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(typed.chars().filter(|c| !c.is_whitespace()).take(16).collect())
    }

    /// The code itself, for whoever checks it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("......")
    }
}

impl Arming {
    /// Whether it lets anything be opened at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        !self.unproven && now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_never_printed() {
        let factor = Factor::Code { code: OneTimeCode::new("123 456") };
        assert!(!format!("{factor:?}").contains("456"));
        assert!(matches!(factor, Factor::Code { code } if code.expose() == "123456"));
    }
}
