//! `rec halt` and `rec resume`.

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use rec_config::Sources;
use rec_domain::{command::DeskCommand, halt::HaltSource};

use crate::{
    asking::{Desk, reason},
    run_main, say,
};

/// Options of `rec halt`.
#[derive(Debug, Clone, Args)]
pub struct HaltArgs {
    /// Why, for the record.
    #[arg(long, value_parser = reason)]
    reason: String,
}

/// Options of `rec resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// Why, for the record.
    #[arg(long, value_parser = reason)]
    reason: String,
    /// Reset the tripped order groups, and with them their halt, instead of ending the operator's own halt. The desk does
    /// so only when books and exchange agree.
    #[arg(long)]
    order_group: bool,
}

/// Runs `rec halt`.
///
/// # Errors
/// When no desk answers.
pub async fn halt(args: HaltArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let desk = Desk::patient(&run_main::load(&sources)?)?;
    desk.ask(DeskCommand::Halt { source: HaltSource::Operator, reason: args.reason }).await?;
    say::say("entries are halted until you resume; stops and closes go on");
    Ok(ExitCode::SUCCESS)
}

/// Runs `rec resume`. The halts of others end by their own rule.
///
/// # Errors
/// When no desk answers, or there is nothing to resume.
pub async fn resume(args: ResumeArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let desk = Desk::patient(&run_main::load(&sources)?)?;
    let source = if args.order_group { HaltSource::OrderGroup } else { HaltSource::Operator };
    let halts = desk.view().await?.halts;
    let in_force: Vec<String> =
        halts.iter().map(|halt| format!("{}, which ends when {}", halt.source, halt.source.clearing_rule())).collect();
    let listed = if in_force.is_empty() { "none is".to_owned() } else { in_force.join("; ") };
    ensure!(halts.iter().any(|halt| halt.source == source), "no halt of {source} is in force: {listed}");
    desk.ask(DeskCommand::Resume { source, reason: args.reason }).await?;
    let others = halts.iter().filter(|halt| halt.source != source).count();
    say::say(&match (args.order_group, others) {
        (true, _) => "the order groups are being reset".to_owned(),
        (false, 0) => "resumed".to_owned(),
        (false, _) => format!("resumed; still in force: {listed}"),
    });
    Ok(ExitCode::SUCCESS)
}
