//! `rec status`: the health of every service of a desk that runs.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use rec_api::guard::{ask_health, socket_path};
use rec_config::{Config, Sources};
use rec_domain::{Service, health::ServiceHealth};
use tokio::task::JoinSet;

use crate::{kept_cluster, run_main, say};

const DEADLINE: Duration = Duration::from_secs(2);

/// Options of `rec status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Asks every service and says what it answered. The exit code is 1 unless all are healthy.
///
/// # Errors
/// When the configuration has faults.
pub async fn run(args: StatusArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let config = run_main::load(&sources)?;
    let healths = healths(&config).await?;
    if args.json {
        say::say(&serde_json::to_string_pretty(&healths)?);
    } else {
        for health in &healths {
            let degraded = || health.degradation().map(|lacking| format!("healthy, degraded: {lacking}"));
            let state = health.complaint().or_else(degraded).unwrap_or_else(|| "healthy".to_owned());
            let port = config.net.port(health.service).map_or_else(|| "-".to_owned(), |port| port.to_string());
            say::say(&format!("{:<30} {port:>5}  {state}", health.service));
        }
        let checks = healths.iter().flat_map(|health| &health.checks);
        if let Some(detail) =
            checks.filter(|check| check.name == kept_cluster::CHECK).find_map(|check| check.detail.as_ref())
        {
            say::say(&format!("{:<30} {:>5}  {detail}", kept_cluster::CHECK, "-"));
        }
    }
    let all = healths.iter().all(|health| health.healthy);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The health of every service, in their order; one that does not answer is unhealthy and has no checks.
///
/// # Errors
/// When the system gives no client.
pub(crate) async fn healths(config: &Config) -> anyhow::Result<Vec<ServiceHealth>> {
    let client = reqwest::Client::builder().timeout(DEADLINE).build()?;
    // All at once: a process that stands still costs one deadline, not one for each of its services.
    let mut asked = JoinSet::new();
    for service in Service::ALL.iter().copied() {
        let (client, url, socket) = (client.clone(), config.net.url(service), socket_path(&config.state_dir));
        asked.spawn(async move {
            let health = match url {
                Some(url) => ask(&client, &url).await,
                None => ask_health(&socket, DEADLINE).await.ok(),
            };
            health.unwrap_or(ServiceHealth { service, healthy: false, checks: Vec::new() })
        });
    }
    let mut healths = asked.join_all().await;
    healths.sort_by_key(|health| health.service);
    Ok(healths)
}

/// An unhealthy service answers 503 with the same body.
async fn ask(client: &reqwest::Client, url: &str) -> Option<ServiceHealth> {
    client.get(format!("{url}/health")).send().await.ok()?.json().await.ok()
}
