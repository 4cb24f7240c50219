//! The form of the entry and exit settings.

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
    desk_view::DeskView,
    refusal::RefusalCode,
};
use uuid::Uuid;

use super::{Frame, answer, html, said::Said};
use crate::{
    api::command::request,
    app::Shared,
    security::LoggedIn,
    view::{
        Tone,
        automation::words,
        strategy::{Entered, StrategyView},
    },
};

#[derive(Template)]
#[template(path = "strategy.html")]
struct StrategyPage {
    frame: Frame,
    form: StrategyView,
    decision: Uuid,
    said: Option<Said>,
}

/// `GET /strategy`: filled with what trade-manager has in force now.
pub(crate) async fn show(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let desk = match app.desk.view().await {
        Ok(desk) => desk,
        Err(failure) => return Problem::from(failure).into_response(),
    };
    let saved = || Said::done("Saved, and in force.");
    page(&app, &who, StatusCode::OK, &desk, None, query.contains_key("saved").then(saved))
}

/// `POST /strategy`.
pub(crate) async fn submit(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return answer::problem(rejection.status(), "unreadable", &rejection.body_text()),
    };
    let desk = match app.desk.view().await {
        Ok(desk) => desk,
        Err(failure) => return Problem::from(failure).into_response(),
    };
    let present = &desk.settings;
    let entered = Entered::of(&form, present, &desk.caps);
    if !entered.is_sound() {
        let said = Some(Said::not("Not saved: what is marked below cannot be meant."));
        return page(&app, &who, StatusCode::UNPROCESSABLE_ENTITY, &desk, Some(&entered), said);
    }
    // Sent twice, or changed back by hand: it is in force as it stands.
    if entered.settings == *present {
        return Redirect::to("/strategy?saved").into_response();
    }
    if entered.is_stale(present) {
        return page(&app, &who, StatusCode::CONFLICT, &desk, Some(&entered), Some(stale()));
    }
    let decision = form.get("decision").and_then(|text| text.parse().ok()).unwrap_or_else(Uuid::new_v4);
    let settings = entered.settings.clone();
    let command = DeskCommand::SetAutomation { settings, replaces: Some(Box::new(present.clone())) };
    match request(&app, &who, DecisionId::from_uuid(decision), command).await {
        Ok(DeskReply::Accepted { .. }) => Redirect::to("/strategy?saved").into_response(),
        Ok(DeskReply::Refused(refusal)) => {
            let said = match refusal.code {
                RefusalCode::SettingsChanged => stale(),
                code => Said::not(format!("Not saved: {} ({}).", words(code), refusal.message)),
            };
            page(&app, &who, status_of(refusal.code), &desk, Some(&entered), Some(said))
        }
        Err(failure) => {
            let problem = Problem::from(failure);
            let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let text = format!("{}. It may have been saved or not; saving again is safe.", problem.detail);
            page(&app, &who, status, &desk, Some(&entered), Some(Said::not(text)))
        }
    }
}

fn stale() -> Said {
    let text = "Not saved: the settings were changed since this form was opened. What differs from what is in force now \
                is marked; save again to replace it.";
    Said { tone: Tone::Warn, text: text.to_owned() }
}

fn page(
    app: &Shared,
    who: &LoggedIn,
    status: StatusCode,
    desk: &DeskView,
    entered: Option<&Entered>,
    said: Option<Said>,
) -> Response {
    let form = StrategyView::of(&desk.settings, &desk.caps, entered);
    html(status, &StrategyPage { frame: Frame::new(app, who, "/strategy"), form, decision: Uuid::new_v4(), said })
}
