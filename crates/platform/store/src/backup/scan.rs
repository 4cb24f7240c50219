//! What a script of `pg_dump` says of the database that it came from, read from its rows.

use std::io::{self, BufRead};

/// The rows of these two tables say whose the dump is.
pub(super) const IDENTITY: &str = "desk.identity";
pub(super) const MIGRATIONS: &str = "public._sqlx_migrations";

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// The server's version, as `15.14`.
    pub(super) server: Option<String>,
    /// Account and mode, as stored.
    pub(super) identity: Option<(String, String)>,
    /// Migrations that were applied, each with its checksum in hexadecimal; `None` without their table.
    pub(super) migrations: Option<Vec<(i64, String)>>,
}

/// Reads a whole script. Rows stand between `COPY table (columns) FROM stdin;` and `\.`, one a line.
/// <https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2>
pub(super) fn scan(mut script: impl BufRead) -> io::Result<Scanned> {
    let mut found = Scanned::default();
    let mut line = Vec::new();
    let mut rows: Option<Rows> = None;
    loop {
        line.clear();
        if script.read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
        match &rows {
            Some(_) if text == r"\." => rows = None,
            Some(rows) => rows.read(&text, &mut found),
            None => {
                if let Some(version) = text.strip_prefix("-- Dumped from database version ") {
                    found.server = Some(version.split_whitespace().next().unwrap_or_default().to_owned());
                }
                rows = Rows::begin(&text, &mut found);
            }
        }
    }
}

/// The rows of a table that are being passed.
struct Rows {
    table: Option<&'static str>,
    columns: Vec<String>,
}

impl Rows {
    fn begin(line: &str, found: &mut Scanned) -> Option<Self> {
        let (table, columns) = line.strip_prefix("COPY ")?.strip_suffix(") FROM stdin;")?.split_once(" (")?;
        let table = [IDENTITY, MIGRATIONS].into_iter().find(|known| *known == table);
        if table == Some(MIGRATIONS) {
            found.migrations.get_or_insert_default();
        }
        Some(Self { table, columns: columns.split(", ").map(str::to_owned).collect() })
    }

    fn read(&self, line: &str, found: &mut Scanned) {
        let Some(table) = self.table else { return };
        let values: Vec<&str> = line.split('\t').collect();
        let value = |name: &str| {
            let at = self.columns.iter().position(|column| column == name)?;
            values.get(at).map(|value| unescaped(value))
        };
        if table == IDENTITY {
            found.identity = value("account").zip(value("mode"));
        } else if value("success").as_deref() == Some("t")
            && let Some(version) = value("version").and_then(|version| version.parse().ok())
        {
            let checksum = value("checksum").unwrap_or_default();
            let checksum = checksum.strip_prefix(r"\x").unwrap_or(&checksum).to_owned();
            found.migrations.get_or_insert_default().push((version, checksum));
        }
    }
}

/// A value with its escapes undone, those that occur in names and checksums.
fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match (character, characters.as_str().chars().next()) {
            ('\\', Some(next)) => {
                text.push(match next {
                    't' => '\t',
                    'n' => '\n',
                    other => other,
                });
                characters.next();
            }
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = r"-- PostgreSQL database dump
-- Dumped from database version 15.14 (Debian 15.14-0+deb12u1)
COPY desk.notes (id, text) FROM stdin;
1	COPY desk.identity (account, mode) FROM stdin;
2	-- Dumped from database version 99.1
\.
COPY desk.identity (singleton, desk_id, account, mode, created_at) FROM stdin;
t	7	a\\b\tc	twin	2026-01-01
\.
COPY public._sqlx_migrations (version, success, checksum) FROM stdin;
1	t	\\x0a0b
2	f	\\x0c
\.
";

    #[test]
    fn a_script_says_whose_it_is_and_rows_cannot_pretend_to_be_script() {
        let found = scan(SCRIPT.as_bytes()).expect("read");
        assert_eq!(found.server.as_deref(), Some("15.14"));
        assert_eq!(found.identity, Some((r"a\b".to_owned() + "\tc", "twin".to_owned())));
        assert_eq!(found.migrations, Some(vec![(1, "0a0b".to_owned())]));
    }

    #[test]
    fn a_script_of_something_else_says_nothing() {
        assert_eq!(
            scan("COPY public.cats (name) FROM stdin;\nTom\n\\.\n".as_bytes()).expect("read"),
            Scanned::default()
        );
    }
}
