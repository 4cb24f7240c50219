//! `rec model`: what the probability model says, and whether the settlement rule holds.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use rec_config::Sources;
use rec_domain::{TimeSpan, Timestamp, UsdPrice};
use rec_model::{
    FingerprintSet, MomentumBucket, SettlementVector, StrikeRow, fingerprint_csv, read_settlement_vectors,
    strike_table_rows,
};
use serde::Serialize;

use super::{
    config::loaded,
    say::{complain, say, say_json},
    table::columns,
};

/// Files that a folder of fingerprints may have; a set has 62.
const MOST_FILES: usize = 10_000;
/// Bytes that one file may have; a fingerprint has 20,000, a busy hour of the exchange's frames a hundred million.
const MOST_BYTES: u64 = 1 << 30;

/// `rec model`.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// What is wanted.
    #[command(subcommand)]
    pub command: ModelCommand,
}

/// What `rec model` does.
#[derive(Debug, Clone, Subcommand)]
pub enum ModelCommand {
    /// Print the chances of the strikes around a price.
    ///
    /// For each strike the favoured side (yes at or below the price, no above it) and the chance, in percent, that
    /// the price is still on its side of the strike at the close.
    #[command(after_help = "Example: rec model table --price 118082.01 --ttc 3580 --bucket -1 --fingerprints DIR")]
    Table(TableArgs),
    /// Compute settlements from recorded index prints and compare them with what the exchange settled on.
    ///
    /// A market settles on the mean of the 60 prints stamped in the minute before its close, rounded half up to
    /// cents. FILE is a JSON list of {close_time, expiration_value, t0_unix_s, brti_1hz_cents}. Exit code 1 when any
    /// settlement differs or cannot be computed.
    Settle {
        /// File with recorded settlements.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print a JSON list of {close_time, computed, recorded, equal}.
        #[arg(long)]
        json: bool,
    },
}

/// What `rec model table` is asked.
#[derive(Debug, Clone, Args)]
pub struct TableArgs {
    /// Price of the underlying in dollars.
    #[arg(long, value_name = "DOLLARS", allow_negative_numbers = true, value_parser = positive_price)]
    pub price: UsdPrice,
    /// Time to the close in seconds.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub ttc: u32,
    /// Momentum in hundredths of a percent; the buckets -30 and 30 hold what is beyond them. Without it the baseline
    /// answers.
    #[arg(long, value_name = "BUCKET", allow_negative_numbers = true, value_parser = bucket)]
    pub bucket: Option<MomentumBucket>,
    /// Folder with the CSV files of a fingerprint set; without it the configured one (model.fingerprint_dir).
    #[arg(long, value_name = "DIR")]
    pub fingerprints: Option<PathBuf>,
    /// Distance of the strikes in dollars.
    #[arg(long, value_name = "DOLLARS", default_value = "250", allow_negative_numbers = true, value_parser = positive_price)]
    pub step: UsdPrice,
    /// How many strikes.
    #[arg(long, value_name = "N", default_value_t = 21, allow_negative_numbers = true)]
    pub count: usize,
    /// Print a JSON list of {strike, side, probability}.
    #[arg(long)]
    pub json: bool,
}

fn positive_price(text: &str) -> Result<UsdPrice, String> {
    let price: UsdPrice = text.parse().map_err(|error| format!("{error}; write dollars as 118082.01"))?;
    if price.is_positive() { Ok(price) } else { Err("it has to be above zero".to_owned()) }
}

fn bucket(text: &str) -> Result<MomentumBucket, String> {
    let hundredths: i32 =
        text.parse().map_err(|_not_whole| "momentum is a whole number of hundredths of a percent".to_owned())?;
    MomentumBucket::from_score_percent(f64::from(hundredths) / 100.0).ok_or_else(|| "no such momentum".to_owned())
}

/// Runs `rec model`.
///
/// # Errors
/// When a file or folder cannot be read or used, or a chance cannot be stated.
pub fn run(args: ModelArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    match args.command {
        ModelCommand::Table(args) => table(&args, &sources),
        ModelCommand::Settle { file, json } => settle(&file, json),
    }
}

