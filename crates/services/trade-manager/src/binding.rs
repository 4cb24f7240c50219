//! What an arming is bound to: this configuration, this program, this start of the machine.

use std::{fmt::Write as _, os::unix::fs::MetadataExt as _, path::Path};

use rec_config::Config;
use rec_domain::arming::Binding;
use sha2::{Digest as _, Sha256};

/// Where Linux says which start of the machine this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The binding of this process.
pub(crate) fn of(config: &Config) -> Binding {
    // Secrets in it print as nothing; whatever else is set, counts.
    let configuration = hash(format!("{config:?}").as_bytes());
    // Where it is not known, each process is a start of its own, and no arming survives.
    let boot = std::fs::read_to_string(BOOT_ID).unwrap_or_else(|_error| uuid::Uuid::new_v4().to_string());
    Binding { configuration, release: release(), boot: boot.trim().to_owned() }
}

/// The version, and which build of it: a deploy changes the program's place, its size or its time.
fn release() -> String {
    let program = std::env::current_exe().and_then(|program| program.canonicalize());
    let build = program.and_then(|program| identity_of(&program));
    match build {
        Ok(build) => format!("{} {build}", env!("CARGO_PKG_VERSION")),
        Err(_error) => format!("{} {}", env!("CARGO_PKG_VERSION"), uuid::Uuid::new_v4()),
    }
}

fn identity_of(program: &Path) -> std::io::Result<String> {
    let file = std::fs::metadata(program)?;
    let facts = format!("{} {} {} {}", program.display(), file.len(), file.mtime(), file.mtime_nsec());
    Ok(hash(facts.as_bytes()))
}

/// Sixteen hexadecimal digits of its SHA-256.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).fold(String::new(), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_program_is_the_same_release_and_a_changed_file_another() {
        assert_eq!(release(), release());
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("program");
        std::fs::write(&program, "one").expect("written");
        let first = identity_of(&program).expect("readable");
        std::fs::write(&program, "another").expect("written");
        assert_ne!(identity_of(&program).expect("readable"), first);
    }
}
