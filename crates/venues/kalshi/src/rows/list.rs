//! The frame around every list: rows under a key and a cursor to the next page.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::number::shorten;

/// Where the next page begins, in the exchange's opaque words.
///
/// An unknown cursor silently gives the first page again, so pages have to be watched for repetition
/// ([`PageGuard`](crate::rest::PageGuard)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor as the exchange gave it; `None` where it is empty, which means that there is no next page.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Self(text))
    }

    /// The exchange's words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows, in the exchange's order.
    pub items: Vec<T>,
    /// Rows that could not be read. Always empty in lists of the account but those of deposits, withdrawals and
    /// transfers: there a row that cannot be read fails the page, since a missing one would be taken for an absent one.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
    /// Identity of the first row, by which a repeated page is recognised.
    pub first: Option<String>,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The row's beginning.
    pub row: String,
    /// Why.
    pub reason: String,
}

/// A body or a row that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {what}: {reason}")]
pub struct ReadError {
    /// What was read.
    pub what: &'static str,
    /// Why it cannot be read.
    pub reason: String,
}

impl ReadError {
    pub(crate) fn new(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { what, reason: reason.to_string() }
    }
}

/// Something that the exchange lists.
pub(crate) trait Row: Sized {
    /// Its fields as they stand on the wire.
    type Wire: DeserializeOwned;
    /// The key under which lists have it.
    const LIST: &'static str;
    /// What it is, for messages.
    const WHAT: &'static str;
    /// Makes sense of the fields.
    fn from_wire(wire: Self::Wire) -> Result<Self, String>;
    /// What tells one row from another.
    fn identity(&self) -> String;
}

/// What to do with a row that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Name it and go on: one odd market must not hide the others.
    Tolerant,
    /// Refuse the page: a missing row of the account would be taken for an absent one.
    Strict,
}

/// The fields of an object. A list of values is refused: it would be taken for the fields in their order.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    if !json.trim_start().starts_with('{') {
        return Err(format!("it is no object but {}", shorten(json)));
    }
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// Reads a body that is one object.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(json: &'a str, what: &'static str) -> Result<T, ReadError> {
    object(json).map_err(|reason| ReadError::new(what, reason))
}

/// Reads one row.
pub(crate) fn read_row<T: Row>(json: &str) -> Result<T, ReadError> {
    T::from_wire(read_object(json, T::WHAT)?).map_err(|reason| ReadError::new(T::WHAT, reason))
}

/// The members of an object, by key. A key that stands twice makes it unreadable: nobody knows which of the two is meant.
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EachOnce;
        impl<'de> Visitor<'de> for EachOnce {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    if members.insert(key.clone(), value).is_some() {
                        return Err(A::Error::custom(format!("\"{}\" stands twice", shorten(&key))));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(EachOnce)
    }
}

/// The members of an object body, by key.
pub(crate) fn members<'a>(body: &'a str, what: &'static str) -> Result<BTreeMap<String, &'a RawValue>, ReadError> {
    read_object::<Members<'a>>(body, what).map(|members| members.0)
}

/// Reads a row that stands alone under `key`.
pub(crate) fn read_member<T: Row>(body: &str, key: &str) -> Result<T, ReadError> {
    let members = members(body, T::WHAT)?;
    let member = members.get(key).ok_or_else(|| ReadError::new(T::WHAT, format!("the answer has no \"{key}\"")))?;
    read_row(member.get())
}

/// Reads rows, each by itself.
pub(crate) fn read_rows<T: Row>(
    list: &RawValue,
    strictness: Strictness,
) -> Result<(Vec<T>, Vec<Unreadable>), ReadError> {
    // An empty list may be written as null.
    let rows = <Option<Vec<&RawValue>>>::deserialize(list).map_err(|error| ReadError::new(T::WHAT, error))?;
    let mut items = Vec::new();
    let mut unreadable = Vec::new();
    for row in rows.unwrap_or_default() {
        match read_row(row.get()) {
            Ok(item) => items.push(item),
            Err(error) if strictness == Strictness::Strict => return Err(error),
            Err(error) => unreadable.push(Unreadable { row: shorten(row.get()), reason: error.reason }),
        }
    }
    Ok((items, unreadable))
}

/// Reads one page.
pub(crate) fn read_page<T: Row>(body: &str, strictness: Strictness) -> Result<Page<T>, ReadError> {
    let members = members(body, T::WHAT)?;
    // A body without the list is no empty list: nothing may be concluded from it.
    let list =
        members.get(T::LIST).ok_or_else(|| ReadError::new(T::WHAT, format!("the answer has no \"{}\"", T::LIST)))?;
    let (items, unreadable) = read_rows::<T>(list, strictness)?;
    let cursor = members
        .get("cursor")
        .map(|raw| <Option<String>>::deserialize(*raw))
        .transpose()
        .map_err(|error| ReadError::new(T::WHAT, error))?
        .flatten();
    let first = items.first().map(Row::identity);
    Ok(Page { items, unreadable, next: cursor.and_then(Cursor::new), first })
}
