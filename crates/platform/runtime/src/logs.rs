//! Logs: `tracing` events with fields, filtered by `log.filter` (`REC_LOG`), for people or as JSON.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rec_config::{LogConfig, LogFormat};
use thiserror::Error;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, prelude::*};

use crate::rotating::{Bounds, RotatingFile};

/// How much of a log is kept in files.
pub const BOUNDS: Bounds = Bounds { bytes_per_file: 8 << 20, files: 4 };

/// Where log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogTarget {
    /// The standard error stream, which systemd's journal reads.
    Stderr,
    /// Bounded, numbered files in this folder.
    Folder(PathBuf),
}

/// Why there are no logs.
#[derive(Debug, Error)]
pub enum LogError {
    /// The filter cannot be read.
    #[error("log.filter \"{filter}\" is no filter: {detail}; an example is \"info,rec_store=debug\"")]
    Filter {
        /// The filter.
        filter: String,
        /// Why not.
        detail: String,
    },
    /// The folder cannot be written.
    #[error("cannot write logs to {folder}: {source}; set log_dir (REC_LOG_DIR) to a folder that can be written")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Begins to log; for the whole process, and only the first call counts.
///
/// # Errors
/// When the filter cannot be read or the folder not be written.
pub fn init(config: &LogConfig, target: &LogTarget) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| LogError::Filter { filter: config.filter.clone(), detail: error.to_string() })?;
    let writer = match target {
        LogTarget::Stderr => LogWriter::Stderr,
        LogTarget::Folder(folder) => LogWriter::Files(Arc::new(Mutex::new(
            RotatingFile::start(folder, "log", BOUNDS)
                .map_err(|source| LogError::Folder { folder: folder.clone(), source })?,
        ))),
    };
    let colours = *target == LogTarget::Stderr && std::io::IsTerminal::is_terminal(&io::stderr());
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    let installed = match config.format {
        LogFormat::Text => registry.with(layer.compact()).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    // A test or a composition that logs already goes on as it was.
    let _first_wins = installed;
    Ok(())
}

#[derive(Clone)]
enum LogWriter {
    Stderr,
    Files(Arc<Mutex<RotatingFile>>),
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr => io::stderr().write(bytes),
            // A full disk must not stop whoever logs: such a line is lost.
            Self::Files(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
                let _lost = file.line(line).and_then(|()| file.flush());
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
