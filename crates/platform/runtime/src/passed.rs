//! Sockets that systemd holds for a process and passes to it when it starts, so that connections wait while the process
//! starts again instead of being refused.
//!
//! Each belongs to the service at whose port it listens. Who starts a process without systemd passes none.
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html>

use anyhow::{Context as _, bail};
use listenfd::ListenFd;
use rec_config::NetConfig;
use rec_domain::Service;
use tokio::net::TcpListener;

/// The sockets that were passed and not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Passed(Vec<std::net::TcpListener>);

impl Passed {
    /// Those of this process; none the second time.
    ///
    /// # Errors
    /// When one of them is no listening socket.
    pub(crate) fn of_process() -> anyhow::Result<Self> {
        let mut passed = ListenFd::from_env();
        let mut listeners = Vec::new();
        for index in 0..passed.len() {
            let listener =
                passed.take_tcp_listener(index).context("systemd passes a socket that takes no connections")?;
            listeners.extend(listener);
        }
        Ok(Self(listeners))
    }

    /// The socket of `service`; `None` when it was passed none and has to make its own.
    ///
    /// # Errors
    /// When the system does not let it be used.
    pub(crate) fn take(&mut self, service: Service, net: &NetConfig) -> anyhow::Result<Option<TcpListener>> {
        let is_its = |listener: &std::net::TcpListener| {
            listener.local_addr().is_ok_and(|address| net.port(service) == Some(address.port()))
        };
        let Some(index) = self.0.iter().position(is_its) else { return Ok(None) };
        let listener = self.0.swap_remove(index);
        listener
            .set_nonblocking(true)
            .and_then(|()| TcpListener::from_std(listener))
            .map(Some)
            .with_context(|| format!("the socket that systemd passes for {service} cannot be used"))
    }

    /// After every service took its own.
    ///
    /// # Errors
    /// When one is left: browsers would wait at it forever.
    pub(crate) fn none_left(&self) -> anyhow::Result<()> {
        let Some(left) = self.0.first() else { return Ok(()) };
        let address = left.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string());
        bail!(
            "systemd passes a socket at {address}, and no service of this process has that port: make the socket's unit \
             and net.ports agree"
        )
    }
}

#[cfg(test)]
mod tests {
    use rec_config::Sources;

    use super::*;

    fn net(port: u16) -> NetConfig {
        let sources = Sources {
            files: Some(std::collections::BTreeMap::new()),
            env: [("HOME".into(), "/h".into())].into(),
            ..Sources::default()
        };
        let sources = sources.with("--port", "net.ports.main-app", port.to_string());
        rec_config::load(&sources).expect("good").config.net
    }

    fn socket() -> std::net::TcpListener {
        std::net::TcpListener::bind("127.0.0.1:0").expect("a free port")
    }

    #[tokio::test]
    async fn a_service_takes_the_socket_of_its_port_with_the_connections_that_wait_there() {
        let held = socket();
        let address = held.local_addr().expect("bound");
        let waiting = tokio::net::TcpStream::connect(address).await.expect("it waits");
        let net = net(address.port());
        let mut passed = Passed(vec![socket(), held]);
        assert!(passed.take(Service::TradeManager, &net).expect("none").is_none());
        let taken = passed.take(Service::MainApp, &net).expect("usable").expect("its own");
        let (_, from) = taken.accept().await.expect("a connection");
        assert_eq!(from, waiting.local_addr().expect("connected"));
        assert!(passed.take(Service::MainApp, &net).expect("taken").is_none());
        let left = passed.none_left().expect_err("a socket of nobody");
        assert!(left.to_string().contains("net.ports"), "{left}");
    }

    #[test]
    fn without_systemd_there_is_none() {
        Passed::of_process().expect("none").none_left().expect("none");
    }
}
