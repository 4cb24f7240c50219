//! The connection: made, watched, and made again.
//!
//! A task of its own reads the socket and hands decoded frames to a bounded queue. When the consumer is too slow and
//! the queue is full, the connection is dropped and made anew: a consumer never misses a frame without being told.
//! Subscriptions belong to the consumer, which makes them again at each [`Event::Connected`].

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use rec_domain::Clock;
use tokio::{
    net::TcpStream,
    sync::mpsc::{self, error::TrySendError},
    time::{Instant, MissedTickBehavior, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, Bytes, Message, Utf8Bytes, client::IntoClientRequest as _, http},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    backoff::Backoff,
    command_sender::{COMMAND_QUEUE, CommandSender, Request},
    connection_config::ConnectionConfig,
    event::{DisconnectReason, Event},
    frame::Frame,
};
use crate::{credentials::Signer, rest::ErrorBody, rows::order_book::NoSidePrices};

/// A connection that is kept up by a task until it is dropped or cancelled.
pub struct Connection {
    /// What it tells.
    pub events: mpsc::Receiver<Event>,
    /// What it is told.
    pub commands: CommandSender,
    _stop_on_drop: tokio_util::sync::DropGuard,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    /// Books are asked for with the NO side in YES prices, which is what the exchange is going to always send.
    pub const NO_SIDE: NoSidePrices = NoSidePrices::Yes;

    /// Starts the task. `clock` stamps events and signatures; it has to be the exchange's time. Must be called within
    /// a tokio runtime. The task ends when `cancel` is cancelled or the connection is dropped.
    #[must_use]
    pub fn open(
        config: ConnectionConfig,
        signer: Option<Arc<Signer>>,
        clock: Arc<dyn Clock>,
        cancel: &CancellationToken,
    ) -> Self {
        let (events, event_receiver) = mpsc::channel(config.queue.max(1));
        let (requests, request_receiver) = mpsc::channel(COMMAND_QUEUE);
        let cancel = cancel.child_token();
        let task = Task { config, signer, clock, events, requests: request_receiver };
        let stop = cancel.clone();
        tokio::spawn(async move {
            // The socket goes with the future; the exchange notices at once.
            stop.run_until_cancelled(task.run()).await;
        });
        Self { events: event_receiver, commands: CommandSender::new(requests), _stop_on_drop: cancel.drop_guard() }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Task {
    config: ConnectionConfig,
    signer: Option<Arc<Signer>>,
    clock: Arc<dyn Clock>,
    events: mpsc::Sender<Event>,
    requests: mpsc::Receiver<Request>,
}

/// The consumer is gone.
struct Abandoned;

impl Task {
    async fn run(mut self) {
        let mut backoff = Backoff::new(self.config.first_pause, self.config.longest_pause);
        let mut connection = 0;
        loop {
            connection += 1;
            let Ok(reason) = self.session(connection, &mut backoff).await else { return };
            match &reason {
                DisconnectReason::Requested => info!(connection, %reason, "stream disconnected"),
                _ => warn!(connection, %reason, "stream disconnected"),
            }
            let at = self.clock.now();
            // Waits for a slow consumer: the socket is gone already, and there is nothing else to do.
            if self.events.send(Event::Disconnected { connection, reason, at }).await.is_err() {
                return;
            }
            sleep(backoff.next_pause()).await;
        }
    }

    async fn session(&mut self, connection: u64, backoff: &mut Backoff) -> Result<DisconnectReason, Abandoned> {
        let mut socket = match timeout(self.config.connect_deadline, self.connect()).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(reason)) => return Ok(reason),
            Err(_elapsed) => return Ok(DisconnectReason::CannotConnect("no answer before the deadline".to_owned())),
        };
        let connected = Instant::now();
        debug!(connection, "stream connected");
        let event = Event::Connected { connection, at: self.clock.now() };
        self.events.send(event).await.map_err(|_closed| Abandoned)?;
        let reason = self.carry(connection, &mut socket).await;
        if connected.elapsed() >= self.config.stable_after {
            backoff.reset();
        }
        reason
    }

    async fn connect(&self) -> Result<Socket, DisconnectReason> {
        let cannot = |error: &dyn fmt::Display| DisconnectReason::CannotConnect(error.to_string());
        let mut request = self.config.url.as_str().into_client_request().map_err(|error| cannot(&error))?;
        let path = request.uri().path().to_owned();
        let headers = request.headers_mut();
        let header = |text: &str| http::HeaderValue::from_str(text).map_err(|error| cannot(&error));
        headers.insert(http::header::USER_AGENT, header(&self.config.user_agent)?);
        if let Some(signer) = &self.signer {
            let signed = signer.sign(self.clock.now(), "GET", &path).map_err(|error| cannot(&error))?;
            for (name, value) in signed.pairs {
                headers.insert(http::HeaderName::try_from(name).map_err(|error| cannot(&error))?, header(&value)?);
            }
        }
        // Small frames must not wait for each other.
        let disable_nagle = true;
        let bounded = tungstenite::protocol::WebSocketConfig::default()
            .max_message_size(Some(self.config.largest_message))
            .max_frame_size(Some(self.config.largest_message));
        match connect_async_with_config(request, Some(bounded), disable_nagle).await {
            Ok((socket, _response)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                let error = ErrorBody::read(&String::from_utf8_lossy(body));
                Err(DisconnectReason::Refused { status: response.status().as_u16(), error })
            }
            Err(error) => Err(cannot(&error)),
        }
    }

