//! What a browser asks, without following redirections by itself.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode, header, redirect::Policy};

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Where it redirects to; empty when it does not.
    pub(crate) location: String,
    /// The cookie that it sets, as it is sent back; empty when it sets none.
    pub(crate) cookie: String,
    pub(crate) text: String,
}

impl Answer {
    /// Its body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Asks; none when nobody answers in time.
pub(crate) async fn try_ask(method: Method, url: &str, cookie: &str) -> Option<Answer> {
    let client = Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(10)).build().expect("a client");
    let response = client.request(method, url).header(header::COOKIE, cookie).send().await.ok()?;
    let text = |name| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (location, set) = (text(header::LOCATION), text(header::SET_COOKIE));
    let cookie = set.split(';').next().unwrap_or_default().to_owned();
    Some(Answer { status: response.status(), location, cookie, text: response.text().await.ok()? })
}

/// Asks with GET.
pub(crate) async fn get(url: &str, cookie: &str) -> Answer {
    try_ask(Method::GET, url, cookie).await.unwrap_or_else(|| panic!("{url} does not answer"))
}
