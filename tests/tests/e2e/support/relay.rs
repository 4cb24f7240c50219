//! A relay before the exchange, which notes when orders pass.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// An order's own identity, and when its first byte came.
pub(crate) type Passed = (String, Instant);

/// Passes on what comes to its address.
#[derive(Debug, Clone)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Relay {
    /// Starts one before `exchange`.
    pub(crate) async fn before(exchange: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let relay = Self { address: listener.local_addr().expect("it is bound"), passed: Arc::default() };
        let passed = Arc::clone(&relay.passed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A desk that cannot reach its exchange says so itself.
                let Ok(server) = TcpStream::connect(exchange).await else { continue };
                for stream in [&client, &server] {
                    stream.set_nodelay(true).expect("a socket");
                }
                let ((from_client, mut to_client), (mut from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(forward(from_client, to_server, Arc::clone(&passed)));
                tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
            }
        });
        relay
    }

    /// The orders that passed.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.passed.lock().expect("no panic").clone()
    }
}

/// A request begins with what is read first of it, since the client waits for each answer.
async fn forward(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, passed: Arc<Mutex<Vec<Passed>>>) {
    let mut buffer = vec![0; 64 * 1024];
    let mut order: Option<(Instant, String)> = None;
    while let Ok(count @ 1..) = client.read(&mut buffer).await {
        let came = Instant::now();
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
