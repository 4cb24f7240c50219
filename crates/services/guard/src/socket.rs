//! Datagrams in, health out.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use rec_api::guard::{GuardMessage, MOST_BYTES};
use serde::Serialize;
use tokio::net::{UnixDatagram, unix::SocketAddr};
use tracing::warn;

/// The guard's socket; its name is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Socket {
    /// Binds the name. Who may write to it is for the process's umask to say: with the usual ones only this user, on a
    /// server, where each process has a user of its own, the desk's group. A name that a dead guard left is taken over:
    /// the lock says that it is dead.
    pub(crate) fn bind(path: &Path) -> anyhow::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("the guard's socket {} cannot be replaced", path.display()));
            }
            _ => {}
        }
        let context = || format!("the guard cannot listen at {}", path.display());
        let socket = UnixDatagram::bind(path).with_context(context)?;
        Ok(Self { socket, path: path.to_owned() })
    }

    /// The next message that can be read, with its sender.
    pub(crate) async fn recv(&self) -> io::Result<(GuardMessage, SocketAddr)> {
        let mut bytes = vec![0; MOST_BYTES];
        loop {
            let (length, sender) = self.socket.recv_from(&mut bytes).await?;
            match serde_json::from_slice(&bytes[..length]) {
                Ok(message) => return Ok((message, sender)),
                Err(error) => warn!(%error, length, "a datagram that is no message"),
            }
        }
    }

    /// Answers a question. Whoever asked and does not listen gets none.
    pub(crate) fn answer(&self, answer: &impl Serialize, to: &SocketAddr) {
        let (Some(path), Ok(bytes)) = (to.as_pathname(), serde_json::to_vec(answer)) else { return };
        let _nobody_listens = self.socket.try_send_to(&bytes, path);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _gone_already = std::fs::remove_file(&self.path);
    }
}
