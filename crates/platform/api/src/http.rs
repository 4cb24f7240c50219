//! What the HTTP clients between services share.

use std::time::Duration;

use rec_domain::Service;
use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use crate::{ApiError, Problem, ServiceToken};

/// How long a call may take, connection included, in wall time.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);

/// A client of one service.
#[derive(Debug, Clone)]
pub struct ServiceClient {
    service: Service,
    base: String,
    token: ServiceToken,
    deadline: Duration,
    http: reqwest::Client,
}

/// An answer of a service.
#[derive(Debug)]
pub enum Answer<T> {
    /// What was asked for.
    Body(T),
    /// A problem; 401 is an error instead.
    Problem(Problem),
}

impl ServiceClient {
    /// A client of `service` at `base` (as `http://127.0.0.1:4000`) that waits up to `deadline` for an answer.
    /// Proxies of the environment are not used.
    ///
    /// # Errors
    /// When the system gives no client.
    pub fn new(service: Service, base: &str, token: ServiceToken, deadline: Duration) -> Result<Self, ApiError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            // Nothing is encrypted, so a machine without certificates need not have any.
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(4)
            .build()
            .map_err(|error| ApiError::Unreachable { service, detail: error.to_string() })?;
        Ok(Self { service, base: base.trim_end_matches('/').to_owned(), token, deadline, http })
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When no answer comes or it cannot be read.
    pub async fn call<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<Answer<T>, ApiError> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(self.token.expose())
            .timeout(self.deadline);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.failure(&error))?;
        let unreadable = |error: serde_json::Error| ApiError::BadAnswer {
            service: self.service,
            detail: format!("status {status}, {error}"),
        };
        match status {
            status if status.is_success() => {
                // An empty body stands for "nothing to say".
                let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
                serde_json::from_slice(text).map(Answer::Body).map_err(unreadable)
            }
            StatusCode::UNAUTHORIZED => Err(ApiError::Unauthorized { service: self.service }),
            _ => serde_json::from_slice(&bytes).map(Answer::Problem).map_err(unreadable),
        }
    }

    /// Who is called.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// A problem that is no answer of the desk.
    #[must_use]
    pub fn refused(&self, problem: Problem) -> ApiError {
        ApiError::Refused { service: self.service, status: problem.status, detail: problem.detail }
    }

    fn failure(&self, error: &reqwest::Error) -> ApiError {
        let service = self.service;
        if error.is_connect() {
            ApiError::Unreachable { service, detail: root_cause(error) }
        } else if error.is_timeout() {
            ApiError::Timeout { service, deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX) }
        } else {
            ApiError::BadAnswer { service, detail: root_cause(error) }
        }
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
