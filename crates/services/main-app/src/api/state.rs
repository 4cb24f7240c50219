//! `GET /api/state`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::app::Shared;

/// Everything that the page is made of, in the shapes of `rec-domain`.
pub(crate) async fn show(State(app): State<Shared>) -> Response {
    let now = (app.now)();
    let state = app.hub.read(|live| {
        json!({
            "mode": app.setting.mode,
            "market_time": now.market,
            "time_of_day": now.wall,
            "speed": now.speed,
            "state": live,
        })
    });
    Json(state).into_response()
}
