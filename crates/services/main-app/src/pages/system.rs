//! The desk's own state: alerts, health, and what it refused.

use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};

use super::{Frame, html};
use crate::{app::Shared, security::LoggedIn, view::PageView};

#[derive(Template)]
#[template(path = "system.html")]
struct SystemPage<'a> {
    frame: Frame,
    page: &'a PageView,
}

/// `GET /system`.
pub(crate) async fn show(State(app): State<Shared>, Extension(who): Extension<LoggedIn>) -> Response {
    let page = app.hub.page(&app.setting, (app.now)());
    html(StatusCode::OK, &SystemPage { frame: Frame::new(&app, &who, "/system"), page: &page })
}
