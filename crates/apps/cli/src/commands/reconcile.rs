//! `rec reconcile`: books and exchange, compared anew by a desk that runs, or as the database has it.

use std::{io, process::ExitCode, time::Duration};

use anyhow::bail;
use clap::{Args, Subcommand};
use rec_api::ApiError;
use rec_config::{Config, Sources};
use rec_domain::{
    ExchangeIndex, Money, Service, Timestamp,
    command::{Adjustment, DeskCommand, DeskReply},
    desk_view::DeskView,
};
use rec_runtime::database::connection;
use rec_store::{Database, Role, cluster::Address};
use tokio::time::{Instant, sleep};

use super::{
    config::loaded,
    db,
    reconcile_report::{Report, Source},
    say::{complain, say, say_json},
};
use crate::asking::{Desk, reason};

/// Connections that reading takes.
const CONNECTIONS: u32 = 1;
/// How often the desk is looked at while it compares.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How often the desk is asked to read the account again.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Options of `rec reconcile`.
#[derive(Debug, Clone, Args)]
pub struct ReconcileArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Wait this many seconds for two readings of the exchange.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub within: u64,
    /// What else is wanted.
    #[command(subcommand)]
    pub command: Option<ReconcileCommand>,
}

/// What `rec reconcile` does besides comparing.
#[derive(Debug, Clone, Subcommand)]
pub enum ReconcileCommand {
    /// Explains a difference of cash that the last comparison found, by a posting that is labelled as an adjustment.
    ///
    /// It is refused when it explains anything else, and stands in the audit with its reason.
    Adjust {
        /// The shard whose cash differs.
        #[arg(long, value_name = "N")]
        shard: i32,
        /// What the books lack, in dollars; what they have too much with a minus.
        #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
        amount: Money,
        /// Why, for whoever reads the books.
        #[arg(long, value_parser = reason)]
        reason: String,
        /// It is interest, which the exchange lists nowhere.
        #[arg(long)]
        interest: bool,
    },
}

/// Runs `rec reconcile`. The exit code is 0 only if books and exchange agree, or the adjustment was accepted.
///
/// # Errors
/// When neither a desk nor its database answers, or an adjustment is refused.
pub async fn run(args: ReconcileArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let Some(loaded) = loaded(&sources) else { return Ok(ExitCode::FAILURE) };
    let config = loaded.config;
    if let Some(ReconcileCommand::Adjust { shard, amount, reason, interest }) = args.command {
        let exchange_index = ExchangeIndex::new(shard);
        return adjust(&Desk::patient(&config)?, Adjustment { exchange_index, amount, interest, reason }).await;
    }
    let asked = async {
        let desk = Desk::patient(&config)?;
        let view = desk.view().await?;
        anyhow::Ok((desk, view))
    };
    let report = match asked.await {
        Ok((desk, view)) => compared_anew(&desk, view, Duration::from_secs(args.within)).await?,
        Err(error) => {
            complain(&format!("no desk answers ({error:#}); the database is read"));
            stored(&config, if may_run(&error) { Source::SilentDesk } else { Source::Stored }).await?
        }
    };
    if args.json {
        say_json(&report)?;
    } else {
        say(&report.lines().join("\n"));
    }
    Ok(report.exit_code())
}

async fn adjust(desk: &Desk, adjustment: Adjustment) -> anyhow::Result<ExitCode> {
    let said = format!("{} on shard {}", adjustment.amount, adjustment.exchange_index);
    match desk.reply(DeskCommand::Adjust(adjustment)).await? {
        DeskReply::Accepted { .. } => {
            say(&format!("posted: {said}; see `rec reconcile` in a few seconds"));
            Ok(ExitCode::SUCCESS)
        }
        DeskReply::Refused(refusal) => bail!("nothing was posted: {refusal}"),
    }
}

