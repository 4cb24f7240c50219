//! `rec doctor`: what has to be right before a desk is armed, each with its remedy.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use rec_api::guard::{Remembered, ask_health, socket_path};
use rec_config::{Config, Sources};
use rec_domain::{desk_view::DeskView, halt::HaltSource};
use rec_runtime::Clocks;
use rec_store::StoreError;
use serde::Serialize;
use tokio::time::timeout;

use super::key_checks;
use crate::{asking::Desk, commands::users, run_main, say, status};

/// How long each question may take, of wall time.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long checking the books may take, of wall time.
const BOOKS_WITHIN: Duration = Duration::from_secs(60);

/// The exit code where nothing is wrong as far as anybody looked.
const NOT_ALL_LOOKED_AT: u8 = 2;

/// Options of `rec doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Print a JSON list of {name, state, found, remedy}, where the state is ok, fault or not_looked_at.
    #[arg(long)]
    json: bool,
}

/// Whether something is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It is.
    Ok,
    /// It is not.
    Fault,
    /// Nobody knows: whoever asks may not look there.
    NotLookedAt,
}

/// One thing that has to be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What.
    pub(super) name: &'static str,
    /// Whether it is.
    pub(super) state: State,
    /// What was found.
    pub(super) found: String,
    /// What to do unless it is; empty where it is.
    pub(super) remedy: &'static str,
}

impl Finding {
    pub(super) fn of(name: &'static str, found: Result<String, String>, remedy: &'static str) -> Self {
        match found {
            Ok(found) => Self { name, state: State::Ok, found, remedy: "" },
            Err(found) => Self { name, state: State::Fault, found, remedy },
        }
    }
}

/// Runs `rec doctor`. The exit code is 0 only if everything is right, 1 if something is not, and 2 if nothing that was
/// looked at is wrong but something was not looked at.
///
/// # Errors
/// When the configuration has faults.
pub async fn run(args: DoctorArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let config = run_main::load(&sources)?;
    let findings = examine(&config).await;
    if args.json {
        say::say(&serde_json::to_string_pretty(&findings)?);
    } else {
        findings.iter().for_each(tell);
        say::say(&summary(&findings));
    }
    Ok(ExitCode::from(code(&findings)))
}

fn count(findings: &[Finding], state: State) -> usize {
    findings.iter().filter(|finding| finding.state == state).count()
}

fn code(findings: &[Finding]) -> u8 {
    match (count(findings, State::Fault), count(findings, State::NotLookedAt)) {
        (0, 0) => 0,
        (0, _) => NOT_ALL_LOOKED_AT,
        _ => 1,
    }
}

fn summary(findings: &[Finding]) -> String {
    let [right, wrong, unseen] = [State::Ok, State::Fault, State::NotLookedAt].map(|state| count(findings, state));
    format!("{right} of {} are right, {wrong} are not, {unseen} were not looked at", findings.len())
}

/// Says a finding on a line, and its remedy on another.
pub(super) fn tell(finding: &Finding) {
    let word = match finding.state {
        State::Ok => "ok  ",
        State::Fault => "FAIL",
        State::NotLookedAt => "?   ",
    };
    say::say(&format!("{word}  {:<22} {}", finding.name, finding.found));
    if finding.state != State::Ok {
        say::say(&format!("      {:<22} -> {}", "", finding.remedy));
    }
}

/// Everything that has to be right.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let clocks = Clocks::of(&config.clock);
    let (keys, desk) = tokio::join!(key_checks::keys(config, &clocks), desk(config));
    let mut findings = vec![second_factor(config)];
    findings.extend(keys);
    findings.extend(desk);
    findings.push(books(config).await);
    findings.push(guard(config).await);
    findings.push(services(config).await);
    findings.push(heartbeat(config));
    findings.push(disk(config));
    findings
}

fn second_factor(config: &Config) -> Finding {
    let file = &config.arming.totp_secret_file;
    let found = if !config.mode.needs_arming() {
        Ok(format!("not needed in mode {}", config.mode))
    } else if file.exists() {
        Ok("enrolled".to_owned())
    } else {
        Err(format!("{} is not there", file.display()))
    };
    Finding::of("second factor", found, "rec arm enroll")
}

/// What the desk says of itself.
async fn desk(config: &Config) -> Vec<Finding> {
    let asked = async {
        let desk = Desk::of(config, DEADLINE)?;
        desk.view().await
    };
    let view = match asked.await {
        Ok(view) => view,
        Err(error) => {
            return vec![Finding::of("desk", Err(format!("{error:#}")), "start the desk: rec up, or its units")];
        }
    };
    vec![
        Finding::of("desk", Ok(format!("leads, epoch {}", view.epoch)), ""),
        Finding::of("mode", mode(config, &view), "name the desk's own configuration with --config"),
        Finding::of("reconciliation", reconciliation(&view), "docs/OPERATIONS.md, books_differ"),
        Finding::of("halts", halts(&view), "docs/OPERATIONS.md: each halt ends by its own rule"),
    ]
}

fn mode(config: &Config, view: &DeskView) -> Result<String, String> {
    if view.mode == config.mode {
        Ok(view.mode.to_string())
    } else {
        Err(format!("the desk is of mode {}, the configuration of {}", view.mode, config.mode))
    }
}

fn reconciliation(view: &DeskView) -> Result<String, String> {
    match &view.reconciliation {
        Some(last) if last.is_clean() && view.ready => Ok("books and exchange agree".to_owned()),
        Some(last) if !last.is_clean() => Err(format!("{} differences", last.differences.len())),
        _ => Err("books and exchange were not compared since the start".to_owned()),
    }
}

