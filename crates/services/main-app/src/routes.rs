//! Every route of the service with who may use it. The router is built from this list alone, so that no route can be
//! there without a door; a test asks each of them without a session.

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::{MethodRouter, get, post},
};
use rec_api::Problem;

use crate::{
    api,
    app::Shared,
    assets::{ASSETS, Audience},
    pages,
    security::{Access, access, headers, origin},
    stream,
};

/// A route.
pub(crate) struct Route {
    /// Its path, in the router's notation.
    pub(crate) path: &'static str,
    /// Who may use it.
    pub(crate) access: Access,
    /// What it does.
    pub(crate) handler: MethodRouter<Shared>,
}

/// Every route.
pub(crate) fn routes() -> Vec<Route> {
    use Access::{Api, Everyone, Page};
    let route = |path, access, handler| Route { path, access, handler };
    // Changes through the API need the mark of the page's scripts.
    let change = |handler: MethodRouter<Shared>| handler.layer(from_fn(origin::require_mark));
    let mut routes = vec![
        route("/", Page, get(pages::desk::show)),
        route("/login", Everyone, get(pages::login::show).post(pages::login::submit)),
        route("/logout", Page, post(pages::logout::submit)),
        route("/strategy", Page, get(pages::strategy::show).post(pages::strategy::submit)),
        route("/system", Page, get(pages::system::show)),
        route("/risk", Page, get(pages::lowering::show).post(pages::lowering::submit)),
        route("/open", Page, get(pages::opening::show).post(pages::opening::submit)),
        route("/trades/{id}/close", Page, get(pages::closing::show).post(pages::closing::submit)),
        route("/api/auth/login", Everyone, change(post(api::auth::log_in))),
        route("/api/auth/logout", Api, change(post(api::auth::log_out))),
        route("/api/ports", Api, get(api::ports::show)),
        route("/api/admin/supervisor-status", Api, get(api::status::show).post(api::status::show)),
        route("/api/state", Api, get(api::state::show)),
        route("/api/stream", Api, get(stream::handler::follow)),
        route("/api/arm", Api, change(post(api::arming::arm))),
        route("/api/disarm", Api, change(post(api::arming::disarm))),
        route("/api/kill", Api, change(post(api::flatten::kill))),
        route("/api/flatten", Api, change(post(api::flatten::flatten))),
        route("/api/halt", Api, change(post(api::halt::halt))),
        route("/api/resume", Api, change(post(api::halt::resume))),
        route("/api/automation", Api, change(get(api::automation::show).post(api::automation::set))),
        route("/api/risk", Api, change(get(api::risk::show).post(api::risk::lower))),
        route("/api/trades/{id}/close", Api, change(post(api::close::close))),
    ];
    routes.extend(ASSETS.iter().map(|asset| {
        let access = match asset.audience {
            Audience::Everyone => Everyone,
            Audience::Operator => Page,
        };
        route(asset.path, access, get(move |request: HeaderMap| async move { crate::assets::serve(asset, &request) }))
    }));
    routes
}

/// The service's own routes, without `/health`.
pub fn router(app: Shared) -> Router {
    let door = |access| from_fn_with_state(access::Door { app: Shared::clone(&app), access }, access::guard);
    let mut router = Router::new();
    for Route { path, access, handler } in routes() {
        router = router.route(path, handler.layer(door(access)));
    }
    let nothing = get(not_found).post(not_found).layer(door(Access::Page));
    let nothing_in_api = get(not_found).post(not_found).layer(door(Access::Api));
    router
        .route("/api/{*rest}", nothing_in_api)
        .fallback_service(nothing.with_state(Shared::clone(&app)))
        .layer(from_fn_with_state(Shared::clone(&app), origin::check))
        .layer(from_fn_with_state(Shared::clone(&app), pages::problem::for_people))
        .layer(from_fn_with_state(Shared::clone(&app), headers::add))
        .with_state(app)
}

async fn not_found() -> impl IntoResponse {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}
