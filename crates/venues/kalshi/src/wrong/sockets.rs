//! Sizes and encodings: what a socket carries without end, or without sense.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};
use tokio_util::sync::CancellationToken;

use crate::{
    rest::{
        RestError,
        canned::{Canned, StoppedClock, client},
    },
    ws::{Connection, ConnectionConfig, DisconnectReason, Event, FrameKind},
};

const HUGE: usize = 64 << 20;
/// What the sockets of both ends hold, and what is read before the bound is noticed.
const BUFFERED: usize = 24 << 20;

/// Held by whoever measures memory, or uses much of it.
static MEMORY: Mutex<()> = Mutex::const_new(());

/// The most memory that this process ever had, in bytes; none where the system does not say.
fn most_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}

/// Writes zeros until the other end has had enough; gives how many went.
async fn pour(stream: &mut TcpStream, header: &[u8], each: usize) -> usize {
    let chunk = vec![b'0'; 64 << 10];
    let mut poured = 0;
    while poured < HUGE {
        if stream.write_all(header).await.is_err() {
            break;
        }
        for _ in 0..each.div_ceil(chunk.len()) {
            if stream.write_all(&chunk).await.is_err() {
                return poured;
            }
            poured += chunk.len();
        }
    }
    poured
}

async fn open() -> (Connection, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("address");
    let mut config = ConnectionConfig::new(format!("ws://{address}/trade-api/ws/v2"));
    config.first_pause = Duration::from_millis(1);
    (Connection::open(config, None, Arc::new(StoppedClock), &CancellationToken::new()), listener)
}

async fn accepted(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _peer) = listener.accept().await.expect("a client");
    accept_async(stream).await.expect("upgrade")
}

async fn next(connection: &mut Connection) -> Event {
    timeout(Duration::from_secs(20), connection.events.recv()).await.expect("an event in time").expect("an event")
}

/// The connection ends and is made again, and then carries frames.
async fn is_renewed(connection: &mut Connection, number: u64) -> DisconnectReason {
    assert!(matches!(next(connection).await, Event::Connected { connection, .. } if connection == number));
    let Event::Disconnected { reason, .. } = next(connection).await else { panic!("it goes on") };
    reason
}

#[tokio::test]
async fn a_message_of_64_mib_is_not_read_its_connection_is_renewed_and_memory_stays_flat() {
    let _alone = MEMORY.lock().await;
    let (mut connection, listener) = open().await;
    let before = most_memory();
    let server = tokio::spawn(async move {
        // One frame, and one message of many frames: final bit and opcode, then the length in eight bytes.
        let length = |bytes: usize| u64::try_from(bytes).expect("it fits").to_be_bytes();
        let whole = [&[0x81, 127], &length(HUGE)[..]].concat();
        let part = [&[0x00, 127], &length(1 << 20)[..]].concat();
        let mut one = accepted(&listener).await;
        let in_one = pour(one.get_mut(), &whole, HUGE).await;
        let mut many = accepted(&listener).await;
        let begin = [&[0x01, 127], &length(64 << 10)[..], &[b'0'; 64 << 10]].concat();
        let _begun = many.get_mut().write_all(&begin).await;
        let in_many = pour(many.get_mut(), &part, 1 << 20).await;
        let mut good = accepted(&listener).await;
        good.send(Message::text(r#"{"type":"ok","id":1}"#)).await.expect("sent");
        let _until_the_end = good.next().await;
        (in_one, in_many)
    });
    for number in 1..=2 {
        let reason = is_renewed(&mut connection, number).await;
        assert!(matches!(reason, DisconnectReason::Lost(ref why) if why.contains("too long")), "{reason:?}");
    }
    assert!(matches!(next(&mut connection).await, Event::Connected { connection: 3, .. }));
    let Event::Frame { frame, .. } = next(&mut connection).await else { panic!("no frame") };
    assert!(matches!(frame.kind, FrameKind::Ok { .. }));
    drop(connection);
    let (in_one, in_many) = server.await.expect("the server ends");
    assert!(in_one < BUFFERED && in_many < BUFFERED, "{in_one} and {in_many} bytes were taken");
    if let (Some(before), Some(after)) = (before, most_memory()) {
        assert!(after - before < HUGE / 2, "memory grew by {} bytes", after - before);
    }
}

#[tokio::test]
async fn a_frame_that_is_no_utf_8_ends_its_connection_which_is_renewed() {
    let (mut connection, listener) = open().await;
    tokio::spawn(async move {
        let mut as_text = accepted(&listener).await;
        as_text.get_mut().write_all(&[0x81, 3, b'"', 0xff, b'"']).await.expect("sent");
        let mut as_bytes = accepted(&listener).await;
        as_bytes.send(Message::binary(b"{\"type\":\"\xff\"}".to_vec())).await.expect("sent");
        let _third = accepted(&listener).await;
        std::future::pending::<()>().await;
    });
    for number in 1..=2 {
        assert!(matches!(is_renewed(&mut connection, number).await, DisconnectReason::Lost(_)));
    }
    assert!(matches!(next(&mut connection).await, Event::Connected { connection: 3, .. }));
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_a_bound() {
    let _alone = MEMORY.lock().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("address");
    let server = tokio::spawn(async move {
        let (mut stream, _peer) = listener.accept().await.expect("a client");
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.expect("a request") > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("sent");
        pour(&mut stream, b"", 1 << 20).await
    });
    let mut config = crate::rest::ClientConfig::new(format!("http://{address}/trade-api/v2"));
    config.deadline = Duration::from_secs(20);
    config.read_attempts = 1;
    let client = crate::rest::Client::new(config, None, Arc::new(StoppedClock)).expect("client");
    let error = client.historical_cutoff().await.expect_err("no answer");
    assert!(matches!(error, RestError::NoAnswer { ref reason, .. } if reason.contains("larger than")), "{error}");
    drop(client);
    assert!(server.await.expect("the server ends") < HUGE);
}

#[tokio::test]
async fn a_page_of_something_else_is_an_error_whatever_its_status_and_type() {
    let html =
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\nconnection: close\r\n\r\n<html></html>";
    let no_text = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n\"\xff\"".to_vec();
    let (client, _log) = client(vec![
        Canned::Bytes(html.as_bytes().to_vec()),
        Canned::answer(200, ""),
        Canned::answer(200, r#"{"as_of_time":"yesterday"}"#),
        Canned::Bytes(no_text.clone()),
        Canned::Bytes(no_text.clone()),
        Canned::Bytes(no_text),
    ])
    .await;
    for _ in 0..3 {
        let error = client.user_data_timestamp().await.expect_err("no answer");
        assert!(matches!(error, RestError::Unreadable { .. }), "{error}");
    }
    let error = client.user_data_timestamp().await.expect_err("no answer");
    assert!(matches!(error, RestError::NoAnswer { .. }), "{error}");
}
