//! The heartbeat to whoever watches this machine from elsewhere: an address that is asked for each minute while all is
//! well. What it says by its absence cannot be said from here: that the machine, or this service, is gone.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use rec_runtime::{HealthBoard, ServiceContext};
use tracing::{info, warn};

/// Wall time between two heartbeats.
const EVERY: Duration = Duration::from_secs(60);
/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The check that says what became of the last one. It degrades and no more: the desk does not need the watcher.
pub(crate) const CHECK: &str = "heartbeat to the outside";

/// Asks for an address at intervals, while it is told that all is well.
pub(crate) struct Heartbeat {
    client: reqwest::Client,
    url: String,
    every: Duration,
    next: Option<Instant>,
    outcome: std::sync::Arc<std::sync::Mutex<Result<(), String>>>,
}

impl Heartbeat {
    /// The configured heartbeat; none where there is none.
    ///
    /// # Errors
    /// When its file cannot be read, or the system gives no client.
    pub(crate) fn of(ctx: &ServiceContext) -> anyhow::Result<Option<Self>> {
        let Some(url) = ctx.config.monitor.read_heartbeat_url()? else { return Ok(None) };
        info!(every_seconds = EVERY.as_secs(), "a heartbeat goes to the outside while all is well");
        Ok(Some(Self::new(url.expose(), EVERY, &ctx.health)?))
    }

    fn new(url: &str, every: Duration, health: &HealthBoard) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(DEADLINE).build()?;
        let outcome = std::sync::Arc::new(std::sync::Mutex::new(Ok(())));
        let last = std::sync::Arc::clone(&outcome);
        health.advise(CHECK, move || {
            let last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
            last.map(|()| "asked for while all is well".to_owned())
        });
        Ok(Self { client, url: url.to_owned(), every, next: None, outcome })
    }

    /// Asks when it is time and all is well. The answer is waited for elsewhere.
    pub(crate) fn beat(&mut self, all_is_well: bool, now: Instant) {
        if !all_is_well || self.next.is_some_and(|next| now < next) {
            return;
        }
        self.next = Some(now + self.every);
        let (request, outcome) = (self.client.get(&self.url), std::sync::Arc::clone(&self.outcome));
        tokio::spawn(async move {
            let answer = request.send().await.and_then(reqwest::Response::error_for_status);
            // The address may be a secret, and errors name it.
            let result = answer.map(|_answer| ()).map_err(|error| root_cause(&error.without_url()));
            if let Err(error) = &result {
                warn!(%error, "the heartbeat did not reach its address");
            }
            *outcome.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = result;
        });
    }
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use rec_domain::Service;
    use rec_runtime::axum::{Router, http::StatusCode, routing::get};

    use super::*;

    /// A server that counts, and answers as it is told.
    async fn server(status: StatusCode) -> (String, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer = move || async move {
            count.fetch_add(1, Ordering::SeqCst);
            status
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}/ping/hidden", listener.local_addr().expect("bound"));
        let app = Router::new().route("/ping/hidden", get(answer));
        tokio::spawn(async move { rec_runtime::axum::serve(listener, app).await });
        (url, asked)
    }

    async fn until(holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(10), "in time");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn it_is_asked_for_once_a_minute_and_only_while_all_is_well() {
        let (url, asked) = server(StatusCode::OK).await;
        let health = HealthBoard::new(Service::SystemMonitor);
        health.beat("loop");
        let mut heartbeat = Heartbeat::new(&url, EVERY, &health).expect("a client");
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        heartbeat.beat(false, at(0));
        heartbeat.beat(true, at(1));
        until(|| asked.load(Ordering::SeqCst) == 1).await;
        heartbeat.beat(true, at(60));
        heartbeat.beat(false, at(62));
        heartbeat.beat(true, at(63));
        until(|| asked.load(Ordering::SeqCst) == 2).await;
        heartbeat.beat(false, at(600));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(asked.load(Ordering::SeqCst), 2, "not while something is wrong, and not within a minute");
    }

    #[tokio::test]
    async fn an_address_that_refuses_degrades_and_is_not_said() {
        let (url, asked) = server(StatusCode::NOT_FOUND).await;
        let health = HealthBoard::new(Service::SystemMonitor);
        health.beat("loop");
        let mut heartbeat = Heartbeat::new(&url, EVERY, &health).expect("a client");
        heartbeat.beat(true, Instant::now());
        until(|| asked.load(Ordering::SeqCst) == 1).await;
        until(|| health.snapshot().degradation().is_some()).await;
        let said = format!("{:?}", health.snapshot());
        assert!(said.contains("404") && !said.contains("hidden"), "{said}");
        assert!(health.snapshot().healthy, "the desk goes on without a watcher");
    }
}
