//! `GET /api/stream`.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt as _;
use rec_api::Problem;
use tokio_stream::wrappers::ReceiverStream;

use crate::{app::Shared, security::LoggedIn};

/// A stream ends after this long, of wall time, so that the session is looked at again when the page comes back.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Follows the desk.
pub(crate) async fn follow(State(app): State<Shared>, Extension(who): Extension<LoggedIn>) -> Response {
    let messages = match app.hub.follow(who.session, &app.setting, (app.now)()) {
        Ok(messages) => messages,
        Err(refused) => {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "streams", refused.to_string());
            return ([(header::RETRY_AFTER, "2")], problem).into_response();
        }
    };
    let stream = ReceiverStream::new(messages).map(Ok::<Bytes, Infallible>);
    let mut response = Body::from_stream(stream.take_until(tokio::time::sleep(LONGEST))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // A proxy that gathers an answer before it passes it on would keep the page waiting.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
