//! A venue's feed of trades, kept connected by a task.
//!
//! Each trade gives a price. Between trades a heartbeat whose last trade is the one we know proves that the price
//! still stands, and gives it again with the heartbeat's time; where heartbeats name no trade, one that comes on the same
//! connection proves as much. When the consumer is too slow the connection is
//! dropped and made anew, as on any other failure, and it is told.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use rand::RngExt as _;
use rec_domain::{Clock, Fresh, Timestamp, UsdPrice, tap::Tap};
use thiserror::Error;
use tokio::{
    net::TcpStream,
    sync::mpsc::{self, error::TrySendError},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, client::IntoClientRequest as _, http},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::{message::Message, protocol::Protocol};

/// Bytes of one message; a longer one is not read, and drops the connection. A ticker has less than a thousand.
const LARGEST_MESSAGE: usize = 1 << 20;

/// How the feed is reached. All spans are wall time.
#[derive(Debug, Clone)]
pub struct FeedConfig {
    /// The venue's protocol.
    pub protocol: Protocol,
    /// Address, as `wss://ws-feed.exchange.coinbase.com`.
    pub url: String,
    /// The product, as `BTC-USD`.
    pub product: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// A connection without any message for this long is given up, and so is one whose heartbeats tell for this long
    /// of trades that do not come; the heartbeat comes once a second.
    pub liveness: Duration,
    /// For connecting, encryption and upgrade together.
    pub connect_deadline: Duration,
    /// For the subscription to leave. The venue closes connections that have none after 5 s.
    pub write_deadline: Duration,
    /// Longest pause before the second attempt; it doubles with each further one.
    pub first_pause: Duration,
    /// Longest pause of all.
    pub longest_pause: Duration,
    /// A connection that held this long makes the next pause a first one again.
    pub stable_after: Duration,
    /// Events that wait for the consumer; one more drops the connection.
    pub queue: usize,
    /// Who is given every message before it is decoded.
    pub tap: Option<Arc<dyn Tap>>,
}

impl FeedConfig {
    /// The usual limits for `product` of Coinbase at `url`.
    #[must_use]
    pub fn new(url: impl Into<String>, product: impl Into<String>) -> Self {
        Self::of(Protocol::Coinbase, url, product)
    }

    /// The usual limits for `product` (as `BTC-USD`, whatever the venue calls it) of a venue at `url`.
    #[must_use]
    pub fn of(protocol: Protocol, url: impl Into<String>, product: impl Into<String>) -> Self {
        Self {
            protocol,
            url: url.into(),
            product: product.into(),
            user_agent: concat!("rec/", env!("CARGO_PKG_VERSION")).to_owned(),
            liveness: Duration::from_secs(5),
            connect_deadline: Duration::from_secs(5),
            write_deadline: Duration::from_secs(2),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
            stable_after: Duration::from_secs(10),
            queue: 1024,
            tap: None,
        }
    }
}

