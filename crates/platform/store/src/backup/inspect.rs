//! What a file holds, before anything is done with it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
    process::{ChildStderr, Stdio},
};

use rec_domain::Mode;

use super::{
    error::{BackupError, FileContext},
    manifest::hexadecimal,
    scan::{self, Scanned, scan},
    tools::{Tools, succeeded},
};
use crate::schema::migrations;

/// What a custom dump begins with.
const CUSTOM: &[u8] = b"PGDMP";

/// A form of dumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DumpFormat {
    /// SQL as text.
    Plain,
    /// `pg_dump`'s own, compressed.
    Custom,
}

impl DumpFormat {
    /// The word, as `pg_dump --format` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Custom => "custom",
        }
    }
}

/// What a dump holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The file.
    pub file: PathBuf,
    /// Its form.
    pub format: DumpFormat,
    /// The mode of its books.
    pub mode: Mode,
    /// The account of its books.
    pub account: String,
    /// The last migration of its schema.
    pub migration: i64,
    /// Version of the server that it was made of, as `15.14`; empty when it does not say.
    pub server: String,
}

/// Looks into a dump and refuses what this program, in this mode, cannot restore.
///
/// # Errors
/// [`BackupError::Unsupported`], [`BackupError::Foreign`], [`BackupError::OtherMode`], [`BackupError::Newer`],
/// [`BackupError::Changed`], [`BackupError::NewerPostgres`]; or the file cannot be read.
pub async fn inspect(tools: &Tools, file: &Path, mode: Mode) -> Result<Inspected, BackupError> {
    let (tools, file) = (tools.clone(), file.to_owned());
    let looked = tokio::task::spawn_blocking(move || look(&tools, &file, mode)).await;
    looked.map_err(|error| BackupError::Program { program: "pg_restore", output: error.to_string() })?
}

fn look(tools: &Tools, file: &Path, mode: Mode) -> Result<Inspected, BackupError> {
    let format = format_of(file)?;
    let scanned = match format {
        DumpFormat::Plain => {
            let opened = File::open(file).context("open", file)?;
            scan(BufReader::new(opened)).context("read", file)?
        }
        DumpFormat::Custom => scan_custom(tools, file)?,
    };
    judge(file, format, scanned, mode)
}

/// By the first bytes of the file.
fn format_of(file: &Path) -> Result<DumpFormat, BackupError> {
    let unsupported = |what| Err(BackupError::Unsupported { file: file.to_owned(), what });
    if file.is_dir() {
        return unsupported("a folder");
    }
    let mut begin = Vec::new();
    File::open(file).context("open", file)?.take(512).read_to_end(&mut begin).context("read", file)?;
    if begin.is_empty() {
        unsupported("empty")
    } else if begin.starts_with(CUSTOM) {
        Ok(DumpFormat::Custom)
    } else if begin.get(257..262) == Some(b"ustar") {
        unsupported("a tar archive")
    } else if begin.starts_with(&[0x1f, 0x8b]) || begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        unsupported("compressed; decompress it first")
    } else if String::from_utf8_lossy(&begin).contains("-- PostgreSQL database dump") {
        Ok(DumpFormat::Plain)
    } else {
        unsupported("no dump of Postgres")
    }
}

/// The few rows that matter, as a script.
fn scan_custom(tools: &Tools, file: &Path) -> Result<Scanned, BackupError> {
    let mut command = tools.command("pg_restore", None);
    command.args(["--data-only", "--table=identity", "--table=_sqlx_migrations", "--file=-"]).arg(file);
    let failed = |error: std::io::Error| BackupError::Program { program: "pg_restore", output: error.to_string() };
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    // Read beside the rows, so that neither pipe fills up while the other is awaited.
    let complaints = child.stderr.take().map(|stderr| std::thread::spawn(move || all_of(stderr)));
    let scanned = child.stdout.take().map(|stdout| scan(BufReader::new(stdout))).transpose();
    let status = child.wait().map_err(failed)?;
    let complaints = complaints.and_then(|reader| reader.join().ok()).unwrap_or_default();
    match succeeded("pg_restore", status, &complaints) {
        Ok(()) => Ok(scanned.map_err(failed)?.unwrap_or_default()),
        // "unsupported version (1.16) in file header"
        Err(BackupError::Program { output, .. }) if output.contains("unsupported version") => {
            let made_by = output.rsplit("pg_restore: error: ").next().unwrap_or_default().to_owned();
            Err(BackupError::NewerPostgres { file: file.to_owned(), made_by, ours: tools.major() })
        }
        Err(error) => Err(error),
    }
}

fn all_of(mut stream: ChildStderr) -> Vec<u8> {
    let mut text = Vec::new();
    let _as_far_as_it_goes = stream.read_to_end(&mut text);
    text
}

/// Whether this program, in this mode, knows what was found.
fn judge(file: &Path, format: DumpFormat, scanned: Scanned, ours: Mode) -> Result<Inspected, BackupError> {
    let foreign = |lacking| BackupError::Foreign { file: file.to_owned(), lacking };
    let applied = scanned.migrations.filter(|rows| !rows.is_empty()).ok_or_else(|| foreign(scan::MIGRATIONS))?;
    let (account, mode) = scanned.identity.ok_or_else(|| foreign(scan::IDENTITY))?;
    let known: BTreeMap<i64, String> =
        migrations().iter().map(|migration| (migration.version, hexadecimal(&migration.checksum))).collect();
    for (version, checksum) in &applied {
        match known.get(version) {
            None => return Err(BackupError::Newer { file: file.to_owned(), version: *version }),
            Some(ours) if ours != checksum => {
                return Err(BackupError::Changed { file: file.to_owned(), version: *version });
            }
            Some(_) => {}
        }
    }
    let mode: Mode = mode.parse().map_err(|_unknown| foreign(scan::IDENTITY))?;
    if mode != ours {
        return Err(BackupError::OtherMode { file: file.to_owned(), ours, theirs: mode });
    }
    Ok(Inspected {
        file: file.to_owned(),
        format,
        mode,
        account,
        migration: applied.iter().map(|(version, _)| *version).max().unwrap_or_default(),
        server: scanned.server.unwrap_or_default(),
    })
}
