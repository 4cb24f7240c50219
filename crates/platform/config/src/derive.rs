//! Settings that follow from others when they are not set.

use std::path::Path;

use rec_domain::Service;
use toml::Value;

use crate::{
    layers::{Leaf, Leaves},
    manifest::Manifest,
    origin::Origin,
    section::bracketed,
    sources::Sources,
};

/// Fills in whatever follows from other settings. Settings that have a value keep it, except ports that
/// `net.port_base` moves from a higher layer.
pub(crate) fn derive(leaves: &mut Leaves, sources: &Sources) {
    let mut fill = Fill { leaves };
    if let Some(folder) = sources.default_state_dir() {
        fill.absent(
            "state_dir",
            folder.display().to_string(),
            if sources.is_root { "user root" } else { "XDG state folder" },
        );
    }
    fill.ports();
    let Some(state_dir) = fill.text("state_dir") else { return };
    let state_dir = Path::new(&state_dir);
    let under = |name: &str| state_dir.join(name).display().to_string();
    fill.absent("log_dir", under("log"), "state_dir");
    fill.absent("net.service_token_file", under("service-token"), "state_dir");
    fill.absent("arming.totp_secret_file", under("arming/totp-secret"), "state_dir");
    fill.absent("model.fingerprint_dir", under("model/fingerprints"), "state_dir");

    let mode = fill.text("mode").unwrap_or_default();
    fill.absent("exchange.credentials_path", under(&format!("credentials/{mode}")), "state_dir and mode");
    let credentials = fill.text("exchange.credentials_path").unwrap_or_default();
    for scope in ["read", "write", "guard"] {
        let file = |end: &str| Path::new(&credentials).join(format!("{scope}.{end}")).display().to_string();
        fill.absent(&format!("exchange.{scope}.key_file"), file("pem"), "exchange.credentials_path");
        fill.absent(&format!("exchange.{scope}.key_id_file"), file("id"), "exchange.credentials_path");
    }

    let twin = fill.text("twin.host").map(|host| bracketed(&host)).unwrap_or_default();
    let (port, spot_port) = (fill.number("twin.port"), fill.number("twin.spot_port"));
    match mode.as_str() {
        "prod" | "demo" => {
            for name in ["rest_url", "ws_url"] {
                let from = format!("exchange.{mode}.{name}");
                let url = fill.text(&from).unwrap_or_default();
                fill.absent(&format!("exchange.{name}"), url, &from);
            }
        }
        _ => {
            fill.absent("exchange.rest_url", format!("http://{twin}:{port}/trade-api/v2"), "twin.port");
            fill.absent("exchange.ws_url", format!("ws://{twin}:{port}/trade-api/ws/v2"), "twin.port");
        }
    }
    let venue = fill.text("spot.venue").unwrap_or_default();
    if mode == "twin" {
        fill.absent("spot.rest_url", format!("http://{twin}:{spot_port}"), "twin.spot_port");
        let path = feed_path_at_the_twin(&venue);
        fill.absent("spot.ws_url", format!("ws://{twin}:{spot_port}{path}"), "twin.spot_port and spot.venue");
    } else {
        for (name, from) in
            [("spot.rest_url", "spot.coinbase.rest_url".to_owned()), ("spot.ws_url", format!("spot.{venue}.ws_url"))]
        {
            let url = fill.text(&from).unwrap_or_default();
            fill.absent(name, url, &from);
        }
    }
}

/// Where the twin serves the feed of a spot venue.
fn feed_path_at_the_twin(venue: &str) -> &'static str {
    match venue {
        "kraken" => "/kraken/v2",
        "bitstamp" => "/bitstamp",
        _ => "",
    }
}

/// The settings that `net.port_base` moves, in the order of their ports.
pub(crate) fn moved_ports() -> Vec<String> {
    let services = Manifest::bundled().iter().filter(|(_, entry)| entry.port.is_some());
    let services = services.map(|(service, _): (Service, _)| format!("net.ports.{service}"));
    services.chain(["twin.port".to_owned(), "twin.spot_port".to_owned()]).collect()
}

struct Fill<'a> {
    leaves: &'a mut Leaves,
}

impl Fill<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.leaves.get(key)?.value.as_str().map(str::to_owned)
    }

    fn number(&self, key: &str) -> i64 {
        self.leaves.get(key).and_then(|leaf| leaf.value.as_integer()).unwrap_or_default()
    }

    fn absent(&mut self, key: &str, value: String, from: &str) {
        self.leaves.entry(key.to_owned()).or_insert_with(|| Leaf {
            value: Value::String(value),
            origin: Origin::Derived { from: from.to_owned() },
            place: None,
        });
    }

    fn ports(&mut self) {
        let Some(base) = self.leaves.get("net.port_base").cloned() else { return };
        let Some(first) = base.value.as_integer() else { return };
        for (offset, key) in (0_i64..).zip(moved_ports()) {
            let stays = self
                .leaves
                .get(&key)
                .is_some_and(|leaf| leaf.origin.is_set() && leaf.origin.layer() >= base.origin.layer());
            if !stays {
                let origin = Origin::Derived { from: "net.port_base".to_owned() };
                let moved =
                    Leaf { value: Value::Integer(first.saturating_add(offset)), origin, place: base.place.clone() };
                self.leaves.insert(key, moved);
            }
        }
    }
}
