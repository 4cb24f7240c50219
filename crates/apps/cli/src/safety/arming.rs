//! `rec arm` and `rec disarm`.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Read as _},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use rec_config::Sources;
use rec_domain::{
    TimeSpan,
    arming::{ArmRequest, Factor, OneTimeCode},
    command::DeskCommand,
    eastern,
};

use super::{
    doctor::{self, State},
    enrolment::{self, EnrolArgs},
};
use crate::{
    asking::{Desk, reason},
    durations, run_main, say,
};

/// Options of `rec arm`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ArmArgs {
    #[command(subcommand)]
    command: Option<ArmCommand>,
    /// For how long, as 8h; from a minute to a day.
    #[arg(long = "for", value_name = "TIME", value_parser = durations::parse, required = true)]
    duration: Option<Duration>,
    /// Why, for the record.
    #[arg(long, value_parser = reason, required = true)]
    reason: Option<String>,
    /// The code that the authenticator shows; asked for, or read from standard input, when it is left out.
    #[arg(long)]
    code: Option<String>,
    /// Arm although another desk traded on this account.
    #[arg(long)]
    take_over: bool,
}

#[derive(Debug, Clone, Subcommand)]
enum ArmCommand {
    /// Makes the secret of the second factor and shows it once, for an authenticator.
    Enroll(EnrolArgs),
}

/// Options of `rec disarm`.
#[derive(Debug, Clone, Args)]
pub struct DisarmArgs {
    /// Why, for the record.
    #[arg(long, value_parser = reason, default_value = "by hand")]
    reason: String,
}

/// Runs `rec arm`.
///
/// # Errors
/// When no desk answers, or it refuses.
pub async fn arm(args: ArmArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    if let Some(ArmCommand::Enroll(args)) = args.command {
        return enrolment::enrol(args, &sources);
    }
    let config = run_main::load(&sources)?;
    ensure!(config.mode.needs_arming(), "nothing needs arming in mode {}", config.mode);
    let (Some(duration), Some(reason)) = (args.duration, args.reason) else {
        anyhow::bail!("say --for and --reason");
    };
    let findings = doctor::examine(&config).await;
    findings.iter().filter(|finding| finding.state != State::Ok).for_each(doctor::tell);
    let faults = findings.iter().filter(|finding| finding.state == State::Fault).count();
    ensure!(faults == 0, "not armed: {faults} of {} checks of `rec doctor` fail", findings.len());
    let desk = Desk::patient(&config)?;
    let code = match args.code {
        Some(code) => code,
        None => ask_for_code()?,
    };
    let duration = TimeSpan::from_seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
    let factor = Factor::Code { code: OneTimeCode::new(&code) };
    let request = ArmRequest { duration, reason, take_over: args.take_over, factor };
    desk.ask(DeskCommand::Arm(request)).await?;
    let arming = desk.view().await?.arming.context("the desk armed itself and ended it at once: its page says why")?;
    say::say(&format!("armed, mode {}, until {}", config.mode, eastern::clock(arming.until)));
    Ok(ExitCode::SUCCESS)
}

/// Runs `rec disarm`.
///
/// # Errors
/// When no desk answers.
pub async fn disarm(args: DisarmArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let desk = Desk::patient(&run_main::load(&sources)?)?;
    desk.ask(DeskCommand::Disarm { reason: args.reason }).await?;
    say::say("disarmed: nothing is opened; stops and closes go on");
    Ok(ExitCode::SUCCESS)
}

fn ask_for_code() -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        say::complain("Code of the authenticator: ");
    }
    let mut line = String::new();
    io::stdin().lock().take(64).read_line(&mut line).context("the code cannot be read")?;
    ensure!(!line.trim().is_empty(), "there is no code to read");
    Ok(line)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::args::Cli;

    #[test]
    fn arming_needs_a_time_and_a_reason_and_enrolling_neither() {
        let typed = |words: &[&str]| Cli::try_parse_from([&["rec", "arm"], words].concat()).is_ok();
        assert!(typed(&["--for", "8h", "--reason", "the week begins"]));
        assert!(typed(&["enroll"]) && typed(&["enroll", "--replace"]));
        for wrong in [&["--for", "8h"][..], &["--reason", "x"], &["--for", "8h", "--reason", " "], &[], &["--for", "8"]]
        {
            assert!(!typed(wrong), "{wrong:?}");
        }
    }
}
