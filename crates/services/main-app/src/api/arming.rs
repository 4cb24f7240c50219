//! `POST /api/arm` and `POST /api/disarm`.

use axum::{Extension, extract::State, response::Response};
use rec_api::Problem;
use rec_domain::{
    TimeSpan,
    arming::{ArmRequest, Factor, OneTimeCode},
    command::DeskCommand,
};
use serde::Deserialize;
use uuid::Uuid;

use super::command::{Body, ask, readable, reason};
use crate::{app::Shared, security::LoggedIn};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArmBody {
    decision: Option<Uuid>,
    /// For how long, in minutes.
    minutes: u16,
    /// The code of the authenticator.
    code: OneTimeCode,
    reason: String,
    #[serde(default)]
    take_over: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisarmBody {
    decision: Option<Uuid>,
    reason: String,
}

/// Allows what increases exposure for a while; trade-manager checks the code.
pub(crate) async fn arm(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<ArmBody>,
) -> Result<Response, Problem> {
    let ArmBody { decision, minutes, code, reason: why, take_over } = readable(body)?;
    let request = ArmRequest {
        duration: TimeSpan::from_minutes(i64::from(minutes)),
        reason: reason(&why)?,
        take_over,
        factor: Factor::Code { code: OneTimeCode::new(code.expose()) },
    };
    ask(&app, &who, decision, DeskCommand::Arm(request)).await
}

/// Ends that.
pub(crate) async fn disarm(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<DisarmBody>,
) -> Result<Response, Problem> {
    let body = readable(body)?;
    ask(&app, &who, body.decision, DeskCommand::Disarm { reason: reason(&body.reason)? }).await
}
