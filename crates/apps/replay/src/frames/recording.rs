//! The forms in which recordings come.

use rec_kalshi::{
    legacy::{self, LegacyEvent},
    rows::{list::ReadError, order_book::NoSidePrices},
    ws::{Frame, FrameKind},
};
use serde_json::{Map, Value, value::RawValue};
use thiserror::Error;

/// Under which keys an object has recorded messages.
const LISTS: [&str; 5] = ["tickers", "created_events", "events", "messages", "frames"];

/// A recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// Frames of one connection with their places (the line, or the position in a list, from 1). Messages of 2025,
    /// prices in whole cents, are frames in the present form.
    Frames(Vec<(u64, Frame)>),
    /// An answer of 2025 to a request for an event, prices in whole cents.
    Event(Box<LegacyEvent>),
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
    /// What should be a list is none.
    #[error("its \"{0}\" is no list of messages")]
    NoList(&'static str),
    /// JSON of another meaning.
    #[error(
        "it is one JSON object without \"type\", \"tickers\", \"events\", \"messages\", \"event\" or \"data\", so it is \
         neither a frame nor recorded messages; a recording has one JSON frame a line, or is a JSON list of frames"
    )]
    Other,
    /// Nothing in it is a frame.
    #[error("nothing in it is a frame; at {place}: {reason}")]
    NoFrame {
        /// The line, or the position in a list, from 1.
        place: u64,
        /// What is wrong with the first of them.
        reason: String,
    },
}

/// Reads a recording: a JSON frame a line, a JSON list of frames, or the messages that the predecessor recorded.
///
/// What is no frame in it stays in as a malformed frame, so that it is reported: a line, an element of a list, and
/// whatever follows the list.
///
/// # Errors
/// When the text as a whole is none of these.
pub fn read_recording(text: &str, no_side: NoSidePrices) -> Result<Recorded, RecordingError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let first = documents.next().and_then(Result::ok).map_or("", RawValue::get);
    let rest = text.get(first.len()..).unwrap_or_default().trim();
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(first) {
        return frames((1..).zip(list.into_iter().map(RawValue::get).chain([rest])), no_side);
    }
    if let Ok(Value::Object(object)) = serde_json::from_str(first)
        && !object.contains_key("type")
    {
        if let Some(messages) = messages(&object)? {
            let texts: Vec<_> = messages.into_iter().map(Value::to_string).chain([rest.to_owned()]).collect();
            return frames((1..).zip(texts.iter().map(String::as_str)), no_side);
        }
        if object.get("data").and_then(Value::as_object).unwrap_or(&object).contains_key("event") {
            return Ok(Recorded::Event(Box::new(legacy::read_event(text)?)));
        }
        if rest.is_empty() && legacy::present_form(first).is_none() {
            return Err(RecordingError::Other);
        }
    }
    // Written for people: a frame on many lines.
    if first.contains('\n') {
        return frames((1..).zip(all_documents(text)), no_side);
    }
    frames((1..).zip(text.lines()), no_side)
}

/// The JSON values that stand one after another, and what follows them.
fn all_documents(text: &str) -> Vec<&str> {
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let mut found = Vec::new();
    while let Some(Ok(document)) = documents.next() {
        found.push(document.get());
    }
    found.extend(text.get(documents.byte_offset()..));
    found
}

/// The messages that an object has in lists; `None` where it has no such list.
fn messages(object: &Map<String, Value>) -> Result<Option<Vec<&Value>>, RecordingError> {
    let mut found: Option<Vec<&Value>> = None;
    for key in LISTS {
        let Some(list) = object.get(key) else { continue };
        let list = list.as_array().ok_or(RecordingError::NoList(key))?;
        found.get_or_insert_default().extend(list);
    }
    Ok(found.or_else(|| object.get("data").and_then(Value::as_array).map(|list| list.iter().collect())))
}

fn frames<'a>(
    texts: impl IntoIterator<Item = (u64, &'a str)>,
    no_side: NoSidePrices,
) -> Result<Recorded, RecordingError> {
    let written = texts.into_iter().filter(|(_place, text)| !text.trim().is_empty());
    let decode = |text: &str| match legacy::present_form(text) {
        Some(present) => Frame::decode(&present, no_side),
        None => Frame::decode(text, no_side),
    };
    let frames: Vec<_> = written.map(|(place, text)| (place, decode(text))).collect();
    let is_frame = |frame: &Frame| !matches!(&frame.kind, FrameKind::Malformed { kind, .. } if kind.is_empty());
    match frames.first() {
        None => Err(RecordingError::Empty),
        Some((place, Frame { kind: FrameKind::Malformed { reason, .. }, .. }))
            if !frames.iter().any(|(_place, frame)| is_frame(frame)) =>
        {
            Err(RecordingError::NoFrame { place: *place, reason: reason.clone() })
        }
        Some(_frame) => Ok(Recorded::Frames(frames)),
    }
}
