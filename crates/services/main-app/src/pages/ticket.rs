//! What the tickets of an order by hand have in common.

use rec_domain::Price;

use crate::view::format;

/// What stands in the note while the operator writes nothing.
pub(crate) const BY_HAND: &str = "by hand";
/// The longest note.
const LONGEST_NOTE: usize = 200;

/// What is wrong with a ticket, beside the field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    pub(crate) contracts: Option<&'static str>,
    pub(crate) limit: Option<&'static str>,
    pub(crate) reason: Option<&'static str>,
}

/// A limit in cents; there is no order without one.
pub(crate) fn limit(text: &str) -> Result<Price, &'static str> {
    format::parse_cents(text)
        .filter(|limit| limit.is_positive() && *limit < Price::ONE)
        .ok_or("name a price above 0 ¢ and below 100 ¢, with at most two decimals")
}

/// The note for the record.
pub(crate) fn note(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Ok(BY_HAND.to_owned()),
        text if text.chars().count() > LONGEST_NOTE => Err("at most 200 characters"),
        text => Ok(text.to_owned()),
    }
}
