//! What is said above a form that was sent.

use crate::view::Tone;

/// A sentence with its tone.
pub(crate) struct Said {
    /// Its tone.
    pub(crate) tone: Tone,
    /// The sentence.
    pub(crate) text: String,
}

impl Said {
    /// That it was done.
    pub(crate) fn done(text: &str) -> Self {
        Self { tone: Tone::Good, text: text.to_owned() }
    }

    /// That it was not done, and why.
    pub(crate) fn not(text: impl Into<String>) -> Self {
        Self { tone: Tone::Bad, text: text.into() }
    }
}
