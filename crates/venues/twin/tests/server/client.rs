//! A client that signs, over plain sockets, so that "no answer" can be told from "a bad answer".

use std::{path::Path, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PSS_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::StreamExt;
use rec_domain::{Clock, TimeSpan, Timestamp};
use rec_twin::{
    core::TwinConfig,
    server::{ApiKey, Conditions, Faults, MarketClock, PrivatePem, Scope, ServeConfig, TwinServer, serve},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use tokio_util::sync::CancellationToken;

const REST: &str = "/trade-api/v2";

#[derive(Debug)]
enum Private {
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

#[derive(Clone)]
pub(crate) struct Client {
    address: std::net::SocketAddr,
    clock: MarketClock,
    key: String,
    private: Arc<Private>,
    rsa: Arc<Private>,
    skew: TimeSpan,
    sign_query: bool,
    signs: bool,
}

pub(crate) fn config(speed: f64, state_dir: Option<&Path>, resume: bool, keys: Vec<ApiKey>) -> ServeConfig {
    let state_dir = state_dir.map(Path::to_path_buf);
    let twin = TwinConfig::demo(1);
    let time_of_day = || Timestamp::from_seconds(1_800_000_000);
    // Reads that lag have tests of their own.
    let conditions = Conditions { read_lag: TimeSpan::ZERO, ..Conditions::default() };
    ServeConfig { twin, speed, time_of_day, exchange_port: 0, spot_port: 0, state_dir, resume, keys, conditions }
}

/// A server at a speed, a client that may write and one that may only read.
pub(crate) async fn served(speed: f64) -> (TwinServer, Client, Client) {
    served_with(speed, &Arc::default(), None, false).await
}

pub(crate) async fn served_with(
    speed: f64,
    faults: &Arc<Faults>,
    state_dir: Option<&Path>,
    resume: bool,
) -> (TwinServer, Client, Client) {
    let (read_key, read_pem) = ApiKey::generate_ed25519("reader", Scope::Read).unwrap();
    let (write_pem, rsa_pem) = write_keys();
    let keys = vec![
        read_key,
        ApiKey::from_private_pem("writer", Scope::Write, write_pem.expose()).unwrap(),
        ApiKey::from_private_pem("writer-rsa", Scope::Write, rsa_pem.expose()).unwrap(),
    ];
    let config = config(speed, state_dir, resume, keys);
    let server = serve(config, faults.clone(), CancellationToken::new()).await.unwrap();
    let rsa = Arc::new(private(rsa_pem));
    let client = |key: &str, pem: &PrivatePem| Client {
        address: server.exchange_addr,
        clock: server.clock(),
        key: key.to_owned(),
        private: Arc::new(private(pem)),
        rsa: rsa.clone(),
        skew: TimeSpan::ZERO,
        sign_query: false,
        signs: true,
    };
    let (writer, reader) = (client("writer", write_pem), client("reader", &read_pem));
    (server, writer, reader)
}

/// The same keys for every server of this process, as a desk keeps its own over a crash.
fn write_keys() -> &'static (PrivatePem, PrivatePem) {
    static KEYS: std::sync::OnceLock<(PrivatePem, PrivatePem)> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        let (_, ed25519) = ApiKey::generate_ed25519("writer", Scope::Write).unwrap();
        let (_, rsa) = ApiKey::generate_rsa("writer-rsa", Scope::Write).unwrap();
        (ed25519, rsa)
    })
}

fn private(pem: &PrivatePem) -> Private {
    let body: String = pem.expose().lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap();
    match Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
        Ok(pair) => Private::Ed25519(pair),
        Err(_) => Private::Rsa(RsaKeyPair::from_pkcs8(&der).unwrap()),
    }
}

impl Client {
    /// A client with one key.
    pub(crate) fn of(server: &TwinServer, key: &str, pem: &PrivatePem) -> Self {
        let private = Arc::new(private(pem));
        Self {
            address: server.exchange_addr,
            clock: server.clock(),
            key: key.to_owned(),
            rsa: private.clone(),
            private,
            skew: TimeSpan::ZERO,
            sign_query: false,
            signs: true,
        }
    }

    /// The same without signatures.
    pub(crate) fn unsigned_reader(&self) -> Self {
        Self { signs: false, ..self.clone() }
    }

    /// A request of the control endpoint.
    pub(crate) async fn control(&self, token: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        http(self.address, method, path, &[("authorization", format!("Bearer {token}"))], Some(body.to_owned())).await
    }

    pub(crate) fn with_rsa(&self) -> Self {
        Self { key: "writer-rsa".to_owned(), private: self.rsa.clone(), ..self.clone() }
    }

    pub(crate) fn named(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    pub(crate) fn with_skew(&self, skew: TimeSpan) -> Self {
        Self { skew, ..self.clone() }
    }

    pub(crate) fn signing_the_query(&self) -> Self {
        Self { sign_query: true, ..self.clone() }
    }

    pub(crate) fn at(&self, server: &TwinServer) -> Self {
        Self { address: server.exchange_addr, clock: server.clock(), ..self.clone() }
    }

    fn headers(&self, method: &str, path: &str) -> [(&'static str, String); 3] {
        let timestamp = (self.clock.now() + self.skew).millis();
        let message = format!("{timestamp}{method}{path}");
        let signature = match &*self.private {
            Private::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Private::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        [
            ("KALSHI-ACCESS-KEY", self.key.clone()),
            ("KALSHI-ACCESS-TIMESTAMP", timestamp.to_string()),
            ("KALSHI-ACCESS-SIGNATURE", STANDARD.encode(signature)),
        ]
    }

    pub(crate) async fn get(&self, path: &str) -> Option<(u16, Value)> {
        self.signed("GET", path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Option<(u16, Value)> {
        self.signed("DELETE", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.signed("POST", path, Some(body.to_string())).await
    }

    pub(crate) async fn unsigned(&self, method: &str, path: &str) -> Option<(u16, Value)> {
        http(self.address, method, &format!("{REST}{path}"), &[], None).await
    }

    pub(crate) async fn spot(&self, server: &TwinServer, path: &str) -> Option<(u16, Value)> {
        http(server.spot_addr, "GET", path, &[], None).await
    }

    async fn signed(&self, method: &str, path: &str, body: Option<String>) -> Option<(u16, Value)> {
        let path = format!("{REST}{path}");
        if !self.signs {
            return http(self.address, method, &path, &[], body).await;
        }
        let signed = if self.sign_query { &path } else { path.split('?').next().unwrap() };
        http(self.address, method, &path, &self.headers(method, signed), body).await
    }
}

/// One request on one connection; `None` when not a single byte came back.
async fn http(
    address: std::net::SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: Option<String>,
) -> Option<(u16, Value)> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: twin\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = &body {
        request.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    request.push_str(&body.unwrap_or_default());
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("an end within 20 s");
    if read.is_err() || answer.is_empty() {
        return None;
    }
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) async fn socket(server: &TwinServer, client: &Client) -> Socket {
    let mut request = server.ws_url().into_client_request().unwrap();
    for (name, value) in client.headers("GET", "/trade-api/ws/v2") {
        request.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
    }
    tokio_tungstenite::connect_async(request).await.unwrap().0
}

/// The next text frame.
pub(crate) async fn read_frame(socket: &mut Socket) -> Value {
    loop {
        let next = timeout(Duration::from_secs(20), socket.next()).await.expect("a frame within 20 s");
        if let Message::Text(text) = next.unwrap().unwrap() {
            return serde_json::from_str(text.trim()).unwrap();
        }
    }
}
