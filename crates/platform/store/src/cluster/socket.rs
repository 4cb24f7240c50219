//! The folder of the server's socket: short, and nobody else's.

use std::{
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{error::ClusterError, owner::Owner};

/// Longest path of a unix socket that every system takes: 108 bytes with the final zero on Linux.
pub(crate) const LONGEST_SOCKET_PATH: usize = 107;

/// Longest path on macOS, whose address structure is smaller.
const LONGEST_SOCKET_PATH_MACOS: usize = 103;

/// The socket's name in its folder.
pub(crate) const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// Makes the socket folder for the cluster in `state_dir` at the first place that can be used: for root `/run`,
/// otherwise `XDG_RUNTIME_DIR`; then the temporary folder.
pub(crate) fn socket_folder(state_dir: &Path, owner: &Owner) -> Result<PathBuf, ClusterError> {
    let mut bases = Vec::new();
    if owner.other.is_some() {
        bases.push(PathBuf::from("/run"));
    } else if let Some(runtime) =
        std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())
    {
        bases.push(runtime);
    }
    bases.push(std::env::temp_dir());
    bases.push(PathBuf::from("/tmp"));
    choose(&bases, &folder_name(state_dir), owner)
}

/// One folder for each state folder, the same every time.
fn folder_name(state_dir: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;

    let hash = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, state_dir.as_os_str().as_bytes());
    format!("rec-{}", &hash.simple().to_string()[..12])
}

/// Uses a folder that was chosen before; makes it again where it was removed.
pub(crate) fn use_folder(folder: &Path, owner: &Owner) -> Result<(), ClusterError> {
    try_use(folder, owner).map_err(|why| ClusterError::NoSocketFolder { tried: format!("{}: {why}", folder.display()) })
}

/// The first of `bases` in which the folder can be made and used.
pub(crate) fn choose(bases: &[PathBuf], name: &str, owner: &Owner) -> Result<PathBuf, ClusterError> {
    let mut tried = Vec::new();
    for base in bases {
        let folder = base.join(name);
        match try_use(&folder, owner) {
            Ok(()) => return Ok(folder),
            Err(why) => tried.push(format!("{}: {why}", folder.display())),
        }
    }
    Err(ClusterError::NoSocketFolder { tried: tried.join("; ") })
}

fn try_use(folder: &Path, owner: &Owner) -> Result<(), String> {
    let longest = if cfg!(target_os = "macos") { LONGEST_SOCKET_PATH_MACOS } else { LONGEST_SOCKET_PATH };
    let length = folder.join(SOCKET_NAME).as_os_str().len();
    if length > longest {
        return Err(format!("a socket there would have a path of {length} bytes, and {longest} are possible"));
    }
    if folder.to_str().is_none_or(|text| text.contains(['"', '\'', '\n', '\\'])) {
        return Err("its name cannot be written in the server's settings".to_owned());
    }
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => owner.give(folder).map_err(|error| error.to_string())?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.to_string()),
    }
    // In a shared folder somebody else may have been first; a link would lead anywhere.
    let found = std::fs::symlink_metadata(folder).map_err(|error| error.to_string())?;
    if !found.is_dir() {
        return Err("it is no folder".to_owned());
    }
    let own = rustix::process::geteuid().as_raw();
    if found.uid() == own && owner.other.is_some() {
        owner.give(folder).map_err(|error| error.to_string())?;
    } else if found.uid() != owner.uid {
        return Err("it belongs to somebody else".to_owned());
    }
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(|error| error.to_string())?;
    }
    let parent = folder.parent().unwrap_or(folder);
    owner.can_enter(parent).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Owner {
        Owner { uid: rustix::process::geteuid().as_raw(), other: None }
    }

    #[test]
    fn a_place_that_is_too_long_is_passed_over_and_none_is_an_error() {
        let root = tempfile::tempdir().expect("folder");
        let long = root.path().join("x".repeat(120));
        std::fs::create_dir(&long).expect("folder");
        let chosen = choose(&[long.clone(), root.path().to_owned()], "rec-1", &own()).expect("the second");
        assert_eq!(chosen, root.path().join("rec-1"));
        let error = choose(&[long], "rec-1", &own()).expect_err("too long").to_string();
        assert!(error.contains("bytes, and 107 are possible"), "{error}");
    }

    #[test]
    fn the_folder_is_nobody_elses() {
        let root = tempfile::tempdir().expect("folder");
        let folder = root.path().join("rec-1");
        std::fs::create_dir(&folder).expect("folder");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("mode");
        choose(&[root.path().to_owned()], "rec-1", &own()).expect("ours");
        assert_eq!(std::fs::metadata(&folder).expect("there").mode() & 0o777, 0o700);
        std::os::unix::fs::symlink("/tmp", root.path().join("rec-2")).expect("link");
        let error = choose(&[root.path().to_owned()], "rec-2", &own()).expect_err("a link").to_string();
        assert!(error.contains("it is no folder"), "{error}");
    }

    #[test]
    fn every_state_folder_has_its_own() {
        assert_ne!(folder_name(Path::new("/a")), folder_name(Path::new("/b")));
        assert_eq!(folder_name(Path::new("/a")), folder_name(Path::new("/a")));
    }
}