fn table(args: &TableArgs, sources: &Sources) -> anyhow::Result<ExitCode> {
    let folder = match &args.fingerprints {
        Some(folder) => folder.clone(),
        None => match loaded(sources) {
            Some(loaded) => loaded.config.model.fingerprint_dir,
            None => return Ok(ExitCode::FAILURE),
        },
    };
    let set = read_fingerprints(&folder)?;
    let rows = rows(args, &set)?;
    if args.json {
        say_json(&rows)?;
    } else {
        let heading = ["strike", "side", "probability"].map(str::to_owned);
        let lines = rows
            .iter()
            .map(|row| [plain_number(row.strike), row.side.to_string(), format!("{:.4} %", row.probability)]);
        say(&columns(&[heading].into_iter().chain(lines).collect::<Vec<_>>(), &[0, 2]));
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(args: &TableArgs, set: &FingerprintSet) -> anyhow::Result<Vec<StrikeRow>> {
    let time_to_close = TimeSpan::from_seconds(i64::from(args.ttc));
    Ok(strike_table_rows(args.price, time_to_close, args.bucket, args.step, args.count, set)?)
}

/// The set in a folder.
pub(super) fn read_fingerprints(folder: &Path) -> anyhow::Result<FingerprintSet> {
    let shown = folder.display();
    let unreadable = || format!("the folder {shown} cannot be read; name the fingerprints with --fingerprints DIR");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        // Names that are no text are no fingerprints.
        if let Ok(name) = entry.with_context(unreadable)?.file_name().into_string() {
            names.push(name);
        }
        if names.len() > MOST_FILES {
            bail!("{shown} has more than {MOST_FILES} files, so it is no folder of fingerprints");
        }
    }
    names.sort();
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        let is_one = fingerprint_csv::FingerprintFileName::parse(&name).is_some();
        // Other files are counted, and not read.
        let text = if is_one { read_text(&folder.join(&name))? } else { String::new() };
        files.push((name, text));
    }
    fingerprint_csv::read_set(files).with_context(|| format!("the fingerprints in {shown} cannot be used"))
}

/// The text of a file of bounded size.
pub(super) fn read_text(file: &Path) -> anyhow::Result<String> {
    let shown = file.display();
    let found = std::fs::metadata(file).with_context(|| format!("{shown} cannot be read"))?;
    if found.is_dir() {
        bail!("{shown} is a folder; name a file");
    }
    if found.len() > MOST_BYTES {
        bail!("{shown} is larger than {} MB; split it", MOST_BYTES >> 20);
    }
    std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read as text"))
}