    async fn carry(&mut self, connection: u64, socket: &mut Socket) -> Result<DisconnectReason, Abandoned> {
        let mut last_frame = Instant::now();
        let mut ping = tokio::time::interval((self.config.liveness / 3).max(Duration::from_millis(1)));
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut commanded = true;
        loop {
            tokio::select! {
                message = socket.next() => {
                    last_frame = Instant::now();
                    let text = match message {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Binary(bytes))) => match Utf8Bytes::try_from(bytes) {
                            Ok(text) => text,
                            Err(error) => return Ok(DisconnectReason::Lost(format!("a frame is no text: {error}"))),
                        },
                        // Pings are answered by the socket itself.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                        Some(Ok(Message::Close(frame))) => {
                            let reason = frame.map_or_else(|| "no reason given".to_owned(), |frame| frame.to_string());
                            return Ok(DisconnectReason::Closed(reason));
                        }
                        Some(Err(error)) => return Ok(DisconnectReason::Lost(error.to_string())),
                        None => return Ok(DisconnectReason::Lost("the stream ended".to_owned())),
                    };
                    let received_at = self.clock.now();
                    if let Some(tap) = &self.config.tap {
                        tap.frame(received_at, connection, &text);
                    }
                    let frame = Frame::decode(&text, Connection::NO_SIDE);
                    match self.events.try_send(Event::Frame { connection, frame, received_at }) {
                        Ok(()) => {}
                        Err(TrySendError::Full(_)) => return Ok(DisconnectReason::Overflow(self.config.queue)),
                        Err(TrySendError::Closed(_)) => return Err(Abandoned),
                    }
                }
                request = self.requests.recv(), if commanded => match request {
                    Some(Request::Send { connection: meant, id, command }) if meant == connection => {
                        let text = command.encode(id, Connection::NO_SIDE);
                        if let Err(reason) = self.write(socket, Message::text(text)).await {
                            return Ok(reason);
                        }
                    }
                    Some(Request::Reconnect { connection: meant }) if meant == connection => {
                        return Ok(DisconnectReason::Requested);
                    }
                    Some(_for_an_earlier_connection) => debug!(connection, "a command came too late"),
                    None => commanded = false,
                },
                () = sleep_until(last_frame + self.config.liveness) => {
                    return Ok(DisconnectReason::Silent(self.config.liveness));
                }
                _ = ping.tick() => {
                    if let Err(reason) = self.write(socket, Message::Ping(Bytes::new())).await {
                        return Ok(reason);
                    }
                }
            }
        }
    }

    async fn write(&self, socket: &mut Socket, message: Message) -> Result<(), DisconnectReason> {
        match timeout(self.config.write_deadline, socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(DisconnectReason::Lost(error.to_string())),
            Err(_elapsed) => Err(DisconnectReason::Lost("a command did not leave before the deadline".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::{accept_async, accept_hdr_async, tungstenite::handshake::server};

    use super::*;
    use crate::{
        rest::canned::{StoppedClock, signer},
        ws::{Channel, Command, CommandError, FrameKind},
    };

    async fn listen() -> (TcpListener, ConnectionConfig) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("address");
        let mut config = ConnectionConfig::new(format!("ws://{address}/trade-api/ws/v2"));
        config.liveness = Duration::from_millis(300);
        config.first_pause = Duration::from_millis(1);
        config.longest_pause = Duration::from_millis(2);
        (listener, config)
    }

    fn open(config: ConnectionConfig) -> Connection {
        Connection::open(config, Some(Arc::new(signer())), Arc::new(StoppedClock), &CancellationToken::new())
    }

    async fn next(connection: &mut Connection) -> Event {
        timeout(Duration::from_secs(5), connection.events.recv()).await.expect("an event in time").expect("an event")
    }

    const FRAME: &str = "{\"type\":\"orderbook_snapshot\",\"sid\":1,\"seq\":1,\"msg\":{\"market_ticker\":\"T\"}}\n";

    #[tokio::test]
    async fn a_signed_connection_carries_commands_out_and_frames_in() {
        let (listener, config) = listen().await;
        let server = tokio::spawn(async move {
            let (stream, _peer) = listener.accept().await.expect("a client");
            let mut path = String::new();
            let mut key = None;
            #[expect(clippy::result_large_err, reason = "the signature is the library's")]
            let check = |request: &server::Request, response| {
                path = request.uri().path().to_owned();
                key = request.headers().get("kalshi-access-key").cloned();
                assert!(request.headers().contains_key("kalshi-access-signature"));
                Ok(response)
            };
            let mut socket = accept_hdr_async(stream, check).await.expect("upgrade");
            let mut text = String::new();
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(command) = message {
                    text = command.to_string();
                    break;
                }
            }
            socket.send(Message::text(FRAME)).await.expect("sent");
            socket.close(None).await.expect("closed");
            (path, key, text)
        });
        let mut connection = open(config);
        assert_eq!(next(&mut connection).await, Event::Connected { connection: 1, at: StoppedClock.now() });
        let subscribe = || Command::Subscribe { channels: vec![Channel::Fill], markets: vec![], indices: vec![] };
        connection.commands.send(9, subscribe()).expect("queued, and dropped: there is no connection 9");
        assert_eq!(connection.commands.send(1, subscribe()), Ok(2));
        let Event::Frame { frame, received_at, .. } = next(&mut connection).await else { panic!("no frame") };
        assert!(matches!(frame.kind, FrameKind::BookSnapshot(_)));
        assert_eq!(received_at, StoppedClock.now());
        assert!(matches!(
            next(&mut connection).await,
            Event::Disconnected { reason: DisconnectReason::Closed(_), connection: 1, .. }
        ));
        let (path, key, text) = server.await.expect("server");
        assert_eq!((path.as_str(), key.expect("key").as_bytes()), ("/trade-api/ws/v2", b"key".as_slice()));
        assert_eq!(text, r#"{"cmd":"subscribe","id":2,"params":{"channels":["fill"]}}"#);
    }

    #[tokio::test]
    async fn silence_and_refusal_end_in_new_attempts() {
        let (listener, config) = listen().await;
        tokio::spawn(async move {
            let (silent, _peer) = listener.accept().await.expect("a client");
            let silent = accept_async(silent).await.expect("upgrade");
            let (refused, _peer) = listener.accept().await.expect("a second attempt");
            #[expect(clippy::result_large_err, reason = "the signature is the library's")]
            let refuse = |_request: &server::Request, _response| {
                let mut response =
                    server::ErrorResponse::new(Some(r#"{"error":{"code":"x","message":"y"}}"#.to_owned()));
                *response.status_mut() = http::StatusCode::UNAUTHORIZED;
                Err(response)
            };
            assert!(accept_hdr_async(refused, refuse).await.is_err());
            let (third, _peer) = listener.accept().await.expect("a third attempt");
            let _third = accept_async(third).await.expect("upgrade");
            drop(silent);
            std::future::pending::<()>().await;
        });
        let mut connection = open(config);
        assert!(matches!(next(&mut connection).await, Event::Connected { connection: 1, .. }));
        assert!(matches!(
            next(&mut connection).await,
            Event::Disconnected { reason: DisconnectReason::Silent(_), connection: 1, .. }
        ));
        let Event::Disconnected { reason: DisconnectReason::Refused { status, error }, connection: 2, .. } =
            next(&mut connection).await
        else {
            panic!("no refusal")
        };
        assert_eq!((status, error.code.as_str()), (401, "x"));
        assert!(matches!(next(&mut connection).await, Event::Connected { connection: 3, .. }));
        connection.commands.reconnect(3).expect("queued");
        assert!(matches!(
            next(&mut connection).await,
            Event::Disconnected { reason: DisconnectReason::Requested, connection: 3, .. }
        ));
    }

    #[tokio::test]
    async fn a_slow_consumer_loses_the_connection_and_no_frame_in_between() {
        let (listener, mut config) = listen().await;
        config.queue = 4;
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let mut socket = accept_async(stream).await.expect("upgrade");
                for number in 1..=50 {
                    let frame = FRAME.replace("\"seq\":1", &format!("\"seq\":{number}"));
                    if socket.send(Message::text(frame)).await.is_err() {
                        break;
                    }
                }
                while let Some(Ok(_)) = socket.next().await {}
            }
        });
        let mut connection = open(config);
        // Wait for the overflow before taking anything, without a fixed sleep: the queue fills and the task stops.
        while connection.events.len() < 4 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(next(&mut connection).await, Event::Connected { connection: 1, .. }));
        let mut expected = 1;
        loop {
            match next(&mut connection).await {
                Event::Frame { connection: 1, frame, .. } => {
                    assert_eq!(frame.seq, Some(expected));
                    expected += 1;
                }
                Event::Disconnected { reason: DisconnectReason::Overflow(4), connection: 1, .. } => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(expected < 50);
        assert!(matches!(next(&mut connection).await, Event::Connected { connection: 2, .. }));
    }

    #[tokio::test]
    async fn the_task_ends_when_it_is_cancelled() {
        let (_listener, config) = listen().await;
        let cancel = CancellationToken::new();
        let mut connection = Connection::open(config, None, Arc::new(StoppedClock), &cancel);
        cancel.cancel();
        let end = async { while connection.events.recv().await.is_some() {} };
        timeout(Duration::from_secs(5), end).await.expect("it ends");
        assert_eq!(connection.commands.reconnect(1), Err(CommandError::Ended));
    }
}
