//! `rec halt` and `rec resume`.

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use rec_config::Sources;
use rec_domain::{
    command::DeskCommand,
    halt::{Halt, HaltSource},
};

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
    /// End the halt of a difference between books and exchange instead. The desk does so only after a comparison since
    /// then that found none, or settlements alone that fit no trade: they are booked as the exchange states them.
    #[arg(long, conflicts_with = "order_group")]
    reconciliation: bool,
}

impl ResumeArgs {
    /// Whose halt is to end.
    const fn source(&self) -> HaltSource {
        match (self.order_group, self.reconciliation) {
            (true, _) => HaltSource::OrderGroup,
            (false, true) => HaltSource::Reconciliation,
            (false, false) => HaltSource::Operator,
        }
    }
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
    let source = args.source();
    let halts = desk.view().await?.halts;
    ensure!(
        halts.iter().any(|halt| halt.source == source),
        "there is no halt of {source} to end; in force: {}",
        listed(&halts)
    );
    desk.ask(DeskCommand::Resume { source, reason: args.reason }).await?;
    say::say(&done(source, halts));
    Ok(ExitCode::SUCCESS)
}

/// What was done, and what else is in force.
fn done(source: HaltSource, before: Vec<Halt>) -> String {
    let others: Vec<Halt> = before.into_iter().filter(|halt| halt.source != source).collect();
    let did = if source == HaltSource::OrderGroup { "the order groups are being reset" } else { "resumed" };
    if others.is_empty() { did.to_owned() } else { format!("{did}; still in force: {}", listed(&others)) }
}

fn listed(halts: &[Halt]) -> String {
    let rule = |halt: &Halt| format!("{}, which ends when {}", halt.source, halt.source.clearing_rule());
    if halts.is_empty() { "none".to_owned() } else { halts.iter().map(rule).collect::<Vec<_>>().join("; ") }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use rec_domain::Timestamp;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn each_halt_that_the_page_ends_has_its_word_here() {
        let source = |words: &[&str]| match Cli::try_parse_from([&["rec", "resume", "--reason", "x"], words].concat()) {
            Ok(Cli { command: Command::Resume(args), .. }) => Some(args.source()),
            _ => None,
        };
        assert_eq!(source(&[]), Some(HaltSource::Operator));
        assert_eq!(source(&["--order-group"]), Some(HaltSource::OrderGroup));
        assert_eq!(source(&["--reconciliation"]), Some(HaltSource::Reconciliation));
        assert_eq!(source(&["--order-group", "--reconciliation"]), None, "one at a time");
    }

    #[test]
    fn what_was_ended_is_not_said_to_be_in_force() {
        let halt = |source| Halt { source, reason: "r".to_owned(), since: Timestamp::from_seconds(1) };
        let both = || vec![halt(HaltSource::Operator), halt(HaltSource::OrderGroup)];
        let said = done(HaltSource::Operator, both());
        assert!(
            said.starts_with("resumed; still in force: order_group, which") && !said.contains("operator"),
            "{said}"
        );
        let said = done(HaltSource::OrderGroup, both());
        assert!(said.contains("being reset; still in force: operator, which"), "{said}");
        assert_eq!(done(HaltSource::Operator, vec![halt(HaltSource::Operator)]), "resumed");
    }
}
