//! `rec config init`: the only place that writes a configuration file, and only where there is none.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use thiserror::Error;

use crate::{layers::config_file, schema::DEFAULTS_TOML, sources::Sources};

/// Why no configuration file was written.
#[derive(Debug, Error)]
pub enum InitError {
    /// There is one, and it stays as it is.
    #[error("{0} exists and stays as it is; edit it, or move it away first")]
    Exists(PathBuf),
    /// No folder is known for it.
    #[error("no place for a configuration file: neither HOME nor XDG_CONFIG_HOME is set; name one with --config")]
    NoFolder,
    /// The file system refused.
    #[error("cannot write {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The text of a new `config.local.toml`: every setting with its explanation, all commented out.
#[must_use]
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of this machine. Take the # away in front of what you change (and of its [section]);\n\
         # what stays commented keeps its default. `rec config check` reports all faults at once.\n\n",
    );
    let body = DEFAULTS_TOML.split_once("\n\n").map_or(DEFAULTS_TOML, |(_, body)| body);
    for line in body.lines() {
        if !line.is_empty() && !line.starts_with('#') {
            text.push('#');
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Writes a commented configuration file where there is none: at `--config`, or in the configuration folder.
/// Only its owner may read it.
///
/// # Errors
/// When there is one already, no folder is known, or the file system refuses.
pub fn init(sources: &Sources) -> Result<PathBuf, InitError> {
    use std::os::unix::fs::OpenOptionsExt;

    let named = sources.config_flag.clone().or_else(|| sources.var(crate::CONFIG_VARIABLE).map(PathBuf::from));
    let path = named.or_else(|| config_file(sources)).ok_or(InitError::NoFolder)?;
    let failed = |source| InitError::Io { path: path.clone(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(InitError::Exists(path)),
        Err(error) => return Err(failed(error)),
    };
    file.write_all(template().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(path)
}
