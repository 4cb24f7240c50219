//! Paging: a cursor names the last item that was given. One that cannot be read gives the first page, as the
//! exchange was recorded to do.

use crate::core::{query::Params, rejection::Rejection};

const DEFAULT_LIMIT: i64 = 100;

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Empty at the end.
    pub(super) cursor: String,
}

/// Cuts a page out of `items`, whose keys descend.
pub(super) fn descending<T>(
    operation: &str,
    params: &Params,
    most: i64,
    items: impl Iterator<Item = (u64, T)>,
) -> Result<Page<T>, Rejection> {
    let limit = match params.text("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => text.parse().unwrap_or(-1),
    };
    if !(1..=most).contains(&limit) {
        return Err(Rejection::parameter(operation, &format!("limit must be between 1 and {most}")));
    }
    let before = params.text("cursor").and_then(decode);
    let mut items = items.filter(|(key, _)| before.is_none_or(|before| *key < before));
    let mut page = Page { items: Vec::new(), cursor: String::new() };
    let mut last = 0;
    for (key, item) in items.by_ref().take(usize::try_from(limit).unwrap_or(0)) {
        last = key;
        page.items.push(item);
    }
    if items.next().is_some() {
        page.cursor = format!("twn{last:x}");
    }
    Ok(page)
}

fn decode(cursor: &str) -> Option<u64> {
    u64::from_str_radix(cursor.strip_prefix("twn")?, 16).ok()
}
