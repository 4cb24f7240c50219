//! `POST /api/halt` and `POST /api/resume`.

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use rec_api::Problem;
use rec_domain::{command::DeskCommand, halt::HaltSource};
use serde::Deserialize;
use uuid::Uuid;

use super::command::{Body, ask, readable, reason};
use crate::{app::Shared, security::LoggedIn};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HaltBody {
    decision: Option<Uuid>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeBody {
    decision: Option<Uuid>,
    source: Option<HaltSource>,
    reason: String,
}

/// Stops entries until the operator resumes.
pub(crate) async fn halt(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<HaltBody>,
) -> Result<Response, Problem> {
    let body = readable(body)?;
    let command = DeskCommand::Halt { source: HaltSource::Operator, reason: reason(&body.reason)? };
    ask(&app, &who, body.decision, command).await
}

/// Ends the operator's own halt, resets a tripped order group, or ends a halt of the comparison once books and exchange
/// agree. The other halts end by their own rule.
pub(crate) async fn resume(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<ResumeBody>,
) -> Result<Response, Problem> {
    let body = readable(body)?;
    let source = body.source.unwrap_or(HaltSource::Operator);
    if !matches!(source, HaltSource::Operator | HaltSource::OrderGroup | HaltSource::Reconciliation) {
        let detail = format!("a halt of {source} ends when {}", source.clearing_rule());
        return Err(Problem::new(StatusCode::CONFLICT, "not_yours", detail));
    }
    ask(&app, &who, body.decision, DeskCommand::Resume { source, reason: reason(&body.reason)? }).await
}
