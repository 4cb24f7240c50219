//! What the tests share.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use rec_api::{ApiError, DeskApi};
use rec_domain::{
    bus_event::BusEvent,
    command::{DeskReply, DeskRequest},
    desk_view::DeskView,
};
use tower::ServiceExt as _;

use crate::{
    app::{App, Now, Shared},
    auth::{Account, Auth, AuthConfig, CookieRules, SecretToken, memory::MemoryStore, password},
    live::Live,
    sample,
    stream::Hub,
};

pub(super) const NAME: &str = "operator";
pub(super) const PASSWORD: &str = "correct horse battery";

/// Writes down what it is asked and answers what it was told to.
pub(super) struct FakeDesk {
    pub(super) asked: Mutex<Vec<DeskRequest>>,
    pub(super) answer: Mutex<Result<DeskReply, ApiError>>,
}

#[async_trait]
impl DeskApi for FakeDesk {
    async fn request(&self, request: DeskRequest) -> Result<DeskReply, ApiError> {
        self.asked.lock().expect("lock").push(request);
        self.answer.lock().expect("lock").clone()
    }

    async fn view(&self) -> Result<Box<DeskView>, ApiError> {
        Ok(Box::new(sample::live().desk.expect("desk").value))
    }

    async fn inbox_hint(&self) -> Result<(), ApiError> {
        Ok(())
    }

    async fn answers_hint(&self) -> Result<(), ApiError> {
        Ok(())
    }

    async fn exchange_clock(&self, _ahead: rec_domain::TimeSpan) -> Result<(), ApiError> {
        Ok(())
    }
}

pub(super) struct Desk {
    pub(super) app: Shared,
    pub(super) store: Arc<MemoryStore>,
    pub(super) desk: Arc<FakeDesk>,
    pub(super) router: Router,
}

/// An answer that was read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    pub(super) fn code(&self) -> String {
        let problem: serde_json::Value = serde_json::from_str(&self.text).expect("a problem");
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        problem["code"].as_str().expect("a code").to_owned()
    }

    /// The cookie that was given, as the browser sends it back.
    pub(super) fn cookie(&self) -> String {
        self.header(header::SET_COOKIE).split(';').next().unwrap_or_default().to_owned()
    }
}

pub(super) fn desk_with(live: &Live, public_host: Option<&str>) -> Desk {
    desk_at(live, public_host, Arc::new(sample::moment))
}

pub(super) fn desk_at(live: &Live, public_host: Option<&str>, now: Now) -> Desk {
    desk_beside(live, public_host, now, "/nowhere/guard.sock".into())
}

/// The same with a guard that listens there.
pub(super) fn desk_beside(live: &Live, public_host: Option<&str>, now: Now, guard_socket: PathBuf) -> Desk {
    let hash = password::hash(PASSWORD).expect("long enough");
    let account = Account { id: 1, name: NAME.to_owned(), password_hash: Some(hash) };
    let store = Arc::new(MemoryStore { accounts: vec![account], ..MemoryStore::default() });
    let config = AuthConfig {
        life: Duration::from_secs(3_600),
        attempts_per_minute: 3,
        cookies: CookieRules::new(3_000, public_host.is_some()),
    };
    let answer = DeskReply::Accepted { intent: None, trade: None };
    let desk = Arc::new(FakeDesk { asked: Mutex::default(), answer: Mutex::new(Ok(answer)) });
    let hub = Hub::default();
    for event in events(live) {
        hub.apply(&event, now());
    }
    let app = Arc::new(App {
        auth: Auth::new(Arc::<MemoryStore>::clone(&store), config),
        desk: Arc::<FakeDesk>::clone(&desk),
        hub,
        setting: sample::setting(),
        now,
        guard_socket,
        ports: BTreeMap::from([("main_app".to_owned(), 3_000), ("trade_manager".to_owned(), 4_000)]),
        public_host: public_host.map(str::to_owned),
    });
    let router = crate::router(Arc::clone(&app));
    Desk { app, store, desk, router }
}

pub(super) fn desk() -> Desk {
    desk_with(&sample::live(), None)
}

/// What the bus would have carried for the desk to stand so.
pub(super) fn events(live: &Live) -> Vec<BusEvent> {
    let live = live.clone();
    let mut events = vec![
        BusEvent::Markets(live.markets.into_values().collect()),
        BusEvent::Books(live.books.into_values().collect()),
    ];
    events.extend(live.spot.map(BusEvent::Spot));
    events.extend(live.index.map(BusEvent::Index));
    events.extend(live.momentum.map(BusEvent::Momentum));
    events.extend(live.strikes.map(|table| BusEvent::Strikes(Box::new(table))));
    events.extend(live.desk.map(|desk| BusEvent::Desk(Box::new(desk.value))));
    events.extend(live.entry.map(|entry| BusEvent::Entry(entry.value)));
    events.extend(live.health.map(|health| BusEvent::Health(health.value)));
    events.extend(live.events.into_iter().map(BusEvent::Outbox));
    events
}

impl Desk {
    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 4 << 20).await.expect("body");
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(super) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(request(Method::GET, path, cookie, &[], "")).await
    }

    /// As the page's scripts post.
    pub(super) async fn post(&self, path: &str, cookie: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/json"), ("x-rec-desk", "page")];
        self.send(request(Method::POST, path, cookie, &headers, body)).await
    }

    /// Logs in without a password, as the demo's link does; the cookie.
    pub(super) async fn log_in(&self) -> String {
        let token = self.link();
        let answer = self.get(&format!("/login?token={}", token.expose()), "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        answer.cookie()
    }

    pub(super) fn link(&self) -> SecretToken {
        let token = SecretToken::generate();
        self.store.allow_once(token.hash(), 1);
        token
    }
}

pub(super) fn request(method: Method, path: &str, cookie: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:3000");
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}
