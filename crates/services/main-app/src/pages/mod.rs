//! Pages: the only place where HTML is made.

pub(crate) mod answer;
pub(crate) mod closing;
pub(crate) mod desk;
pub(crate) mod frame;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod lowering;
pub(crate) mod opening;
pub(crate) mod panels;
pub(crate) mod problem;
mod said;
pub(crate) mod strategy;
pub(crate) mod system;
mod ticket;

pub(crate) use frame::Frame;

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use rec_api::Problem;
use tracing::error;

/// A rendered template as an answer.
pub(crate) fn html(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(failure) => {
            error!(%failure, "page not rendered");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "page", "the page cannot be written").into_response()
        }
    }
}
