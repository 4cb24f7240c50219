//! `rec doctor`: what has to be right before a desk is armed, each with its remedy.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use rec_api::guard::{Remembered, ask_health, socket_path};
use rec_config::{Config, Sources};
use rec_domain::{desk_view::DeskView, halt::HaltSource};
use rec_runtime::Clocks;
use serde::Serialize;
use tokio::time::timeout;

use super::key_checks;
use crate::{asking::Desk, commands::users, run_main, say, status};

/// How long each question may take, of wall time.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long checking the books may take, of wall time.
const BOOKS_WITHIN: Duration = Duration::from_secs(60);

/// Options of `rec doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Print a JSON list of {name, ok, found, remedy}.
    #[arg(long)]
    json: bool,
}

/// One thing that has to be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What.
    pub(super) name: &'static str,
    /// Whether it is.
    pub(super) ok: bool,
    /// What was found.
    pub(super) found: String,
    /// What to do where it is not; empty where it is.
    pub(super) remedy: &'static str,
}

impl Finding {
    pub(super) fn of(name: &'static str, found: Result<String, String>, remedy: &'static str) -> Self {
        match found {
            Ok(found) => Self { name, ok: true, found, remedy: "" },
            Err(found) => Self { name, ok: false, found, remedy },
        }
    }
}

/// Runs `rec doctor`. The exit code is 1 unless everything is right.
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
    }
    Ok(if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says a finding on a line, and its remedy on another.
pub(super) fn tell(finding: &Finding) {
    let word = if finding.ok { "ok  " } else { "FAIL" };
    say::say(&format!("{word}  {:<22} {}", finding.name, finding.found));
    if !finding.ok {
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
/// may not get in there: that is said, and no fault of the desk's.
async fn books(config: &Config) -> Finding {
    let remedy = "rec ledger verify; docs/LEDGER.md";
    let database = match users::open(config).await {
        Ok(database) => database,
        Err(error) if config.database.host.is_some() => {
            let found = format!("NOT LOOKED AT, as the database's owner can by `rec ledger verify`: {error:#}");
            return Finding::of("books", Ok(found), remedy);
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
        assert!(right.ok && right.remedy.is_empty());
        let wrong = Finding::of("disk", Err("full".to_owned()), "make room");
        assert_eq!((wrong.ok, wrong.remedy), (false, "make room"));
    }
}
