//! `rec demo`: twin and desk in one process, everything simulated.
//!
//! - `summary`: what happened, and whether it was in order.
//! - `ending`: the quiet point at which the books are compared.
//! - `ticker`: what the desk did, line by line.

mod ending;
mod summary;
mod ticker;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use rec_config::{Config, Sources};
use rec_domain::{Timestamp, eastern};
use rec_runtime::{
    Clocks,
    logs::{self, LogTarget},
};
use rec_store::Database;
use rec_twin::{
    core::TwinConfig,
    server::{TwinServer, has_journal},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    durations, guard_process, model_set, run_main, say,
    state_dir::StateDir,
    steps::{Audience, Steps},
    twin,
    twin_conditions::ConditionArgs,
    twin_world::WorldArgs,
    up::LOG_IN_LIFE,
    whole_desk::{DeskDatabase, WholeDesk, failure},
};

/// Options of `rec demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The world that the twin makes.
    #[command(flatten)]
    world: WorldArgs,
    /// Seconds of market time in one second.
    #[arg(long, default_value_t = 30.0, value_name = "FACTOR")]
    speed: f64,
    /// Ends by itself after this wall time with a summary, as 120s or 15m.
    #[arg(long = "for", value_name = "TIME", value_parser = durations::parse)]
    duration: Option<Duration>,
    /// The summary as JSON on standard output; everything else goes to the error stream.
    #[arg(long)]
    json: bool,
    /// Goes on with the world and the books of a demo that did not end in order.
    #[arg(long, conflicts_with = "fresh")]
    resume: bool,
    /// Forgets the world and the books of a demo that did not end in order.
    #[arg(long)]
    fresh: bool,
    /// What the twin allows, how slow it is, and what goes wrong.
    #[command(flatten)]
    conditions: ConditionArgs,
}

/// What a demo has to look after until its end.
struct Demo {
    args: DemoArgs,
    steps: Steps,
    state: StateDir,
    config: Arc<Config>,
    database: DeskDatabase,
    owner: Database,
    twin: TwinServer,
    desk: WholeDesk,
    began: Timestamp,
}

/// Runs the demo until its time is over, Ctrl-C, SIGTERM or the failure of a service.
///
/// # Errors
/// When it cannot start, or a service fails.
pub async fn run(args: DemoArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let steps = Steps::start(if args.json { Audience::Machine } else { Audience::Person });
    steps.line("REC demo, mode twin: exchange, prices and money are simulated.");
    let mut demo = Demo::start(args, sources, steps).await?;
    let outcome = demo.watch().await;
    demo.end(outcome).await
}

/// Why a demo ends.
enum Outcome {
    TimeIsOver,
    Asked,
    Failed(anyhow::Error),
}

impl Demo {
    async fn start(args: DemoArgs, sources: Sources, steps: Steps) -> anyhow::Result<Self> {
        let world = args.world.world()?;
        let sources = demo_sources(&args, sources)?;
        let config = run_main::load(&sources)?;
        logs::init(&config.log, &LogTarget::Folder(config.log_dir.clone()))?;
        let mut state = StateDir::take(&config.state_dir)?;
        let resume = resumes(&args, &state)?;
        // A guard that outlived its desk has the old clock and would watch a world that is gone.
        guard_process::quit(state.path()).await?;
        state.begin()?;

        let prepare = async {
            let database = DeskDatabase::start(&config).await?;
            let owner = database.prepare(config.mode, !resume).await?;
            steps.done("database", if resume { "taken up again" } else { "fresh" });
            anyhow::Ok((database, owner))
        };
        let ((database, owner), ()) = tokio::try_join!(prepare, learn(&config, &steps))?;

        let twin =
            twin::serve_configured(&config, world, args.speed, resume, &args.conditions, CancellationToken::new())
                .await?;
        let origin = twin.clock_origin();
        steps.done(
            "twin",
            &format!("market time {}, {} times as fast", eastern::date_and_clock(twin.now()), args.speed),
        );
        if let Some(notice) = args.conditions.notice(&twin, &config.state_dir) {
            steps.done("faults", &notice);
        }
        let sources = sources
            .with("the demo", "clock.market_origin", origin.market.to_string())
            .with("the demo", "clock.wall_origin", origin.wall.to_string())
            .with("--speed", "clock.speed", origin.speed.to_string());
        let config = Arc::new(run_main::load(&sources)?);
        let clocks = Clocks::of(&config.clock);
        let began = clocks.now();
        let desk = WholeDesk::start(Arc::clone(&config), &sources, clocks, &database, false, &steps).await?;
        state.describe(&format!("process {}, {}", std::process::id(), desk.page()))?;
        let token = rec_main_app::allow_one_log_in(&owner, "operator", LOG_IN_LIFE).await?;
        steps.line(&format!("open {}/login?token={}", desk.page(), token.expose()));
        Ok(Self { args, steps, state, config, database, owner, twin, desk, began })
    }

    async fn watch(&mut self) -> Outcome {
        let mut terminated = match signal(SignalKind::terminate()) {
            Ok(terminated) => terminated,
            Err(error) => return Outcome::Failed(error.into()),
        };
        let over = async {
            match self.args.duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over => Outcome::TimeIsOver,
            _ = tokio::signal::ctrl_c() => Outcome::Asked,
            _ = terminated.recv() => Outcome::Asked,
            () = ticker::tell(Arc::clone(&self.desk.running.bus), self.steps) => Outcome::Asked,
            ended = self.desk.running.ended() => Outcome::Failed(failure(ended)),
        }
    }

