//! The forms in which recordings come.

use rec_domain::market::MarketLifecycle;
use rec_kalshi::{
    legacy::{self, LegacyEvent, LegacyTicker},
    rows::{list::ReadError, order_book::NoSidePrices},
    ws::Frame,
};
use serde_json::{Value, value::RawValue};
use thiserror::Error;

/// A recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// Frames of one connection with their places (the line, or the position in a list, from 1).
    Frames(Vec<(u64, Frame)>),
    /// Ticker messages of 2025, prices in whole cents.
    Tickers(Vec<LegacyTicker>),
    /// An answer of 2025 to a request for an event, prices in whole cents.
    Event(Box<LegacyEvent>),
    /// Life-cycle messages of 2025.
    Lifecycle(Vec<MarketLifecycle>),
}

/// Why a text is no recording.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// There is nothing.
    #[error("there is not a single frame in it; a recording has one JSON frame a line, or is a JSON list of frames")]
    Empty,
    /// A recording of 2025 that cannot be read.
    #[error(transparent)]
    Legacy(#[from] ReadError),
    /// JSON of another meaning.
    #[error(
        "it is one JSON object without \"type\", \"tickers\", \"events\" or \"data\", so it is neither a frame nor recorded \
         messages; a recording has one JSON frame a line, or is a JSON list of frames"
    )]
    Other,
}

/// Reads a recording: a JSON frame a line, a JSON list of frames, or the messages that the predecessor recorded.
///
/// Lines that are no frames stay in as malformed frames, so that they are reported.
///
/// # Errors
/// When the text as a whole is none of these.
pub fn read_recording(text: &str, no_side: NoSidePrices) -> Result<Recorded, RecordingError> {
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) {
        return frames((1..).zip(list.into_iter().map(RawValue::get)), no_side);
    }
    // Several lines of JSON are no JSON text, so what parses here is one object.
    if let Ok(Value::Object(object)) = serde_json::from_str(text)
        && !object.contains_key("type")
    {
        let has = |key: &str| object.contains_key(key);
        return match (has("tickers"), has("events"), has("data")) {
            (true, _, _) => Ok(Recorded::Tickers(legacy::read_tickers(text)?)),
            (_, true, _) => Ok(Recorded::Lifecycle(legacy::read_lifecycle(text)?)),
            (_, _, true) => Ok(Recorded::Event(Box::new(legacy::read_event(text)?))),
            _ => Err(RecordingError::Other),
        };
    }
    if serde_json::from_str::<&RawValue>(text).is_ok() {
        return frames([(1, text)], no_side);
    }
    frames((1..).zip(text.lines()), no_side)
}

fn frames<'a>(
    texts: impl IntoIterator<Item = (u64, &'a str)>,
    no_side: NoSidePrices,
) -> Result<Recorded, RecordingError> {
    let written = texts.into_iter().filter(|(_place, text)| !text.trim().is_empty());
    let frames: Vec<_> = written.map(|(place, text)| (place, Frame::decode(text, no_side))).collect();
    if frames.is_empty() { Err(RecordingError::Empty) } else { Ok(Recorded::Frames(frames)) }
}
