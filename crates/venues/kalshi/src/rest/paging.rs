//! Pages: fetched one at a time, and watched, since an unknown cursor silently starts over.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use thiserror::Error;

use super::error::RestError;
use crate::rows::{Cursor, Page};

/// Pages of one list unless a caller says otherwise: a million rows.
const MOST_PAGES: u32 = 1_000;

/// A list that does not end properly. Nothing may be concluded from the rows that were read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PagingError {
    /// A cursor came twice.
    #[error("the exchange gave the cursor of page {page} before; the list was not read to its end")]
    RepeatedCursor {
        /// The page, counted from one.
        page: u32,
    },
    /// A page begins with the row that another page began with.
    #[error("page {page} begins with {first}, as an earlier page did; the list was not read to its end")]
    RepeatedPage {
        /// The page, counted from one.
        page: u32,
        /// Its first row.
        first: String,
    },
    /// There are more pages than the bound.
    #[error("the list has more than {bound} pages; narrow the question")]
    TooMany {
        /// The bound.
        bound: u32,
    },
}

/// Watches the pages of one list for repetition and number. Pure: whoever drives the paging shows it each page.
#[derive(Debug, Clone)]
pub struct PageGuard {
    bound: u32,
    pages: u32,
    cursors: HashSet<Cursor>,
    firsts: HashSet<String>,
}

impl Default for PageGuard {
    fn default() -> Self {
        Self::new(MOST_PAGES)
    }
}

impl PageGuard {
    /// A guard that takes at most `bound` pages.
    #[must_use]
    pub fn new(bound: u32) -> Self {
        Self { bound, pages: 0, cursors: HashSet::new(), firsts: HashSet::new() }
    }

    /// Takes note of a page and gives the cursor of the next; `None` after the last.
    ///
    /// # Errors
    /// When the list repeats itself or is longer than the bound.
    pub fn accept<T>(&mut self, page: &Page<T>) -> Result<Option<Cursor>, PagingError> {
        self.pages += 1;
        if let Some(first) = &page.first
            && !self.firsts.insert(first.clone())
        {
            return Err(PagingError::RepeatedPage { page: self.pages, first: first.clone() });
        }
        let Some(next) = &page.next else { return Ok(None) };
        if !self.cursors.insert(next.clone()) {
            return Err(PagingError::RepeatedCursor { page: self.pages });
        }
        if self.pages >= self.bound {
            return Err(PagingError::TooMany { bound: self.bound });
        }
        Ok(Some(next.clone()))
    }
}

type Fetch<'a, T> = Box<dyn Fn(Option<Cursor>) -> BoxFuture<'a, Result<Page<T>, RestError>> + Send + Sync + 'a>;

/// The pages of one list, each fetched when it is asked for.
pub struct Pages<'a, T> {
    fetch: Fetch<'a, T>,
    guard: PageGuard,
    /// The cursor of the next page; the outer `None` when there is none left.
    next: Option<Option<Cursor>>,
}

impl<'a, T> Pages<'a, T> {
    pub(crate) fn new<F>(fetch: F) -> Self
    where
        F: Fn(Option<Cursor>) -> BoxFuture<'a, Result<Page<T>, RestError>> + Send + Sync + 'a,
    {
        Self { fetch: Box::new(fetch), guard: PageGuard::default(), next: Some(None) }
    }

    /// Takes at most `bound` pages.
    #[must_use]
    pub fn at_most(mut self, bound: u32) -> Self {
        self.guard = PageGuard::new(bound);
        self
    }

    /// The next page; `None` after the last. After an error there are no more pages.
    ///
    /// # Errors
    /// When a page cannot be read, or the list repeats itself or is longer than the bound.
    pub async fn next(&mut self) -> Result<Option<Page<T>>, RestError> {
        let Some(cursor) = self.next.take() else { return Ok(None) };
        let page = (self.fetch)(cursor).await?;
        self.next = self.guard.accept(&page)?.map(Some);
        Ok(Some(page))
    }

    /// Every row to the end of the list. Rows that could not be read are left out; lists of the account have none.
    ///
    /// # Errors
    /// When a page cannot be read, or the list repeats itself or is longer than the bound.
    pub async fn all(mut self) -> Result<Vec<T>, RestError> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await? {
            for row in &page.unreadable {
                tracing::warn!(row = %row.row, reason = %row.reason, "a row cannot be read");
            }
            items.extend(page.items);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: &str, next: &str) -> Page<()> {
        Page { items: vec![()], unreadable: vec![], next: Cursor::new(next), first: Some(first.to_owned()) }
    }

    #[test]
    fn a_list_that_starts_over_is_noticed() {
        let mut guard = PageGuard::new(10);
        assert_eq!(guard.accept(&page("a", "2")), Ok(Cursor::new("2")));
        assert_eq!(guard.accept(&page("b", "3")), Ok(Cursor::new("3")));
        assert!(matches!(guard.accept(&page("a", "4")), Err(PagingError::RepeatedPage { page: 3, .. })));
        let mut guard = PageGuard::new(10);
        assert!(guard.accept(&page("a", "2")).is_ok());
        assert_eq!(guard.accept(&page("b", "2")), Err(PagingError::RepeatedCursor { page: 2 }));
    }

    #[test]
    fn a_list_ends_or_is_too_long() {
        let mut guard = PageGuard::new(2);
        assert!(guard.accept(&page("a", "2")).is_ok());
        assert_eq!(guard.accept(&page("b", "")), Ok(None));
        let mut guard = PageGuard::new(2);
        assert!(guard.accept(&page("a", "2")).is_ok());
        assert_eq!(guard.accept(&page("b", "3")), Err(PagingError::TooMany { bound: 2 }));
    }
}
