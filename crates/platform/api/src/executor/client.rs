//! The HTTP form, called.

use std::time::Duration;

use async_trait::async_trait;
use rec_domain::{Service, command::Dispatch};
use reqwest::Method;

use super::ExecutorApi;
use crate::{
    ApiError, ServiceToken,
    http::{Answer, ServiceClient},
};

/// trade-executor in another process.
#[derive(Debug, Clone)]
pub struct HttpExecutor {
    client: ServiceClient,
}

impl HttpExecutor {
    /// trade-executor at `base`, as `http://127.0.0.1:8001`.
    ///
    /// # Errors
    /// When the system gives no HTTP client.
    pub fn new(base: &str, token: ServiceToken, deadline: Duration) -> Result<Self, ApiError> {
        Ok(Self { client: ServiceClient::new(Service::TradeExecutor, base, token, deadline)? })
    }
}

#[async_trait]
impl ExecutorApi for HttpExecutor {
    async fn dispatch(&self, dispatch: Dispatch) -> Result<(), ApiError> {
        match self.client.call::<_, Option<()>>(Method::POST, "/api/executor/dispatch", Some(&dispatch)).await? {
            Answer::Body(_) => Ok(()),
            Answer::Problem(problem) => Err(self.client.refused(problem)),
        }
    }
}
