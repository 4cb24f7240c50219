//! `GET` and `POST /api/risk`: the limits, what is used of them, and lowering them.

use std::collections::BTreeMap;

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rec_api::Problem;
use rec_domain::{caps::Cap, command::DeskCommand};
use serde::Deserialize;
use uuid::Uuid;

use super::command::{Body, ask, readable, reason};
use crate::{app::Shared, security::LoggedIn};

/// Caps by their name in the configuration, each with what it shall allow, in its own unit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LowerBody {
    decision: Option<Uuid>,
    caps: BTreeMap<Cap, String>,
    reason: String,
}

/// The limits and what is used of them.
pub(crate) async fn show(State(app): State<Shared>) -> Result<Response, Problem> {
    Ok(Json(app.desk.view().await?.risk).into_response())
}

/// Lowers caps. Nothing raises one while the desk runs.
pub(crate) async fn lower(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<LowerBody>,
) -> Result<Response, Problem> {
    let LowerBody { decision, caps, reason: why } = readable(body)?;
    let mut lower = BTreeMap::new();
    for (cap, text) in caps {
        let amount = cap
            .amount(&text)
            .map_err(|fault| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "amount", format!("{cap}: {fault}")))?;
        lower.insert(cap, amount);
    }
    ask(&app, &who, decision, DeskCommand::TightenCaps { caps: lower, reason: reason(&why)? }).await
}
