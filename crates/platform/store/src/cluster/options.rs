//! How a cluster is wanted, and where its files are.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    binaries::SearchPlaces,
    error::{ClusterError, FileContext},
    owner::Owner,
};

/// Whether a crash of the machine may lose data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Every commit is on disk before it is confirmed.
    #[default]
    Full,
    /// Nothing is forced to disk: for tests only.
    Scratch,
}

/// How a cluster is wanted.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The desk's state folder, absolute; the data stands in `postgres` below it.
    pub state_dir: PathBuf,
    /// Whether a crash of the machine may lose data.
    pub durability: Durability,
    /// Whether a new data folder is forced to disk before it is used. Without it the first start is faster, and a
    /// power failure within seconds of it may cost the new, still empty cluster.
    pub sync_new_data: bool,
    /// How long the server may take until it answers.
    pub ready_within: Duration,
    /// Where the programs of Postgres are looked for.
    pub places: SearchPlaces,
}

impl ClusterOptions {
    /// A durable cluster in `state_dir`.
    #[must_use]
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            durability: Durability::Full,
            sync_new_data: true,
            ready_within: Duration::from_secs(20),
            places: SearchPlaces::of_machine(),
        }
    }
}

/// Where the files of a cluster are.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) state_dir: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) lock_file: PathBuf,
    pub(crate) owner: Owner,
}

impl Places {
    /// Makes the state folder where there is none and resolves links in its path, so that one cluster has one name.
    pub(crate) fn prepare(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let owner = Owner::choose()?;
        make_folders(&options.state_dir, &owner)?;
        let state_dir = options.state_dir.canonicalize().context("find", &options.state_dir)?;
        owner.can_enter(&state_dir)?;
        Ok(Self { data: state_dir.join("postgres"), lock_file: state_dir.join("postgres.lock"), state_dir, owner })
    }
}

/// Makes a folder and what is missing above it. Only its user may look into it; for root the server's user may pass
/// through it.
fn make_folders(folder: &Path, owner: &Owner) -> Result<(), ClusterError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mode = if owner.other.is_some() { 0o711 } else { 0o700 };
    std::fs::DirBuilder::new().recursive(true).mode(mode).create(folder).context("make the folder", folder)
}
