//! `main` of a binary that holds one service or several.

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use rec_config::{Config, Sources};
use rec_domain::Service;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};

use crate::{
    Clocks, Composition, DatabaseAccess, Hosted, ServiceMain,
    compose::{Ended, SHUTDOWN_DEADLINE},
    logs::{self, LogTarget},
    memory, metric, systemd,
    turning::{self, LONGEST_TURN},
};

/// Runs one service as a process until SIGTERM or Ctrl-C.
#[must_use]
pub fn main(service: Service, run: ServiceMain) -> ExitCode {
    main_of(&[(service, run)])
}

/// Runs several services as one process until SIGTERM or Ctrl-C.
#[must_use]
pub fn main_of(services: &[Hosted]) -> ExitCode {
    memory::give_back_large_buffers();
    match start(services) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&format!("{failure:?}"));
            ExitCode::FAILURE
        }
    }
}

fn start(services: &[Hosted]) -> anyhow::Result<()> {
    let names = services.iter().map(|(service, _)| service.name()).collect::<Vec<_>>().join(", ");
    let Some((sources, take_over)) = arguments(&names)? else { return Ok(()) };
    // A report of the configuration points at the text; its debug form is that drawing.
    let config = rec_config::load(&sources).map_err(|report| anyhow::anyhow!("{report:?}"))?.config;
    logs::init(&config.log, &LogTarget::Stderr)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the system gives no threads")?;
    let ended = runtime.block_on(run_until_signal(services.to_vec(), Arc::new(config), take_over));
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}

/// Runs services until SIGTERM, Ctrl-C or the failure of one of them. With `take_over` trade-manager takes the lease from
/// a desk that lives.
///
/// # Errors
/// When they cannot start, one fails, or they do not end in order.
pub async fn run_until_signal(services: Vec<Hosted>, config: Arc<Config>, take_over: bool) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    let clocks = Clocks::of(&config.clock);
    let database = database_of(&services, &config)?;
    let mut running = Composition { services, config, clocks, database, take_over }.start().await?;
    systemd::ready();
    let mut upkeep = tokio::time::interval(systemd::watchdog_interval().unwrap_or(Duration::from_secs(5)));
    let failure = loop {
        tokio::select! {
            _ = terminated.recv() => break None,
            _ = interrupted.recv() => break None,
            ended = running.ended() => match ended {
                Ended::Finished(service) => {
                    info!(%service, "finished");
                    break None;
                }
                Ended::Failed(failure) => break Some(failure),
            },
            _ = upkeep.tick() => {
                let still = turning::standing_still(LONGEST_TURN);
                if still.is_empty() {
                    systemd::alive();
                } else {
                    error!(loops = ?still, "stand still: the watchdog is not fed any more");
                }
                metric::upkeep();
            }
        }
    };
    systemd::stopping();
    info!("ending");
    let ended = running.shutdown(SHUTDOWN_DEADLINE).await;
    match failure {
        Some(failure) => {
            if let Err(error) = ended {
                error!(%error, "while ending");
            }
            Err(failure)
        }
        None => Ok(ended?),
    }
}

/// The configured database, where a service needs one. Only `rec up` starts a private one.
fn database_of(services: &[Hosted], config: &Config) -> anyhow::Result<DatabaseAccess> {
    let manifest = rec_config::Manifest::bundled();
    let needs = |service: Service| manifest.get(service).needs.contains(&rec_config::Need::Postgres);
    if services.iter().any(|(service, _)| needs(*service)) {
        Ok(DatabaseAccess::of_config(&config.database)?)
    } else {
        Ok(DatabaseAccess::none())
    }
}

/// Reads the command line; `None` when help or version was asked for and given.
fn arguments(names: &str) -> anyhow::Result<Option<(Sources, bool)>> {
    let (mut sources, mut take_over) = (Sources::of_process(), false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "-h" | "--help" => {
                say(&format!(
                    "Runs {names}.\n\nOptions:\n  --config FILE     configuration file (also REC_CONFIG)\n  \
                     --state-dir DIR   where the desk keeps its state (also REC_STATE_DIR)\n  \
                     --port-base PORT  moves every port (also REC_PORT_BASE)\n  \
                     --take-over       takes the desk over from one that lives\n  \
                     --version         prints the version\n\n\
                     Everything else is configured in the file and by REC_* variables."
                ));
                return Ok(None);
            }
            "-V" | "--version" => {
                say(env!("CARGO_PKG_VERSION"));
                return Ok(None);
            }
            "--config" => {
                let file = std::path::absolute(PathBuf::from(value()?)).context("--config names no file")?;
                sources.config_flag = Some(file);
            }
            "--state-dir" => {
                let folder = std::path::absolute(PathBuf::from(value()?)).context("--state-dir names no folder")?;
                sources = sources.with("--state-dir", "state_dir", folder.to_string_lossy());
            }
            "--take-over" => take_over = true,
            "--port-base" => sources = sources.with("--port-base", "net.port_base", value()?),
            other => anyhow::bail!("unknown argument \"{other}\"; --help lists what there is"),
        }
    }
    Ok(Some((sources, take_over)))
}

fn say(text: &str) {
    use std::io::Write;
    let _nobody_reads = writeln!(std::io::stdout(), "{text}");
}

fn complain(text: &str) {
    use std::io::Write;
    let _nobody_reads = writeln!(std::io::stderr(), "{text}");
}
