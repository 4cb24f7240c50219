//! How the browser holds its session.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::SecretToken;

/// How the session's cookie is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieRules {
    name: String,
    secure: bool,
}

impl CookieRules {
    /// Behind TLS the cookie is bound to this very host; without, its name carries the port, since cookies do not
    /// tell ports apart and a second desk on this machine would log the first one out.
    #[must_use]
    pub fn new(port: u16, secure: bool) -> Self {
        let name = if secure { "__Host-rec_session".to_owned() } else { format!("rec_session_{port}") };
        Self { name, secure }
    }

    /// Whether the page is reached over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The header that gives the browser its session; kept beyond the browser's end only when `remember`.
    #[must_use]
    pub fn give(&self, token: &SecretToken, life: Duration, remember: bool) -> Option<HeaderValue> {
        let age = if remember { format!("; Max-Age={}", life.as_secs()) } else { String::new() };
        self.header(token.expose(), &age)
    }

    /// The header that takes it away.
    #[must_use]
    pub fn take(&self) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0")
    }

    fn header(&self, value: &str, age: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", self.name);
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The session that a request shows.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Option<SecretToken> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == self.name).then(|| SecretToken::parse(value)).flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let token = SecretToken::generate();
        let plain = CookieRules::new(3100, false);
        let text = |value: Option<HeaderValue>| value.expect("header").to_str().expect("text").to_owned();
        let given = text(plain.give(&token, Duration::from_secs(60), false));
        assert_eq!(given, format!("rec_session_3100={}; Path=/; HttpOnly; SameSite=Strict", token.expose()));
        let secure = CookieRules::new(3100, true);
        let given = text(secure.give(&token, Duration::from_secs(60), true));
        assert!(given.starts_with("__Host-rec_session="));
        assert!(given.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=60"));
        assert!(text(plain.take()).contains("Max-Age=0"));
    }

    #[test]
    fn only_the_desks_own_cookie_is_read() {
        let token = SecretToken::generate();
        let rules = CookieRules::new(3000, false);
        let mut headers = HeaderMap::new();
        let cookie = format!("other=1; rec_session_3100=x; rec_session_3000={}", token.expose());
        headers.insert(header::COOKIE, HeaderValue::from_str(&cookie).expect("header"));
        assert_eq!(rules.read(&headers), Some(token));
        assert_eq!(CookieRules::new(3100, false).read(&headers), None);
    }
}
