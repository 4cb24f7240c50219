//! A desk needs nothing of the place where it is started: another user, no home, a checkout that nobody can write to, a
//! working directory that is gone.

use std::{
    os::unix::fs::chown,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::support::{Place, finish, program};

/// Makes the checkout read-only for what is started here, steps into it, and becomes somebody else. The process stays the
/// same, so that a signal reaches the desk.
const AS_NOBODY: &str = r#"
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" || exit 90
! touch "$1/written" 2>/dev/null || exit 91
shift
exec setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all "$@"
"#;

#[tokio::test]
async fn a_desk_runs_for_another_user_without_a_home_in_a_read_only_checkout() {
    let Some(nobody) = nobody() else { return };
    let Some(place) = Place::for_a_desk().await else { return };
    // Where the programs are built may be closed to others.
    let rec = place.folder().join("rec");
    std::fs::copy(program::rec(), &rec).expect("our own folder");
    std::fs::create_dir(place.state()).expect("our own folder");
    chown(place.state(), Some(nobody), None).expect("we are root");

    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package stands in the workspace");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--", "sh", "-c", AS_NOBODY, "sh"]).arg(checkout).arg(&rec);
    command.args(["demo", "--seed", "3", "--state-dir"]).arg(place.state());
    command.args(["--port-base", &place.port_base.to_string()]);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    let mut desk = place.start_command(command);
    let _link = desk.link().await;
    let started = Instant::now();
    loop {
        // By the same user: the guard answers nobody else.
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all"]).arg(&rec);
        command.args(["status", "--port-base", &place.port_base.to_string(), "--state-dir"]).arg(place.state());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir("/");
        let status = finish(command).await;
        if status.code == Some(0) {
            break;
        }
        assert!(desk.runs() && started.elapsed() < Duration::from_secs(60), "{status:?}{}", desk.complained());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    desk.signal(Signal::INT);
    let status = desk.end(Duration::from_secs(20)).await;
    assert_eq!(status.code(), Some(0), "{}", desk.complained());
}

#[tokio::test]
async fn a_command_runs_in_a_folder_that_is_gone_and_without_a_home() {
    let place = Place::for_commands();
    let mut command = Command::new("sh");
    let gone = place.folder().join("gone");
    std::fs::create_dir(&gone).expect("our own folder");
    command.args(["-c", r#"cd "$1" && rmdir "$1" && shift && exec "$@""#, "sh"]).arg(&gone).arg(program::rec());
    command.args(["config", "check", "--state-dir"]).arg(place.state());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    let ended = finish(command).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("is sound"), "{ended:?}");
}

/// The number of the user nobody; none, said aloud, where we cannot become it.
fn nobody() -> Option<u32> {
    let tools = ["unshare", "setpriv", "mount"]
        .iter()
        .all(|tool| Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
    if !rustix::process::geteuid().is_root() || !tools {
        println!("SKIPPED: only root with util-linux becomes another user and makes a folder read-only");
        return None;
    }
    let asked = Command::new("id").args(["-u", "nobody"]).output().expect("id runs");
    String::from_utf8_lossy(&asked.stdout).trim().parse().ok()
}
