//! What a file is, as far as a rule needs to know.

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Source of a program.
    Rust,
    /// A shell script.
    Script,
    /// A unit of systemd or a program section of another process manager.
    Unit,
    /// A Nix expression.
    Nix,
    /// Settings: `.toml`, `.env`, `.yml`, `.json`, `.conf`, `.ini`.
    Settings,
    /// Anything else.
    Other,
}

impl Kind {
    /// By the name, or by the first line where a script has no ending.
    pub(super) fn of(file: &str, text: &str) -> Self {
        let name = file.rsplit('/').next().unwrap_or(file);
        match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "rs" => Self::Rust,
            "sh" | "bash" => Self::Script,
            "service" | "timer" | "socket" | "conf" | "ini" => Self::Unit,
            "nix" => Self::Nix,
            "toml" | "env" | "yml" | "yaml" | "json" => Self::Settings,
            _ if name.starts_with(".env") => Self::Settings,
            _ if text.starts_with("#!") && text.lines().next().is_some_and(|line| line.ends_with("sh")) => Self::Script,
            _ => Self::Other,
        }
    }
}
