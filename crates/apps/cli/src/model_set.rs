//! The fingerprints of a simulated desk: learned once from a made-up history of the twin's own price process.

use std::path::Path;

use anyhow::Context as _;
use rec_domain::{TimeSpan, Timestamp};
use rec_model::{LearnSettings, MinuteClose, fingerprint_csv, learn};
use rec_twin::core::path::minute_history;

/// Minutes that the model learns from: ninety days.
const MINUTES: usize = 90 * 24 * 60;
/// The history's seed: fixed, so that the model does not change with the demo's world.
const SEED: u64 = 20_260_923;

/// Whether there are fingerprints in `folder`.
#[must_use]
pub fn is_there(folder: &Path) -> bool {
    let csv = |path: &Path| path.extension().is_some_and(|extension| extension == "csv");
    std::fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(|entry| csv(&entry.path())))
}

/// Learns fingerprints from a history that ended before `before` and writes them to `folder`, all or none.
///
/// # Errors
/// When the folder cannot be written.
pub fn learn_into(folder: &Path, before: Timestamp) -> anyhow::Result<()> {
    let minutes = i64::try_from(MINUTES).unwrap_or(i64::MAX);
    let from = before - TimeSpan::from_minutes(minutes + 24 * 60);
    let history: Vec<MinuteClose> =
        minute_history(SEED, from, MINUTES).map(|bar| MinuteClose { at: bar.start, close: bar.close }).collect();
    let set = learn(&history, &LearnSettings::for_symbol("btc")).context("the model cannot learn from the history")?;
    let parent = folder.parent().context("the model's folder has no parent")?;
    std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let fresh = tempfile::tempdir_in(parent).with_context(|| format!("cannot write to {}", parent.display()))?;
    for (name, text) in fingerprint_csv::write_set(&set) {
        std::fs::write(fresh.path().join(&name), text).with_context(|| format!("cannot write {name}"))?;
    }
    if folder.exists() {
        std::fs::remove_dir(folder).with_context(|| format!("{} is in the way", folder.display()))?;
    }
    std::fs::rename(fresh.keep(), folder).with_context(|| format!("cannot move the model to {}", folder.display()))
}
