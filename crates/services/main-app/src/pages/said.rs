//! What is said of what was asked.

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

/// The text as a sentence: with a capital at its beginning and a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>() + ".").unwrap_or_default()
}
