//! Faults of a configuration, each pointing at the text that is wrong.

use std::{fmt, sync::Arc};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// Bytes of a line beyond which a text is not quoted: nobody reads it, and what draws the quotation cannot.
const LONGEST_QUOTED: usize = 2_000;

/// One fault: what is wrong, where, and what to do.
#[derive(Clone)]
pub struct Problem {
    message: String,
    help: Option<String>,
    text: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
    place: Option<String>,
}

/// Every fault that was found; never empty.
#[derive(Debug, Clone)]
pub struct ConfigErrors(pub(crate) Vec<Problem>);

/// A text that a value came from: a file, or one line made of a variable or an option.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// What the text is called in messages.
    pub(crate) name: Arc<str>,
    /// The text.
    pub(crate) content: Arc<str>,
}

/// A stretch of a text.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) text: Text,
    pub(crate) span: std::ops::Range<usize>,
}

impl Place {
    /// Line of the start, from 1.
    pub(crate) fn line(&self) -> usize {
        let end = self.span.start.min(self.text.content.len());
        self.text.content.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn named(&self) -> String {
        if self.text.content.contains('\n') {
            format!("{}:{}", self.text.name, self.line())
        } else {
            self.text.name.to_string()
        }
    }
}

impl Problem {
    /// A fault without a place.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, text: None, labels: Vec::new(), place: None }
    }

    /// A fault at a place, with a word about what stands there.
    pub(crate) fn at(message: impl Into<String>, place: &Place, label: impl Into<String>) -> Self {
        Self::new(message).and_at(place, label)
    }

    /// Points at a further place. Places in another text than the first are named in words.
    pub(crate) fn and_at(mut self, place: &Place, label: impl Into<String>) -> Self {
        let span = LabeledSpan::new_with_span(Some(label.into()), place.span.clone());
        match &self.text {
            None => {
                self.text = Some(NamedSource::new(&*place.text.name, Arc::clone(&place.text.content)));
                self.place = Some(place.named());
                self.labels.push(span);
            }
            Some(text) if text.name() == &*place.text.name => self.labels.push(span),
            Some(_) => self.message.push_str(&format!(" (see also {})", place.named())),
        }
        self
    }

    /// What to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong, without its place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Where it is, as `config.local.toml:7` with its folder or `REC_DB_PORT`.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let text = self.text.as_ref()?;
        text.inner().lines().all(|line| line.len() <= LONGEST_QUOTED).then_some(text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

impl ConfigErrors {
    /// The report for a terminal: every fault with the lines it points at.
    #[must_use]
    pub fn report(&self, colours: bool) -> String {
        let theme = if colours { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(120);
        let mut text = String::new();
        match handler.render_report(&mut text, self) {
            Ok(()) => text,
            // Writing into a text does not fail; should it, the faults stand here without their lines.
            Err(_incomplete) => self.0.iter().map(|problem| format!("{problem}\n")).collect(),
        }
    }

    /// Every fault.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "the configuration has a fault: {only}"),
            many => write!(f, "the configuration has {} faults", many.len()),
        }
    }
}

impl std::error::Error for ConfigErrors {}

impl Diagnostic for ConfigErrors {
    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new("`rec config show` prints every value with its origin"))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.0.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}
