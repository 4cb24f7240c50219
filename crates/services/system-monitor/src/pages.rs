//! `GET /api/alerts`, for other services.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rec_runtime::axum::{Json, Router, extract::State, middleware::from_fn_with_state, routing::get};

use crate::{Alert, Alerts};

/// The alerts as loop and page share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedAlerts(Arc<Mutex<Alerts>>);

impl SharedAlerts {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Alerts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The route; it needs the service token.
pub(crate) fn router(alerts: SharedAlerts, token: rec_api::ServiceToken) -> Router {
    Router::new()
        .route("/api/alerts", get(list))
        .layer(from_fn_with_state(token, rec_api::token::require))
        .with_state(alerts)
}

async fn list(State(alerts): State<SharedAlerts>) -> Json<Vec<Alert>> {
    Json(alerts.lock().iter().cloned().collect())
}
