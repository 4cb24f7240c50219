//! The control endpoint of a desk's twin, and what is asked of the desk meanwhile.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::Value;

use super::{Desk, Place};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// What a demo with `--control` said of its twin's control endpoint.
pub(crate) struct Control {
    http: reqwest::Client,
    exchange: String,
    token: String,
}

impl Control {
    /// Finds it in what the demo said.
    pub(crate) fn of(desk: &Desk) -> Self {
        let said = desk.said() + &desk.complained();
        let line = said.lines().find(|line| line.contains("/twin/faults, token in ")).expect("a control endpoint");
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        let exchange = address.split_once("/twin/").expect("its path").0.to_owned();
        let file = line.split_once("token in ").expect("a file").1.split(';').next().expect("a path");
        let token = std::fs::read_to_string(Path::new(file)).expect("the demo wrote it");
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
        Self { http, exchange, token }
    }

    /// Puts a fault into force.
    pub(crate) async fn inject(&self, fault: Value) {
        let (status, text) = self.attempt(&fault).await;
        assert!(status.is_success(), "{fault}: {status} {text}");
        println!("injected {fault}");
    }

    /// Asks for a fault, and gives the answer.
    pub(crate) async fn attempt(&self, fault: &Value) -> (StatusCode, String) {
        let url = format!("{}/twin/faults", self.exchange);
        let request = self.http.post(url).bearer_auth(&self.token).body(fault.to_string());
        let answer = request.send().await.expect("the twin answers");
        (answer.status(), answer.text().await.unwrap_or_default())
    }

    /// Whether something is still going to be hit.
    pub(crate) async fn is_in_force(&self) -> bool {
        self.ask("twin/faults").await["in_force"].as_u64().expect("a number") > 0
    }

    /// Reads the exchange as it is, by a path below `/trade-api/v2/`.
    pub(crate) async fn read(&self, path: &str) -> Value {
        self.ask(&format!("twin/read/{path}")).await
    }

    async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/{path}", self.exchange);
        let answer = self.http.get(&url).bearer_auth(&self.token).send().await.expect("the twin answers");
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
        serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
    }
}

/// Waits until something holds, and says what was waited for when it does not.
pub(crate) async fn until(desk: &mut Desk, what: &str, within: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(desk.runs(), "it ended while waiting for \"{what}\": {}", desk.complained());
        assert!(began.elapsed() < within, "not within {within:?}: {what}\n{}", desk.complained());
        tokio::time::sleep(LOOK).await;
    }
    println!("after {:.1} s: {what}", began.elapsed().as_secs_f64());
}

/// The services of a desk by their health.
pub(crate) struct Healths {
    http: reqwest::Client,
    ports: Vec<(String, u16)>,
}

impl Healths {
    /// Of the services named.
    pub(crate) async fn of(place: &Place, services: &[&str]) -> Self {
        let mut ports = Vec::new();
        for service in services {
            ports.push(((*service).to_owned(), place.port(service).await));
        }
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
        Self { http, ports }
    }

    /// Whether a service says that it is healthy.
    pub(crate) async fn is_healthy(&self, service: &str) -> bool {
        let (_, port) = self.ports.iter().find(|(name, _)| name == service).expect("asked for");
        let answer = self.http.get(format!("http://127.0.0.1:{port}/health")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Whether all of them do.
    pub(crate) async fn are_all_healthy(&self) -> bool {
        for (service, _) in &self.ports {
            if !self.is_healthy(service).await {
                return false;
            }
        }
        true
    }
}
