//! Addresses of machines.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Rule, token::runs};

/// Addresses in `line` that are neither loopback nor set aside for documents.
pub(super) fn look(line: &str, found: &mut Vec<(Rule, String)>) {
    for run in runs(line, |c| c.is_ascii_alphanumeric() || c == '.') {
        let text = run.trim_matches('.');
        match text.parse::<Ipv4Addr>() {
            Ok(address) => found.extend(v4(address).map(|rule| (rule, text.to_owned()))),
            Err(_) if text.starts_with("192.168") => found.push((Rule::LanAddress, text.to_owned())),
            Err(_) => {}
        }
    }
    for run in runs(line, |c| c.is_ascii_hexdigit() || c == ':') {
        if let Ok(address) = run.parse::<Ipv6Addr>()
            && (address.is_unique_local() || address.is_unicast_link_local())
        {
            found.push((Rule::LanAddress, run.to_owned()));
        }
    }
    if line.contains("[::]") {
        found.push((Rule::WildcardBind, "[::]".to_owned()));
    }
    // An address without a port may stand for "nobody in particular".
    if line.contains("::UNSPECIFIED")
        && ["bind", "listen", "SocketAddr", "UNSPECIFIED,"].iter().any(|word| line.contains(word))
    {
        found.push((Rule::WildcardBind, "::UNSPECIFIED".to_owned()));
    }
}

fn v4(address: Ipv4Addr) -> Option<Rule> {
    let first = address.octets()[0];
    if address.is_unspecified() {
        Some(Rule::WildcardBind)
    } else if address.is_private() || address.is_link_local() {
        Some(Rule::LanAddress)
    } else if address.is_loopback() || address.is_documentation() || first == 0 || first >= 224 {
        None
    } else {
        Some(Rule::ServerAddress)
    }
}
