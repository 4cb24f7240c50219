//! What trade-manager answered to a ticket. The decision was made with the ticket, so that sending it again, by a double
//! click or by hand, gives the first answer and does nothing twice.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use rec_api::{ApiError, Problem, problem::status_of};
use rec_domain::{
    DecisionId,
    command::{DeskCommand, DeskReply},
};
use uuid::Uuid;

use super::{Frame, html};
use crate::{
    api::command::request,
    app::Shared,
    security::LoggedIn,
    view::{Tone, automation::words},
};

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage {
    frame: Frame,
    answer: Answer,
}

struct Answer {
    title: &'static str,
    tone: Tone,
    text: String,
    again: Option<Again>,
}

/// The same form once more.
pub(crate) struct Again {
    /// Where it goes.
    pub(crate) action: String,
    /// Everything in it.
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// Asks trade-manager and shows its answer. `again` is offered when it is not known whether it was done.
pub(crate) async fn ask(app: &Shared, who: &LoggedIn, decision: Uuid, command: DeskCommand, again: Again) -> Response {
    let (status, answer) = match request(app, who, DecisionId::from_uuid(decision), command).await {
        Ok(DeskReply::Accepted { trade, .. }) => {
            let trade = trade.map(|trade| format!(" It belongs to trade #{trade}.")).unwrap_or_default();
            let text =
                format!("The order is on its way.{trade} What becomes of it shows under active trades and events.");
            (StatusCode::ACCEPTED, Answer { title: "Accepted", tone: Tone::Good, text, again: None })
        }
        Ok(DeskReply::Refused(refusal)) => {
            let text = format!("Nothing was ordered: {} ({}).", words(refusal.code), refusal.message);
            (status_of(refusal.code), Answer { title: "Refused", tone: Tone::Bad, text, again: None })
        }
        Err(failure) => unanswered(&failure, again),
    };
    html(status, &AnswerPage { frame: Frame::new(app, who, ""), answer })
}

fn unanswered(failure: &ApiError, again: Again) -> (StatusCode, Answer) {
    let problem = Problem::from(failure.clone());
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let (title, text) = if failure.is_uncertain() {
        let text = format!(
            "{}. It may have been done. Asking again sends the same request: if it was done, this shows the first answer \
             and nothing is ordered twice.",
            problem.detail
        );
        ("No answer", text)
    } else {
        ("Not asked", format!("{}. Nothing was ordered.", problem.detail))
    };
    (status, Answer { title, tone: Tone::Bad, text, again: Some(again) })
}

/// A page cannot be shown: why.
pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    Problem::new(status, code, detail).into_response()
}
