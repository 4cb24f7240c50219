//! What a twin of the command line allows, how slow it is, and what goes wrong: options of `rec twin` and `rec demo`.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use rec_domain::TimeSpan;
use rec_twin::{
    core::flicker::MOST_FLICKER,
    server::{ClockOrigin, Conditions, ControlToken, TwinServer},
};

/// Options of every twin.
#[derive(Debug, Clone, Args)]
pub struct ConditionArgs {
    /// Opens the twin's control endpoint, which injects faults; its token is in twin/control-token in the state folder.
    #[arg(long)]
    pub control: bool,
    /// Injects one fault after another from this seed (see docs/FAULTS.md); twin/twin-faults.jsonl tells which.
    #[arg(long, value_name = "SEED")]
    pub faults: Option<u64>,
    /// Further changes of books in a second of market time, as load: none unless asked for.
    #[arg(long, value_name = "CHANGES", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=i64::from(MOST_FLICKER)))]
    pub flicker: u32,
    /// How far the exchange's reads of the account are behind its changes, in milliseconds of market time.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 360, value_parser = clap::value_parser!(u32).range(..=600_000))]
    pub read_lag: u32,
    /// The market time of what is mirrored; no option of the command line.
    #[arg(skip)]
    pub clock: Option<ClockOrigin>,
}

impl ConditionArgs {
    /// The conditions, with a new token where the control endpoint is wanted. It is written to the file that
    /// [`token_file`] names once the twin is served.
    #[must_use]
    pub fn conditions(&self, token: Option<&str>) -> Conditions {
        Conditions {
            read_lag: TimeSpan::from_millis(i64::from(self.read_lag)),
            control: token.map(ControlToken::new),
            storm: self.faults,
            clock: self.clock,
            ..Conditions::default()
        }
    }

    /// A new token, where the control endpoint is wanted.
    #[must_use]
    pub fn new_token(&self) -> Option<String> {
        self.control.then(|| uuid::Uuid::new_v4().simple().to_string())
    }

    /// One line on the faults, for whoever started the twin; `None` when there are none.
    #[must_use]
    pub fn notice(&self, server: &TwinServer, state_dir: &Path) -> Option<String> {
        let control = self.control.then(|| {
            format!("http://{}/twin/faults, token in {}", server.exchange_addr, token_file(state_dir).display())
        });
        let storm = self.faults.map(|seed| format!("a storm of seed {seed}"));
        let parts: Vec<String> = control.into_iter().chain(storm).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// Where the control endpoint's token is.
#[must_use]
pub fn token_file(state_dir: &Path) -> PathBuf {
    state_dir.join("twin").join("control-token")
}

/// Writes the token so that only the owner can read it.
///
/// # Errors
/// When the file cannot be written.
pub fn write_token(state_dir: &Path, token: &str) -> anyhow::Result<()> {
    let path = token_file(state_dir);
    let _there_was_none = std::fs::remove_file(&path);
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    opened
        .and_then(|mut file| file.write_all(token.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
