//! The rules, by the names under which findings and allowances speak of them.

use serde::{Deserialize, Serialize};

/// What a file must not contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// An address of a private network (RFC 1918), link-local, or their IPv6 counterparts (RFC 4193).
    LanAddress,
    /// A public address of some server.
    ServerAddress,
    /// Listening on every address of the machine.
    WildcardBind,
    /// Somebody's home folder.
    HomeFolder,
    /// A drive of Windows.
    DriveLetter,
    /// A folder that only some machines have.
    MachinePath,
    /// A folder of Homebrew.
    HomebrewPath,
    /// A program found relative to wherever the process happens to stand.
    RelativeProgram,
    /// The working directory of the process.
    WorkingDirectory,
    /// A log, socket or process file relative to wherever the process happens to stand.
    RelativeFile,
    /// Ending processes by a pattern of their names.
    KillByName,
    /// The host name of a package registry.
    PackageRegistry,
    /// A password that stands in the file.
    DefaultPassword,
    /// A variable of the environment that is neither REC's nor the system's.
    ForeignVariable,
    /// A file that is written where the configuration is read.
    ConfigurationWrite,
}

impl Rule {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::LanAddress,
        Self::ServerAddress,
        Self::WildcardBind,
        Self::HomeFolder,
        Self::DriveLetter,
        Self::MachinePath,
        Self::HomebrewPath,
        Self::RelativeProgram,
        Self::WorkingDirectory,
        Self::RelativeFile,
        Self::KillByName,
        Self::PackageRegistry,
        Self::DefaultPassword,
        Self::ForeignVariable,
        Self::ConfigurationWrite,
    ];

    /// The name, as in `allowed.toml`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::LanAddress => "lan-address",
            Self::ServerAddress => "server-address",
            Self::WildcardBind => "wildcard-bind",
            Self::HomeFolder => "home-folder",
            Self::DriveLetter => "drive-letter",
            Self::MachinePath => "machine-path",
            Self::HomebrewPath => "homebrew-path",
            Self::RelativeProgram => "relative-program",
            Self::WorkingDirectory => "working-directory",
            Self::RelativeFile => "relative-file",
            Self::KillByName => "kill-by-name",
            Self::PackageRegistry => "package-registry",
            Self::DefaultPassword => "default-password",
            Self::ForeignVariable => "foreign-variable",
            Self::ConfigurationWrite => "configuration-write",
        }
    }

    /// What to do instead.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::LanAddress => "use loopback, or read the address from the configuration (net.target_host)",
            Self::ServerAddress => {
                "read the address from the configuration, or use a documentation address (192.0.2.1)"
            }
            Self::WildcardBind => "listen on loopback; net.bind_host is where an operator opens the desk",
            Self::HomeFolder => "use the XDG folders through rec-config, or write ~/ in a document",
            Self::DriveLetter => "use the XDG folders through rec-config; REC runs on Linux and macOS",
            Self::MachinePath => "use the state, runtime or a temporary folder, or find the program on PATH",
            Self::HomebrewPath => "look on PATH first; fixed folders belong only where Postgres is searched for",
            Self::RelativeProgram => {
                "name the program absolutely, from a variable that holds the root, or find it on PATH"
            }
            Self::WorkingDirectory => "take the folder as an argument; nothing may depend on where a process stands",
            Self::RelativeFile => {
                "let systemd make the folder (LogsDirectory, RuntimeDirectory), or name the file absolutely"
            }
            Self::KillByName => "end a process by its id, or stop its unit",
            Self::PackageRegistry => "name the package; the client knows its registry",
            Self::DefaultPassword => "read the secret from a file or a systemd credential; leave its default empty",
            Self::ForeignVariable => {
                "read it through rec-config, by a name that begins with REC_ and stands in .env.example"
            }
            Self::ConfigurationWrite => {
                "configuration is only read; what changes while the desk runs is in the database"
            }
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.id())
    }
}
