//! Saying things to whoever typed the command.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use serde::Serialize;

pub(super) use crate::say::{complain, say};

/// What was asked for as JSON.
pub(super) fn say_json(value: &impl Serialize) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(value).context("the answer cannot be written as JSON")?);
    Ok(())
}

/// Whether reports may be coloured.
pub(super) fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}
