//! Minute candles and the venue's time.

use std::time::Duration;

use rand::RngExt as _;
use rec_domain::{TimeSpan, Timestamp, UsdPrice};
use reqwest::Url;
use serde::Deserialize;
use thiserror::Error;
use tracing::debug;

use crate::number::read_price;

/// Candles of one request; more are refused by the venue.
const MOST_CANDLES: i64 = 300;
/// Requests for one span of candles: five days of minutes.
const MOST_REQUESTS: u32 = 24;
/// Largest body that is read.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// How the venue is reached. All spans are wall time.
#[derive(Debug, Clone)]
pub struct RestConfig {
    /// Host, as `https://api.exchange.coinbase.com`.
    pub base_url: String,
    /// The `User-Agent` header, which the venue demands.
    pub user_agent: String,
    /// For one request.
    pub deadline: Duration,
    /// How often a request is tried in all.
    pub attempts: u32,
    /// Longest pause before the first repetition; it doubles with each further one.
    pub retry_pause: Duration,
}

impl RestConfig {
    /// The usual limits for the venue at `base_url`.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            user_agent: concat!("rec/", env!("CARGO_PKG_VERSION")).to_owned(),
            deadline: Duration::from_secs(5),
            attempts: 3,
            retry_pause: Duration::from_millis(500),
        }
    }
}

/// Why a request gave nothing.
#[derive(Debug, Error)]
pub enum SpotError {
    /// The client's configuration cannot work.
    #[error("the spot client cannot be made: {0}")]
    Configuration(String),
    /// No whole answer came.
    #[error("GET {path} got no answer: {reason}")]
    NoAnswer {
        /// The path.
        path: String,
        /// Why.
        reason: String,
    },
    /// The venue answered with an error.
    #[error("GET {path} was refused with status {status}: {message}")]
    Refused {
        /// The path.
        path: String,
        /// HTTP status.
        status: u16,
        /// The beginning of what it said.
        message: String,
    },
    /// The answer is not what it should be.
    #[error("GET {path}: the answer cannot be read: {reason}")]
    Unreadable {
        /// The path.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// More candles than are fetched at once.
    #[error("from {from} to {to} are too many minutes; ask for five days at most")]
    TooLong {
        /// Begin.
        from: Timestamp,
        /// End.
        to: Timestamp,
    },
}

/// One minute of trades. Minutes without a trade have no candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candle {
    /// The minute's begin.
    pub start: Timestamp,
    /// Lowest price.
    pub low: UsdPrice,
    /// Highest price.
    pub high: UsdPrice,
    /// First price.
    pub open: UsdPrice,
    /// Last price.
    pub close: UsdPrice,
}

/// `[time, low, high, open, close, volume]`, as JSON numbers.
#[derive(Deserialize)]
struct WireCandle(
    i64,
    #[serde(deserialize_with = "read_price")] UsdPrice,
    #[serde(deserialize_with = "read_price")] UsdPrice,
    #[serde(deserialize_with = "read_price")] UsdPrice,
    #[serde(deserialize_with = "read_price")] UsdPrice,
    serde::de::IgnoredAny,
);

/// A client of the venue's public REST interface.
#[derive(Debug, Clone)]
pub struct SpotClient {
    http: reqwest::Client,
    base: Url,
    config: RestConfig,
}

