//! Where the programs of Postgres are.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::error::ClusterError;

/// Oldest major version that is used: the first with everything that the schema and the cluster ask for.
const OLDEST_MAJOR: u32 = 14;

/// The server programs of one installation of Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
    major: u32,
}

/// Where installations are looked for.
#[derive(Debug, Clone, Default)]
pub struct SearchPlaces {
    /// The value of `PATH`; `pg_config` is looked for there too.
    pub path: Option<OsString>,
    /// The user's home, for Nix profiles.
    pub home: Option<PathBuf>,
    /// Folders whose entries are versions, each with the way from an entry to its programs.
    pub versioned: Vec<(PathBuf, &'static str)>,
    /// Folders with programs.
    pub folders: Vec<PathBuf>,
}

impl SearchPlaces {
    /// The places of this machine: `PATH`, `pg_config`, the versioned folders of distributions and of Homebrew, and
    /// the profiles of Nix.
    #[must_use]
    pub fn of_machine() -> Self {
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let versioned = [
            ("/usr/lib/postgresql", "bin"), // Debian, Ubuntu
            ("/usr", "bin"),                // PGDG on Fedora and its kin: /usr/pgsql-17/bin
            ("/usr/lib", "bin"),            // openSUSE: /usr/lib/postgresql17/bin
            ("/usr/libexec", ""),           // Alpine: /usr/libexec/postgresql17
            ("/opt/homebrew/opt", "bin"),   // Homebrew, Apple silicon
            ("/usr/local/opt", "bin"),      // Homebrew, Intel
            ("/home/linuxbrew/.linuxbrew/opt", "bin"),
            ("/Library/PostgreSQL", "bin"),
        ];
        let mut folders: Vec<PathBuf> =
            ["/run/current-system/sw/bin", "/nix/var/nix/profiles/default/bin", "/usr/local/pgsql/bin"]
                .map(PathBuf::from)
                .to_vec();
        if let Some(home) = &home {
            folders.push(home.join(".nix-profile/bin"));
            folders.push(home.join(".local/state/nix/profile/bin"));
        }
        Self {
            path: std::env::var_os("PATH"),
            home,
            versioned: versioned.map(|(folder, inner)| (PathBuf::from(folder), inner)).to_vec(),
            folders,
        }
    }

    /// Folders that may hold the programs, best first, each once.
    fn candidates(&self) -> Vec<PathBuf> {
        let on_path = || self.path.iter().flat_map(std::env::split_paths).filter(|folder| folder.is_absolute());
        let mut found: Vec<PathBuf> = on_path().collect();
        if let Some(pg_config) = on_path().map(|folder| folder.join("pg_config")).find(|program| program.is_file()) {
            found.extend(bindir(&pg_config));
        }
        let mut versioned: Vec<(u32, PathBuf)> = Vec::new();
        for (folder, inner) in &self.versioned {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.flatten().take(4_096) {
                let name = entry.file_name();
                let Some(version) = name.to_str().and_then(version_in_name) else { continue };
                versioned.push((version, entry.path().join(inner)));
            }
        }
        versioned.sort();
        found.extend(versioned.into_iter().rev().map(|(_, folder)| folder));
        found.extend(self.folders.iter().cloned());
        let mut seen = std::collections::BTreeSet::new();
        // Links such as /usr/local/bin/initdb lead to the folder where all the programs are.
        let real = found
            .into_iter()
            .filter_map(|folder| Some(folder.join("initdb").canonicalize().ok()?.parent()?.to_owned()));
        real.filter(|folder| seen.insert(folder.clone())).collect()
    }
}

impl Binaries {
    /// The programs to use: of the wanted major version where data asks for one, otherwise the first found.
    ///
    /// # Errors
    /// When there are none; the error says how to install them. `Ok(Err(versions))` names what there is when the
    /// wanted version is missing.
    pub(crate) fn find(places: &SearchPlaces, wanted: Option<&str>) -> Result<Result<Self, String>, ClusterError> {
        let mut installed = Vec::new();
        for binaries in Self::each(places) {
            if wanted.is_none_or(|wanted| wanted == binaries.major.to_string()) {
                return Ok(Ok(binaries));
            }
            installed.push(binaries.major.to_string());
        }
        if installed.is_empty() {
            return Err(ClusterError::no_binaries());
        }
        installed.dedup();
        Ok(Err(installed.join(", ")))
    }