/// The operator's own halt is no fault: it is his word, and arming does not end it.
fn halts(view: &DeskView) -> Result<String, String> {
    let others: Vec<String> = view
        .halts
        .iter()
        .filter(|halt| halt.source != HaltSource::Operator)
        .map(|halt| format!("{}: {}", halt.source, halt.reason))
        .collect();
    match (others.is_empty(), view.halts.is_empty()) {
        (true, true) => Ok("none".to_owned()),
        (true, false) => Ok("the operator's own".to_owned()),
        (false, _) => Err(others.join("; ")),
    }
}

/// Whether the books are sound. A database of the machine's own admits its users only, so that whoever may read the keys
/// may not get in there: they count as not looked at then, which is no fault of the desk's.
async fn books(config: &Config) -> Finding {
    let remedy = "rec ledger verify; docs/LEDGER.md";
    let database = match users::open(config).await {
        Ok(database) => database,
        Err(error) if config.database.host.is_some() && !is_away(&error) => {
            let found = format!("NOT LOOKED AT: {error:#}");
            let remedy = "as the database's owner: rec ledger verify";
            return Finding { name: "books", state: State::NotLookedAt, found, remedy };
        }
        Err(error) => return Finding::of("books", Err(format!("{error:#}")), remedy),
    };
    let checked = timeout(BOOKS_WITHIN, async {
        database.check_schema().await?;
        database.ledger().check(None).await
    });
    let found = match checked.await {
        Err(_elapsed) => Err(format!("they could not be checked within {} s", BOOKS_WITHIN.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(check)) => match check.faults.first() {
            None => Ok(format!("{} postings are sound", check.postings)),
            Some(fault) => Err(format!("{} faults, the first: {fault}", check.faults.len())),
        },
    };
    database.close().await;
    Finding::of("books", found, remedy)
}

/// Whether nobody answers, whoever asks.
fn is_away(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<StoreError>(), Some(StoreError::Unavailable(_)))
}

/// The guard has to live, and to know what it would trip.
async fn guard(config: &Config) -> Finding {
    let health = ask_health(&socket_path(&config.state_dir), DEADLINE).await;
    let groups = Remembered::load(&config.state_dir).ok().flatten().map_or(0, |known| known.groups.len());
    let found = match health {
        Err(error) => Err(error.to_string()),
        Ok(health) if !health.healthy => Err(health.complaint().unwrap_or_else(|| "unhealthy".to_owned())),
        Ok(_) if groups == 0 => Err("it lives and knows no order groups yet".to_owned()),
        Ok(_) => Ok(format!("lives, and watches {groups} entry groups")),
    };
    Finding::of("guard", found, "start it: it belongs to rec up, and is a unit of its own on a server")
}

async fn services(config: &Config) -> Finding {
    let unwell: Vec<String> = match status::healths(config).await {
        Ok(healths) => healths
            .into_iter()
            .filter(|health| !health.healthy)
            .map(|health| format!("{}: {}", health.service, health.complaint().unwrap_or_default()))
            .collect(),
        Err(error) => vec![format!("{error:#}")],
    };
    let found = if unwell.is_empty() { Ok("all healthy".to_owned()) } else { Err(unwell.join("; ")) };
    Finding::of("services", found, "rec status, and docs/OPERATIONS.md: service_unhealthy")
}

/// Where money is real, somebody outside of the machine has to notice that it is gone.
fn heartbeat(config: &Config) -> Finding {
    let found = match config.monitor.read_heartbeat_url() {
        Err(error) => Err(format!("its file cannot be read: {error}")),
        Ok(Some(_)) => Ok("goes to the outside".to_owned()),
        Ok(None) if config.mode.needs_arming() => {
            Err("nobody outside would notice that this machine is gone".to_owned())
        }
        Ok(None) => Ok(format!("not needed in mode {}", config.mode)),
    };
    Finding::of("external heartbeat", found, "set monitor.heartbeat_url or monitor.heartbeat_url_file")
}

fn disk(config: &Config) -> Finding {
    let reserve = u64::from(config.journal.reserve_megabytes);
    let found = match rustix::fs::statvfs(&config.state_dir) {
        Err(error) => Err(format!("{}: {error}", config.state_dir.display())),
        Ok(file_system) => {
            let free = file_system.f_bavail.saturating_mul(file_system.f_frsize) / (1 << 20);
            if free > reserve {
                Ok(format!("{free} MB free"))
            } else {
                Err(format!("{free} MB free, {reserve} are the reserve"))
            }
        }
    };
    Finding::of("disk", found, "make room; recordings and journals are bounded by recorder.keep and journal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_its_remedy_and_what_is_right_has_none() {
        let right = Finding::of("disk", Ok("9 MB free".to_owned()), "make room");
        assert_eq!((right.state, right.remedy), (State::Ok, ""));
        let wrong = Finding::of("disk", Err("full".to_owned()), "make room");
        assert_eq!((wrong.state, wrong.remedy), (State::Fault, "make room"));
    }

    #[test]
    fn what_was_not_looked_at_does_not_count_as_right() {
        let finding = |state| Finding { name: "books", state, found: String::new(), remedy: "" };
        let [right, wrong, unseen] = [State::Ok, State::Fault, State::NotLookedAt].map(finding);
        assert_eq!(code(&[right.clone(), right.clone()]), 0);
        assert_eq!(code(&[right.clone(), unseen.clone()]), 2);
        assert_eq!(code(&[right.clone(), unseen.clone(), wrong.clone()]), 1);
        assert_eq!(summary(&[right, unseen, wrong]), "1 of 3 are right, 1 are not, 1 were not looked at");
    }
}
