//! From the arguments to an exit code.

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Parser;
use rec_config::{Config, Sources};
use rec_domain::Service;
use rec_runtime::logs::{self, LogTarget};

use crate::{
    args::{Cli, Command},
    commands, demo, prepare,
    safety::{arming, doctor, flatten, halting, kill},
    say, services, status, twin, up,
};

/// Runs what was typed.
#[must_use]
pub fn main() -> ExitCode {
    rec_runtime::memory::give_back_large_buffers();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            say::complain(&format!("rec: {failure:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let sources = cli.global.sources()?;
    match cli.command {
        Command::Demo(args) => block_on(demo::run(args, sources)),
        Command::Up(args) => block_on(up::run(args, sources)),
        Command::Prepare => block_on(prepare::run(sources)),
        Command::Run { services, own_session, take_over } => run_services(&services, own_session, take_over, &sources),
        Command::Twin(args) => block_on(twin::run(args, sources)),
        Command::Status(args) => block_on(status::run(args, sources)),
        Command::Risk(args) => block_on(commands::risk::run(args, sources)),
        Command::Halt(args) => block_on(halting::halt(args, sources)),
        Command::Resume(args) => block_on(halting::resume(args, sources)),
        Command::Doctor(args) => block_on(doctor::run(args, sources)),
        Command::Kill(args) => block_on(kill::run(args, sources)),
        Command::Flatten(args) => block_on(flatten::run(args, sources)),
        Command::Arm(args) => block_on(arming::arm(args, sources)),
        Command::Disarm(args) => block_on(arming::disarm(args, sources)),
        Command::Config(args) => commands::config::run(args, sources),
        Command::Password(args) => block_on(commands::users::set_password(args, sources)),
        Command::LoginLink(args) => block_on(commands::users::print_login_link(args, sources)),
        Command::Db(args) => block_on(commands::db::run(args, sources)),
        Command::Ledger(args) => block_on(commands::ledger::run(args, sources)),
        Command::Reconcile(args) => block_on(commands::reconcile::run(args, sources)),
        Command::Model(args) => commands::model::run(args, sources),
        Command::Record(args) => commands::record::run(args, sources),
        Command::Replay(args) => commands::replay::run(args, sources),
        Command::Sim(args) => commands::sim::run(args),
        Command::Lint(args) => commands::lint::run(args, sources),
    }
}

/// The configuration, with its warnings said.
///
/// # Errors
/// Every fault of the configuration, drawn into its text.
pub(crate) fn load(sources: &Sources) -> anyhow::Result<Config> {
    let loaded = rec_config::load(sources).map_err(|errors| anyhow::anyhow!("{}", errors.report(false)))?;
    for warning in &loaded.warnings {
        say::complain(&format!("warning: {warning}"));
    }
    Ok(loaded.config)
}

fn run_services(names: &[Service], own_session: bool, take_over: bool, sources: &Sources) -> anyhow::Result<ExitCode> {
    if own_session {
        // Fails only where the process leads a group already, which is as good.
        let _leads_already = rustix::process::setsid();
    }
    let config = Arc::new(load(sources)?);
    logs::init(&config.log, &LogTarget::Stderr)?;
    let hosted = services::hosted(names);
    block_on(async move {
        rec_runtime::entry::run_until_signal(hosted, config, take_over).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the system gives no threads")?;
    let ended = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}
