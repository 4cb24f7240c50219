//! `rec db`: the desk's database, private or configured.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use rec_config::{Config, DatabaseConfig, Sources, SslMode};
use rec_domain::Mode;
use rec_runtime::database::connection;
use rec_store::{
    Database, Role,
    cluster::{Address, Cluster, ClusterError, ClusterOptions},
};
use serde::Serialize;

use super::{
    backup,
    config::loaded,
    say::{complain, say, say_json},
};

/// Connections that these commands need.
const CONNECTIONS: u32 = 2;

/// Exit code of `rec db working-orders` when there are some: told apart from a failure, after which nobody knows.
const STILL_WORKING: u8 = 3;

/// `rec db`.
#[derive(Debug, Clone, Args)]
pub struct DbArgs {
    /// What is wanted.
    #[command(subcommand)]
    pub command: DbCommand,
}

/// What `rec db` does.
///
/// Without a configured host (database.host) it is the private Postgres in the state folder.
#[derive(Debug, Clone, Subcommand)]
pub enum DbCommand {
    /// Make the database where it is missing and bring its tables up to this program's.
    ///
    /// `rec up` and `rec demo` do this by themselves. Doing it again does nothing.
    Migrate,
    /// Throw away everything in the database of a simulated desk and make it anew.
    ///
    /// Only in mode twin, only for a database that is marked with mode twin or not yet marked, and only while no desk
    /// runs on it. Asks first; where there is no terminal to ask on, --yes is the answer.
    Reset {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Write a dump of the database to a file, while the desk goes on.
    ///
    /// Beside it FILE.json says how many rows of each table were dumped. A file that is there is never written over.
    Backup {
        /// The dump, which must not be there yet.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Its form.
        #[arg(long, value_enum, default_value_t = backup::Format::Custom)]
        format: backup::Format,
    },
    /// Restore a dump into a fresh database, wholly or not at all.
    ///
    /// Takes what pg_dump made with --format=plain or --format=custom. Refuses a database that holds anything, and the
    /// dump of another mode, of another application, of a newer version or of a newer Postgres. A plain dump is a script:
    /// restore only your own.
    Restore {
        /// The dump.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Prove a dump: restore it into a cluster that is thrown away, compare rows, check the ledger.
    ///
    /// The books are checked as by `rec ledger verify`, the chain of hashes too. Exit code 0 when the dump is sound.
    /// Nothing of the desk is touched.
    Verify {
        /// The dump.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where there is room for the scratch cluster, instead of the temporary folder.
        #[arg(long, value_name = "DIR")]
        scratch: Option<PathBuf>,
        /// Print JSON: {file, sound, made_at, tables, rows, compared, differences, ledger}.
        #[arg(long)]
        json: bool,
    },
    /// Say how many orders may still fill; exit code 0 when there are none, 3 when there are.
    WorkingOrders,
    /// Print the address of the database, as for: psql "$(rec db url)"
    ///
    /// The password is never in it; psql asks for it, or reads PGPASSWORD or PGPASSFILE.
    Url {
        /// Print JSON: {url, private}.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `rec db`.
///
/// # Errors
/// When the database cannot be reached or started, or refuses.
pub async fn run(args: DbArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let Some(loaded) = loaded(&sources) else { return Ok(ExitCode::FAILURE) };
    let config = loaded.config;
    match args.command {
        DbCommand::Migrate => migrate(&config).await?,
        DbCommand::Reset { yes } => return reset(&config, yes).await,
        DbCommand::Backup { file, format } => backup::write(&config, &file, format).await?,
        DbCommand::Restore { file } => backup::read(&config, &file).await?,
        DbCommand::Verify { file, scratch, json } => return backup::verify(&config, &file, scratch, json).await,
        DbCommand::WorkingOrders => return working_orders(&config).await,
        DbCommand::Url { json } => url(&config, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let name = &config.database.name;
    if config.database.host.is_some() {
        let database = open_configured(&config.database).await?;
        database.migrate().await?;
        database.close().await;
    } else {
        let cluster = match start(config).await {
            Ok(cluster) => cluster,
            // A desk runs on it; migrating beside it is safe, since migrations take turns.
            Err(held @ ClusterError::Held { .. }) => {
                let address = Address::of_running(&config.state_dir).ok_or(held)?;
                let database = Database::open_with(address.connect_options(name), Role::Owner, CONNECTIONS).await?;
                database.migrate().await?;
                database.close().await;
                say(&format!("the database \"{name}\" has all migrations"));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let done = migrate_private(&cluster, name).await;
        leave(cluster).await?;
        done?;
    }
    say(&format!("the database \"{name}\" has all migrations"));
    Ok(())
}

async fn migrate_private(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    cluster.ensure_database(name).await?;
    let database = Database::open_with(cluster.connect_options(name), Role::Owner, CONNECTIONS).await?;
    let migrated = database.migrate().await;
    database.close().await;
    Ok(migrated?)
}

async fn reset(config: &Config, yes: bool) -> anyhow::Result<ExitCode> {
    if config.mode != Mode::Twin {
        bail!("only a database of mode twin can be reset, and the mode is {}: its books are kept", config.mode);
    }
    let name = &config.database.name;
    let place = match &config.database.host {
        Some(host) => format!("at {host}"),
        None => format!("in {}", config.state_dir.display()),
    };
    if !yes && !confirmed(&format!("Everything in the database \"{name}\" {place} will be lost. Type yes to go on: "))?
    {
        complain("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    if config.database.host.is_some() {
        let database = open_configured(&config.database).await?;
        let wiped = wipe_configured(&database).await;
        database.close().await;
        wiped?;
    } else {
        let cluster = start(config).await?;
        let done = reset_private(&cluster, name).await;
        leave(cluster).await?;
        done?;
    }
    say(&format!("the database \"{name}\" {place} is empty and has all migrations"));
    Ok(ExitCode::SUCCESS)
}

async fn wipe_configured(database: &Database) -> anyhow::Result<()> {
    refuse_other_modes(database).await?;
    Ok(database.wipe().await?)
}

async fn reset_private(cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    if !cluster.ensure_database(name).await? {
        let database = Database::open_with(cluster.connect_options(name), Role::Owner, CONNECTIONS).await?;
        let twin = refuse_other_modes(&database).await;
        database.close().await;
        twin?;
        cluster.drop_database(name).await?;
    }
    migrate_private(cluster, name).await
}

/// What the configuration says is not what the database holds.
async fn refuse_other_modes(database: &Database) -> anyhow::Result<()> {
    match database.marked_mode().await? {
        None | Some(Mode::Twin) => Ok(()),
        Some(mode) => bail!(
            "the database \"{}\" belongs to mode {mode} and is kept; only one of mode twin can be reset",
            database.name()
        ),
    }
}

/// Asks on the terminal.
fn confirmed(question: &str) -> anyhow::Result<bool> {
    let answers = std::io::stdin();
    if !answers.is_terminal() {
        bail!("there is no terminal to ask on, and a reset loses everything; say --yes if that is meant");
    }
    complain(question);
    let mut answer = String::new();
    std::io::BufRead::read_line(&mut answers.lock(), &mut answer).context("the answer cannot be read")?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

async fn open_configured(config: &DatabaseConfig) -> anyhow::Result<Database> {
    Ok(Database::open(&connection(config)?, Role::Owner, CONNECTIONS).await?)
}

/// Orders may fill at any time, so this is asked before the desk is stopped or deployed to.
async fn working_orders(config: &Config) -> anyhow::Result<ExitCode> {
    let database = match (&config.database.host, Address::of_running(&config.state_dir)) {
        (Some(_), _) => open_configured(&config.database).await?,
        (None, Some(address)) => {
            Database::open_with(address.connect_options(&config.database.name), Role::Owner, CONNECTIONS).await?
        }
        (None, None) => bail!(
            "no private Postgres runs in {}: ask while the desk runs, or the exchange itself",
            config.state_dir.display()
        ),
    };
    let count = database.pages().working_orders().await;
    database.close().await;
    let count = count?;
    say(&count.to_string());
    Ok(ExitCode::from(if count == 0 { 0 } else { STILL_WORKING }))
}

/// The private cluster, held by this process.
pub(super) async fn start(config: &Config) -> Result<Cluster, ClusterError> {
    if Address::of_running(&config.state_dir).is_none() {
        complain(&format!("no private Postgres runs in {}; it is started for this", config.state_dir.display()));
    }
    Cluster::start(ClusterOptions::new(&config.state_dir)).await
}

/// Leaves the cluster as it was found: one that ran goes on running.
pub(super) async fn leave(cluster: Cluster) -> anyhow::Result<()> {
    if cluster.was_adopted() {
        drop(cluster);
        return Ok(());
    }
    Ok(cluster.stop().await?)
}

#[derive(Serialize)]
struct Shown {
    url: String,
    private: bool,
}

fn url(config: &Config, json: bool) -> anyhow::Result<()> {
    let shown = match configured_url(&config.database) {
        Some(url) => Shown { url, private: false },
        None => {
            let address = Address::of_running(&config.state_dir).with_context(|| {
                format!(
                    "no private Postgres runs in {}; `rec up` and `rec demo` start one, --state-dir names another",
                    config.state_dir.display()
                )
            })?;
            Shown { url: address.url(&config.database.name), private: true }
        }
    };
    if json {
        return say_json(&shown);
    }
    say(&shown.url);
    Ok(())
}

/// The address of the configured database, without its password; `None` when none is configured.
fn configured_url(config: &DatabaseConfig) -> Option<String> {
    let host = config.host.as_deref()?;
    let (user, name) = (encoded(&config.user), encoded(&config.name));
    if config.is_socket() {
        return Some(format!("postgresql:///{name}?host={}&port={}&user={user}", encoded(host), config.port));
    }
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let ssl_mode = match config.sslmode {
        SslMode::Disable => "disable",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    };
    Some(format!("postgresql://{user}@{host}:{}/{name}?sslmode={ssl_mode}", config.port))
}

/// With everything encoded that means something in an address (RFC 3986), but slashes.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use rec_config::Secret;

    use super::*;

    fn config(host: Option<&str>) -> DatabaseConfig {
        DatabaseConfig {
            host: host.map(str::to_owned),
            port: 5433,
            name: "rec books".to_owned(),
            user: "o@p".to_owned(),
            password: Some(Secret::new("planted-secret")),
            password_file: None,
            sslmode: SslMode::VerifyFull,
            max_connections: 5,
        }
    }

    #[test]
    fn addresses_are_for_psql_and_have_no_password() {
        assert_eq!(configured_url(&config(None)), None);
        assert_eq!(
            configured_url(&config(Some("db.example"))).as_deref(),
            Some("postgresql://o%40p@db.example:5433/rec%20books?sslmode=verify-full")
        );
        assert_eq!(
            configured_url(&config(Some("/run/a b"))).as_deref(),
            Some("postgresql:///rec%20books?host=/run/a%20b&port=5433&user=o%40p")
        );
        assert!(configured_url(&config(Some("::1"))).is_some_and(|url| url.contains("@[::1]:5433")));
        for host in ["db.example", "/run/postgresql"] {
            assert!(!configured_url(&config(Some(host))).is_some_and(|url| url.contains("planted")));
        }
    }

    fn sources(state_dir: &std::path::Path) -> Sources {
        let env = [("HOME".into(), "/nonexistent/home".into())].into();
        let sources = Sources { env, files: Some(std::collections::BTreeMap::new()), ..Sources::default() };
        sources.with("--state-dir", "state_dir", state_dir.to_string_lossy())
    }

    fn runs(command: DbCommand, sources: Sources) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads");
        runtime.block_on(run(DbArgs { command }, sources))
    }

    #[test]
    fn only_a_desk_against_the_twin_is_reset() {
        let folder = tempfile::tempdir().expect("folder");
        let paper = sources(folder.path()).with("--set mode", "mode", "paper");
        let refused = runs(DbCommand::Reset { yes: true }, paper).expect_err("kept");
        assert!(refused.to_string().contains("mode twin"), "{refused}");
        assert!(!folder.path().join("postgres").exists());
    }

    #[test]
    fn a_private_database_that_does_not_run_has_no_address() {
        let folder = tempfile::tempdir().expect("folder");
        let none = runs(DbCommand::Url { json: true }, sources(folder.path())).expect_err("none runs");
        assert!(none.to_string().contains("rec up"), "{none}");
    }
}
