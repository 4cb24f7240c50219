//! `rec twin`: the simulated exchange and spot venue alone.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context as _, ensure};
use clap::Args;
use rec_config::Sources;
use rec_domain::Timestamp;
use rec_runtime::{
    clock::{SystemWall, WallClock as _},
    logs::{self, LogTarget},
};
use rec_twin::{
    core::TwinConfig,
    server::{Faults, ServeConfig, TwinServer, has_journal, serve},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    keys, run_main, say, state_dir,
    twin_conditions::{self, ConditionArgs},
    twin_world::WorldArgs,
};

/// Options of `rec twin`.
#[derive(Debug, Args)]
pub struct TwinArgs {
    /// The world that it makes.
    #[command(flatten)]
    pub world: WorldArgs,
    /// Seconds of market time in one second.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub speed: f64,
    /// Takes up the world that is in the state directory.
    #[arg(long, conflicts_with = "fresh")]
    pub resume: bool,
    /// Forgets the world that is in the state directory.
    #[arg(long)]
    pub fresh: bool,
    /// What it allows, how slow it is, and what goes wrong.
    #[command(flatten)]
    pub conditions: ConditionArgs,
}

/// The time of day, which the twin reads once.
#[must_use]
pub fn time_of_day() -> Timestamp {
    SystemWall.now()
}

/// Serves a twin as configured, with its journal in the state directory and its keys where the desk looks for them.
///
/// # Errors
/// When a port is taken or the journal cannot be used.
pub async fn serve_configured(
    config: &rec_config::Config,
    world: TwinConfig,
    speed: f64,
    resume: bool,
    conditions: &ConditionArgs,
    shutdown: CancellationToken,
) -> anyhow::Result<TwinServer> {
    state_dir::make(&config.state_dir)?;
    let folder = config.state_dir.join("twin");
    if !resume && has_journal(&folder) {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let token = conditions.new_token();
    let serve_config = ServeConfig {
        twin: TwinConfig { flicker: conditions.flicker, ..world },
        speed,
        time_of_day,
        exchange_port: config.twin.port,
        spot_port: config.twin.spot_port,
        state_dir: Some(folder),
        resume,
        keys: keys::of_twin(&config.exchange.credentials_path)?,
        conditions: conditions.conditions(token.as_deref()),
    };
    let served = serve(serve_config, Arc::new(Faults::default()), shutdown).await;
    let served = served.context("the twin; choose other ports with --port-base")?;
    if let Some(token) = token {
        twin_conditions::write_token(&config.state_dir, &token)?;
    }
    Ok(served)
}

/// Runs the twin until Ctrl-C or SIGTERM.
///
/// # Errors
/// When it cannot start.
pub async fn run(args: TwinArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let config = run_main::load(&sources)?;
    let world = args.world.world()?;
    logs::init(&config.log, &LogTarget::Stderr)?;
    let journal = has_journal(&config.state_dir.join("twin"));
    ensure!(
        !journal || args.resume || args.fresh,
        "there is a world in {} already: take it up with --resume or forget it with --fresh",
        config.state_dir.join("twin").display()
    );
    ensure!(journal || !args.resume, "there is no world to resume in {}", config.state_dir.display());
    let server =
        serve_configured(&config, world, args.speed, args.resume, &args.conditions, CancellationToken::new()).await?;
    let origin = server.clock_origin();
    say::say(&format!("exchange  {}  {}", server.rest_url(), server.ws_url()));
    say::say(&format!("spot      {}  {}", server.spot_rest_url(), server.spot_ws_url()));
    say::say(&format!("          {}  {}", server.kraken_ws_url(), server.bitstamp_ws_url()));
    say::say(&format!("keys      {}", config.exchange.credentials_path.display()));
    say::say(&format!(
        "desk      rec up --speed {} --market-origin {} --wall-origin {}",
        origin.speed, origin.market, origin.wall
    ));
    if let Some(notice) = args.conditions.notice(&server, &config.state_dir) {
        say::say(&format!("faults    {notice}"));
    }
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}
