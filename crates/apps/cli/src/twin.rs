//! `rec twin`: the simulated exchange and spot venue alone.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context as _, ensure};
use clap::Args;
use rec_config::Sources;
use rec_domain::{Clock as _, Mode, Timestamp};
use rec_runtime::{
    Clocks,
    clock::{SystemWall, WallClock as _},
    logs::{self, LogTarget},
};
use rec_twin::{
    core::TwinConfig,
    server::{ClockOrigin, Faults, ServeConfig, TwinServer, has_journal, serve},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    keys,
    mirror::{self, MirrorArgs, Source},
    run_main, say, state_dir,
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
    /// Begins at the time of day, so that whoever keeps the time of day keeps its time too.
    #[arg(long)]
    pub now: bool,
    /// Takes up the world that is in the state directory.
    #[arg(long, conflicts_with = "fresh")]
    pub resume: bool,
    /// Forgets the world that is in the state directory.
    #[arg(long)]
    pub fresh: bool,
    /// What it allows, how slow it is, and what goes wrong.
    #[command(flatten)]
    pub conditions: ConditionArgs,
    /// Another exchange whose world it shows.
    #[command(flatten)]
    pub mirror: MirrorArgs,
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
    let mut args = args;
    let (world, source) = if args.mirror.mirror {
        // Whoever mirrors keeps the time of what is mirrored: the time of day, or an accelerated twin's.
        let (source, clocks) = (Source::of(&args.mirror, &config)?, Clocks::of(&config.clock));
        let origin = ClockOrigin { market: clocks.market.now(), wall: time_of_day(), speed: clocks.market.speed() };
        (args.speed, args.conditions.clock) = (origin.speed, Some(origin));
        let second = Timestamp::from_seconds(origin.market.seconds());
        (TwinConfig::mirror(second, source.mirrored_series()?), Some(source))
    } else {
        let world = args.world.world()?;
        (if args.now { world.beginning_at(time_of_day()) } else { world }, None)
    };
    logs::init(&config.log, &LogTarget::Stderr)?;
    let journal = has_journal(&config.state_dir.join("twin"));
    ensure!(
        !journal || args.resume || args.fresh,
        "there is a world in {} already: take it up with --resume or forget it with --fresh",
        config.state_dir.join("twin").display()
    );
    ensure!(journal || !args.resume, "there is no world to resume in {}", config.state_dir.display());
    let shutdown = CancellationToken::new();
    let server = serve_configured(&config, world, args.speed, args.resume, &args.conditions, shutdown.clone()).await?;
    let origin = server.clock_origin();
    say::say(&format!("exchange  {}  {}", server.rest_url(), server.ws_url()));
    say::say(&format!("spot      {}  {}", server.spot_rest_url(), server.spot_ws_url()));
    say::say(&format!("          {}  {}", server.kraken_ws_url(), server.bitstamp_ws_url()));
    say::say(&format!("keys      {}", config.exchange.credentials_path.display()));
    if config.mode == Mode::Twin {
        say::say(&format!(
            "desk      rec up --speed {} --market-origin {} --wall-origin {}",
            origin.speed, origin.market, origin.wall
        ));
    } else {
        say::say("desk      rec up");
    }
    if let Some(notice) = args.conditions.notice(&server, &config.state_dir) {
        say::say(&format!("faults    {notice}"));
    }
    let mut terminated = signal(SignalKind::terminate())?;
    let mirrored = async {
        match source {
            Some(source) => mirror::follow(source, &server, shutdown).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
        ended = mirrored => ended?,
    }
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}
