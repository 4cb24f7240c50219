//! `POST /api/trades/{id}/close`.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use rec_api::Problem;
use rec_domain::{
    Price, TradeId,
    command::{CloseRequest, DeskCommand},
    trade::Origin,
};
use serde::Deserialize;
use uuid::Uuid;

use super::command::{Body, ask, readable, reason};
use crate::{app::Shared, security::LoggedIn};

/// A close always names the worst price to accept: there is no order without a limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseBody {
    decision: Option<Uuid>,
    limit: Price,
    reason: String,
}

/// Asks trade-manager to sell what a trade holds.
pub(crate) async fn close(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    Path(id): Path<i64>,
    body: Body<CloseBody>,
) -> Result<Response, Problem> {
    let body = readable(body)?;
    if !body.limit.is_positive() || body.limit >= Price::ONE {
        let detail = "the worst price to accept must lie between 0 and 1 dollar";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "price", detail));
    }
    let close = CloseRequest {
        trade: TradeId::new(id),
        limit: body.limit,
        origin: Origin::Manual,
        reason: reason(&body.reason)?,
        decided_at: (app.now)().market,
    };
    ask(&app, &who, body.decision, DeskCommand::Close(close)).await
}
