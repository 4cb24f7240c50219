//! Where the environment is read, and where the configuration is written.

use super::{Rule, kind::Kind};

/// What the system and its usual tools set.
const OF_THE_SYSTEM: &[&str] = &[
    "CARGO",
    "CREDENTIALS_DIRECTORY",
    "HOME",
    "INVOCATION_ID",
    "LISTEN_",
    "LOGNAME",
    "NO_COLOR",
    "NOTIFY_SOCKET",
    "OUT_DIR",
    "PATH",
    "TERM",
    "TMPDIR",
    "USER",
    "WATCHDOG_",
    "XDG_",
];

/// Calls that read one variable.
const READS: &[&str] = &["env::var(\"", "env::var_os(\"", "env!(\"", "os.environ[\"", "os.environ.get(\"", "getenv(\""];

/// The crate that reads the configuration, and its one file that may write.
const CONFIGURATION: &str = "crates/platform/config/src/";
const WRITER: &str = "crates/platform/config/src/init.rs";

/// Calls that write a file.
const WRITES: &[&str] = &["fs::write(", "File::create(", "File::create_new(", "OpenOptions::new(", "fs::rename("];

/// Looks at one line of the file.
pub(super) fn look(file: &str, kind: Kind, line: &str, found: &mut Vec<(Rule, String)>) {
    for call in READS {
        for (at, _) in line.match_indices(call) {
            let rest = &line[at + call.len()..];
            let name = &rest[..rest.find('"').unwrap_or(rest.len())];
            let known = name.starts_with("REC_") || OF_THE_SYSTEM.iter().any(|known| name.starts_with(known));
            if !known && is_name(name) {
                found.push((Rule::ForeignVariable, name.to_owned()));
            }
        }
    }
    if kind == Kind::Rust && file.starts_with(CONFIGURATION) && file != WRITER {
        found.extend(
            WRITES
                .iter()
                .filter(|call| line.contains(**call))
                .map(|call| (Rule::ConfigurationWrite, call.trim_end_matches('(').to_owned())),
        );
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