/// What the feed tells its consumer.
#[derive(Debug, Clone, PartialEq)]
pub enum SpotEvent {
    /// There is a new connection, and its subscription has left.
    Connected {
        /// When, by the given clock.
        at: Timestamp,
    },
    /// A price, or the same one proven again.
    Price(Fresh<UsdPrice>),
    /// The connection is gone, or could not be made; another attempt follows after a pause.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// When, by the given clock.
        at: Timestamp,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DisconnectReason {
    /// It could not be made.
    #[error("cannot connect: {0}")]
    CannotConnect(String),
    /// The venue refused the subscription.
    #[error("refused: {0}")]
    Refused(String),
    /// Nothing came for longer than the limit.
    #[error("nothing came for {0:?}")]
    Silent(Duration),
    /// Heartbeats tell of trades that never came.
    #[error("trades were missed: the last one is {last}, and {known} was the last that came")]
    MissedTrades {
        /// The last trade by the heartbeat.
        last: u64,
        /// The last trade that came.
        known: u64,
    },
    /// The consumer was too slow.
    #[error("the consumer was {0} events behind")]
    Overflow(usize),
    /// The venue closed it.
    #[error("closed by the venue: {0}")]
    Closed(String),
    /// It broke.
    #[error("lost: {0}")]
    Lost(String),
}

/// A feed that is kept up by a task until it is dropped or cancelled.
pub struct Feed {
    /// What it tells.
    pub events: mpsc::Receiver<SpotEvent>,
    _stop_on_drop: tokio_util::sync::DropGuard,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

impl Feed {
    /// Starts the task. `clock` stamps what comes. Must be called within a tokio runtime. The task ends when `cancel`
    /// is cancelled or the feed is dropped.
    #[must_use]
    pub fn open(config: FeedConfig, clock: Arc<dyn Clock>, cancel: &CancellationToken) -> Self {
        let (sender, events) = mpsc::channel(config.queue.max(1));
        let cancel = cancel.child_token();
        let stop = cancel.clone();
        let task = Task { config, clock, events: sender };
        tokio::spawn(async move {
            stop.run_until_cancelled(task.run()).await;
        });
        Self { events, _stop_on_drop: cancel.drop_guard() }
    }
}

/// What is known of the last trade on one connection. Reads no clock.
#[derive(Debug, Default)]
struct LastTrade {
    price: Option<UsdPrice>,
    trade_id: Option<u64>,
    /// The first of the heartbeats in a row that told of a trade which has not come.
    behind_since: Option<Instant>,
}

impl LastTrade {
    /// The price that a message brings or proves, with its time by the venue's clock where it says so. Ticker and
    /// heartbeat are not ordered strictly, so that trades count as missed only after `patience`.
    fn take(
        &mut self,
        message: Message,
        product: &str,
        now: Instant,
        patience: Duration,
    ) -> Result<Option<(UsdPrice, Option<Timestamp>)>, DisconnectReason> {
        match message {
            Message::Ticker { product: of, price, at, trade_id } if of == product => {
                *self = Self { price: Some(price), trade_id, behind_since: None };
                Ok(Some((price, at)))
            }
            Message::Heartbeat { product: of, last_trade_id: Some(last), at } if of == product => {
                let (Some(price), Some(known)) = (self.price, self.trade_id) else { return Ok(None) };
                if last <= known {
                    self.behind_since = None;
                    return Ok((last == known).then_some((price, at)));
                }
                if now.duration_since(*self.behind_since.get_or_insert(now)) >= patience {
                    return Err(DisconnectReason::MissedTrades { last, known });
                }
                Ok(None)
            }
            Message::Alive => Ok(self.price.map(|price| (price, None))),
            Message::Reconnect => Err(DisconnectReason::Closed("it asks for a new connection".to_owned())),
            Message::Error(text) => Err(DisconnectReason::Refused(text)),
            Message::Malformed(reason) => {
                warn!(%reason, "a spot message cannot be read");
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Task {
    config: FeedConfig,
    clock: Arc<dyn Clock>,
    events: mpsc::Sender<SpotEvent>,
}

/// The consumer is gone.
struct Abandoned;

impl Task {
    async fn run(self) {
        let (mut failures, mut connection) = (0, 0);
        loop {
            connection += 1;
            let started = Instant::now();
            let Ok(reason) = self.session(connection).await else { return };
            if started.elapsed() >= self.config.stable_after {
                failures = 0;
            }
            warn!(%reason, "spot feed disconnected");
            let event = SpotEvent::Disconnected { reason, at: self.clock.now() };
            if self.events.send(event).await.is_err() {
                return;
            }
            sleep(self.pause(failures)).await;
            failures = failures.saturating_add(1);
        }
    }

    /// Doubling, and jittered so that clients which were cut off together do not come back together.
    fn pause(&self, failures: u32) -> Duration {
        let bound = self.config.first_pause.saturating_mul(1_u32 << failures.min(16)).min(self.config.longest_pause);
        bound.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    async fn session(&self, connection: u64) -> Result<DisconnectReason, Abandoned> {
        let mut socket = match timeout(self.config.connect_deadline, self.connect()).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => return Ok(DisconnectReason::CannotConnect(error.to_string())),
            Err(_elapsed) => return Ok(DisconnectReason::CannotConnect("no answer before the deadline".to_owned())),
        };
        let subscribe = self.config.protocol.subscription(&self.config.product);
        let message = tungstenite::Message::text(subscribe.to_string());
        if let Err(reason) = self.write(&mut socket, message).await {
            return Ok(reason);
        }
        debug!(product = %self.config.product, "spot feed connected");
        let connected = SpotEvent::Connected { at: self.clock.now() };
        self.events.send(connected).await.map_err(|_closed| Abandoned)?;
        self.carry(connection, &mut socket).await
    }

    async fn write(&self, socket: &mut Socket, message: tungstenite::Message) -> Result<(), DisconnectReason> {
        match timeout(self.config.write_deadline, socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(DisconnectReason::Lost(error.to_string())),
            Err(_elapsed) => Err(DisconnectReason::Lost("a message did not leave in time".to_owned())),
        }
    }

    async fn connect(&self) -> Result<Socket, tungstenite::Error> {
        let mut request = self.config.url.as_str().into_client_request()?;
        let user_agent = http::HeaderValue::from_str(&self.config.user_agent).map_err(http::Error::from)?;
        request.headers_mut().insert(http::header::USER_AGENT, user_agent);
        let disable_nagle = true;
        let bounded = tungstenite::protocol::WebSocketConfig::default()
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE));
        connect_async_with_config(request, Some(bounded), disable_nagle).await.map(|(socket, _response)| socket)
    }

    async fn carry(&self, connection: u64, socket: &mut Socket) -> Result<DisconnectReason, Abandoned> {
        let mut last = LastTrade::default();
        let mut last_message = Instant::now();
        let heartbeat = self.config.protocol.heartbeat();
        let mut asked = last_message;
        loop {
            let next_question = heartbeat.as_ref().map(|(_, period)| asked + *period);
            let message = tokio::select! {
                message = socket.next() => message,
                () = until(next_question) => {
                    asked = Instant::now();
                    if let Some((question, _)) = &heartbeat
                        && let Err(reason) = self.write(socket, tungstenite::Message::text(question.to_string())).await
                    {
                        return Ok(reason);
                    }
                    continue;
                }
                () = sleep_until(last_message + self.config.liveness) => {
                    return Ok(DisconnectReason::Silent(self.config.liveness));
                }
            };
            last_message = Instant::now();
            let text = match message {
                Some(Ok(tungstenite::Message::Text(text))) => text,
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    let reason = frame.map_or_else(|| "no reason given".to_owned(), |frame| frame.to_string());
                    return Ok(DisconnectReason::Closed(reason));
                }
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Ok(DisconnectReason::Lost(error.to_string())),
                None => return Ok(DisconnectReason::Lost("the stream ended".to_owned())),
            };
            let received_at = self.clock.now();
            if let Some(tap) = &self.config.tap {
                tap.frame(received_at, connection, &text);
            }
            let message = self.config.protocol.decode(&text, &self.config.product);
            match last.take(message, &self.config.product, last_message, self.config.liveness) {
                Ok(None) => {}
                Ok(Some((value, at))) => {
                    let observed_at = at.unwrap_or(received_at);
                    let price =
                        Fresh { value, source: self.config.protocol.source().to_owned(), observed_at, received_at };
                    match self.events.try_send(SpotEvent::Price(price)) {
                        Ok(()) => {}
                        Err(TrySendError::Full(_)) => return Ok(DisconnectReason::Overflow(self.config.queue)),
                        Err(TrySendError::Closed(_)) => return Err(Abandoned),
                    }
                }
                Err(reason) => return Ok(reason),
            }
        }
    }
}

/// Waits until an instant; for ever without one.
async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;

