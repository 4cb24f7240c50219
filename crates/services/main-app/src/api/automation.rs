//! `GET` and `POST /api/automation`: the two switches and the strategy.

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rec_api::Problem;
use rec_domain::{command::DeskCommand, refusal::RefusalCode, settings::AutomationSettings};
use serde::Deserialize;
use uuid::Uuid;

use super::command::{Body, ask, readable};
use crate::{app::Shared, security::LoggedIn};

/// Either switch, or all settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AutomationBody {
    decision: Option<Uuid>,
    auto_entry: Option<bool>,
    auto_stop: Option<bool>,
    settings: Option<AutomationSettings>,
}

/// The settings in force.
pub(crate) async fn show(State(app): State<Shared>) -> Result<Response, Problem> {
    Ok(Json(app.desk.view().await?.settings).into_response())
}

/// Changes them. What is not named stays as trade-manager has it now.
pub(crate) async fn set(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<AutomationBody>,
) -> Result<Response, Problem> {
    let body = readable(body)?;
    if body.auto_entry.is_none() && body.auto_stop.is_none() && body.settings.is_none() {
        let detail = "name auto_entry, auto_stop or settings";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "nothing_asked", detail));
    }
    // A switch is put on what is in force now, and on nothing that comes in between.
    let (mut settings, replaces) = match body.settings {
        Some(settings) => (settings, None),
        None => {
            let present = app.desk.view().await?.settings;
            (present.clone(), Some(Box::new(present)))
        }
    };
    settings.auto_entry = body.auto_entry.unwrap_or(settings.auto_entry);
    settings.auto_stop = body.auto_stop.unwrap_or(settings.auto_stop);
    if let Err(faults) = settings.validate() {
        let detail = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, RefusalCode::BadSettings.name(), detail));
    }
    ask(&app, &who, body.decision, DeskCommand::SetAutomation { settings, replaces }).await
}
