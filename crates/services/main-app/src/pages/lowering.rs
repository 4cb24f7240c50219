//! The form that lowers limits while the desk runs. Nothing raises one.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Extension, Form,
    extract::{Query, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use rec_api::{Problem, problem::status_of};
use rec_domain::{
    DecisionId,
    command::{DeskCommand, DeskReply},
};
use uuid::Uuid;

use super::{Frame, answer, html, said::Said};
use crate::{
    api::command,
    app::Shared,
    security::LoggedIn,
    view::{
        Tone,
        automation::words,
        lowering::{Asked, LoweringView},
    },
};

#[derive(Template)]
#[template(path = "lowering.html")]
struct LoweringPage {
    frame: Frame,
    form: LoweringView,
    reason: String,
    reason_error: Option<String>,
    decision: Uuid,
    said: Option<Said>,
}

impl LoweringPage {
    /// The same form once more, with why nothing was done.
    fn saying(self, status: StatusCode, text: String) -> Response {
        html(status, &Self { said: Some(Said::not(text)), ..self })
    }
}

/// `GET /risk`: each limit as trade-manager has it in force now.
pub(crate) async fn show(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let risk = match app.desk.view().await {
        Ok(desk) => desk.risk,
        Err(failure) => return Problem::from(failure).into_response(),
    };
    let said = query.contains_key("lowered").then(|| Said::done("Lowered, and in force."));
    let (form, _) = LoweringView::of(&risk, &HashMap::new());
    let (reason, frame) = (String::new(), Frame::new(&app, &who, "/system"));
    let page = LoweringPage { frame, form, reason, reason_error: None, decision: Uuid::new_v4(), said };
    html(StatusCode::OK, &page)
}

/// `POST /risk`.
pub(crate) async fn submit(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Response {
    let sent = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return answer::problem(rejection.status(), "unreadable", &rejection.body_text()),
    };
    let risk = match app.desk.view().await {
        Ok(desk) => desk.risk,
        Err(failure) => return Problem::from(failure).into_response(),
    };
    let (form, asked) = LoweringView::of(&risk, &sent);
    // Sent twice: it is in force as it stands.
    if asked == Asked::InForce {
        return lowered();
    }
    let reason = sent.get("reason").cloned().unwrap_or_default();
    let (why, reason_error) = match command::reason(&reason) {
        Ok(why) => (Some(why), None),
        Err(problem) => (None, Some(problem.detail)),
    };
    let decision = sent.get("decision").and_then(|text| text.parse().ok()).unwrap_or_else(Uuid::new_v4);
    let frame = Frame::new(&app, &who, "/system");
    let page = LoweringPage { frame, form, reason, reason_error, decision, said: None };
    let is_empty = asked == Asked::Nothing;
    let (Asked::Lower(caps), Some(why)) = (asked, why) else {
        let fault = if is_empty { "no limit is named below" } else { "what is marked below cannot be meant" };
        return page.saying(StatusCode::UNPROCESSABLE_ENTITY, format!("Nothing was lowered: {fault}."));
    };
    let wanted = DeskCommand::TightenCaps { caps, reason: why };
    match command::request(&app, &who, DecisionId::from_uuid(decision), wanted).await {
        Ok(DeskReply::Accepted { .. }) => lowered(),
        Ok(DeskReply::Refused(refusal)) => {
            let text = format!("Nothing was lowered: {} ({}).", words(refusal.code), refusal.message);
            // A refusal is the answer to its decision; what is sent after it is another one.
            LoweringPage { decision: Uuid::new_v4(), ..page }.saying(status_of(refusal.code), text)
        }
        Err(failure) => {
            let uncertain = failure.is_uncertain();
            let problem = Problem::from(failure);
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let rest =
                if uncertain { "It may have been done; sending it again is safe" } else { "Nothing was lowered" };
            page.saying(status, format!("{}. {rest}.", problem.detail))
        }
    }
}

fn lowered() -> Response {
    Redirect::to("/risk?lowered").into_response()
}