    struct StoppedClock;

    impl Clock for StoppedClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(1_790_366_400)
        }
    }

    fn ticker(price: &str, trade_id: u64) -> String {
        format!(
            r#"{{"type":"ticker","product_id":"BTC-USD","price":"{price}","time":"2026-09-25T19:59:59Z","trade_id":{trade_id}}}"#
        )
    }

    fn heartbeat(last_trade_id: u64) -> String {
        format!(
            r#"{{"type":"heartbeat","product_id":"BTC-USD","last_trade_id":{last_trade_id},"time":"2026-09-25T20:00:00Z"}}"#
        )
    }

    #[test]
    fn a_heartbeat_proves_the_last_price_and_missed_trades_end_the_connection() {
        let mut last = LastTrade::default();
        let (start, patience) = (Instant::now(), Duration::from_secs(5));
        let mut take_at = |text: &str, at| last.take(Message::decode(text), "BTC-USD", start + at, patience);
        let mut take = |text: &str| take_at(text, Duration::ZERO);
        assert_eq!(take(&heartbeat(7)), Ok(None), "no price is known");
        let price = UsdPrice::from_cents(8_400_000);
        assert!(matches!(take(&ticker("84000.00", 7)), Ok(Some((value, _))) if value == price));
        let proven = take(&heartbeat(7)).expect("sound").expect("proven");
        assert_eq!(proven, (price, Some("2026-09-25T20:00:00Z".parse().expect("instant"))));
        assert_eq!(take(&heartbeat(6)), Ok(None), "an older heartbeat proves nothing");
        assert_eq!(take(&ticker("1.00", 10).replace("BTC", "ETH")), Ok(None), "another product");
        assert_eq!(take(&heartbeat(8)), Ok(None));
        assert_eq!(take_at(&heartbeat(8), patience / 2), Ok(None));
        let missed = DisconnectReason::MissedTrades { last: 9, known: 7 };
        assert_eq!(take_at(&heartbeat(9), patience), Err(missed));
    }

    async fn next(feed: &mut Feed) -> SpotEvent {
        timeout(Duration::from_secs(5), feed.events.recv()).await.expect("an event in time").expect("an event")
    }