impl SpotClient {
    /// A client.
    ///
    /// # Errors
    /// When the base URL is none, or the HTTP client cannot be made.
    pub fn new(config: RestConfig) -> Result<Self, SpotError> {
        let base = Url::parse(&config.base_url)
            .map_err(|error| SpotError::Configuration(format!("\"{}\" is no URL: {error}", config.base_url)))?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(SpotError::Configuration(format!("\"{}\" is no http or https URL", config.base_url)));
        }
        let mut builder = reqwest::Client::builder().user_agent(&config.user_agent).timeout(config.deadline);
        if base.scheme() == "http" {
            // Nothing is encrypted, so a machine without certificates need not have any.
            builder = builder.tls_certs_only([]);
        }
        let is_loopback = |host: &str| {
            let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        };
        if base.host_str().is_some_and(is_loopback) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| SpotError::Configuration(error.to_string()))?;
        Ok(Self { http, base, config })
    }

    /// The minute candles of `product` that begin at or after `from` and before `to`, oldest first.
    ///
    /// # Errors
    /// When there is no readable answer, or the span is too long.
    pub async fn minute_candles(
        &self,
        product: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, SpotError> {
        let step = TimeSpan::from_minutes(MOST_CANDLES - 1);
        let mut candles: Vec<Candle> = Vec::new();
        let mut start = from;
        for _ in 0..MOST_REQUESTS {
            if start >= to {
                candles.retain(|candle| from <= candle.start && candle.start < to);
                candles.sort_unstable_by_key(|candle| candle.start);
                candles.dedup_by_key(|candle| candle.start);
                return Ok(candles);
            }
            let end = (start + step).min(to);
            candles.extend(self.candles_page(product, start, end).await?);
            start = end;
        }
        Err(SpotError::TooLong { from, to })
    }

    /// One answer of at most 300 candles, in the venue's order: newest first, both ends included.
    async fn candles_page(&self, product: &str, start: Timestamp, end: Timestamp) -> Result<Vec<Candle>, SpotError> {
        let query = [("granularity", "60".to_owned()), ("start", start.to_string()), ("end", end.to_string())];
        let (path, body) = self.get(&["products", product, "candles"], &query).await?;
        let rows: Vec<WireCandle> =
            serde_json::from_str(&body).map_err(|error| SpotError::Unreadable { path, reason: error.to_string() })?;
        let candle = |WireCandle(seconds, low, high, open, close, _volume): WireCandle| Candle {
            start: Timestamp::from_seconds(seconds),
            low,
            high,
            open,
            close,
        };
        Ok(rows.into_iter().map(candle).collect())
    }

    /// The venue's time.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn time(&self) -> Result<Timestamp, SpotError> {
        #[derive(Deserialize)]
        struct Body {
            iso: String,
        }
        let (path, body) = self.get(&["time"], &[]).await?;
        let unreadable = |reason: String| SpotError::Unreadable { path: path.clone(), reason };
        let body: Body = serde_json::from_str(&body).map_err(|error| unreadable(error.to_string()))?;
        body.iso.parse().map_err(|error: rec_domain::time::TimestampError| unreadable(error.to_string()))
    }

    async fn get(&self, segments: &[&str], query: &[(&str, String)]) -> Result<(String, String), SpotError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let path = url.path().to_owned();
        let mut attempt = 1;
        loop {
            let result = self.get_once(url.clone()).await;
            let transient = match &result {
                Ok((status, _body)) => matches!(status, 429 | 500 | 502 | 503 | 504),
                Err(_no_answer) => true,
            };
            if !transient || attempt >= self.config.attempts {
                return match result {
                    Ok((200, body)) => Ok((path, body)),
                    Ok((status, body)) => {
                        Err(SpotError::Refused { path, status, message: body.chars().take(200).collect() })
                    }
                    Err(reason) => Err(SpotError::NoAnswer { path, reason }),
                };
            }
            debug!(%path, attempt, "asking the spot venue again");
            let longest = self.config.retry_pause.saturating_mul(1_u32 << (attempt - 1).min(3));
            // The generator must be gone before waiting: with it this future could not move between threads.
            let pause = longest.mul_f64(rand::rng().random_range(0.1..=1.0));
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn get_once(&self, url: Url) -> Result<(u16, String), String> {
        let mut response = self.http.get(url).send().await.map_err(|error| cause(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(format!("the answer is larger than {LARGEST_BODY} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// The innermost cause says what happened.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no whole answer before the deadline".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// A client of a server that gives these answers in order, and the first lines of the requests that came.
    async fn client(answers: Vec<(u16, String)>) -> (SpotClient, tokio::sync::mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut config = RestConfig::new(format!("http://{}", listener.local_addr().expect("address")));
        config.retry_pause = Duration::from_millis(1);
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            for (status, body) in answers {
                let (mut stream, _peer) = listener.accept().await.expect("a client");
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.expect("a request"));
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                let _ = sender.send(text.lines().next().unwrap_or_default().to_owned());
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        (SpotClient::new(config).expect("client"), receiver)
    }

    #[tokio::test]
    async fn candles_come_oldest_first_over_several_answers_and_gaps_stay_gaps() {
        let row = |seconds: i64| format!("[{seconds},83990.01,84010.5,84000,84005.12345678,1.5]");
        let first = 1_790_366_400;
        let (client, mut requests) = client(vec![
            (429, "{}".to_owned()),
            (200, format!("[{},{},{}]", row(first + 299 * 60), row(first + 120), row(first))),
            (200, format!("[{},{}]", row(first + 301 * 60), row(first + 299 * 60))),
        ])
        .await;
        let from = Timestamp::from_seconds(first);
        let candles =
            client.minute_candles("BTC-USD", from, from + TimeSpan::from_minutes(301)).await.expect("candles");
        let starts: Vec<_> = candles.iter().map(|candle| (candle.start.seconds() - first) / 60).collect();
        assert_eq!(starts, [0, 2, 299]);
        assert_eq!(candles[0].close.units(), 84_005_123_456);
        assert_eq!(
            (candles[0].low, candles[0].high),
            (UsdPrice::from_cents(8_399_001), UsdPrice::from_cents(8_401_050))
        );
        let _refused = requests.recv().await;
        assert_eq!(
            requests.recv().await.as_deref(),
            Some(
                "GET /products/BTC-USD/candles?granularity=60&start=2026-09-25T20%3A00%3A00Z&end=2026-09-26T00%3A59%3A00Z HTTP/1.1"
            )
        );
    }

    #[tokio::test]
    async fn a_refusal_and_an_unreadable_answer_are_errors_and_not_prices() {
        let (client, _requests) = client(vec![
            (404, r#"{"message":"NotFound"}"#.to_owned()),
            (200, r#"[[1790366400,"x",1,1,1,1]]"#.to_owned()),
            (200, r#"{"iso":"2026-09-25T20:00:00.123Z","epoch":1790366400.123}"#.to_owned()),
        ])
        .await;
        let from = Timestamp::from_seconds(1_790_366_400);
        let candles = || client.minute_candles("BTC-USD", from, from + TimeSpan::from_minutes(5));
        assert!(matches!(candles().await, Err(SpotError::Refused { status: 404, .. })));
        assert!(matches!(candles().await, Err(SpotError::Unreadable { .. })));
        assert_eq!(client.time().await.expect("time").millis(), 1_790_366_400_123);
        let years = client.minute_candles("BTC-USD", from, from + TimeSpan::from_minutes(0)).await;
        assert_eq!(years.expect("nothing to ask"), []);
    }
}
