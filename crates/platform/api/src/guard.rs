//! The datagrams between trade-manager and guard, over a unix socket. Neither needs the database or the bus for them.

use std::path::{Path, PathBuf};

use rec_domain::{DeskId, ExchangeIndex, OrderGroupId, Timestamp, health::ServiceHealth};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::net::UnixDatagram;

use crate::ApiError;
use rec_domain::Service;

/// The longest datagram that either side reads, in bytes.
pub const MOST_BYTES: usize = 16 * 1024;

/// An order group that opens trades.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryGroup {
    /// Its shard.
    pub exchange_index: ExchangeIndex,
    /// Its identity.
    pub group: OrderGroupId,
}

/// What trade-manager says while it holds the lease and its loop turns, at least once a second of wall time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The lease's epoch.
    pub epoch: u32,
    /// The entry groups of every shard in use; empty before they exist.
    pub groups: Vec<EntryGroup>,
    /// The desk, whose mark the orders of an emergency carry.
    #[serde(default)]
    pub desk: Option<DeskId>,
    /// Market time at which it was sent.
    pub at: Timestamp,
}

/// What the guard remembers of the last desk, and where it keeps it: what `rec kill` and `rec flatten --emergency` work
/// from when nothing else is left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The lease's epoch.
    pub epoch: u32,
    /// The desk.
    #[serde(default)]
    pub desk: Option<DeskId>,
    /// The entry groups of every shard in use.
    pub groups: Vec<EntryGroup>,
}

impl Remembered {
    /// Where it is kept, for desks with this state directory.
    #[must_use]
    pub fn file(state_dir: &Path) -> PathBuf {
        state_dir.join("guard.json")
    }

    /// What is kept there; none when there is no such file.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub fn load(state_dir: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::read(Self::file(state_dir)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps it, whole or not at all, on the disk before it returns.
    ///
    /// # Errors
    /// As the file system says.
    pub fn store(&self, state_dir: &Path) -> std::io::Result<()> {
        let file = Self::file(state_dir);
        let draft = file.with_extension("json.draft");
        let mut opened = std::fs::File::create(&draft)?;
        serde_json::to_writer(&mut opened, self)?;
        opened.sync_all()?;
        std::fs::rename(&draft, &file)?;
        std::fs::File::open(state_dir)?.sync_all()
    }
}

/// What became of a group that was to be tripped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupWord {
    /// The group.
    pub group: EntryGroup,
    /// Whether it was seen to be tripped.
    pub tripped: bool,
    /// Why not yet, after an attempt.
    pub why_not: Option<String>,
}

/// A datagram to the guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum GuardMessage {
    /// The desk lives.
    Heartbeat(Heartbeat),
    /// The desk of this epoch ended in order: there is nothing to guard until the next heartbeat.
    Goodbye {
        /// The epoch that ended.
        epoch: u32,
    },
    /// The operator's kill: trip now.
    Trip {
        /// Why.
        reason: String,
    },
    /// Asks what became of the last trip; it answers with a list of [`GroupWord`] to the sender's address.
    Groups,
    /// Asks for the guard's health; it answers with [`ServiceHealth`] to the sender's address.
    Health,
    /// Ends the guard.
    Quit,
}

/// Where the guard's socket is, for desks with this state directory.
///
/// A socket's path ends at 107 bytes; where the state directory is deeper, a name made of it stands in the system's
/// folder for temporary files.
#[must_use]
pub fn socket_path(state_dir: &Path) -> PathBuf {
    // Whoever asks for health binds a name beside it that is 33 bytes longer.
    const LONGEST: usize = 70;
    let plain = state_dir.join("guard.sock");
    if plain.as_os_str().len() <= LONGEST {
        return plain;
    }
    let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, plain.as_os_str().as_encoded_bytes());
    std::env::temp_dir().join(format!("rec-guard-{}.sock", name.simple()))
}

/// The sender's end.
///
/// A plain socket: one of tokio's does not send before its readiness was polled, so that the only message of a link made
/// a moment ago, as a goodbye is, would be lost now and then.
#[derive(Debug)]
pub struct GuardLink {
    socket: std::os::unix::net::UnixDatagram,
    path: PathBuf,
}

impl GuardLink {
    /// A link to the guard at `path`. The guard need not be there yet.
    ///
    /// # Errors
    /// When the system gives no socket.
    pub fn new(path: PathBuf) -> std::io::Result<Self> {
        let socket = std::os::unix::net::UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path })
    }

    /// Sends a message; never waits for the guard.
    ///
    /// # Errors
    /// When there is no guard, or it does not read.
    pub fn send(&self, message: &GuardMessage) -> Result<(), ApiError> {
        let unreachable = |detail: String| ApiError::Unreachable { service: Service::Guard, detail };
        let bytes = serde_json::to_vec(message).map_err(|error| unreachable(error.to_string()))?;
        self.socket.send_to(&bytes, &self.path).map_err(|error| unreachable(error.to_string()))?;
        Ok(())
    }
}