    /// Every installation at `places` that is not too old, best first. Each is asked for its version when its turn
    /// comes.
    fn each(places: &SearchPlaces) -> impl Iterator<Item = Self> {
        places.candidates().into_iter().filter_map(|folder| {
            let complete = ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file());
            let major = complete.then(|| major_of(&folder)).flatten().filter(|major| *major >= OLDEST_MAJOR)?;
            Some(Self { folder, major })
        })
    }

    /// Every installation found at `places`, best first.
    #[must_use]
    pub fn all(places: &SearchPlaces) -> Vec<Self> {
        Self::each(places).collect()
    }

    /// The first installation found at `places`.
    ///
    /// # Errors
    /// When there is none; the error says how to install it.
    pub fn first(places: &SearchPlaces) -> Result<Self, ClusterError> {
        match Self::find(places, None)? {
            Ok(found) => Ok(found),
            Err(_no_version_was_wanted) => Err(ClusterError::no_binaries()),
        }
    }

    /// Path of a program.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Major version.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.major
    }
}

/// The version in names such as `17`, `postgresql17`, `postgresql@17`, `pgsql-17`; 0 for one without a number.
fn version_in_name(name: &str) -> Option<u32> {
    let rest = ["postgresql", "pgsql"].iter().find_map(|stem| name.strip_prefix(stem));
    let digits = rest.unwrap_or(name).trim_start_matches(['@', '-']);
    if digits.is_empty() { rest.map(|_| 0) } else { digits.parse().ok() }
}

fn bindir(pg_config: &Path) -> Option<PathBuf> {
    let output = Command::new(pg_config).arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(text.trim())).filter(|folder| folder.is_absolute())
}

/// From `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_of(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn installation(folder: &Path, version: &str) {
        std::fs::create_dir_all(folder).expect("folder");
        for name in ["initdb", "pg_ctl", "postgres"] {
            let program = folder.join(name);
            std::fs::write(&program, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version} (test)'\n"))
                .expect("program");
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("mode");
        }
    }

    #[test]
    fn the_newest_version_is_taken_and_the_datas_version_before_it() {
        let root = tempfile::tempdir().expect("folder");
        for version in ["9", "13", "15", "17"] {
            installation(&root.path().join(version).join("bin"), &format!("{version}.2"));
        }
        let places = SearchPlaces { versioned: vec![(root.path().to_owned(), "bin")], ..SearchPlaces::default() };
        assert_eq!(Binaries::first(&places).expect("found").major(), 17);
        assert_eq!(Binaries::find(&places, Some("15")).expect("some").expect("15").major(), 15);
        assert_eq!(Binaries::find(&places, Some("13")).expect("some").expect_err("too old"), "17, 15");
    }

    #[test]
    fn what_is_on_the_path_comes_first_and_links_are_followed() {
        let root = tempfile::tempdir().expect("folder");
        installation(&root.path().join("versions/17/bin"), "17.1");
        installation(&root.path().join("real"), "16.4");
        let on_path = root.path().join("on-path");
        std::fs::create_dir(&on_path).expect("folder");
        std::os::unix::fs::symlink(root.path().join("real/initdb"), on_path.join("initdb")).expect("link");
        let places = SearchPlaces {
            path: Some(on_path.into()),
            versioned: vec![(root.path().join("versions"), "bin")],
            ..SearchPlaces::default()
        };
        assert_eq!(Binaries::first(&places).expect("found").major(), 16);
    }

    #[test]
    fn without_postgres_the_error_is_the_command_that_installs_it() {
        let error = Binaries::first(&SearchPlaces::default()).expect_err("there are no places");
        assert!(error.to_string().contains("install them with: "), "{error}");
    }

    #[test]
    fn versions_are_read_from_the_names_of_folders() {
        let cases = [("17", Some(17)), ("postgresql@16", Some(16)), ("postgresql17", Some(17)), ("pgsql-15", Some(15))];
        for (name, version) in cases {
            assert_eq!(version_in_name(name), version, "{name}");
        }
        assert_eq!((version_in_name("postgresql"), version_in_name("share")), (Some(0), None));
    }
}
