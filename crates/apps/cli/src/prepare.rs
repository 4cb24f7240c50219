//! `rec prepare`: what the services stand on, for a desk whose processes are started one by one.

use std::process::ExitCode;

use anyhow::ensure;
use rec_config::{Config, Sources};
use rec_domain::{Mode, Timestamp};
use rec_runtime::Clocks;

use crate::{
    model_set, run_main, state_dir,
    steps::{Audience, Steps},
    whole_desk::DeskDatabase,
};

/// Brings the configured database up to date, marks it with the mode, and makes the model of a simulated desk. Doing it
/// again does nothing.
///
/// # Errors
/// When no database is configured, it belongs to another mode, or a file cannot be written.
pub async fn run(sources: Sources) -> anyhow::Result<ExitCode> {
    let config = run_main::load(&sources)?;
    ensure!(
        config.database.host.is_some(),
        "no database is configured: set database.host (REC_DB_HOST); a desk in one process, `rec up`, runs its own"
    );
    let steps = Steps::start(Audience::Person);
    state_dir::make(&config.state_dir)?;
    let owner = DeskDatabase::start(&config).await?.prepare(config.mode, false).await?;
    owner.close().await;
    steps.done("database", &format!("ready, of mode {}", config.mode));
    learn(&config, Clocks::of(&config.clock).now(), &steps).await?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the model of a simulated desk where there is none, from a made-up history that ended before `now`.
///
/// # Errors
/// When its folder cannot be written.
pub(crate) async fn learn(config: &Config, now: Timestamp, steps: &Steps) -> anyhow::Result<()> {
    let simulated = config.mode == Mode::Twin || config.mode == Mode::Demo && config.spot.is_simulated();
    if simulated && !model_set::is_there(&config.model.fingerprint_dir) {
        let folder = config.model.fingerprint_dir.clone();
        tokio::task::spawn_blocking(move || model_set::learn_into(&folder, now)).await??;
        steps.done("model", "learned from a made-up history");
    }
    Ok(())
}
