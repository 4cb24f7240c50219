//! A problem as a page, for a person whose browser went to an address. Programs and the page's scripts get it as it is.

use askama::Template;
use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use rec_api::Problem;

use super::{html, said::sentence};
use crate::{app::Shared, view::page::BannerView};

/// The longest problem that is read to be shown.
const LONGEST: usize = 64 * 1024;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    banner: BannerView,
    title: &'static str,
    detail: String,
    /// Of what was only looked at, and may be looked at again: where it is.
    again: Option<String>,
}

/// Shows what went wrong as a page where a browser went to the address.
pub(crate) async fn for_people(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let goes_there = accepts_pages(request.headers()) && !request.uri().path().starts_with("/api/");
    let path = request.uri().path_and_query().filter(|_| request.method() == Method::GET).map(ToString::to_string);
    let response = next.run(request).await;
    let status = response.status();
    if !goes_there || !(status.is_client_error() || status.is_server_error()) || is_page(&response) {
        return response;
    }
    let said = to_bytes(response.into_body(), LONGEST).await.unwrap_or_default();
    let detail = match serde_json::from_slice::<Problem>(&said) {
        Ok(problem) => problem.detail,
        // What axum says of a request that it cannot read.
        Err(_) => String::from_utf8_lossy(&said).trim().to_owned(),
    };
    let detail = sentence(&detail);
    let banner = BannerView::of(app.setting.mode, (app.now)());
    let again = path.filter(|_| status.is_server_error());
    html(status, &ProblemPage { banner, title: title(status), detail, again })
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    accepted.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not allowed",
        _ if status.is_client_error() => "Not understood",
        _ => "Not possible now",
    }
}
