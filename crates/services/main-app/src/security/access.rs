//! Who may use a route.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use rec_api::Problem;
use tracing::error;

use crate::{
    app::Shared,
    auth::{Operator, TokenHash},
};

/// Who may use a route, and what others are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone.
    Everyone,
    /// Whoever is logged in; others are led to the log-in page.
    Page,
    /// Whoever is logged in; others get 401.
    Api,
}

/// Whoever made a request.
#[derive(Debug, Clone)]
pub(crate) struct LoggedIn {
    /// Who it is.
    pub(crate) operator: Operator,
    /// The session.
    pub(crate) session: TokenHash,
}

/// A route's door.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) app: Shared,
    pub(crate) access: Access,
}

/// Lets only those in who may use the route.
pub(crate) async fn guard(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    if door.access == Access::Everyone {
        return next.run(request).await;
    }
    match look_up(&door.app, request.headers()).await {
        Ok(Some(logged_in)) => {
            request.extensions_mut().insert(logged_in);
            next.run(request).await
        }
        Ok(None) if door.access == Access::Page => Redirect::to("/login").into_response(),
        Ok(None) => Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "log in first").into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Whose session the headers of a request show.
pub(crate) async fn look_up(app: &Shared, headers: &HeaderMap) -> Result<Option<LoggedIn>, Problem> {
    let Some(token) = app.auth.cookies.read(headers) else { return Ok(None) };
    let session = token.hash();
    match app.auth.session(session).await {
        Ok(operator) => Ok(operator.map(|operator| LoggedIn { operator, session })),
        Err(failure) => {
            error!(%failure, "session not checked");
            let detail = "sessions cannot be checked now; try again";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database", detail))
        }
    }
}
