//! What the process received from exchange and spot venues, character by character.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rec_domain::{Timestamp, tap::Tap};
use rec_recording::traffic::{FORMAT, Head, Received};

use super::spool::{Bounds, Next, Spool, Stream, StreamStatus};

/// The folder of the recordings below the state directory.
pub const FOLDER: &str = "recording";

/// The recordings of one process. The last clone that is dropped writes what waits.
#[derive(Debug, Clone)]
pub struct Recorder {
    spool: Spool,
    life: Arc<str>,
}

impl Recorder {
    /// Recordings below `<state_dir>/recording`.
    ///
    /// # Errors
    /// When the system gives no thread. A folder that cannot be written is told by the streams' status.
    pub fn start(state_dir: &Path, bounds: Bounds) -> io::Result<Self> {
        let spool = Spool::start("recorder", state_dir.join(FOLDER), bounds)?;
        Ok(Self { spool, life: uuid::Uuid::new_v4().to_string().into() })
    }

    /// The recording of one socket or of one client's answers. Each stream has one writer in a desk.
    #[must_use]
    pub fn stream(&self, name: &'static str) -> TrafficStream {
        let stream = self.spool.stream(name);
        TrafficStream {
            name,
            status: stream.status(),
            life: Arc::clone(&self.life),
            stream: Arc::new(Mutex::new(stream)),
        }
    }
}

/// Takes what came on one socket or in one client's answers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TrafficStream {
    name: &'static str,
    life: Arc<str>,
    status: StreamStatus,
    stream: Arc<Mutex<Stream>>,
}

impl TrafficStream {
    /// How it fares, for the service's health.
    #[must_use]
    pub fn status(&self) -> StreamStatus {
        self.status.clone()
    }

    fn record(&self, received: &Received<'_>) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match stream.next() {
            Next::Nothing => return,
            Next::File => {
                let head = Head {
                    recording: self.name.to_owned(),
                    format: FORMAT,
                    release: env!("CARGO_PKG_VERSION").to_owned(),
                    life: self.life.to_string(),
                    at: received.at,
                    lost: self.status.lost(),
                };
                serde_json::to_vec(&head).map(|line| stream.begin(line))
            }
            Next::Line => Ok(()),
        };
        if let Err(error) = written.and_then(|()| serde_json::to_vec(received).map(|line| stream.line(line))) {
            self.status.set(Some(format!("what came cannot be written as JSON: {error}")));
        }
    }
}

impl Tap for TrafficStream {
    fn frame(&self, at: Timestamp, connection: u64, text: &str) {
        self.record(&Received { at, connection: Some(connection), request: None, status: None, text: text.into() });
    }

    fn body(&self, at: Timestamp, request: &str, status: u16, text: &str) {
        let (request, status) = (Some(request.into()), Some(status));
        self.record(&Received { at, connection: None, request, status, text: text.into() });
    }
}
