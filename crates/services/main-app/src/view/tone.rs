//! What a colour says. It never says it alone: words or signs stand beside it.

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be, or a gain.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong, or a loss.
    Bad,
    /// Neither.
    Calm,
}

impl Tone {
    /// The tone of a gain or a loss.
    #[must_use]
    pub const fn of_sign(sign: i64) -> Self {
        match sign {
            1.. => Self::Good,
            0 => Self::Calm,
            _ => Self::Bad,
        }
    }

    /// The class in the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Calm => "calm",
        }
    }
}