    async fn end(self, outcome: Outcome) -> anyhow::Result<ExitCode> {
        let mut code = ExitCode::SUCCESS;
        let mut failed = None;
        match outcome {
            Outcome::TimeIsOver => {
                let summary = self.summarise().await;
                match summary {
                    Ok(summary) => {
                        code = summary.exit_code();
                        let text =
                            if self.args.json { serde_json::to_string_pretty(&summary)? } else { summary.to_string() };
                        say::say(&text);
                    }
                    Err(error) => failed = Some(error),
                }
            }
            Outcome::Asked => self.steps.line("ending"),
            Outcome::Failed(error) => failed = Some(error),
        }
        let ended = self.desk.stop().await;
        self.twin.stop().await;
        self.owner.close().await;
        self.database.stop().await?;
        match failed {
            Some(error) => Err(error),
            None => {
                ended?;
                self.state.ended_well()?;
                Ok(code)
            }
        }
    }

    async fn summarise(&self) -> anyhow::Result<summary::DemoSummary> {
        let healths = self.desk.healths().await;
        let books = ending::settle_down(&self.desk, &self.config).await?;
        let facts = self.owner.pages().summary(self.began).await.context("the summary cannot be read")?;
        let entry = self.desk.running.bus.latest(rec_domain::bus_event::Topic::Entry);
        let until = self.twin.now();
        Ok(summary::DemoSummary::new(
            (self.args.world.seed, self.args.speed),
            (self.began, until),
            facts,
            entry.as_deref(),
            books,
            &healths,
        ))
    }
}

/// The demo's own layer: mode twin, a state directory of its own, and the two switches on. No threshold, cap or rule
/// is changed.
fn demo_sources(args: &DemoArgs, sources: Sources) -> anyhow::Result<Sources> {
    ensure!((1.0..=200.0).contains(&args.speed), "--speed {}: choose between 1 and 200", args.speed);
    let mut sources = sources.with("the demo", "mode", "twin").with("--speed", "clock.speed", args.speed.to_string());
    if !sources.overrides.iter().any(|setting| setting.key == "state_dir") {
        let base = run_main::load(&sources)?.state_dir;
        sources = sources.with("the demo", "state_dir", base.join("demo").to_string_lossy());
    }
    Ok(sources.with("the demo", "automation.auto_entry", "true").with("the demo", "automation.auto_stop", "true"))
}

/// Whether a demo that did not end in order is taken up again.
fn resumes(args: &DemoArgs, state: &StateDir) -> anyhow::Result<bool> {
    let journal = has_journal(&state.path().join("twin"));
    if args.resume {
        ensure!(journal, "there is no demo to resume in {}; start one without --resume", state.path().display());
        return Ok(true);
    }
    if state.ended_badly() && journal && !args.fresh {
        bail!(
            "the last demo in {} did not end in order: go on with it by --resume, or forget it by --fresh",
            state.path().display()
        );
    }
    Ok(false)
}

/// Learns the model at the first start; later ones find it.
async fn learn(config: &Config, steps: &Steps) -> anyhow::Result<()> {
    let folder = config.model.fingerprint_dir.clone();
    if model_set::is_there(&folder) {
        steps.done("model", "found");
        return Ok(());
    }
    let before = TwinConfig::demo(0).start;
    tokio::task::spawn_blocking(move || model_set::learn_into(&folder, before)).await??;
    steps.done("model", "learned from ninety made-up days");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn a_demo_has_its_own_place_and_clock_and_both_switches_on_and_everything_else_as_anybody() {
        let home = tempfile::tempdir().expect("a folder");
        let env = [("HOME".into(), home.path().into())].into();
        let plain = Sources { files: Some([].into()), env, ..Sources::default() };
        let Ok(Cli { command: Command::Demo(args), .. }) = Cli::try_parse_from(["rec", "demo"]) else {
            panic!("rec demo is a command")
        };
        let demo = demo_sources(&args, plain.clone()).expect("a sound configuration");
        let values = |sources: &Sources| -> BTreeMap<String, Option<String>> {
            let loaded = rec_config::load(sources).expect("a sound configuration");
            loaded.settings().into_iter().map(|setting| (setting.key, setting.value)).collect()
        };
        let place = rec_config::load(&demo).expect("sound").config.state_dir;
        assert_eq!(place, rec_config::load(&plain).expect("sound").config.state_dir.join("demo"));
        // What follows from mode and place is not the demo's.
        let there = plain.with("a test", "mode", "twin").with("a test", "state_dir", place.to_string_lossy());
        let (demo, there) = (values(&demo), values(&there));
        let changed: BTreeMap<_, _> = demo.iter().filter(|(key, value)| there.get(*key) != Some(value)).collect();
        let on = Some("true".to_owned());
        let expected = [
            ("automation.auto_entry".to_owned(), on.clone()),
            ("automation.auto_stop".to_owned(), on),
            ("clock.speed".to_owned(), changed[&"clock.speed".to_owned()].clone()),
        ];
        assert_eq!(changed, expected.iter().map(|(key, value)| (key, value)).collect());
        assert_eq!(demo.len(), there.len());
    }
}
