//! The ticket of an order to close a trade by hand.

use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use rec_domain::{
    TradeId,
    command::{CloseRequest, DeskCommand},
    trade::Origin,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Frame,
    answer::{self, Again},
    html,
    ticket::{BY_HAND, Problems, limit, note},
};
use crate::{app::Shared, security::LoggedIn, view::closing::ClosingView};

#[derive(Template)]
#[template(path = "closing.html")]
struct ClosingPage<'a> {
    frame: Frame,
    ticket: ClosingView,
    decision: Uuid,
    reason: &'a str,
    problems: Problems,
}

/// What is wanted, so far.
#[derive(Deserialize)]
pub(crate) struct ClosingQuery {
    limit: Option<String>,
}

/// The ticket as it was sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosingForm {
    decision: Uuid,
    limit: String,
    reason: String,
}

/// `GET /trades/{id}/close`.
pub(crate) async fn show(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    Path(id): Path<i64>,
    Query(query): Query<ClosingQuery>,
) -> Response {
    let shown = (TradeId::new(id), query.limit.as_deref(), BY_HAND);
    page(&app, &who, StatusCode::OK, shown, Uuid::new_v4(), Problems::default())
}

/// `POST /trades/{id}/close`.
pub(crate) async fn submit(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    Path(id): Path<i64>,
    form: Result<Form<ClosingForm>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return answer::problem(rejection.status(), "unreadable", &rejection.body_text()),
    };
    let trade = TradeId::new(id);
    let (limit, reason) = (limit(&form.limit), note(&form.reason));
    let (Ok(limit), Ok(reason)) = (limit, reason.clone()) else {
        let problems = Problems { limit: limit.err(), reason: reason.err(), ..Problems::default() };
        let shown = (trade, Some(form.limit.as_str()), form.reason.as_str());
        return page(&app, &who, StatusCode::UNPROCESSABLE_ENTITY, shown, form.decision, problems);
    };
    let close = CloseRequest { trade, limit, origin: Origin::Manual, reason, decided_at: (app.now)().market };
    let again = Again {
        action: format!("/trades/{id}/close"),
        fields: vec![("decision", form.decision.to_string()), ("limit", form.limit), ("reason", form.reason)],
    };
    answer::ask(&app, &who, form.decision, DeskCommand::Close(close), again).await
}

fn page(
    app: &Shared,
    who: &LoggedIn,
    status: StatusCode,
    (trade, limit, reason): (TradeId, Option<&str>, &str),
    decision: Uuid,
    problems: Problems,
) -> Response {
    let now = (app.now)();
    let ticket = app.hub.read(|live| ClosingView::of(trade, limit, live, &app.setting.limits, now));
    let Some(ticket) = ticket else {
        let detail = format!("there is no open trade {trade}; it may have ended");
        return answer::problem(StatusCode::NOT_FOUND, "no_such_trade", &detail);
    };
    html(status, &ClosingPage { frame: Frame::new(app, who, ""), ticket, decision, reason, problems })
}
