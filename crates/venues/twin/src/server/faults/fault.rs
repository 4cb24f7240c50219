//! What can be asked for. Spans of transport are of the wall's time, since the desk's limits on transport are too.

use serde::{Deserialize, Serialize};

use crate::core::{self, Channel};

/// One fault, as JSON such as `{"frames":{"channel":"orderbook_delta","effect":"lost","next":3}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Frames of the stream, or of the spot venue's feed.
    Frames(FrameFault),
    /// Requests and their answers.
    Answers(AnswerFault),
    /// Every open stream ends without a close frame; new ones are accepted.
    Reset,
    /// Both venues are gone: what is open is cut, what is new is closed at once. Market time goes on.
    Down {
        /// How long; for ever without.
        for_ms: Option<u64>,
    },
    /// Both venues are back.
    Up,
    /// Reads of the account show what was this long ago, in market time.
    ReadLag {
        /// Milliseconds.
        ms: i64,
    },
    /// The exchange's clock is this far ahead of the market's.
    Skew {
        /// Milliseconds; behind when negative.
        ms: i64,
    },
    /// Something goes wrong on the exchange itself.
    World(core::Fault),
    /// Whatever transport fault is in force ends.
    Clear,
}

/// Which frames, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameFault {
    /// The channel by its name on the wire, `spot` for the spot venue's feed; all channels without.
    #[serde(default, with = "channel_name", skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What happens.
    pub effect: FrameEffect,
    /// How many frames are hit; no end without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
    /// Chance of each frame in a thousand; every one without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_mille: Option<u32>,
    /// For how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
    /// Fixes the chances.
    #[serde(default)]
    pub seed: u64,
}

impl FrameFault {
    /// Every frame of a channel, without end.
    #[must_use]
    pub const fn every(channel: Channel, effect: FrameEffect) -> Self {
        Self { channel: Some(channel), effect, next: None, per_mille: None, for_ms: None, seed: 0 }
    }
}

/// What happens to a frame. Its number in the sequence is used up in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameEffect {
    /// It is not sent. Every frame lost is a silent socket: pings go on.
    Lost,
    /// It is sent twice.
    Doubled,
    /// It is sent after the next one of its channel.
    Reordered,
    /// It and what follows on its channel come later.
    Delayed {
        /// Milliseconds.
        by_ms: u64,
    },
    /// Half of it is sent.
    Corrupt,
}

/// Which requests, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerFault {
    /// Which ones.
    #[serde(default)]
    pub requests: Requests,
    /// What happens.
    pub effect: AnswerEffect,
    /// How many are hit; no end without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
    /// For how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
}

/// Requests of the exchange by method and path; all of them without either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// `GET`, `POST`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How the path below `/trade-api/v2/` begins, as `portfolio/positions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Requests {
    /// New orders.
    #[must_use]
    pub fn orders() -> Self {
        Self { method: Some("POST".to_owned()), path: Some("portfolio/events/orders".to_owned()) }
    }

    /// Reads whose path begins so.
    #[must_use]
    pub fn reads(path: &str) -> Self {
        Self { method: Some("GET".to_owned()), path: Some(path.to_owned()) }
    }

    pub(super) fn covers(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.path.as_deref().is_none_or(|start| path.trim_start_matches('/').starts_with(start))
    }
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerEffect {
    /// It is carried out, and the connection ends instead of an answer.
    Lost,
    /// It is carried out, and its answer comes later: beyond the client's deadline, a timeout.
    Late {
        /// Milliseconds.
        by_ms: u64,
    },
    /// Refused with 429, not carried out.
    TooManyRequests,
    /// A page of HTML with status 502.
    BadGateway {
        /// Whether the request was carried out behind it.
        accepted: bool,
    },
    /// A read gives one row and an honest cursor.
    Short,
    /// A read gives no rows and says that this is all.
    Empty,
}

/// Channels by their names on the wire.
mod channel_name {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::core::Channel;

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(channel: &Option<Channel>, serializer: S) -> Result<S::Ok, S::Error> {
        match channel {
            Some(channel) => serializer.serialize_str(channel.name()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Channel>, D::Error> {
        let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let found = Channel::ALL.into_iter().find(|channel| channel.name() == name);
        found.map(Some).ok_or_else(|| D::Error::custom(format!("there is no channel {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_written_as_the_pages_say() {
        let fault = |text: &str| serde_json::from_str::<Fault>(text);
        let lost = fault(r#"{"frames":{"channel":"orderbook_delta","effect":"lost","next":3}}"#).unwrap();
        let Fault::Frames(frames) = &lost else { panic!("{lost:?}") };
        assert_eq!((frames.channel, frames.next), (Some(Channel::OrderbookDelta), Some(3)));
        for text in [
            r#"{"frames":{"effect":{"delayed":{"by_ms":700}},"per_mille":50,"for_ms":5000,"seed":7}}"#,
            r#"{"frames":{"channel":"spot","effect":"corrupt"}}"#,
            r#"{"answers":{"requests":{"method":"POST","path":"portfolio/events/orders"},"effect":"lost","next":1}}"#,
            r#"{"answers":{"effect":{"bad_gateway":{"accepted":true}},"next":2}}"#,
            r#""reset""#,
            r#"{"down":{"for_ms":2000}}"#,
            r#"{"read_lag":{"ms":5000}}"#,
            r#"{"skew":{"ms":-40000}}"#,
            r#"{"world":{"kind":"early_close","event_ticker":"KXBTCD-26SEP2315"}}"#,
        ] {
            let read = fault(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let written = serde_json::to_string(&read).unwrap();
            assert_eq!(fault(&written).unwrap(), read, "{written}");
        }
        for text in [r#"{"frames":{"channel":"books","effect":"lost"}}"#, r#"{"frames":{"efect":"lost"}}"#, "{}"] {
            assert!(fault(text).is_err(), "{text}");
        }
    }
}
