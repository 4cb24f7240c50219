//! What can be typed.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use rec_config::Sources;
use rec_domain::Service;

use crate::{
    commands,
    demo::DemoArgs,
    safety::{
        arming::{ArmArgs, DisarmArgs},
        doctor::DoctorArgs,
        flatten::FlattenArgs,
        halting::{HaltArgs, ResumeArgs},
        kill::KillArgs,
    },
    status::StatusArgs,
    twin::TwinArgs,
    up::UpArgs,
};

/// A self-hosted trading desk for Kalshi's crypto event contracts.
///
/// `rec demo` shows all of it on a simulated exchange, with nothing to set up but Postgres' programs.
#[derive(Debug, Parser)]
#[command(name = "rec", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Under what these options stand, apart from the command's own.
const EVERYWHERE: &str = "Options of every command";

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// Configuration file instead of config.local.toml in the configuration folder (also REC_CONFIG).
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the desk keeps its state (also REC_STATE_DIR).
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Moves every port: the services take this one and those after it.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "PORT")]
    pub port_base: Option<u16>,
    /// Sets one value of the configuration, as `risk.open_trades=3`; may be repeated.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// What `rec` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs a whole desk against a simulated exchange: everything is simulated, nothing has to be set up.
    Demo(DemoArgs),
    /// Runs the whole desk: the twelve services, the guard and, unless one is configured, a private Postgres.
    ///
    /// It expects an exchange, such as `rec twin`.
    Up(UpArgs),
    /// Makes ready what the services stand on: database and, in mode twin, the model.
    ///
    /// For a desk whose processes are started one by one; `rec up` and `rec demo` do it by themselves.
    Prepare,
    /// Runs some of the services in this process.
    Run {
        /// Names of services, as trade-manager; `rec status` lists them.
        #[arg(required = true, value_name = "SERVICE")]
        services: Vec<Service>,
        /// Puts the process into a session of its own, so that it outlives whoever started it.
        #[arg(long, hide = true)]
        own_session: bool,
        /// Takes the desk over from one that lives: trade-manager takes the lease, and the other waits for it.
        #[arg(long)]
        take_over: bool,
    },
    /// Runs the simulated exchange and spot venue alone.
    Twin(TwinArgs),
    /// Shows the health of every service.
    Status(StatusArgs),
    /// Shows the limits of a desk that runs and what is used of them, or lowers them.
    Risk(commands::risk::RiskArgs),
    /// Checks what has to be right before the desk is armed, and names the remedy of what is not; exit code 0 only if all of
    /// it is right, 2 if only something was not looked at.
    Doctor(DoctorArgs),
    /// Stops entries until `rec resume`; stops and closes go on.
    Halt(HaltArgs),
    /// Ends the operator's halt, or one of a tripped order group or of a difference of the books.
    Resume(ResumeArgs),
    /// Stops everything that could open a trade, whether or not desk and database still run.
    ///
    /// Trips the entry order groups at the exchange, by the guard or from here, looks whether they are, and halts the
    /// desk. Exits go on.
    Kill(KillArgs),
    /// Halts entries and closes every trade of the desk; with --emergency every position, without the desk.
    Flatten(FlattenArgs),
    /// Allows entries for a while where money is real; needs a second factor.
    Arm(ArmArgs),
    /// Ends what `rec arm` allowed.
    Disarm(DisarmArgs),
    /// Shows, checks or begins the configuration.
    Config(commands::config::ConfigArgs),
    /// Sets the operator's password; also when it was forgotten.
    ///
    /// Asks twice on the terminal and shows nothing of it; never give it as an argument, where others see it. Whoever
    /// is logged in has to log in again.
    Password(commands::users::PasswordArgs),
    /// Prints a link that logs in once, for a desk that runs.
    LoginLink(commands::users::LoginLinkArgs),
    /// Looks after the database.
    Db(commands::db::DbArgs),
    /// Checks, adds up and exports the desk's books, and audits an account's export.
    Ledger(commands::ledger::LedgerArgs),
    /// Compares the desk's books with the exchange and says what was compared; exit code 0 only if they agree.
    Reconcile(commands::reconcile::ReconcileArgs),
    /// Asks the probability model.
    Model(commands::model::ModelArgs),
    /// Lists, checks and exports what the desk recorded of what came.
    Record(commands::record::RecordArgs),
    /// Plays recorded traffic, or a day of the desk, through the desk's machines.
    Replay(commands::replay::ReplayArgs),
    /// Plays whole desks in simulated time, with faults on every edge, and checks what must never happen.
    Sim(commands::sim::SimArgs),
    /// Checks the source tree.
    Lint(commands::lint::LintArgs),
}

impl GlobalArgs {
    /// Where the configuration is read from, with these options on top.
    ///
    /// # Errors
    /// When a path is none or `--set` has no `=`.
    pub fn sources(&self) -> anyhow::Result<Sources> {
        let mut sources = Sources::of_process();
        if let Some(file) = &self.config {
            sources.config_flag = Some(std::path::absolute(file).context("--config names no file")?);
        }
        if let Some(folder) = &self.state_dir {
            let folder = std::path::absolute(folder).context("--state-dir names no folder")?;
            sources = sources.with("--state-dir", "state_dir", folder.to_string_lossy());
        }
        if let Some(port) = self.port_base {
            sources = sources.with("--port-base", "net.port_base", port.to_string());
        }
        for setting in &self.set {
            let (key, value) =
                setting.split_once('=').with_context(|| format!("--set {setting}: write it as KEY=VALUE"))?;
            sources = sources.with(format!("--set {key}"), key, value);
        }
        Ok(sources)
    }
}
