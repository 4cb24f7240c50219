//! Fingerprints as CSV text, one file a bucket, in the form that the predecessor wrote.
//!
//! ```text
//! ,>= +0.00%,<= -0.00%,>= +0.05%,<= -0.05%
//! 1m TTC,51.14,49.18,15.06,14.71
//! 2m TTC,51.32,48.78,22.22,20.89
//! ```
//!
//! Any ascending horizons and thresholds are read, in any number, and the columns in any order as long as
//! every threshold has both directions. A file is named `btc_fingerprint_directional_momentum_-05.csv`,
//! `..._momentum_005.csv` or `..._baseline.csv`, with any symbol and an optional date (`..._20250807.csv`).

use rec_domain::decimal;

use crate::{Direction, Fingerprint, FingerprintError, FingerprintSet, Grid, MomentumBucket};

/// What the name of a fingerprint file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerprintFileName {
    /// The underlying in lower case, as `btc`.
    pub symbol: String,
    /// The bucket; `None` for the baseline.
    pub bucket: Option<MomentumBucket>,
}

impl FingerprintFileName {
    /// Reads a file name (without folder); `None` when it is not that of a fingerprint.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (symbol, rest) = name.strip_suffix(".csv")?.split_once("_fingerprint_directional_")?;
        if symbol.is_empty() || !symbol.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let rest = match rest.rsplit_once('_') {
            Some((before, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => before,
            _ => rest,
        };
        let bucket = if rest == "baseline" {
            None
        } else {
            let number = rest.strip_prefix("momentum_")?;
            let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
            if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            Some(MomentumBucket::new(number.parse().ok()?)?)
        };
        Some(Self { symbol: symbol.to_ascii_lowercase(), bucket })
    }
}

impl std::fmt::Display for FingerprintFileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.bucket {
            Some(bucket) => write!(f, "{}_fingerprint_directional_momentum_{:03}.csv", self.symbol, bucket.get()),
            None => write!(f, "{}_fingerprint_directional_baseline.csv", self.symbol),
        }
    }
}

/// Reads a set from the files of a folder (name, text). Files with other names are passed over.
///
/// # Errors
/// When a fingerprint is malformed (file, line and column are named), there is none, or they do not fit together.
pub fn read_set<N: AsRef<str>, T: AsRef<str>>(
    files: impl IntoIterator<Item = (N, T)>,
) -> Result<FingerprintSet, FingerprintError> {
    let mut looked_at = 0;
    let mut set_symbol: Option<String> = None;
    let mut parts = Vec::new();
    for (file, text) in files {
        looked_at += 1;
        let file = file.as_ref();
        let Some(name) = FingerprintFileName::parse(file) else { continue };
        let symbol = set_symbol.get_or_insert_with(|| name.symbol.clone());
        if *symbol != name.symbol {
            let (symbol, other) = (name.symbol, symbol.clone());
            return Err(FingerprintError::TwoSymbols { file: file.to_owned(), symbol, other });
        }
        let grid = read_grid(file, text.as_ref())?;
        parts.push((file.to_owned(), name.bucket, Fingerprint { grid, support: None }));
    }
    let symbol = set_symbol.ok_or(FingerprintError::Nothing { files: looked_at })?;
    FingerprintSet::new(&symbol, parts)
}

/// The files of a set (name, text), baseline first. Reading them gives the same grids; sample counts are not in them.
#[must_use]
pub fn write_set(set: &FingerprintSet) -> Vec<(String, String)> {
    let baseline = set.baseline().map(|fingerprint| (None, fingerprint));
    let buckets = set.buckets().map(|(bucket, fingerprint)| (Some(bucket), fingerprint));
    baseline
        .into_iter()
        .chain(buckets)
        .map(|(bucket, fingerprint)| {
            let name = FingerprintFileName { symbol: set.symbol().to_owned(), bucket };
            (name.to_string(), write_grid(&fingerprint.grid))
        })
        .collect()
}

