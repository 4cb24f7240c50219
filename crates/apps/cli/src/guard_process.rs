//! The guard beside a desk: the same executable started again in a session of its own, so that it outlives the desk.

use std::{
    fs::OpenOptions,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use rec_api::guard::{GuardLink, GuardMessage, ask_health, socket_path};
use rec_config::Sources;
use tokio::time::{Instant, sleep};

/// How long a guard may take to end.
const QUIT_WITHIN: Duration = Duration::from_secs(3);

/// Starts a guard for `state_dir` with the configuration of `sources`, unless one runs that can be adopted.
///
/// # Errors
/// When it cannot be started.
pub fn start_or_adopt(state_dir: &Path, sources: &Sources) -> anyhow::Result<bool> {
    if rec_guard::is_running(state_dir).context("the guard's lock cannot be looked at")? {
        return Ok(true);
    }
    let program = std::env::current_exe().context("the running program cannot be found")?;
    let log = state_dir.join("guard.log");
    let output = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log)
        .with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new(program);
    command.args(["run", "guard", "--own-session"]);
    if let Some(file) = &sources.config_flag {
        command.arg("--config").arg(file);
    }
    for setting in &sources.overrides {
        command.arg("--set").arg(format!("{}={}", setting.key, setting.value));
    }
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let mut child = command.spawn().context("the guard cannot be started")?;
    // Whoever starts a process has to take note of its end.
    std::thread::Builder::new()
        .name("guard's end".to_owned())
        .spawn(move || child.wait())
        .context("the system gives no thread")?;
    Ok(false)
}

/// Whether the guard answers and is healthy.
pub async fn is_healthy(state_dir: &Path) -> bool {
    let health = ask_health(&socket_path(state_dir), Duration::from_millis(500)).await;
    health.is_ok_and(|health| health.healthy)
}

/// Ends the guard for `state_dir`, if there is one, and waits until it has gone.
///
/// # Errors
/// When it does not end in time.
pub async fn quit(state_dir: &Path) -> anyhow::Result<()> {
    let deadline = Instant::now() + QUIT_WITHIN;
    while rec_guard::is_running(state_dir)? {
        if Instant::now() > deadline {
            bail!("the guard for {} does not end; look at it with: pgrep -af 'run guard'", state_dir.display());
        }
        let link = GuardLink::new(socket_path(state_dir)).context("no socket to tell the guard to end")?;
        // A guard that has just started may not have bound its socket yet; the next round tells it again.
        let _not_heard = link.send(&GuardMessage::Quit);
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
