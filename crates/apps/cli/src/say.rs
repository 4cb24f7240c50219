//! What a person or a script reads.

use std::io::{self, Write};

/// A line on standard output. Nobody may be reading any more, which changes nothing.
pub(crate) fn say(text: &str) {
    let _nobody_reads = writeln!(io::stdout(), "{text}");
}

/// A line on the standard error stream.
pub(crate) fn complain(text: &str) {
    let _nobody_reads = writeln!(io::stderr(), "{text}");
}