/// Writes one grid.
#[must_use]
pub fn write_grid(grid: &Grid) -> String {
    let mut text = String::new();
    for threshold in grid.thresholds_percent() {
        let plain = format!("{threshold:.2}");
        // Two decimals as the predecessor had them, more only where they say more.
        let threshold = if plain.parse() == Ok(*threshold) { plain } else { threshold.to_string() };
        text.push_str(&format!(",>= +{threshold}%,<= -{threshold}%"));
    }
    text.push('\n');
    let columns = grid.thresholds_percent().len();
    let rows = grid.cells(Direction::Up).chunks(columns).zip(grid.cells(Direction::Down).chunks(columns));
    for (minute, (up, down)) in grid.minutes().iter().zip(rows) {
        text.push_str(&format!("{minute}m TTC"));
        for (up, down) in up.iter().zip(down) {
            text.push_str(&format!(",{up:?},{down:?}"));
        }
        text.push('\n');
    }
    text
}

/// Reads one grid. `file` is named in errors.
///
/// # Errors
/// When a heading, the first column, a cell or a count is not what it should be.
pub fn read_grid(file: &str, text: &str) -> Result<Grid, FingerprintError> {
    let malformed =
        |line, column, problem| FingerprintError::Malformed { file: file.to_owned(), line, column, problem };
    let not_a_grid = |problem: String| FingerprintError::NotAGrid { file: file.to_owned(), problem };

    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end_matches('\r')));
    let (_first, heading) = lines.next().ok_or_else(|| not_a_grid("the file is empty".to_owned()))?;
    let columns = read_heading(heading).map_err(|(column, problem)| malformed(1, column, problem))?;

    let mut minutes: Vec<u32> = Vec::new();
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut ended_at = None;
    for (line, content) in lines {
        if content.trim().is_empty() {
            ended_at.get_or_insert(line);
            continue;
        }
        if let Some(empty) = ended_at {
            return Err(malformed(empty, 1, "an empty line between rows".to_owned()));
        }
        let cells: Vec<&str> = content.split(',').map(str::trim).collect();
        let wanted = 1 + columns.up.len() + columns.down.len();
        if cells.len() != wanted {
            let problem = format!("{} cells where the heading has {wanted}", cells.len());
            return Err(malformed(line, cells.len().min(wanted + 1), problem));
        }
        let minute = read_minutes(cells[0]).map_err(|problem| malformed(line, 1, problem))?;
        if let Some(before) = minutes.last().filter(|before| **before >= minute) {
            let problem = format!("{minute} minutes after {before} minutes; rows must ascend");
            return Err(malformed(line, 1, problem));
        }
        minutes.push(minute);
        for (columns, values) in [(&columns.up, &mut up), (&columns.down, &mut down)] {
            for column in columns {
                let value = read_percentage(cells[*column]).map_err(|problem| malformed(line, column + 1, problem))?;
                values.push(value);
            }
        }
    }
    Grid::new(minutes, columns.thresholds_percent, up, down).map_err(|error| not_a_grid(error.to_string()))
}

/// Where the columns of each direction are, in the order of the thresholds.
struct Columns {
    thresholds_percent: Vec<f64>,
    up: Vec<usize>,
    down: Vec<usize>,
}

/// The columns by the heading, or the faulty column (from 1) and what is wrong with it.
fn read_heading(heading: &str) -> Result<Columns, (usize, String)> {
    // (threshold in 1e-6 percent, column) in order of appearance
    let mut up: Vec<(i64, usize)> = Vec::new();
    let mut down: Vec<(i64, usize)> = Vec::new();
    for (index, cell) in heading.split(',').enumerate().skip(1) {
        let problem = |what: &str| (index + 1, format!("\"{}\" {what}", shorten(cell)));
        let wrong = || problem("is no heading such as \">= +0.05%\" or \"<= -0.05%\"");
        let cell = cell.trim();
        let (columns, number) = match (cell.strip_prefix(">="), cell.strip_prefix("<=")) {
            (Some(rest), _) => (&mut up, rest.trim_start().trim_start_matches('+')),
            (_, Some(rest)) => (&mut down, rest.trim_start().strip_prefix('-').ok_or_else(wrong)?),
            _ => return Err(wrong()),
        };
        let number = number.strip_suffix('%').ok_or_else(wrong)?.trim_end();
        let threshold = decimal::parse(number, 6).ok().filter(|units| *units >= 0).ok_or_else(wrong)?;
        if columns.last().is_some_and(|(before, _column)| *before >= threshold) {
            return Err(problem("is not above the threshold before it"));
        }
        columns.push((threshold, index));
    }
    let past_the_end = heading.split(',').count() + 1;
    if up.is_empty() {
        return Err((past_the_end, "the heading names no threshold".to_owned()));
    }
    let unequal = up.iter().zip(&down).find(|(of_up, of_down)| of_up.0 != of_down.0).map(|(of_up, _of_down)| of_up);
    if let Some((_threshold, column)) = unequal.or_else(|| up.get(down.len())).or_else(|| down.get(up.len())) {
        return Err((column + 1, "the threshold has no partner of the other direction".to_owned()));
    }
    #[expect(clippy::cast_precision_loss, reason = "thresholds are far below 2^53 millionths of a percent")]
    let thresholds_percent = up.iter().map(|(threshold, _column)| *threshold as f64 / 1e6).collect();
    let positions = |columns: Vec<(i64, usize)>| columns.into_iter().map(|(_threshold, column)| column).collect();
    Ok(Columns { thresholds_percent, up: positions(up), down: positions(down) })
}