/// Without decimals that say nothing: 118000, 0.05.
fn plain_number(price: UsdPrice) -> String {
    let text = price.to_string();
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A settlement held against the record.
#[derive(Debug, Serialize)]
struct Settled {
    close_time: Timestamp,
    computed: Option<UsdPrice>,
    recorded: UsdPrice,
    equal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Settled {
    fn of(vector: &SettlementVector) -> Self {
        let (close_time, recorded) = (vector.close_time, vector.recorded);
        match vector.check() {
            Ok(check) => Self { close_time, computed: Some(check.computed), recorded, equal: check.equal, error: None },
            Err(error) => Self { close_time, computed: None, recorded, equal: false, error: Some(error.to_string()) },
        }
    }
}

fn settle(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let vectors =
        read_settlement_vectors(&read_text(file)?).with_context(|| format!("{} cannot be used", file.display()))?;
    if vectors.is_empty() {
        bail!("{} has no settlement in it", file.display());
    }
    let settled: Vec<_> = vectors.iter().map(Settled::of).collect();
    if json {
        say_json(&settled)?;
    } else {
        let heading = ["close", "computed", "recorded", "equal"].map(str::to_owned);
        let lines = settled.iter().map(|one| {
            let computed = one.computed.map_or_else(|| "none".to_owned(), |price| price.to_string());
            let equal = if one.equal { "yes" } else { "NO" };
            [one.close_time.to_string(), computed, one.recorded.to_string(), equal.to_owned()]
        });
        say(&columns(&[heading].into_iter().chain(lines).collect::<Vec<_>>(), &[1, 2]));
        for (close_time, error) in settled.iter().filter_map(|one| Some((one.close_time, one.error.as_ref()?))) {
            complain(&format!("the close {close_time} cannot be computed: {error}"));
        }
    }
    Ok(if settled.iter().all(|one| one.equal) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::recorded;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        model: ModelArgs,
    }

    fn typed(arguments: &[&str]) -> Result<ModelCommand, String> {
        let all = ["model"].iter().chain(arguments);
        Typed::try_parse_from(all).map(|typed| typed.model.command).map_err(|error| error.to_string())
    }

    fn table_args(arguments: &[&str]) -> Result<TableArgs, String> {
        match typed(&[&["table"], arguments].concat())? {
            ModelCommand::Table(args) => Ok(args),
            other => Err(format!("{other:?}")),
        }
    }

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        folder
    }

    const BASELINE: &str = "btc_fingerprint_directional_baseline.csv";
    const GRID: &str = ",>= +0.00%,<= -0.00%,>= +1.00%,<= -1.00%\n1m TTC,50,50,10,10\n60m TTC,50,50,20,20\n";

    #[test]
    fn numbers_that_cannot_be_are_refused_with_what_can() {
        let good = ["--price", "118082.01", "--ttc", "3580", "--bucket", "-1"];
        let bucket_of =
            |momentum| table_args(&[&good[..5], &[momentum]].concat()).expect("sound").bucket.map(MomentumBucket::get);
        assert_eq!(["-1", "29", "36", "-31"].map(bucket_of), [-1, 29, 30, -30].map(Some));
        for (arguments, said) in [
            (["--price", "118082.01", "--ttc", "60", "--bucket", "x"], "whole number"),
            (["--price", "118082.01", "--ttc", "60", "--bucket", "0.5"], "whole number"),
            (["--price", "-5", "--ttc", "60", "--bucket", "0"], "above zero"),
            (["--price", "1,5", "--ttc", "60", "--bucket", "0"], "dollars"),
            (["--price", "1", "--ttc", "-1", "--bucket", "0"], "0..=86400"),
            (["--price", "1", "--ttc", "60", "--step", "0"], "above zero"),
            (["--price", "1", "--ttc", "60", "--count", "-1"], "invalid digit"),
        ] {
            let error = table_args(&arguments).expect_err("impossible");
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn strikes_are_numbers_without_needless_decimals() {
        let folder = folder_with(&[(BASELINE, GRID), ("README.md", "x")]);
        let set = read_fingerprints(folder.path()).expect("a set");
        let args =
            table_args(&["--price", "1000.00", "--ttc", "3600", "--step", "2.5", "--count", "3"]).expect("sound");
        let rows = rows(&args, &set).expect("rows");
        assert_eq!(rows.iter().map(|row| plain_number(row.strike)).collect::<Vec<_>>(), ["997.5", "1000", "1002.5"]);
        let json = serde_json::to_value(&rows).expect("json");
        assert_eq!(json[1]["strike"], 1000);
        assert_eq!((json[0]["side"].as_str(), json[2]["side"].as_str()), (Some("yes"), Some("no")));
    }

    #[test]
    fn a_folder_that_has_no_set_says_what_is_wrong_and_where() {
        let missing = read_fingerprints(Path::new("/nonexistent/set")).expect_err("missing");
        assert!(format!("{missing:#}").contains("/nonexistent/set"), "{missing:#}");
        let empty = read_fingerprints(folder_with(&[]).path()).expect_err("empty");
        assert!(format!("{empty:#}").contains("no fingerprint among 0 files"), "{empty:#}");
        let torn = GRID.replace("20,20", "20,many");
        let torn = read_fingerprints(folder_with(&[(BASELINE, &torn)]).path()).expect_err("malformed");
        assert!(format!("{torn:#}").contains(&format!("{BASELINE}, line 3, column 5")), "{torn:#}");
    }

    fn settlements(value: &str, first: &str) -> tempfile::TempDir {
        let cents = ["8400000"; 59].join(",");
        let text = format!(
            r#"[{{"close_time":"2026-09-25T20:00:00Z","expiration_value":"{value}","t0_unix_s":1790366340,"brti_1hz_cents":[{first},{cents}]}}]"#
        );
        folder_with(&[("vectors.json", &text)])
    }

    fn settles(folder: &tempfile::TempDir) -> bool {
        let code = settle(&folder.path().join("vectors.json"), true).expect("said");
        format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS)
    }

    #[test]
    fn a_settlement_that_differs_or_lacks_a_print_is_failure() {
        assert!(settles(&settlements("84000.00", "8400000")));
        assert!(!settles(&settlements("84000.01", "8400000")));
        assert!(!settles(&settlements("84000.00", "null")));
        assert!(settle(Path::new("/nonexistent/vectors.json"), false).is_err());
        assert!(settle(&folder_with(&[("v", "[]")]).path().join("v"), false).is_err());
    }

    #[test]
    fn the_recorded_table_and_settlements_are_reproduced() {
        let Some(file) = recorded("probability/recorded_20250726_btc_strike_table.json") else { return };
        let json: serde_json::Value = serde_json::from_str(&read_text(&file).expect("text")).expect("json");
        let strikes = json["strikes"].as_array().expect("strikes");
        let folder = recorded("fingerprints/btc_20250807").expect("beside the table");
        let set = read_fingerprints(&folder).expect("a set");
        let args = table_args(&["--price", "118082.01", "--ttc", "3580", "--bucket", "-1"]).expect("sound");
        let rows = rows(&args, &set).expect("rows");
        assert_eq!((rows.len(), strikes.len()), (21, 21));
        for recorded in strikes {
            let strike = recorded["strike"].as_i64().expect("a whole number").to_string();
            let row = rows.iter().find(|row| plain_number(row.strike) == strike).expect("a row of every strike");
            let probability = recorded["probability"].as_f64().expect("a number");
            // A hundredth of a point, and the last bit of a float.
            assert!((row.probability - probability).abs() <= 0.01 + 1e-9, "{row:?} {probability}");
        }
        let vectors = recorded("kalshi/settlement_vectors.json").expect("beside the table");
        let code = settle(&vectors, true).expect("said");
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
    }
}