/// Asks for comparisons until there are two of states of the exchange after the question, or the time is over.
async fn compared_anew(desk: &Desk, first: DeskView, within: Duration) -> anyhow::Result<Report> {
    let (asked_at, deadline) = (first.at, Instant::now() + within);
    let mut seen: Option<Timestamp> = None;
    let mut view = first;
    let mut ask_at = Instant::now();
    while Instant::now() < deadline {
        if Instant::now() >= ask_at {
            desk.ask(DeskCommand::Compare).await?;
            ask_at = Instant::now() + ASK_EVERY;
        }
        sleep(LOOK_EVERY).await;
        view = desk.view().await?;
        let newest = view.reconciliation.as_ref().map(|last| last.as_of).filter(|as_of| *as_of > asked_at);
        match (seen, newest) {
            (Some(first), Some(second)) if second > first => return Ok(Report::of_view(&view, Source::RunningDesk)),
            (None, Some(first)) => seen = Some(first),
            _ => {}
        }
    }
    Ok(Report::of_view(&view, Source::RunningDeskBefore))
}

/// Whether a desk may run although it did not answer: nobody listening, or no token of a desk that ever ran, says no. A
/// token that may not be read does not.
fn may_run(error: &anyhow::Error) -> bool {
    let nobody_listens = matches!(error.downcast_ref::<ApiError>(), Some(ApiError::Unreachable { .. }));
    let token = error.downcast_ref::<io::Error>();
    !nobody_listens && token.is_none_or(|error| error.kind() != io::ErrorKind::NotFound)
}

/// The newest comparison that the database has. A private Postgres that does not run is started for this.
async fn stored(config: &Config, source: Source) -> anyhow::Result<Report> {
    let role = Role::Service(Service::MainApp);
    if config.database.host.is_some() {
        return read(config, source, Database::open(&connection(&config.database)?, role, CONNECTIONS).await?).await;
    }
    let name = &config.database.name;
    if let Some(address) = Address::of_running(&config.state_dir) {
        return read(config, source, Database::open_with(address.connect_options(name), role, CONNECTIONS).await?)
            .await;
    }
    if !config.state_dir.join("postgres").exists() {
        bail!("there is no desk in {}: --state-dir names another", config.state_dir.display());
    }
    let cluster = db::start(config).await?;
    let report = match Database::open_with(cluster.connect_options(name), role, CONNECTIONS).await {
        Ok(database) => read(config, source, database).await,
        Err(error) => Err(error.into()),
    };
    db::leave(cluster).await?;
    report
}

async fn read(config: &Config, source: Source, database: Database) -> anyhow::Result<Report> {
    let pages = database.pages();
    let last = pages.reconciliations(1).await?.pop();
    let halts = pages.halts(100).await?;
    database.close().await;
    let halts = halts.into_iter().filter(|record| record.cleared_at.is_none()).map(|record| record.halt);
    // Market time stands still while no desk runs, unless it is the machine's own.
    let clock = &config.clock;
    let is_wall = clock.market_origin.is_none() && (clock.speed - 1.0).abs() < f64::EPSILON;
    let now = is_wall.then(wall_now);
    Ok(Report::new(source, config.mode, last, now, None, halts))
}

fn wall_now() -> Timestamp {
    use rec_runtime::clock::{SystemWall, WallClock as _};
    SystemWall.now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_that_does_not_answer_in_time_is_not_taken_for_none() {
        let service = Service::TradeManager;
        let asked = |error: ApiError| anyhow::Error::new(error).context("what may help");
        assert!(may_run(&asked(ApiError::Timeout { service, deadline_ms: 5_000 })));
        assert!(may_run(&asked(ApiError::Refused { service, status: 503, detail: "waiting".to_owned() })));
        assert!(!may_run(&asked(ApiError::Unreachable { service, detail: "refused".to_owned() })));
        let token = |kind: io::ErrorKind| anyhow::Error::new(io::Error::from(kind)).context("the token cannot be read");
        assert!(!may_run(&token(io::ErrorKind::NotFound)), "no desk ever ran");
        assert!(may_run(&token(io::ErrorKind::PermissionDenied)), "another user's desk");
    }
}
