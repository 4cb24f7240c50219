//! `rec lint`: what is wrong with the files of a checkout.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use rec_config::Sources;

use super::say::{say, say_json};
use crate::lint::{portability, root_of};

/// `rec lint`.
#[derive(Debug, Clone, Args)]
pub struct LintArgs {
    /// What is looked for.
    #[command(subcommand)]
    pub command: LintCommand,
}

/// What `rec lint` looks for.
#[derive(Debug, Clone, Subcommand)]
pub enum LintCommand {
    /// Look for what ties the project to one machine: addresses, home folders, fixed programs, passwords.
    ///
    /// Reads the files that git tracks. Each finding names file, line, rule and what to do instead. What is meant to
    /// be there stands in allowed.toml with its reason; an allowance that allows nothing any more is a finding too.
    /// Exit code 0 when there is none.
    Portability {
        /// Top of the checkout; without it the checkout that holds the folder this command was started in.
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
        /// Print JSON: {files, findings, unused}.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `rec lint`.
///
/// # Errors
/// When the files cannot be read.
pub fn run(args: LintArgs, _sources: Sources) -> anyhow::Result<ExitCode> {
    let LintCommand::Portability { root, json } = args.command;
    // Only as the default of an argument: a lint is asked of the checkout that one stands in.
    let folder = root.unwrap_or_else(|| PathBuf::from("."));
    let root = root_of(&folder).with_context(|| format!("there is nothing to lint in {}", folder.display()))?;
    let report = portability(&root)?;
    if json {
        say_json(&report)?;
    } else {
        say(&report.to_string());
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_checkout_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let command = LintCommand::Portability { root: Some(folder.path().to_owned()), json: true };
        let error = run(LintArgs { command }, Sources::default()).expect_err("no checkout");
        assert!(format!("{error:#}").contains(&folder.path().display().to_string()), "{error:#}");
    }
}
