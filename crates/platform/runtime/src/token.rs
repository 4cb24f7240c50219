//! The file with the token that services show to each other.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rec_api::ServiceToken;
use thiserror::Error;
use uuid::Uuid;

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The file cannot be read or made.
    #[error("cannot read or make the service token {path}: {source}; set net.service_token_file to a readable file")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file holds no token.
    #[error("{path} holds no service token of at least 16 characters; remove it and a new one is made")]
    TooShort {
        /// The file.
        path: PathBuf,
    },
}

/// The token in the file at `path`, which is made, readable by its owner only, where there is none. Two processes that
/// start together get the same token.
///
/// # Errors
/// When the file cannot be read or made, or holds no token.
pub fn load_or_make(path: &Path) -> Result<ServiceToken, TokenError> {
    let failed = |source| TokenError::File { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(failed)?;
            fs::read_to_string(path).map_err(failed)?
        }
        Err(error) => return Err(failed(error)),
    };
    if text.trim().len() < 16 {
        return Err(TokenError::TooShort { path: path.to_owned() });
    }
    Ok(ServiceToken::new(&text))
}

/// Makes the file whole or not at all; one that appeared meanwhile is left.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    fs::create_dir_all(folder)?;
    let (first, second) = (Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let draft = path.with_extension(format!("draft-{first}"));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{first}{second}")?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_token_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/service-token");
        let first = load_or_make(&path).expect("made");
        assert!(load_or_make(&path).expect("read").matches(first.expose()));
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&path, "short\n").expect("written");
        assert!(matches!(load_or_make(&path), Err(TokenError::TooShort { .. })));
    }
}
