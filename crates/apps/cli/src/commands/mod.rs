//! The commands beside those that run the desk: configuration, database, ledger, limits, model, replay,
//! simulation, recordings and lint.
//!
//! Each module has the arguments of its command and a `run` that gives the exit code. What was asked for goes to
//! standard output; warnings, reports and progress go to standard error, so that output can be piped.

pub mod backup;
pub mod config;
pub mod day;
pub mod db;
pub mod ledger;
pub mod lint;
pub mod model;
pub mod reconcile;
mod reconcile_report;
pub mod record;
pub mod replay;
mod replay_minutes;
pub mod risk;
mod say;
pub mod sim;
mod table;
pub mod users;

/// A recorded file or folder, which the project does not ship; `None`, said aloud, where there is none.
#[cfg(test)]
fn recorded(name: &str) -> Option<std::path::PathBuf> {
    let beside = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, std::path::PathBuf::from);
    let file = folder.join("data").join(name);
    if file.exists() {
        return Some(file);
    }
    println!("SKIPPED: {} is not there", file.display());
    None
}
