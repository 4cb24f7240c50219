//! Processes of a folder: whatever was started for it names it in its arguments.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// The processes that name a path below `folder`, with their arguments.
pub fn of_folder(folder: &Path) -> Vec<(Pid, String)> {
    let name = folder.to_str().expect("the folder's name is text");
    let all = if Path::new("/proc/self/cmdline").exists() { of_proc() } else { of_ps() };
    let own = std::process::id().cast_signed();
    all.into_iter()
        .filter(|(pid, arguments)| *pid != own && arguments.contains(name))
        .filter_map(|(pid, arguments)| Some((Pid::from_raw(pid)?, arguments)))
        .collect()
}

fn of_proc() -> Vec<(i32, String)> {
    let entries = std::fs::read_dir("/proc").expect("it is there").flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let arguments = std::fs::read(entry.path().join("cmdline")).ok()?;
            Some((pid, String::from_utf8_lossy(&arguments).replace('\0', " ")))
        })
        .collect()
}

fn of_ps() -> Vec<(i32, String)> {
    let listed = Command::new("ps").args(["-axo", "pid=,command="]).output().expect("ps runs");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    text.lines()
        .filter_map(|line| {
            let (pid, arguments) = line.trim_start().split_once(' ')?;
            Some((pid.parse().ok()?, arguments.to_owned()))
        })
        .collect()
}

/// The process that serves the data in `state`, and its socket's folder.
pub fn postmaster(state: &Path) -> Option<(Pid, String)> {
    let text = std::fs::read_to_string(state.join("postgres/postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = Pid::from_raw(lines.next()?.trim().parse().ok()?)?;
    Some((pid, lines.nth(3).unwrap_or_default().trim().to_owned()))
}

/// Ends whatever runs for `folder`: a server of Postgres at once but in order, the rest by force. It never panics,
/// since it runs while a failed test is cleared away.
pub fn end_all(folder: &Path, state: &Path) {
    let server = postmaster(state);
    for (pid, arguments) in of_folder(folder) {
        let is_server = server.as_ref().is_some_and(|(server, _)| *server == pid) || arguments.contains("postgres -D");
        let _gone_already = kill_process(pid, if is_server { Signal::QUIT } else { Signal::KILL });
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while !of_folder(folder).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    if let Some((_, sockets)) = server
        && sockets.contains("/rec-")
    {
        let _gone_already = std::fs::remove_dir_all(sockets);
    }
}
