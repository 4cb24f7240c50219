//! What commands to trade-manager have in common.

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rec_api::{ApiError, Problem};
use rec_domain::{
    DecisionId,
    command::{DeskCommand, DeskReply, DeskRequest},
};
use serde_json::json;
use tracing::info;
use uuid::Uuid;

use crate::{app::Shared, security::LoggedIn};

/// The longest reason.
const LONGEST_REASON: usize = 200;

/// A body that may be unreadable.
pub(crate) type Body<T> = Result<Json<T>, JsonRejection>;

/// The body, or the problem with it.
pub(crate) fn readable<T>(body: Body<T>) -> Result<T, Problem> {
    match body {
        Ok(Json(body)) => Ok(body),
        Err(rejection) => Err(Problem::new(rejection.status(), "unreadable", rejection.body_text())),
    }
}

/// The operator's reason, which every command that stops or ends something needs.
pub(crate) fn reason(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        let detail = format!("a reason of 1 to {LONGEST_REASON} characters is needed");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "reason", detail));
    }
    Ok(text.to_owned())
}

/// Asks trade-manager, and notes who asked.
pub(crate) async fn request(
    app: &Shared,
    who: &LoggedIn,
    decision: DecisionId,
    command: DeskCommand,
) -> Result<DeskReply, ApiError> {
    info!(user = %who.operator.name, %decision, ?command, "asked by the operator");
    app.desk.request(DeskRequest { decision, requester: "operator".to_owned(), command }).await
}

/// Asks trade-manager. `decision` is the browser's identity of the request; repeating it does nothing twice.
pub(crate) async fn ask(
    app: &Shared,
    who: &LoggedIn,
    decision: Option<Uuid>,
    command: DeskCommand,
) -> Result<Response, Problem> {
    let decision = DecisionId::from_uuid(decision.unwrap_or_else(Uuid::new_v4));
    match request(app, who, decision, command).await? {
        DeskReply::Refused(refusal) => Err(Problem::refusal(&refusal)),
        DeskReply::Accepted { intent, trade } => {
            let answer = json!({ "answer": "accepted", "decision": decision, "intent": intent, "trade": trade });
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
    }
}
