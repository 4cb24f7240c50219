//! `rec ledger`: the desk's books, and an account's export against the exchange's own rules.

mod audit;
mod export;
mod journal;
mod profit;
mod verify;

use std::{io, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use rec_config::Sources;
use rec_store::{ChainHead, Database};

use super::{config::loaded, users::open};

/// `rec ledger`.
#[derive(Debug, Clone, Args)]
pub struct LedgerArgs {
    /// What is wanted.
    #[command(subcommand)]
    pub command: LedgerCommand,
}

/// What `rec ledger` does.
#[derive(Debug, Clone, Subcommand)]
pub enum LedgerCommand {
    /// Compute fees, revenue and profit of an account's export and compare them with what the exchange stated.
    ///
    /// Reads pages, arrays or lines of JSON, in the form with integer cents or the present one with fixed-point text.
    /// Needs no desk. Exit code 0 when every figure is exact, 1 when there are differences, which are listed, 2 when a
    /// file cannot be read.
    Audit(AuditArgs),
    /// Check the books: the chain of hashes, the sums, and that each fill and settlement is booked exactly once.
    ///
    /// Exit code 0 when they are sound, 1 when they are not: the first posting that is wrong is named first.
    Verify {
        /// Print JSON: {sound, postings, lines, fills, settlements, head, faults}.
        #[arg(long)]
        json: bool,
        /// What an earlier check printed as the last posting: books that were cut off or written anew are noticed by it.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<ChainHead>,
    },
    /// Show what was won or lost, after fees.
    Profit {
        /// What it is added up by; days are Eastern.
        #[arg(long, value_enum, default_value_t = By::Day)]
        by: By,
        /// Print a JSON list of {of, postings, result, fees, profit}.
        #[arg(long)]
        json: bool,
    },
    /// Print every posting.
    ///
    /// The journal reads like Beancount's; CSV has a row for each line of a posting; JSON one object a line.
    Export {
        /// The form.
        #[arg(long, value_enum, default_value_t = Form::Journal)]
        format: Form,
        /// As --format csv.
        #[arg(long, conflicts_with_all = ["format", "json"])]
        csv: bool,
        /// As --format json.
        #[arg(long, conflicts_with = "format")]
        json: bool,
    },
}

/// Options of `rec ledger audit`.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// A file of orders; may be repeated.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub orders: Vec<PathBuf>,
    /// A file of fills; may be repeated.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub fills: Vec<PathBuf>,
    /// A file of settlements; may be repeated.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub settlements: Vec<PathBuf>,
    /// Print JSON: {exact, differences, totals, counts, schedules, roundings, orders, markets}.
    #[arg(long)]
    pub json: bool,
}

/// What profit is added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Each trade.
    Trade,
    /// Each market.
    Market,
    /// Each event.
    Event,
    /// Each Eastern day.
    Day,
}

/// How postings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Like Beancount's.
    Journal,
    /// Comma-separated values with a head.
    Csv,
    /// One JSON object a line.
    Json,
}

/// Runs `rec ledger`.
///
/// # Errors
/// When the desk's database cannot be reached or read.
pub async fn run(args: LedgerArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    if let LedgerCommand::Audit(args) = &args.command {
        return audit::run(args);
    }
    let Some(loaded) = loaded(&sources) else { return Ok(ExitCode::FAILURE) };
    let database = open(&loaded.config).await?;
    let done = on_database(args.command, &database).await;
    database.close().await;
    done
}

async fn on_database(command: LedgerCommand, database: &Database) -> anyhow::Result<ExitCode> {
    database.check_schema().await.context("the books cannot be read")?;
    let ledger = database.ledger();
    match command {
        LedgerCommand::Audit(args) => audit::run(&args),
        LedgerCommand::Verify { json, head } => verify::run(&ledger, head.as_ref(), json).await,
        LedgerCommand::Profit { by, json } => profit::run(&ledger, by, json).await,
        LedgerCommand::Export { format, csv, json } => {
            let form = match (csv, json) {
                (true, _) => Form::Csv,
                (_, true) => Form::Json,
                _ => format,
            };
            export::run(&ledger, form, &mut io::BufWriter::new(io::stdout())).await
        }
    }
}