fn read_minutes(cell: &str) -> Result<u32, String> {
    cell.strip_suffix("TTC")
        .and_then(|rest| rest.trim_end().strip_suffix('m'))
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .filter(|minutes| *minutes > 0)
        .ok_or_else(|| format!("\"{}\" is no time to close such as \"1m TTC\"", shorten(cell)))
}

fn read_percentage(cell: &str) -> Result<f64, String> {
    let value: Option<f64> = cell.parse().ok();
    value
        .filter(|value| (0.0..=100.0).contains(value))
        .ok_or_else(|| format!("\"{}\" is not a percentage between 0 and 100", shorten(cell)))
}

/// Long garbage is not repeated in full in an error message.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str =
        ",>= +0.00%,<= -0.00%,>= +0.05%,<= -0.05%\n1m TTC,51.14,49.18,15.06,14.71\n2m TTC,51.32,48.78,22.22,20.9\n";

    #[test]
    fn reads_file_names_of_any_symbol_and_date() {
        let parse = |name| FingerprintFileName::parse(name).map(|name| (name.symbol, name.bucket.map(|b| b.get())));
        let named = |symbol: &str, bucket| Some((symbol.to_owned(), bucket));
        for (name, expected) in [
            ("btc_fingerprint_directional_momentum_-05.csv", named("btc", Some(-5))),
            ("btc_fingerprint_directional_momentum_005.csv", named("btc", Some(5))),
            ("eth_fingerprint_directional_momentum_000.csv", named("eth", Some(0))),
            ("ETH_fingerprint_directional_momentum_-30_20261101.csv", named("eth", Some(-30))),
            ("btc_fingerprint_directional_baseline.csv", named("btc", None)),
            ("btc_fingerprint_directional_baseline_20261101.csv", named("btc", None)),
            ("btc_fingerprint_directional_momentum_031.csv", None),
            ("btc_fingerprint_directional_momentum_.csv", None),
            ("btc_fingerprint_directional_momentum_1e1.csv", None),
            ("_fingerprint_directional_baseline.csv", None),
            ("README.md", None),
        ] {
            assert_eq!(parse(name), expected, "{name}");
        }
        for bucket in MomentumBucket::all().map(Some).chain([None]) {
            let name = FingerprintFileName { symbol: "sol".to_owned(), bucket };
            assert_eq!(FingerprintFileName::parse(&name.to_string()), Some(name));
        }
    }

    #[test]
    fn writes_what_it_read() {
        let grid = read_grid("x.csv", GOOD).expect("valid");
        assert_eq!(grid.minutes(), [1, 2]);
        assert_eq!(grid.thresholds_percent(), [0.0, 0.05]);
        assert_eq!(grid.cells(Direction::Down), [49.18, 14.71, 48.78, 20.9]);
        assert_eq!(write_grid(&grid), GOOD);
        let windows = format!("\u{feff}{}\r\n", GOOD.replace('\n', "\r\n"));
        assert_eq!(read_grid("x.csv", &windows), Ok(grid));
    }

    #[test]
    fn the_order_of_columns_does_not_matter() {
        let other = "ttc,>= +0.00%,>= +0.05%,<= -0.00%,<= -0.05%\n1m TTC,51.14,15.06,49.18,14.71\n2m TTC,51.32,22.22,48.78,20.9\n";
        assert_eq!(read_grid("x.csv", other), read_grid("x.csv", GOOD));
    }

    #[test]
    fn names_the_place_of_every_fault() {
        let cases: [(&str, &str, (usize, usize)); 16] = [
            ("a word for a number", "1m TTC,51.14|1m TTC,abc", (2, 2)),
            ("not a number", "22.22|NaN", (3, 4)),
            ("infinite", "22.22|inf", (3, 4)),
            ("above 100", "14.71|100.01", (2, 5)),
            ("below 0", "14.71|-0.5", (2, 5)),
            ("an empty cell", "48.78|", (3, 3)),
            ("a cell too few", ",20.9|", (3, 4)),
            ("a cell too many", "20.9|20.9,1.0", (3, 6)),
            ("a row twice", "2m TTC|1m TTC", (3, 1)),
            ("no minutes", "2m TTC|two", (3, 1)),
            ("minute zero", "1m TTC|0m TTC", (2, 1)),
            ("a threshold that does not ascend", ">= +0.05%|>= +0.00%", (1, 4)),
            ("a sign that contradicts", "<= -0.05%|<= +0.05%", (1, 5)),
            ("no heading", ">= +0.05%|0.05", (1, 4)),
            ("a threshold without its partner", "<= -0.05%|<= -0.10%", (1, 4)),
            ("an empty line between rows", "\n2m|\n\n2m", (3, 1)),
        ];
        for (fault, change, place) in cases {
            let (from, to) = change.split_once('|').expect("a pair");
            let text = GOOD.replacen(from, to, 1);
            match read_grid("btc.csv", &text) {
                Err(FingerprintError::Malformed { file, line, column, .. }) => {
                    assert_eq!((file.as_str(), (line, column)), ("btc.csv", place), "{fault}");
                }
                other => panic!("{fault}: {other:?}"),
            }
        }
        for text in ["", ",>= +0.00%,<= -0.00%\n"] {
            assert!(matches!(read_grid("btc.csv", text), Err(FingerprintError::NotAGrid { .. })), "{text:?}");
        }
        assert!(matches!(read_grid("btc.csv", "1,2\n"), Err(FingerprintError::Malformed { line: 1, column: 2, .. })));
        assert!(matches!(read_grid("btc.csv", "x\n"), Err(FingerprintError::Malformed { line: 1, .. })));
        let missing = ",>= +0.00%,<= -0.00%,>= +0.05%\n1m TTC,1,2,3\n";
        assert!(matches!(read_grid("btc.csv", missing), Err(FingerprintError::Malformed { line: 1, column: 4, .. })));
    }

    #[test]
    fn a_set_is_of_one_underlying_and_passes_over_other_files() {
        let baseline = "btc_fingerprint_directional_baseline.csv";
        let set = read_set([("README.md", "words"), (baseline, GOOD)]).expect("a set");
        assert_eq!(set.symbol(), "btc");
        assert_eq!(write_set(&set), [(baseline.to_owned(), GOOD.to_owned())]);
        let mixed = [(baseline, GOOD), ("eth_fingerprint_directional_baseline.csv", GOOD)];
        assert!(matches!(read_set(mixed), Err(FingerprintError::TwoSymbols { .. })));
        let twice =
            ["btc_fingerprint_directional_momentum_-05.csv", "btc_fingerprint_directional_momentum_-5_20250807.csv"];
        assert!(matches!(read_set(twice.map(|name| (name, GOOD))), Err(FingerprintError::Twice { .. })));
        assert_eq!(read_set([("README.md", "words")]), Err(FingerprintError::Nothing { files: 1 }));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[,\n0-9a-zA-Z%<>=+. -]{0,200}") {
            let _ = read_grid("x.csv", &text);
        }

        #[test]
        fn any_grid_survives_writing_and_reading(
            (rows, columns, cells) in (1..5_usize, 1..6_usize)
                .prop_flat_map(|(rows, columns)| (Just(rows), Just(columns), proptest::collection::vec(0..=1_000_000_u32, 2 * rows * columns))),
        ) {
            let minutes = (1..=rows).map(|row| u32::try_from(row * row).expect("small")).collect();
            let thresholds = (0..columns).map(|column| f64::from(u32::try_from(column * column).expect("small")) / 1_000.0).collect();
            let cells: Vec<f64> = cells.into_iter().map(|cell| f64::from(cell) / 1e4).collect();
            let (up, down) = cells.split_at(rows * columns);
            let grid = Grid::new(minutes, thresholds, up.to_vec(), down.to_vec()).expect("valid");
            prop_assert_eq!(read_grid("x.csv", &write_grid(&grid)), Ok(grid));
        }
    }
}
