//! The rows of an export, wherever they stand: in a page under the list's name, in an array, or one a line.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error::ExportError, fields::Fields};
use crate::rows::list::members;

/// How deep arrays may stand in each other: an array of pages of rows.
const DEEPEST: usize = 3;

/// Which list is read.
#[derive(Clone, Copy)]
pub(super) struct List {
    /// The key under which pages have it.
    pub(super) name: &'static str,
    /// Fields of which a row has at least one, and a page none.
    pub(super) marks: &'static [&'static str],
}

/// Reads the rows of a file.
///
/// # Errors
/// When the text is no such export, or a row in it cannot be read.
pub(super) fn read<T>(
    file: &str,
    text: &str,
    list: List,
    row: impl Fn(&Fields<'_>) -> Result<T, FieldError>,
) -> Result<Vec<T>, ExportError> {
    let mut reader =
        Reader { file, text: text.trim_start_matches('\u{feff}'), list, row, rows: Vec::new(), elements: 0 };
    let documents = serde_json::Deserializer::from_str(reader.text).into_iter::<&RawValue>();
    let mut any = false;
    for document in documents {
        let document = document.map_err(|error| ExportError {
            file: file.to_owned(),
            line: error.line().max(1),
            element: None,
            field: None,
            reason: error.to_string(),
        })?;
        any = true;
        reader.document(document, DEEPEST)?;
    }
    if !any {
        // A file that was cut off is no empty list.
        return Err(reader.wrong(0, None, None, "it is empty"));
    }
    Ok(reader.rows)
}

/// A field that cannot be read.
pub(super) struct FieldError {
    pub(super) field: &'static str,
    pub(super) reason: String,
}

struct Reader<'a, T, R> {
    file: &'a str,
    text: &'a str,
    list: List,
    row: R,
    rows: Vec<T>,
    elements: usize,
}

impl<'a, T, R: Fn(&Fields<'_>) -> Result<T, FieldError>> Reader<'a, T, R> {
    fn document(&mut self, raw: &'a RawValue, depth: usize) -> Result<(), ExportError> {
        let at = self.place(raw);
        match raw.get().as_bytes().first() {
            Some(b'[') if depth > 0 => self.elements(raw, depth - 1),
            Some(b'{') => {
                let members = members(raw.get(), self.list.name)
                    .map_err(|error| self.wrong(at, Some(self.elements + 1), None, error.reason))?;
                if let Some(rows) = members.get(self.list.name) {
                    return if rows.get() == "null" { Ok(()) } else { self.elements(rows, 0) };
                }
                self.elements += 1;
                if !self.list.marks.iter().any(|mark| members.contains_key(*mark)) {
                    let reason = format!("it has no \"{}\", and is no row of that list either", self.list.name);
                    return Err(self.wrong(at, Some(self.elements), None, reason));
                }
                let read = (self.row)(&Fields::new(members));
                self.rows
                    .push(read.map_err(|wrong| self.wrong(at, Some(self.elements), Some(wrong.field), wrong.reason))?);
                Ok(())
            }
            _ => Err(self.wrong(at, Some(self.elements + 1), None, "it is neither a row nor a page of rows")),
        }
    }

    fn elements(&mut self, list: &'a RawValue, depth: usize) -> Result<(), ExportError> {
        let at = self.place(list);
        let elements = <Vec<&RawValue>>::deserialize(list)
            .map_err(|error| self.wrong(at, None, None, format!("\"{}\" is no list: {error}", self.list.name)))?;
        elements.into_iter().try_for_each(|element| self.document(element, depth))
    }

    /// Where in the text a value stands: values are borrowed from it.
    fn place(&self, raw: &RawValue) -> usize {
        (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    fn wrong(
        &self,
        at: usize,
        element: Option<usize>,
        field: Option<&'static str>,
        reason: impl Into<String>,
    ) -> ExportError {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        ExportError { file: self.file.to_owned(), line, element, field, reason: reason.into() }
    }
}
