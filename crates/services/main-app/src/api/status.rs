//! `GET` and `POST /api/admin/supervisor-status`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    app::Shared,
    view::{Limits, health},
};

/// What system-monitor last said of every service. `success` means that it did say something, and lately; `output` is
/// the same for people, one line a service.
pub(crate) async fn show(State(app): State<Shared>) -> Response {
    let now = (app.now)();
    let answer = app.hub.read(|live| {
        let age = live.health.as_ref().map(|report| now.wall.since(report.received_at));
        let report = live.health.as_ref().map(|report| &report.value);
        let rows = health::services(report);
        let line = |row: &health::ServiceRow| {
            let state = match row.healthy {
                Some(true) => "RUNNING",
                Some(false) => "UNHEALTHY",
                None => "UNKNOWN",
            };
            let complaint = row.complaint.as_deref().unwrap_or_default();
            format!("{:<32}{state:<11}{complaint}", row.name.replace('-', "_")).trim_end().to_owned()
        };
        let services: Vec<Value> = rows
            .iter()
            .map(|row| {
                let checks = report
                    .and_then(|report| report.services.iter().find(|known| known.service.name() == row.name))
                    .map(|known| &known.checks);
                json!({
                    "service": row.name.replace('-', "_"),
                    "healthy": row.healthy,
                    "complaint": row.complaint,
                    "checks": checks,
                })
            })
            .collect();
        json!({
            "success": age.is_some_and(|age| age <= Limits::STATUS_WALL),
            "all_healthy": rows.iter().all(|row| row.healthy == Some(true)),
            "age_ms": age.map(rec_domain::TimeSpan::millis),
            "services": services,
            "output": rows.iter().map(line).collect::<Vec<_>>().join("\n"),
        })
    });
    Json(answer).into_response()
}
