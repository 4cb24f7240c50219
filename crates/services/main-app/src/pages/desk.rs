//! The desk: everything on one page, complete before any script runs.

use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use rec_domain::Side;

use super::html;
use crate::{
    app::Shared,
    security::LoggedIn,
    view::{PageView, strikes::StrikeLine},
};

/// The page.
#[derive(Template)]
#[template(path = "desk.html")]
pub(crate) struct DeskPage<'a> {
    /// What it shows.
    pub(crate) page: &'a PageView,
    /// Whoever is logged in.
    pub(crate) username: &'a str,
}

/// `GET /`.
pub(crate) async fn show(State(app): State<Shared>, Extension(who): Extension<LoggedIn>) -> Response {
    let page = app.hub.page(&app.setting, (app.now)());
    html(StatusCode::OK, &DeskPage { page: &page, username: &who.operator.name })
}
