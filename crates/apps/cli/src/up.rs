//! `rec up`: the whole desk against an exchange that runs elsewhere.

use std::{process::ExitCode, sync::Arc, time::Duration};

use clap::Args;
use rec_config::Sources;
use rec_runtime::{
    Clocks,
    logs::{self, LogTarget},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    keys, prepare, run_main,
    state_dir::StateDir,
    steps::{Audience, Steps},
    whole_desk::{DeskDatabase, WholeDesk, failure},
};

/// How long a printed log-in link works.
pub(crate) const LOG_IN_LIFE: Duration = Duration::from_secs(60 * 60);

/// Options of `rec up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Seconds of market time in one second, as `rec twin` prints it.
    #[arg(long, value_name = "FACTOR")]
    speed: Option<f64>,
    /// Market time at the wall origin, as `rec twin` prints it.
    #[arg(long, value_name = "INSTANT")]
    market_origin: Option<String>,
    /// The time of day at which market time was the market origin, as `rec twin` prints it.
    #[arg(long, value_name = "INSTANT")]
    wall_origin: Option<String>,
    /// Takes the desk over from one that lives and has the same database: the other waits for the lease then.
    #[arg(long)]
    take_over: bool,
}

/// Runs the desk until Ctrl-C, SIGTERM or the failure of a service.
///
/// # Errors
/// When it cannot start, or a service fails.
pub async fn run(args: UpArgs, mut sources: Sources) -> anyhow::Result<ExitCode> {
    let steps = Steps::start(Audience::Person);
    if let Some(speed) = args.speed {
        sources = sources.with("--speed", "clock.speed", speed.to_string());
    }
    if let Some(origin) = args.market_origin {
        sources = sources.with("--market-origin", "clock.market_origin", origin);
    }
    if let Some(origin) = args.wall_origin {
        sources = sources.with("--wall-origin", "clock.wall_origin", origin);
    }
    let config = Arc::new(run_main::load(&sources)?);
    // Before a database is made and marked for a mode in which nothing can use it.
    keys::check(&config)?;
    logs::init(&config.log, &LogTarget::Folder(config.log_dir.clone()))?;
    steps.line(&format!("REC desk, mode {}. Ctrl-C ends it.", config.mode));
    let mut state = StateDir::take(&config.state_dir)?;
    state.begin()?;
    let clocks = Clocks::of(&config.clock);
    let database = DeskDatabase::start(&config).await?;
    let owner = database.prepare(config.mode, false).await?;
    steps.done("database", "ready");
    prepare::learn(&config, clocks.now(), &steps).await?;
    let mut desk = WholeDesk::start(Arc::clone(&config), &sources, clocks, &database, args.take_over, &steps).await?;
    state.describe(&format!("process {}, {}", std::process::id(), desk.page()))?;
    let token = rec_main_app::allow_one_log_in(&owner, "operator", LOG_IN_LIFE).await?;
    steps.line(&format!("open {}/login?token={}", desk.page(), token.expose()));
    let mut terminated = signal(SignalKind::terminate())?;
    let failed = tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        _ = terminated.recv() => None,
        ended = desk.running.ended() => Some(failure(ended)),
    };
    steps.line("ending");
    let ended = desk.stop().await;
    owner.close().await;
    database.stop().await?;
    match failed {
        Some(error) => Err(error),
        None => {
            ended?;
            state.ended_well()?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
