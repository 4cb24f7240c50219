//! The client: configuration, signatures, retries of reads.

use std::{fmt, sync::Arc, time::Duration};

use rand::RngExt as _;
use rec_domain::{Clock, ExchangeIndex, Timestamp, tap::Tap};
use reqwest::{Method, Url};
use tracing::debug;

use super::{
    ahead::Signature,
    error::{ErrorBody, RestError},
    exchange_clock::ExchangeClock,
    pace::{NoRoom, Pace, Purse, Toll},
    transport::{Answer, CallError, Outgoing, call},
    write::{WriteFailure, settle},
};
use crate::{
    credentials::{SignedHeaders, Signer},
    rows::{AccountLimits, list::ReadError},
};

/// Between two readings of the account's limits, and after one that failed, in wall time.
const LIMITS_EVERY: Duration = Duration::from_secs(3_600);
const LIMITS_RETRY: Duration = Duration::from_secs(30);

/// How the client reaches the exchange.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Host and root path, as `https://external-api.kalshi.com/trade-api/v2`.
    pub base_url: String,
    /// Wall time for one request, from connecting to the last byte of the answer.
    pub deadline: Duration,
    /// Wall time for making a connection. Shorter than `deadline`, so that a write that found no connection is known
    /// not to have been sent.
    pub connect_deadline: Duration,
    /// How often a read is tried in all. Writes are never tried again.
    pub read_attempts: u32,
    /// Longest wall time between a read and its first repetition; jitter takes it down to a tenth, and each further
    /// repetition doubles it, to eight times at most.
    pub retry_pause: Duration,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The subaccount that everything is asked of and done in; `None` leaves it to the exchange (all of them in lists
    /// of orders, fills and settlements, the first one elsewhere).
    pub subaccount: Option<u32>,
    /// Who is given the answers to reads, whatever their status.
    pub tap: Option<Arc<dyn Tap>>,
    /// Who is told what the answers to reads say of the exchange's clock, refusals included.
    pub exchange_clock: Option<Arc<ExchangeClock>>,
    /// This client's part of what the account may read, in percent, where others read on the same account.
    pub read_percent: u32,
}

impl ClientConfig {
    /// The usual limits for the exchange at `base_url`.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            deadline: Duration::from_secs(5),
            connect_deadline: Duration::from_secs(2),
            read_attempts: 3,
            retry_pause: Duration::from_millis(500),
            user_agent: concat!("rec/", env!("CARGO_PKG_VERSION")).to_owned(),
            subaccount: None,
            tap: None,
            exchange_clock: None,
            read_percent: 100,
        }
    }
}

/// A client of the exchange's REST interface. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    config: Arc<ClientConfig>,
    signer: Option<Arc<Signer>>,
    clock: Arc<dyn Clock>,
    pace: Arc<Pace>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.as_str())
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

/// Whether a request carries a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// It is refused without.
    Required,
    /// It is better with; some pages of the exchange ask for it and others do not.
    IfPossible,
    /// It needs none, and without one it costs nothing of the account's rate.
    None,
}

/// A write, and what it is paid from.
pub(crate) struct Write<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a [&'a str],
    pub(crate) query: Query,
    pub(crate) body: Option<String>,
    pub(crate) signature: Signature,
    pub(crate) purse: Purse,
    /// Orders of a batch; 1 for everything else.
    pub(crate) items: u32,
    /// Whether it may use what is kept for closes and stops.
    pub(crate) urgent: bool,
}

impl<'a> Write<'a> {
    /// A write of one thing on a shard that leaves room for closes.
    pub(crate) fn new(
        method: Method,
        path: &'a [&'a str],
        shard: ExchangeIndex,
        signature: impl Into<Signature>,
    ) -> Self {
        let (purse, signature) = (Purse::of_shard(shard), signature.into());
        Self { method, path, query: Query::new(), body: None, signature, purse, items: 1, urgent: false }
    }

    pub(crate) fn with_query(self, query: Query) -> Self {
        Self { query, ..self }
    }

    pub(crate) fn with_body(self, body: String) -> Self {
        Self { body: Some(body), ..self }
    }

    /// A batch, which is paid from the bucket that belongs to no shard.
    pub(crate) fn batch(self, items: usize) -> Self {
        Self { purse: Purse::Write, items: u32::try_from(items).unwrap_or(u32::MAX), ..self }
    }

    /// One that may use what is kept for closes and stops, where `urgent` holds.
    pub(crate) fn urgent(self, urgent: bool) -> Self {
        Self { urgent, ..self }
    }
}

