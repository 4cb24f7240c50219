//! An HTTP server for tests that gives prepared answers in order.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rec_domain::{Clock, Timestamp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Client, ClientConfig};
use crate::credentials::{PrivateKey, Signer};

/// What the server does with one request.
pub(crate) enum Canned {
    /// Answers.
    Answer(u16, String),
    /// Answers with these bytes, head and body, and closes the connection.
    Bytes(Vec<u8>),
    /// Reads it and closes the connection.
    CloseAfterReading,
    /// Reads it and never answers.
    Silence,
}

impl Canned {
    pub(crate) fn answer(status: u16, body: &str) -> Self {
        Self::Answer(status, body.to_owned())
    }
}

/// What was asked.
#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<String>>);

impl Log {
    pub(crate) fn requests(&self) -> Vec<String> {
        self.0.lock().expect("no test panics while it logs").clone()
    }
}

/// Noon of some day.
pub(crate) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_790_366_400)
    }
}

/// A clock that goes on by a second each time that it is looked at, so that token buckets fill.
pub(crate) struct TickingClock;

impl Clock for TickingClock {
    fn now(&self) -> Timestamp {
        static LOOKS: AtomicI64 = AtomicI64::new(0);
        Timestamp::from_seconds(1_790_366_400 + LOOKS.fetch_add(1, Ordering::Relaxed))
    }
}

pub(crate) fn signer() -> Signer {
    let pair = Ed25519KeyPair::generate().expect("key");
    let der = pair.to_pkcs8v1().expect("pkcs8");
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", BASE64_STANDARD.encode(der.as_ref()));
    Signer::new("key", PrivateKey::from_pem(&pem).expect("key"))
}

fn client_at(base_url: String) -> Client {
    let mut config = ClientConfig::new(base_url);
    config.deadline = Duration::from_millis(300);
    config.connect_deadline = Duration::from_millis(200);
    config.retry_pause = Duration::from_millis(1);
    Client::new(config, Some(Arc::new(signer())), Arc::new(TickingClock)).expect("client")
}

/// A client of a server with these answers.
pub(crate) async fn client(answers: Vec<Canned>) -> (Client, Arc<Log>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("address");
    let log = Arc::new(Log::default());
    let written = Arc::clone(&log);
    tokio::spawn(async move {
        for answer in answers {
            let Ok((stream, _peer)) = listener.accept().await else { return };
            serve(stream, answer, &written).await;
        }
    });
    (client_at(format!("http://{address}/trade-api/v2")), log)
}

/// A client of a port that nobody listens on.
pub(crate) async fn unreachable() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("address");
    drop(listener);
    client_at(format!("http://{address}/trade-api/v2"))
}

async fn serve(mut stream: TcpStream, answer: Canned, log: &Log) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
    log.0.lock().expect("no test panics while it logs").push(String::from_utf8_lossy(&request).into_owned());
    match answer {
        Canned::Answer(status, body) => {
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Canned::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Canned::CloseAfterReading => {}
        Canned::Silence => {
            tokio::spawn(async move {
                let _ = stream.read(&mut buffer).await;
            });
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(|value| value.trim().to_owned()))
        .and_then(|value| value.parse::<usize>().ok())
        .unwrap_or(0);
    body.len() >= length
}
