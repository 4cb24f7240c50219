//! `rec password` and `rec login-link`: how whoever owns the desk's machine gets in.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    net::ToSocketAddrs as _,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use rec_config::{Config, Sources};
use rec_domain::Service;
use rec_main_app::auth::password;
use rec_runtime::database::connection;
use rec_store::{Database, Role, cluster::Address};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde::Serialize;
use tokio::{net::TcpStream, time::timeout};

use super::{
    config::loaded,
    say::{complain, say, say_json},
};
use crate::up::LOG_IN_LIFE;

/// Connections that these commands need.
const CONNECTIONS: u32 = 1;
/// How long the desk's page may take to take a connection, of wall time.
const DEADLINE: Duration = Duration::from_secs(2);

/// Options of `rec password`.
#[derive(Debug, Clone, Args)]
pub struct PasswordArgs {
    /// Whose password.
    #[arg(long, default_value = "operator", value_name = "NAME")]
    pub user: String,
    /// Read the password from the first line of standard input instead of asking on the terminal.
    #[arg(long)]
    pub stdin: bool,
}

/// Options of `rec login-link`.
#[derive(Debug, Clone, Args)]
pub struct LoginLinkArgs {
    /// Who logs in with it.
    #[arg(long, default_value = "operator", value_name = "NAME")]
    pub user: String,
    /// Print JSON: {url, seconds}.
    #[arg(long)]
    pub json: bool,
}

/// Runs `rec password`.
///
/// # Errors
/// When the password is too short or too long, or the desk's database cannot be reached.
pub async fn set_password(args: PasswordArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let Some(loaded) = loaded(&sources) else { return Ok(ExitCode::FAILURE) };
    // Before anything is typed.
    let database = open(&loaded.config).await?;
    let password = if args.stdin { first_line(io::stdin().lock())? } else { ask_twice()? };
    let hash = password::hash(&password)?;
    let users = database.users();
    let user = users.ensure(&args.user).await?;
    users.set_password_hash(user.id, &hash).await?;
    database.ops().audit("command line", "password", &serde_json::json!({ "user": user.name })).await?;
    database.close().await;
    say(&format!("{} has a new password; whoever was logged in by that name has to log in again", user.name));
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Link {
    url: String,
    seconds: u64,
}

/// Runs `rec login-link`.
///
/// # Errors
/// When no desk runs, or its database cannot be reached.
pub async fn print_login_link(args: LoginLinkArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let Some(loaded) = loaded(&sources) else { return Ok(ExitCode::FAILURE) };
    let config = loaded.config;
    let local = config.net.url(Service::MainApp).context("main-app has no port")?;
    ensure!(answers(&local).await, "no desk answers at {local}: start one, or name its --port-base");
    let database = open(&config).await?;
    let token = rec_main_app::allow_one_log_in(&database, &args.user, LOG_IN_LIFE).await?;
    database.ops().audit("command line", "login_link", &serde_json::json!({ "user": args.user })).await?;
    database.close().await;
    let page = config.web.public_host.as_ref().map_or(local, |host| format!("https://{host}"));
    let link = Link { url: format!("{page}/login?token={}", token.expose()), seconds: LOG_IN_LIFE.as_secs() };
    if args.json {
        say_json(&link)?;
    } else {
        complain(&format!("it works once, within {} minutes:", link.seconds / 60));
        say(&link.url);
    }
    Ok(ExitCode::SUCCESS)
}

/// The desk's database, as main-app: commands that look or set a password need no more than it may.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Database> {
    let role = Role::Service(Service::MainApp);
    if config.database.host.is_some() {
        return Ok(Database::open(&connection(&config.database)?, role, CONNECTIONS).await?);
    }
    let folder = config.state_dir.display();
    let address = Address::of_running(&config.state_dir).with_context(|| {
        format!(
            "no desk's Postgres runs in {folder}: start the desk (`rec up`), or name another folder with --state-dir; \
             `rec demo` keeps its own in the folder demo there"
        )
    })?;
    Ok(Database::open_with(address.connect_options(&config.database.name), role, CONNECTIONS).await?)
}

async fn answers(url: &str) -> bool {
    let Some(address) = url.strip_prefix("http://").and_then(|host| host.to_socket_addrs().ok()?.next()) else {
        return false;
    };
    matches!(timeout(DEADLINE, TcpStream::connect(address)).await, Ok(Ok(_)))
}

/// Asks on the terminal, twice, since nothing shows what is typed.
fn ask_twice() -> anyhow::Result<String> {
    let terminal = io::stdin();
    if !terminal.is_terminal() {
        bail!("there is no terminal to ask on: pipe the password in and say --stdin");
    }
    let password = ask("New password: ")?;
    ensure!(ask("The same again: ")? == password, "the two differ; nothing was changed");
    Ok(password)
}

fn ask(question: &str) -> anyhow::Result<String> {
    let terminal = io::stdin();
    complain(question);
    let before = tcgetattr(&terminal).context("the terminal's settings cannot be read")?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).context("the terminal cannot be silenced")?;
    let line = first_line(terminal.lock());
    tcsetattr(&terminal, OptionalActions::Now, &before).context("the terminal's echo cannot be switched on again")?;
    line
}

/// A line without its end.
fn first_line(input: impl io::BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    // A password is short; whatever else is piped in by mistake is not read to its end.
    let most = u64::try_from(4 * password::LONGEST + 2)?;
    input.take(most).read_line(&mut line).context("the password cannot be read")?;
    ensure!(!line.is_empty(), "there is no password to read");
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_with_its_spaces() {
        assert_eq!(first_line(" a b \r\nmore\n".as_bytes()).expect("a line"), " a b ");
        assert!(first_line("".as_bytes()).is_err());
        let endless = "x".repeat(1 << 20);
        assert!(first_line(endless.as_bytes()).expect("cut").len() < 2_000);
    }

    #[test]
    fn a_desk_that_does_not_run_is_named_before_anything_is_asked() {
        let folder = tempfile::tempdir().expect("folder");
        let env = [("HOME".into(), folder.path().into())].into();
        let sources = Sources { env, files: Some(std::collections::BTreeMap::new()), ..Sources::default() };
        let sources = sources.with("--state-dir", "state_dir", folder.path().to_string_lossy());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads");
        let args = PasswordArgs { user: "operator".to_owned(), stdin: true };
        let refused = runtime.block_on(set_password(args, sources.clone())).expect_err("none runs");
        assert!(refused.to_string().contains("--state-dir"), "{refused}");
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let sources = sources.with("--port", "net.ports.main-app", port.to_string());
        let args = LoginLinkArgs { user: "operator".to_owned(), json: true };
        let refused = runtime.block_on(print_login_link(args, sources)).expect_err("none runs");
        assert!(refused.to_string().contains("no desk answers"), "{refused}");
    }
}
