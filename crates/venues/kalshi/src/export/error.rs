//! What cannot be read of an export.

use std::fmt;

/// What cannot be read, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ExportError {
    /// The file, as it was named.
    pub file: String,
    /// The line on which the element begins, or on which the text ends to make sense.
    pub line: usize,
    /// Which element of the file, from 1; `None` where it is not about one.
    pub element: Option<usize>,
    /// The field; `None` where it is not about one.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: line {}", self.file, self.line)?;
        if let Some(element) = self.element {
            write!(f, ", element {element}")?;
        }
        if let Some(field) = self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.reason)
    }
}
