//! What a desk trades against.

use serde::{Deserialize, Serialize};

/// What a desk trades against. A database belongs to one mode and refuses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The local twin; everything is simulated.
    Twin,
    /// The twin fed by live market data.
    Paper,
    /// The exchange's demo environment.
    Demo,
    /// The exchange, with money.
    Prod,
}

impl Mode {
    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Twin => "twin",
            Self::Paper => "paper",
            Self::Demo => "demo",
            Self::Prod => "prod",
        }
    }

    /// Whether increasing exposure needs arming.
    #[must_use]
    pub const fn needs_arming(self) -> bool {
        matches!(self, Self::Demo | Self::Prod)
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no mode; the modes are twin, paper, demo and prod")]
pub struct UnknownMode(String);

impl std::str::FromStr for Mode {
    type Err = UnknownMode;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Twin, Self::Paper, Self::Demo, Self::Prod]
            .into_iter()
            .find(|mode| mode.name() == text)
            .ok_or_else(|| UnknownMode(text.chars().take(40).collect()))
    }
}
