//! Requests that change something must come from the desk's own page.
//!
//! Three walls: the cookie is `SameSite=Strict`; what the browser says of where a request comes from
//! (`Sec-Fetch-Site`, `Origin`) must be the desk itself; and the API wants a header that another site can only add
//! after the browser asked us, which we never allow.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rec_api::Problem;

use crate::app::Shared;

/// The header that the page's own scripts send.
pub(crate) const MARK: &str = "x-rec-desk";

/// Refuses what another site sent.
pub(crate) async fn check(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_our_own(request.headers(), app.public_host.as_deref()) {
        next.run(request).await
    } else {
        Problem::new(StatusCode::FORBIDDEN, "foreign_origin", "this request came from another site").into_response()
    }
}

/// Refuses what lacks the mark of the page's scripts.
pub(crate) async fn require_mark(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || request.headers().contains_key(MARK) {
        next.run(request).await
    } else {
        let detail = format!("a request that changes something needs the header {MARK}");
        Problem::new(StatusCode::FORBIDDEN, "mark", detail).into_response()
    }
}

/// Whether nothing says that the request comes from elsewhere. Every browser says so with a POST, by one of the two.
fn is_our_own(headers: &HeaderMap, public_host: Option<&str>) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let Some(origin) = text("origin") else { return true };
    let Some(host) = origin.parse::<Uri>().ok().and_then(|uri| uri.authority().map(|host| host.as_str().to_owned()))
    else {
        return false;
    };
    text(header::HOST.as_str()) == Some(host.as_str()) || public_host == Some(host.as_str())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_desks_own_page_may_change_something() {
        for (expected, headers) in [
            (true, vec![("host", "127.0.0.1:3000")]),
            (true, vec![("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3000")]),
            (true, vec![("host", "127.0.0.1:3000"), ("sec-fetch-site", "same-origin")]),
            (true, vec![("host", "inner:3000"), ("origin", "https://desk.example.org")]),
            (false, vec![("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3100")]),
            (false, vec![("host", "127.0.0.1:3000"), ("origin", "https://evil.example")]),
            (false, vec![("host", "127.0.0.1:3000"), ("origin", "null")]),
            (false, vec![("host", "127.0.0.1:3000"), ("sec-fetch-site", "cross-site")]),
            (false, vec![("host", "127.0.0.1:3000"), ("sec-fetch-site", "same-site")]),
            (false, vec![("host", "a"), ("origin", "http://a"), ("sec-fetch-site", "cross-site")]),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().expect("name"), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(is_our_own(&map, Some("desk.example.org")), expected, "{headers:?}");
        }
    }
}