/// Query parameters.
pub(crate) type Query = Vec<(&'static str, String)>;

impl Client {
    /// A client. `clock` gives the time of signatures; it has to be the exchange's time, which in accelerated modes is
    /// not the wall's.
    ///
    /// # Errors
    /// When the base URL is none, or the HTTP client cannot be made.
    pub fn new(config: ClientConfig, signer: Option<Arc<Signer>>, clock: Arc<dyn Clock>) -> Result<Self, RestError> {
        let base = Url::parse(&config.base_url)
            .map_err(|error| RestError::Configuration(format!("\"{}\" is no URL: {error}", config.base_url)))?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(RestError::Configuration(format!("\"{}\" is no http or https URL", config.base_url)));
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(&config.user_agent)
            .connect_timeout(config.connect_deadline)
            // A redirected write would be sent twice, and its signature would not fit.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_idle_timeout(Duration::from_secs(30));
        if base.scheme() == "http" {
            // Nothing is encrypted, so a machine without certificates need not have any.
            builder = builder.tls_certs_only([]);
        }
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| RestError::Configuration(error.to_string()))?;
        let pace = Arc::new(Pace::new(Arc::clone(&clock), config.read_percent));
        Ok(Self { http, base, config: Arc::new(config), signer, clock, pace })
    }

    /// Reads what the account may ask and what requests cost, and keeps to it from now on. Before that, and where it
    /// fails, the client keeps to the lowest tier, which every account has.
    ///
    /// # Errors
    /// When the limits cannot be read. Costs that cannot be read stay as documented.
    pub async fn learn_limits(&self) -> Result<AccountLimits, RestError> {
        let limits = self.account_limits().await?;
        let costs = self.endpoint_costs().await.inspect_err(|error| debug!(%error, "the documented costs count"));
        self.pace.allow(&limits, costs.ok());
        Ok(limits)
    }

    /// Reads the account's limits now and every hour, since a tier changes; never ends. Where they cannot be read, what
    /// was known before counts on.
    pub async fn keep_to_limits(&self) {
        loop {
            let next = match self.learn_limits().await {
                Ok(limits) => {
                    debug!(tier = limits.tier, "the account's limits are known");
                    LIMITS_EVERY
                }
                Err(error) => {
                    debug!(%error, "the account's limits are not known");
                    LIMITS_RETRY
                }
            };
            tokio::time::sleep(next).await;
        }
    }

    /// The configured subaccount as a query parameter.
    pub(crate) fn subaccount(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        self.config.subaccount.map(|number| ("subaccount", number.to_string())).into_iter()
    }

    /// The subaccount that is traded on: the configured one, or the first.
    #[must_use]
    pub fn subaccount_in_use(&self) -> u32 {
        self.config.subaccount.unwrap_or(0)
    }

    /// The configured subaccount as a number.
    pub(crate) fn subaccount_number(&self) -> Option<u32> {
        self.config.subaccount
    }

    fn url(&self, segments: &[&str], query: &[(&'static str, String)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn outgoing(
        &self,
        method: Method,
        url: Url,
        auth: Auth,
        signature: Signature,
        body: Option<String>,
    ) -> Result<Outgoing, CallError> {
        let signature = match (signature, &self.signer, auth) {
            (Signature::Ahead(ahead), _, _) => Some(ahead.headers),
            (_, _, Auth::None) | (_, None, Auth::IfPossible) => None,
            (_, None, Auth::Required) => return Err(CallError::NotSent("there is no exchange key".to_owned())),
            (Signature::At(signed_at), Some(signer), _) => Some(
                signer
                    .sign(signed_at, method.as_str(), url.path())
                    .map_err(|error| CallError::NotSent(error.to_string()))?,
            ),
        };
        Ok(Outgoing { method, url, signature, body })
    }

    /// Signs a request by its method and path, which is all that a signature covers besides the time.
    pub(super) fn sign(
        &self,
        signed_at: Timestamp,
        method: &Method,
        segments: &[&str],
    ) -> Result<SignedHeaders, RestError> {
        let url = self.url(segments, &[]);
        let request = || format!("{method} {}", url.path());
        let signer = self.signer.as_ref().ok_or_else(|| RestError::NeedsCredential { request: request() })?;
        signer
            .sign(signed_at, method.as_str(), url.path())
            .map_err(|error| RestError::NotSent { request: request(), reason: error.to_string() })
    }

    /// Sends a read, again where that may help; gives the answer whatever its status.
    async fn read(&self, segments: &[&str], query: &Query, auth: Auth) -> Result<(String, Answer), RestError> {
        let url = self.url(segments, query);
        let request = format!("GET {}", url.path());
        if auth == Auth::Required && self.signer.is_none() {
            return Err(RestError::NeedsCredential { request });
        }
        // What needs no signature costs nothing without one.
        let is_signed = auth != Auth::None && self.signer.is_some();
        let tokens = if is_signed { self.pace.cost("GET", segments) } else { 0 };
        let toll = Toll { purse: Purse::Read, tokens, urgent: false };
        let mut attempt = 1;
        loop {
            if toll.tokens > 0 {
                let full = |full: NoRoom| RestError::NotSent { request: request.clone(), reason: full.to_string() };
                self.pace.pay(toll).await.map_err(full)?;
            }
            // Signed anew each time: a signature is only good for seconds.
            let sent_at = self.clock.now();
            let result = match self.outgoing(Method::GET, url.clone(), auth, sent_at.into(), None) {
                Ok(outgoing) => call(&self.http, outgoing, self.config.deadline).await,
                Err(error) => Err(error),
            };
            if let (Some(clock), Ok(Answer { date: Some(date), .. })) = (&self.config.exchange_clock, &result) {
                clock.note(sent_at, self.clock.now(), *date);
            }
            if let (Some(tap), Ok(answer)) = (&self.config.tap, &result) {
                let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
                tap.body(self.clock.now(), &format!("{request}{query}"), answer.status, &answer.body);
            }
            if matches!(&result, Ok(answer) if answer.status == 429) {
                self.pace.refused(Purse::Read);
            }
            let reason = match &result {
                Ok(answer) if matches!(answer.status, 429 | 502 | 503 | 504) => format!("status {}", answer.status),
                Ok(_) => break result,
                Err(CallError::NotSent(reason) | CallError::AfterSending(reason)) => reason.clone(),
            };
            if attempt >= self.config.read_attempts {
                break result;
            }
            debug!(%request, attempt, %reason, "reading again");
            tokio::time::sleep(pause(attempt, self.config.retry_pause)).await;
            attempt += 1;
        }
        .map(|answer| (request.clone(), answer))
        .map_err(|error| match error {
            CallError::NotSent(reason) => RestError::NotSent { request, reason },
            CallError::AfterSending(reason) => RestError::NoAnswer { request, reason },
        })
    }

    /// Reads a body and makes sense of it.
    pub(crate) async fn get<T>(
        &self,
        segments: &[&str],
        query: &Query,
        auth: Auth,
        read: impl FnOnce(&str) -> Result<T, ReadError>,
    ) -> Result<T, RestError> {
        let (request, answer) = self.read(segments, query, auth).await?;
        if answer.status != 200 {
            return Err(RestError::Refused { request, status: answer.status, error: ErrorBody::read(&answer.body) });
        }
        read(&answer.body).map_err(|error| RestError::Unreadable { request, error })
    }

    /// Reads a body that is meaningful with error statuses too.
    pub(crate) async fn get_with_any_status<T>(
        &self,
        segments: &[&str],
        read: impl FnOnce(&str) -> Result<T, ReadError>,
    ) -> Result<T, RestError> {
        let (request, answer) = self.read(segments, &Query::new(), Auth::None).await?;
        match read(&answer.body) {
            Ok(value) => Ok(value),
            Err(error) if answer.status == 200 => Err(RestError::Unreadable { request, error }),
            Err(_no_such_body) => {
                let error = ErrorBody::read(&answer.body);
                Err(RestError::Refused { request, status: answer.status, error })
            }
        }
    }

    /// Sends a write once, when the account's rate has room for it. `Ok` is the body of a success.
    pub(crate) async fn write(&self, write: Write<'_>) -> Result<String, WriteFailure> {
        let Write { method, path, query, body, signature, purse, items, urgent } = write;
        let tokens = self.pace.cost(method.as_str(), path).saturating_mul(items);
        let paid = self.pace.pay(Toll { purse, tokens, urgent }).await;
        paid.map_err(|full| WriteFailure::NotSent { reason: full.to_string() })?;
        let url = self.url(path, &query);
        let result = match self.outgoing(method, url, Auth::Required, signature, body) {
            Ok(outgoing) => call(&self.http, outgoing, self.config.deadline).await,
            Err(error) => Err(error),
        };
        let settled = settle(result);
        if matches!(settled, Err(WriteFailure::RateLimited)) {
            self.pace.refused(purse);
        }
        settled
    }
}

/// Wall time between two attempts, jittered so that clients which failed together do not come back together.
fn pause(attempt: u32, longest_first: Duration) -> Duration {
    let longest = longest_first * (1 << attempt.saturating_sub(1).min(3));
    longest.mul_f64(rand::rng().random_range(0.1..=1.0))
}

/// Whether a URL names this machine: what goes there never goes through a proxy.
fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use rec_domain::MarketTicker;

    use super::*;
    use crate::rest::{
        MarketsQuery, OrdersQuery,
        canned::{Canned, TickingClock, client},
    };

    #[tokio::test]
    async fn a_read_is_tried_again_and_gives_up() {
        let good = r#"{"balance_dollars":"12.3400"}"#;
        let (client, log) = client(vec![
            Canned::answer(503, "<html></html>"),
            Canned::CloseAfterReading,
            Canned::answer(200, good),
            Canned::answer(429, r#"{"error":"too many requests"}"#),
            Canned::answer(429, r#"{"error":"too many requests"}"#),
            Canned::answer(429, r#"{"error":"too many requests"}"#),
            Canned::answer(200, good),
        ])
        .await;
        assert_eq!(client.balance(None).await.expect("third attempt").cash.to_string(), "12.34");
        assert_eq!(client.balance(None).await.expect_err("three refusals").status(), Some(429));
        assert_eq!(log.requests().len(), 6);
    }

    #[tokio::test]
    async fn a_refusal_is_not_asked_again_and_says_why() {
        let (client, log) = client(vec![Canned::answer(
            401,
            r#"{"error":{"code":"authentication_error",
            "message":"authentication_error","details":"INCORRECT_API_KEY_SIGNATURE"}}"#,
        )])
        .await;
        let error = client.orders_page(&OrdersQuery::default(), None).await.expect_err("refused").to_string();
        assert!(error.contains("GET /trade-api/v2/portfolio/orders") && error.contains("INCORRECT_API_KEY"), "{error}");
        assert_eq!(log.requests().len(), 1);
    }

    #[tokio::test]
    async fn the_status_is_read_from_an_error_answer_too() {
        let body = r#"{"exchange_active":false,"trading_active":false}"#;
        let (client, _log) = client(vec![Canned::answer(500, body)]).await;
        assert!(!client.exchange_status().await.expect("status").trades(ExchangeIndex::new(2)));
    }

    #[tokio::test]
    async fn pages_are_followed_to_the_end_and_a_restart_is_an_error() {
        let page = |ticker: &str, cursor: &str| {
            let market = format!(
                r#"{{"ticker":"{ticker}","event_ticker":"E","status":"active","open_time":"2026-09-25T19:00:00Z",
                "close_time":"2026-09-25T20:00:00Z","price_ranges":[{{"start":"0","end":"1","step":"0.01"}}]}}"#
            );
            Canned::answer(200, &format!(r#"{{"markets":[{market},{{"ticker":"odd"}}],"cursor":"{cursor}"}}"#))
        };
        let (client, log) = client(vec![page("A", "2"), page("B", ""), page("A", "2"), page("A", "3")]).await;
        let wanted =
            MarketsQuery { tickers: vec![MarketTicker::new("A"), MarketTicker::new("B")], ..Default::default() };
        let all = client.markets(&wanted).all().await.expect("two pages");
        assert_eq!(all.iter().map(|market| market.ticker.as_str()).collect::<Vec<_>>(), ["A", "B"]);
        assert!(matches!(client.markets(&wanted).all().await, Err(RestError::Paging(_))));
        let requests = log.requests();
        assert!(
            requests[1].starts_with("GET /trade-api/v2/markets?limit=1000&tickers=A%2CB&cursor=2 "),
            "{}",
            requests[1]
        );
        assert!(!requests[0].to_lowercase().contains("kalshi-access"), "public reads carry no signature");
    }

    #[tokio::test]
    async fn without_a_key_the_account_is_not_asked() {
        let config = ClientConfig::new("http://127.0.0.1:9/trade-api/v2");
        let client = Client::new(config, None, Arc::new(TickingClock)).expect("client");
        assert!(matches!(client.balance(None).await, Err(RestError::NeedsCredential { .. })));
        assert!(Client::new(ClientConfig::new("mailto:a@b"), None, Arc::new(TickingClock)).is_err());
        assert!(Client::new(ClientConfig::new("exchange"), None, Arc::new(TickingClock)).is_err());
    }
}
