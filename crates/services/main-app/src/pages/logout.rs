//! Logging out by the page's button.

use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};

use crate::{api, app::Shared, security::LoggedIn};

/// `POST /logout`.
pub(crate) async fn submit(State(app): State<Shared>, Extension(who): Extension<LoggedIn>) -> Response {
    if let Err(problem) = api::auth::end(&app, &who).await {
        return problem.into_response();
    }
    let mut response = Redirect::to("/login").into_response();
    if let Some(cookie) = app.auth.cookies.take() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
