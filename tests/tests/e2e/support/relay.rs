//! A relay before the exchange, which notes when changes of books pass to the desk, and orders from it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use rec_domain::Timestamp;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// An order's own identity, and when its first byte came.
pub(crate) type Passed = (String, Timestamp);

/// The change of a book: its market, its instant at the exchange, and when its last byte came here by the machine's clock.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) ticker: String,
    pub(crate) at: Timestamp,
    pub(crate) came: Timestamp,
}

/// Passes on what comes to its address.
#[derive(Debug, Clone)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    passed: Arc<Mutex<Vec<Passed>>>,
    changes: Arc<Mutex<Vec<Change>>>,
}

impl Relay {
    /// Starts one before `exchange`.
    pub(crate) async fn before(exchange: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let relay = Self {
            address: listener.local_addr().expect("it is bound"),
            passed: Arc::default(),
            changes: Arc::default(),
        };
        let (passed, changes) = (Arc::clone(&relay.passed), Arc::clone(&relay.changes));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A desk that cannot reach its exchange says so itself.
                let Ok(server) = TcpStream::connect(exchange).await else { continue };
                for stream in [&client, &server] {
                    stream.set_nodelay(true).expect("a socket");
                }
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(forward(from_client, to_server, Arc::clone(&passed)));
                tokio::spawn(answer(from_server, to_client, Arc::clone(&changes)));
            }
        });
        relay
    }

    /// The orders that passed.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.passed.lock().expect("no panic").clone()
    }

    /// The changes of books that passed, the oldest first.
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.changes.lock().expect("no panic").clone()
    }
}

/// Frames of the exchange are plain text.
async fn answer(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, changes: Arc<Mutex<Vec<Change>>>) {
    let (mut buffer, mut unread) = (vec![0; 64 * 1024], String::new());
    while let Ok(count @ 1..) = server.read(&mut buffer).await {
        let came = now();
        if client.write_all(&buffer[..count]).await.is_err() {
            return;
        }
        unread.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let mut end = 0;
        for (begin, _) in unread.match_indices(r#""type":"orderbook_delta""#) {
            let field = |name: &str| unread[begin..].split_once(name)?.1.split_once('"').map(|(text, _)| text);
            let (Some(ticker), Some(at)) = (field(r#""market_ticker":""#), field(r#""ts":""#)) else { break };
            let at = at.parse().expect("an instant");
            changes.lock().expect("no panic").push(Change { ticker: ticker.to_owned(), at, came });
            end = begin + 1;
        }
        // What is left is the beginning of a frame, or something else.
        let kept = unread.len().saturating_sub(1_024).max(end);
        unread.drain(..unread.ceil_char_boundary(kept));
    }
}

/// A request begins with what is read first of it, since the client waits for each answer.
async fn forward(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, passed: Arc<Mutex<Vec<Passed>>>) {
    let mut buffer = vec![0; 64 * 1024];
    let mut order: Option<(Timestamp, String)> = None;
    while let Ok(count @ 1..) = client.read(&mut buffer).await {
        let came = now();
        let text = String::from_utf8_lossy(&buffer[..count]);
        if text.starts_with("POST ") && text.contains("/portfolio/events/orders HTTP/1.1") {
            order = Some((came, String::new()));
        }
        if let Some((began, so_far)) = &mut order {
            so_far.push_str(&text);
            if let Some((_, rest)) = so_far.split_once("\"client_order_id\":\"")
                && let Some((id, _)) = rest.split_once('"')
            {
                passed.lock().expect("no panic").push((id.to_owned(), *began));
                order = None;
            }
        }
        if server.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// The time of day by the machine's clock, as the desk's log has it.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "what is measured is not measured by its own clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Timestamp::from_micros(i64::try_from(since.as_micros()).expect("before the year 294,000"))
}
