//! The HTTP side of a service: `/health`, `/metrics` and its own routes.

use std::{io, net::SocketAddr, time::Duration};

use anyhow::Context as _;
use axum::{Json, Router, extract::State, http::StatusCode, http::header, response::IntoResponse, routing::get};
use rec_config::NetConfig;
use rec_domain::Service;
use thiserror::Error;
use tokio::net::TcpListener;
use tower_http::{limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::{HealthBoard, ServiceContext, metric};

/// The largest body that is read.
const MOST_BODY_BYTES: usize = 256 * 1024;
/// How long a request may take until its answer begins; streams may go on for longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests under way may take after the shutdown began.
const GRACE: Duration = Duration::from_secs(1);

/// Why a service does not listen.
#[derive(Debug, Error)]
pub enum BindError {
    /// Somebody listens there already.
    #[error(
        "port {port} of {service} on {host} is taken, perhaps by another desk (`rec status` shows it); \
         choose other ports with --port-base, or this one with {variable}"
    )]
    Busy {
        /// The service.
        service: Service,
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// The variable that sets the port.
        variable: String,
    },
    /// The system refuses.
    #[error("{service} cannot listen on {host} port {port}: {source}; check net.bind_host (REC_BIND_HOST)")]
    Refused {
        /// The service.
        service: Service,
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
}

/// Listens for `service` at its configured port; `None` for the guard, which has none.
///
/// # Errors
/// When the port is taken or the system refuses.
pub async fn bind(service: Service, net: &NetConfig) -> Result<Option<TcpListener>, BindError> {
    let Some(port) = net.port(service) else { return Ok(None) };
    let host = net.bind_host.clone();
    TcpListener::bind((host.as_str(), port)).await.map(Some).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => {
            let entry = rec_config::Manifest::bundled().get(service);
            let variable = entry.env.clone().unwrap_or_else(|| format!("net.ports.{service}"));
            BindError::Busy { service, host, port, variable }
        }
        _ => BindError::Refused { service, host, port, source },
    })
}

/// Serves `GET /health` (200 while healthy, else 503, both with [`rec_domain::health::ServiceHealth`]),
/// `GET /metrics` (Prometheus) and the routes of `extra` until shutdown. A service without a port (the guard) serves
/// nothing.
///
/// # Errors
/// When called twice, or the system stops listening.
pub async fn serve_http(ctx: &ServiceContext, extra: Router) -> anyhow::Result<()> {
    let own = Router::new().route("/metrics", get(metrics)).with_state(ctx.health.clone());
    serve_public(ctx, own.merge(extra)).await
}

/// As [`serve_http`] without `/metrics`, for the service that strangers reach: nothing but `/health` is added.
///
/// # Errors
/// As [`serve_http`].
pub async fn serve_public(ctx: &ServiceContext, extra: Router) -> anyhow::Result<()> {
    let Some(listener) = ctx.take_listener()? else {
        ctx.shutdown.cancelled().await;
        return Ok(());
    };
    let app = Router::new()
        .route("/health", get(health))
        .with_state(ctx.health.clone())
        .merge(extra)
        .layer(RequestBodyLimitLayer::new(MOST_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .into_make_service_with_connect_info::<SocketAddr>();
    let ended = {
        let shutdown = ctx.shutdown.clone();
        async move { shutdown.cancelled().await }
    };
    let serving = axum::serve(listener, app).with_graceful_shutdown(ended);
    let grace = async {
        ctx.shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving.into_future() => served.with_context(|| format!("{} stopped listening", ctx.service)),
        // Streams (server-sent events) never end by themselves.
        () = grace => Ok(()),
    }
}

async fn health(State(board): State<HealthBoard>) -> impl IntoResponse {
    let health = board.snapshot();
    metric::record_health(&health);
    let status = if health.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(health))
}

async fn metrics(State(board): State<HealthBoard>) -> impl IntoResponse {
    metric::record_health(&board.snapshot());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metric::render())
}
