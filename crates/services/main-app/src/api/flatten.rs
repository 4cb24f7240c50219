//! `POST /api/flatten` and `POST /api/kill`.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rec_api::{Problem, guard};
use rec_domain::{
    DecisionId, Price,
    command::{DeskCommand, DeskReply, FlattenRequest},
    halt::HaltSource,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::command::{Body, ask, readable, reason, request};
use crate::{app::Shared, security::LoggedIn};

/// How long the guard may take to trip every group.
const GUARD_WITHIN: Duration = Duration::from_secs(8);

/// There is no order without a limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlattenBody {
    decision: Option<Uuid>,
    limit: Price,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KillBody {
    decision: Option<Uuid>,
    reason: String,
}

/// Halts entries and closes every trade of the desk. What finds no buyer stays open; it can be asked for again.
pub(crate) async fn flatten(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<FlattenBody>,
) -> Result<Response, Problem> {
    let FlattenBody { decision, limit, reason: why } = readable(body)?;
    let flatten = FlattenRequest { limit, reason: reason(&why)?, decided_at: (app.now)().market };
    ask(&app, &who, decision, DeskCommand::Flatten(flatten)).await
}

/// Halts the desk and has the guard trip the entry groups, each whether or not the other can be reached. This service
/// has no key: where the guard is gone too, `rec kill` on the machine is what is left.
pub(crate) async fn kill(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    body: Body<KillBody>,
) -> Result<Response, Problem> {
    let KillBody { decision, reason: why } = readable(body)?;
    let (why, decision) = (reason(&why)?, DecisionId::from_uuid(decision.unwrap_or_else(Uuid::new_v4)));
    let halt = DeskCommand::Halt { source: HaltSource::Operator, reason: why.clone() };
    let (halted, tripped) =
        tokio::join!(request(&app, &who, decision, halt), guard::trip(&app.guard_socket, &why, GUARD_WITHIN));
    let halted = matches!(halted, Ok(DeskReply::Accepted { .. }));
    let (groups, all) = match tripped {
        Ok(groups) => {
            let all = !groups.is_empty() && groups.iter().all(|word| word.tripped);
            (groups, all)
        }
        Err(error) => {
            let detail = format!(
                "{}; the guard does not answer ({error}): run `rec kill` on the machine",
                if halted { "the desk is halted" } else { "the desk was not reached either" }
            );
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "guard", detail));
        }
    };
    if !all {
        let detail = "not every entry group was seen to be tripped yet: look again, or run `rec kill` on the machine";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_tripped", detail));
    }
    if !halted {
        let detail = "the entry groups are tripped; the desk itself did not say that it is halted: see whether it runs";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_halted", detail));
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "answer": "accepted", "groups": groups }))).into_response())
}
