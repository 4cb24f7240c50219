//! The HTTP form, called.

use std::time::Duration;

use async_trait::async_trait;
use rec_domain::{
    Service, TimeSpan,
    command::{DeskReply, DeskRequest},
    desk_view::DeskView,
};
use reqwest::Method;
use serde::Serialize;

use super::DeskApi;
use crate::{
    ApiError, Problem, ServiceToken,
    http::{Answer, ServiceClient},
};

/// trade-manager in another process.
#[derive(Debug, Clone)]
pub struct HttpDesk {
    client: ServiceClient,
}

impl HttpDesk {
    /// trade-manager at `base`, as `http://127.0.0.1:4000`.
    ///
    /// # Errors
    /// When the system gives no HTTP client.
    pub fn new(base: &str, token: ServiceToken, deadline: Duration) -> Result<Self, ApiError> {
        Ok(Self { client: ServiceClient::new(Service::TradeManager, base, token, deadline)? })
    }

    async fn hint<T: Serialize + Sync>(&self, path: &str, what: Option<&T>) -> Result<(), ApiError> {
        match self.client.call::<T, Option<()>>(Method::POST, path, what).await? {
            Answer::Body(_) => Ok(()),
            Answer::Problem(problem) => Err(self.error(problem)),
        }
    }

    /// What the other side met when it asked on our behalf keeps its meaning.
    fn error(&self, problem: Problem) -> ApiError {
        let service = self.client.service();
        match problem.code.as_str() {
            "unreachable" => ApiError::Unreachable { service, detail: problem.detail },
            "timeout" | "bad_answer" => ApiError::BadAnswer { service, detail: problem.detail },
            _ => self.client.refused(problem),
        }
    }
}

#[async_trait]
impl DeskApi for HttpDesk {
    async fn request(&self, request: DeskRequest) -> Result<DeskReply, ApiError> {
        match self.client.call(Method::POST, "/api/desk/requests", Some(&request)).await? {
            Answer::Body(reply) => Ok(reply),
            Answer::Problem(problem) => match problem.as_refusal() {
                Some(refusal) => Ok(DeskReply::Refused(refusal)),
                None => Err(self.error(problem)),
            },
        }
    }

    async fn view(&self) -> Result<Box<DeskView>, ApiError> {
        match self.client.call::<(), _>(Method::GET, "/api/desk/view", None).await? {
            Answer::Body(view) => Ok(view),
            Answer::Problem(problem) => Err(self.error(problem)),
        }
    }

    async fn inbox_hint(&self) -> Result<(), ApiError> {
        self.hint::<()>("/api/desk/hints/inbox", None).await
    }

    async fn answers_hint(&self) -> Result<(), ApiError> {
        self.hint::<()>("/api/desk/hints/answers", None).await
    }

    async fn exchange_clock(&self, ahead: TimeSpan) -> Result<(), ApiError> {
        self.hint("/api/desk/hints/exchange-clock", Some(&ahead)).await
    }
}
