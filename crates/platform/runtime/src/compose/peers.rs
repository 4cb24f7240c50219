//! How a service asks the others for their health.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use rec_api::ApiError;
use rec_config::Config;
use rec_domain::{Service, health::ServiceHealth};
use thiserror::Error;

use crate::HealthBoard;

/// The other services, to be asked for their health: those of this process through their HTTP address too, so that a
/// process whose listeners are stuck is not called healthy. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Peers {
    urls: Arc<BTreeMap<Service, String>>,
    boards: Arc<BTreeMap<Service, HealthBoard>>,
    guard: PathBuf,
    http: reqwest::Client,
}

/// Why there is no health.
#[derive(Debug, Error)]
pub enum PeerError {
    /// No answer.
    #[error("{service} does not answer: {detail}")]
    Silent {
        /// Who was asked.
        service: Service,
        /// What went wrong.
        detail: String,
    },
    /// An answer that is no health of that service.
    #[error("what answers at the address of {service} is something else: {detail}")]
    SomethingElse {
        /// Who was asked.
        service: Service,
        /// What went wrong.
        detail: String,
    },
}

impl Peers {
    pub(super) fn new(
        config: &Config,
        boards: BTreeMap<Service, HealthBoard>,
        addresses: &BTreeMap<Service, SocketAddr>,
    ) -> anyhow::Result<Self> {
        let here = |service| addresses.get(&service).map(|address| format!("http://{}", reachable(*address)));
        let urls = Service::ALL
            .iter()
            .filter_map(|service| Some((*service, here(*service).or_else(|| config.net.url(*service))?)))
            .collect();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .build()?;
        let guard = rec_api::guard::socket_path(&config.state_dir);
        Ok(Self { urls: Arc::new(urls), boards: Arc::new(boards), guard, http })
    }

    /// Where a service answers HTTP, as `http://127.0.0.1:4000`.
    #[must_use]
    pub fn url(&self, service: Service) -> Option<&str> {
        self.urls.get(&service).map(String::as_str)
    }

    /// Asks a service for its health.
    ///
    /// # Errors
    /// When it does not answer within `deadline` of wall time, or something else does.
    pub async fn health(&self, service: Service, deadline: Duration) -> Result<ServiceHealth, PeerError> {
        let silent = |detail: String| PeerError::Silent { service, detail };
        let Some(url) = self.urls.get(&service) else {
            return rec_api::guard::ask_health(&self.guard, deadline).await.map_err(|error| match error {
                ApiError::Unreachable { detail, .. } => silent(detail),
                other => silent(other.to_string()),
            });
        };
        let request = self.http.get(format!("{url}/health")).timeout(deadline);
        let response = request.send().await.map_err(|error| silent(error.to_string()))?;
        let health: ServiceHealth =
            response.json().await.map_err(|error| PeerError::SomethingElse { service, detail: error.to_string() })?;
        if health.service == service {
            Ok(health)
        } else {
            Err(PeerError::SomethingElse { service, detail: format!("{} answers", health.service) })
        }
    }

    /// The board of a service in this process.
    #[must_use]
    pub fn board(&self, service: Service) -> Option<&HealthBoard> {
        self.boards.get(&service)
    }
}

/// The address at which a listener is reached from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
