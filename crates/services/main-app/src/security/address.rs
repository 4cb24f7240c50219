//! Whose attempts are counted.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};

use crate::app::Shared;

/// The address from which a request came. A reverse proxy on this machine is believed when one is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<Shared> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        // Without a known peer everybody shares one count, which is the careful side.
        let peer = peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        if app.public_host.is_none() || !peer.to_canonical().is_loopback() {
            return Ok(Self(peer));
        }
        // The proxy appends whom it saw; what stands before that is anybody's claim.
        let forwarded = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|last| last.trim().parse().ok());
        Ok(Self(forwarded.unwrap_or(peer)))
    }
}