/// Asks the guard at `path` for its health.
///
/// # Errors
/// When there is no guard or it does not answer within `deadline`.
pub async fn ask_health(path: &Path, deadline: std::time::Duration) -> Result<ServiceHealth, ApiError> {
    ask(path, &GuardMessage::Health, deadline).await
}

/// Asks the guard at `path` what became of the last trip.
///
/// # Errors
/// When there is no guard or it does not answer within `deadline`.
pub async fn ask_groups(path: &Path, deadline: std::time::Duration) -> Result<Vec<GroupWord>, ApiError> {
    ask(path, &GuardMessage::Groups, deadline).await
}

/// Tells the guard at `path` to trip the entry groups now, and waits until all of them are, for `within` at most.
///
/// # Errors
/// When there is no guard or it does not answer.
pub async fn trip(path: &Path, reason: &str, within: std::time::Duration) -> Result<Vec<GroupWord>, ApiError> {
    const LOOK: std::time::Duration = std::time::Duration::from_millis(250);
    const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(1);
    let unreachable =
        |error: std::io::Error| ApiError::Unreachable { service: Service::Guard, detail: error.to_string() };
    let link = GuardLink::new(path.to_owned()).map_err(unreachable)?;
    link.send(&GuardMessage::Trip { reason: reason.to_owned() })?;
    let began = tokio::time::Instant::now();
    loop {
        let words = ask_groups(path, ANSWER_WITHIN).await?;
        if began.elapsed() >= within || words.iter().all(|word| word.tripped) {
            return Ok(words);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn ask<T: DeserializeOwned>(
    path: &Path,
    question: &GuardMessage,
    deadline: std::time::Duration,
) -> Result<T, ApiError> {
    let service = Service::Guard;
    let unreachable = |error: std::io::Error| ApiError::Unreachable { service, detail: error.to_string() };
    let own = path.with_extension(format!("{}.ask", uuid::Uuid::new_v4().simple()));
    let socket = UnixDatagram::bind(&own).map_err(unreachable)?;
    let _removed_at_the_end = Unlink(own);
    let question =
        serde_json::to_vec(question).map_err(|error| ApiError::BadAnswer { service, detail: error.to_string() })?;
    let mut bytes = vec![0; MOST_BYTES];
    // Sending waits too: a guard that stands still reads nothing, and its queue is short.
    let answered = tokio::time::timeout(deadline, async {
        socket.send_to(&question, path).await?;
        socket.recv(&mut bytes).await
    });
    match answered.await {
        Ok(Ok(length)) => serde_json::from_slice(&bytes[..length])
            .map_err(|error| ApiError::BadAnswer { service, detail: error.to_string() }),
        Ok(Err(error)) => Err(unreachable(error)),
        Err(_elapsed) => {
            Err(ApiError::Timeout { service, deadline_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX) })
        }
    }
}

struct Unlink(PathBuf);

impl Drop for Unlink {
    fn drop(&mut self) {
        let _gone_already = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod link_tests {
    use super::*;

    #[tokio::test]
    async fn the_first_message_of_a_new_link_arrives() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("guard.sock");
        let guard = UnixDatagram::bind(&path).expect("bound");
        for epoch in 0..50 {
            let link = GuardLink::new(path.clone()).expect("a socket");
            link.send(&GuardMessage::Goodbye { epoch }).expect("sent at once");
            let mut bytes = vec![0; MOST_BYTES];
            let length = guard.recv(&mut bytes).await.expect("received");
            let message: GuardMessage = serde_json::from_slice(&bytes[..length]).expect("a message");
            assert_eq!(message, GuardMessage::Goodbye { epoch });
        }
    }

    #[tokio::test]
    async fn a_guard_that_stands_still_with_a_full_queue_is_given_up_in_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("guard.sock");
        let _reads_nothing = UnixDatagram::bind(&path).expect("bound");
        let link = GuardLink::new(path.clone()).expect("a socket");
        while link.send(&GuardMessage::Quit).is_ok() {}
        let deadline = std::time::Duration::from_millis(100);
        let asked = tokio::time::timeout(std::time::Duration::from_secs(10), ask_health(&path, deadline));
        let answer = asked.await.expect("within its deadline");
        assert!(matches!(answer, Err(ApiError::Timeout { service: Service::Guard, .. })), "{answer:?}");
    }
}
