//! The desk: everything on one page, complete before any script runs.

use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use rec_domain::Side;

use super::{Frame, html};
use crate::{
    app::Shared,
    security::LoggedIn,
    view::{PageView, strikes::StrikeLine},
};

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage<'a> {
    frame: Frame,
    page: &'a PageView,
}

/// `GET /`.
pub(crate) async fn show(State(app): State<Shared>, Extension(who): Extension<LoggedIn>) -> Response {
    let page = app.hub.page(&app.setting, (app.now)());
    html(StatusCode::OK, &DeskPage { frame: Frame::new(&app, &who, "/"), page: &page })
}