    #[tokio::test]
    async fn the_feed_subscribes_first_and_comes_back_after_silence() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut config = FeedConfig::new(format!("ws://{}", listener.local_addr().expect("address")), "BTC-USD");
        config.liveness = Duration::from_millis(200);
        config.first_pause = Duration::from_millis(1);
        let server = tokio::spawn(async move {
            let mut silent = Vec::new();
            loop {
                let (stream, _peer) = listener.accept().await.expect("a client");
                let mut socket = accept_async(stream).await.expect("upgrade");
                let subscription = socket.next().await.expect("a message").expect("a message").to_string();
                assert_eq!(
                    serde_json::from_str::<serde_json::Value>(&subscription).expect("json"),
                    serde_json::json!({"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker","heartbeat"]})
                );
                for text in [r#"{"type":"subscriptions"}"#.to_owned(), ticker("84000.12345678", 7), heartbeat(7)] {
                    socket.send(tungstenite::Message::text(text)).await.expect("sent");
                }
                silent.push(socket);
            }
        });
        let mut feed = Feed::open(config, Arc::new(StoppedClock), &CancellationToken::new());
        for _ in 0..2 {
            assert_eq!(next(&mut feed).await, SpotEvent::Connected { at: StoppedClock.now() });
            let SpotEvent::Price(price) = next(&mut feed).await else { panic!("no price") };
            assert_eq!((price.value.units(), price.source.as_str()), (84_000_123_456, "coinbase"));
            assert_eq!(price.observed_at, StoppedClock.now() - rec_domain::TimeSpan::from_seconds(1));
            let SpotEvent::Price(again) = next(&mut feed).await else { panic!("no proof") };
            assert_eq!((again.value, again.observed_at), (price.value, StoppedClock.now()));
            let SpotEvent::Disconnected { reason: DisconnectReason::Silent(_), .. } = next(&mut feed).await else {
                panic!("not silent")
            };
        }
        server.abort();
    }

    #[test]
    fn a_sign_of_life_proves_the_last_price_where_it_names_no_trade() {
        let mut last = LastTrade::default();
        let (now, patience) = (Instant::now(), Duration::from_secs(5));
        let mut take = |message| last.take(message, "BTC-USD", now, patience);
        assert_eq!(take(Message::Alive), Ok(None), "no price is known");
        let price = UsdPrice::from_cents(8_400_000);
        let trade = Message::Ticker { product: "BTC-USD".to_owned(), price, at: None, trade_id: None };
        assert_eq!(take(trade), Ok(Some((price, None))));
        assert_eq!(take(Message::Alive), Ok(Some((price, None))));
        assert!(matches!(take(Message::Reconnect), Err(DisconnectReason::Closed(_))));
    }

    #[tokio::test]
    async fn bitstamp_is_asked_for_signs_of_life_which_prove_the_price() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("ws://{}", listener.local_addr().expect("address"));
        let config = FeedConfig::of(Protocol::Bitstamp, url, "BTC-USD");
        let server = tokio::spawn(async move {
            let (stream, _peer) = listener.accept().await.expect("a client");
            let mut socket = accept_async(stream).await.expect("upgrade");
            while let Some(Ok(message)) = socket.next().await {
                let asked: serde_json::Value = serde_json::from_str(&message.to_string()).expect("json");
                let answer = match asked["event"].as_str() {
                    Some("bts:subscribe") => {
                        r#"{"event":"trade","channel":"live_trades_btcusd","data":{"id":7,"price_str":"84000.00"}}"#
                    }
                    Some("bts:heartbeat") => r#"{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}"#,
                    other => panic!("{other:?}"),
                };
                socket.send(tungstenite::Message::text(answer)).await.expect("sent");
            }
        });
        let mut feed = Feed::open(config, Arc::new(StoppedClock), &CancellationToken::new());
        assert_eq!(next(&mut feed).await, SpotEvent::Connected { at: StoppedClock.now() });
        for _trade_and_proof in 0..2 {
            let SpotEvent::Price(price) = next(&mut feed).await else { panic!("no price") };
            assert_eq!((price.value, price.source.as_str()), (UsdPrice::from_cents(8_400_000), "bitstamp"));
        }
        server.abort();
    }

    #[tokio::test]
    async fn a_venue_that_cannot_be_reached_is_tried_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut config = FeedConfig::new(format!("ws://{}", listener.local_addr().expect("address")), "BTC-USD");
        config.first_pause = Duration::from_millis(1);
        drop(listener);
        let mut feed = Feed::open(config, Arc::new(StoppedClock), &CancellationToken::new());
        for _ in 0..3 {
            let SpotEvent::Disconnected { reason: DisconnectReason::CannotConnect(_), .. } = next(&mut feed).await
            else {
                panic!("connected")
            };
        }
    }
}
