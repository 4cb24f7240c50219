//! `rec replay`: recorded traffic through the desk's decoder and machines.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use rec_config::Sources;
use rec_domain::{Price, book::Level};
use rec_kalshi::rows::order_book::NoSidePrices;
use rec_replay::frames::{
    IndexState, Print, Report,
    minutes::{Judgement, Minutes, minutes, read_spot},
    read_recording, replay,
};
use serde::Serialize;

use super::{
    config::loaded,
    day::{self, DayArgs},
    model::{read_fingerprints, read_text},
    replay_minutes,
    say::{say, say_json},
    table::columns,
};

/// Rows that a list has in text at most; JSON has all.
const SHOWN: usize = 40;

/// `rec replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// What is replayed.
    #[command(subcommand)]
    pub command: ReplayCommand,
}

/// What `rec replay` replays.
#[derive(Debug, Clone, Subcommand)]
pub enum ReplayCommand {
    /// Print what recorded traffic of the exchange implies, and what the desk would decide on it minute by minute.
    ///
    /// The frames pass the decoder and the machines of the desk. A FILE has one JSON frame a line, or is a JSON list
    /// of frames, or one of the forms of 2025 (ticker messages, life-cycle messages, an answer for an event); each
    /// file counts as one connection. For each file come books, trades, quotes and index values. An excerpt has gaps
    /// in its numbers: they are named, and a book with a gap since its snapshot is marked uncertain. What is passed
    /// over is listed with its reason.
    ///
    /// Then come the strike tables of all files together, one at every full minute and one at the end, and for each
    /// row whether the desk would enter, at which limit, or why not: as a desk that holds nothing, has its entry
    /// switch on and your settings otherwise. Without prices of the underlying every row is refused for want of them.
    #[command(after_help = "Example: rec replay frames frames.jsonl --spot coinbase.jsonl --fingerprints DIR")]
    Frames(FramesArgs),
    /// Feed every machine of a desk its own journal again, and compare what it says with what it said.
    Day(DayArgs),
}

/// What `rec replay frames` is asked.
#[derive(Debug, Clone, Args)]
pub struct FramesArgs {
    /// Files with recorded traffic.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Prices of the underlying: lines of Coinbase ticker messages, lines "time,price" or
    /// "time,open,high,low,close", or Coinbase's JSON list of one-minute candles.
    #[arg(long, value_name = "FILE")]
    pub spot: Option<PathBuf>,
    /// Folder with the CSV files of a fingerprint set; without it no row has a chance.
    #[arg(long, value_name = "DIR")]
    pub fingerprints: Option<PathBuf>,
    /// The files have NO sides of books in YES prices, which is what a desk asks for and `rec record export` writes.
    #[arg(long)]
    pub yes_prices: bool,
    /// Print JSON: {files: [a report for each], assumed: [...], minutes: [a strike table for each]}.
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct OfFile<'a> {
    file: &'a Path,
    #[serde(flatten)]
    report: Report,
}

#[derive(Serialize)]
struct Everything<'a> {
    files: Vec<OfFile<'a>>,
    #[serde(flatten)]
    minutes: Minutes,
}

/// Runs `rec replay`.
///
/// # Errors
/// When a file cannot be read or is no recording.
pub fn run(args: ReplayArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    match args.command {
        ReplayCommand::Frames(args) => frames(&args, &sources),
        ReplayCommand::Day(args) => day::run(args, &sources),
    }
}

fn frames(args: &FramesArgs, sources: &Sources) -> anyhow::Result<ExitCode> {
    let Some(everything) = played(args, sources)? else { return Ok(ExitCode::FAILURE) };
    if args.json {
        say_json(&everything)?;
    } else {
        for one in &everything.files {
            say(&format!("{}: {}", one.file.display(), text(&one.report)));
        }
        say(&replay_minutes::text(&everything.minutes));
    }
    Ok(ExitCode::SUCCESS)
}

/// What the files imply; `None` where the configuration has faults, which are said.
fn played<'a>(args: &'a FramesArgs, sources: &Sources) -> anyhow::Result<Option<Everything<'a>>> {
    let mut recordings = Vec::with_capacity(args.files.len());
    for file in &args.files {
        // Subscriptions have the NO side in its own prices unless they ask for another form.
        let no_side = if args.yes_prices { NoSidePrices::Yes } else { NoSidePrices::No };
        let recorded = read_recording(&read_text(file)?, no_side)
            .with_context(|| format!("{} is no recording", file.display()))?;
        recordings.push(recorded);
    }
    let spot = match &args.spot {
        None => Vec::new(),
        Some(file) => read_spot(&read_text(file)?).with_context(|| format!("{} cannot be used", file.display()))?,
    };
    let Some(loaded) = loaded(sources) else { return Ok(None) };
    let judgement = Judgement {
        fingerprints: args.fingerprints.as_deref().map(read_fingerprints).transpose()?.map(Arc::new),
        settings: loaded.config.automation,
        caps: loaded.config.risk.caps,
    };
    let minutes = minutes(&recordings, &spot, &judgement);
    let files: Vec<_> =
        args.files.iter().zip(recordings).map(|(file, recorded)| OfFile { file, report: replay(recorded) }).collect();
    Ok(Some(Everything { files, minutes }))
}

fn text(report: &Report) -> String {
    let mut parts = vec![format!("{} frames", report.frames)];
    section(
        &mut parts,
        "subscriptions",
        report.subscriptions.iter().map(|one| {
            let missing: Vec<_> =
                one.gaps.iter().map(|gap| format!("{} came where {} was due", gap.got, gap.expected)).collect();
            let gaps = match missing.len() {
                0 => "nothing is missing".to_owned(),
                count => format!("{count} gap(s): {}", first_of(&missing, 5)),
            };
            let channel = one.channel.clone().unwrap_or_else(|| "(channel not recorded)".to_owned());
            [format!("sid {}", one.sid), channel, format!("{} frames", one.frames), gaps]
        }),
    );
    section(
        &mut parts,
        "books (YES prices)",
        report.books.iter().map(|book| {
            let certainty = match (book.certain, book.doubtful_changes) {
                (true, _) => String::new(),
                (false, 0) => "UNCERTAIN: frames are missing since its snapshot".to_owned(),
                (false, doubtful) => {
                    format!("UNCERTAIN: frames are missing since its snapshot; {doubtful} change(s) came after the gap")
                }
            };
            [
                book.ticker.to_string(),
                format!("bid {} ({} levels)", level(book.bid), book.bid_levels),
                format!("ask {} ({} levels)", level(book.ask), book.ask_levels),
                certainty,
            ]
        }),
    );
    section(
        &mut parts,
        "last quotes (YES prices)",
        report.quotes.iter().map(|quote| {
            [
                quote.ticker.to_string(),
                format!("bid {}", price(quote.bid)),
                format!("ask {}", price(quote.ask)),
                format!("of {} quote(s), {}", quote.count, instant(quote.at)),
            ]
        }),
    );
    section(
        &mut parts,
        "trades (YES prices)",
        report.trades.iter().map(|trade| {
            let taker = trade.taker.map_or_else(|| "taker not stated".to_owned(), |side| format!("taker {side}"));
            [trade.ticker.to_string(), format!("{} x {}", trade.quantity, trade.price), taker, instant(trade.at)]
        }),
    );
    for index in &report.indices {
        parts.push(of_index(index));
    }
    section(
        &mut parts,
        "passed over",
        report.ignored.iter().map(|passed| {
            let kind = if passed.kind.is_empty() { "(no kind)" } else { passed.kind.as_str() };
            [kind.to_owned(), passed.count.to_string(), format!("first at {}", passed.first), passed.reason.clone()]
        }),
    );
    parts.join("\n\n")
}

fn section(parts: &mut Vec<String>, title: &str, rows: impl ExactSizeIterator<Item = [String; 4]>) {
    let all = rows.len();
    if all == 0 {
        return;
    }
    let rows: Vec<_> = rows
        .take(SHOWN)
        .map(|[first, rest @ ..]| {
            let [second, third, fourth] = rest;
            [format!("  {first}"), second, third, fourth]
        })
        .collect();
    let more = if all > SHOWN { format!("\n  and {} more; --json has all", all - SHOWN) } else { String::new() };
    parts.push(format!("{title}: {all}\n{}{more}", columns(&rows, &[])));
}

fn of_index(index: &IndexState) -> String {
    let list = |prints: &[Print]| -> String {
        let shown = prints.iter().take(SHOWN).map(|print| format!("\n  {}  {}", print.stamped_at, print.value));
        let more = prints.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!("\n  and {more} more; --json has all") } else { String::new() };
        shown.collect::<String>() + &rest
    };
    let (prints, ticks) = (&index.prints, &index.ticks);
    let mut text = format!("index {}, once a second: {}{}", index.index, prints.len(), list(prints));
    if !ticks.is_empty() {
        let (count, values) = (ticks.len(), list(ticks));
        text.push_str(&format!("\n\nindex {}, five times a second (never settled on): {count}{values}", index.index));
    }
    text
}

fn first_of(texts: &[String], most: usize) -> String {
    let shown = texts.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if texts.len() > most { format!("{shown} and {} more", texts.len() - most) } else { shown }
}

fn level(level: Option<Level>) -> String {
    level.map_or_else(|| "none".to_owned(), |level| format!("{} x {}", level.price, level.quantity))
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(|| "none".to_owned(), |price| price.to_string())
}

fn instant(at: Option<rec_domain::Timestamp>) -> String {
    at.map_or_else(|| "time not stated".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use rec_domain::{TimeSpan, Timestamp};
    use rec_model::{Fingerprint, FingerprintSet, Grid, fingerprint_csv::write_set};

    use super::*;
    use crate::commands::recorded;

    fn shown(recording: &str) -> String {
        text(&replay(read_recording(recording, NoSidePrices::No).expect("a recording")))
    }

    #[test]
    fn gaps_doubt_and_what_was_passed_over_are_said() {
        let text = shown(concat!(
            r#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"T","yes_dollars_fp":[["0.4000","5.00"]]}}"#,
            "\n",
            r#"{"type":"orderbook_delta","sid":1,"seq":7,"msg":{"market_ticker":"T","price_dollars":"0.4100","delta_fp":"1.00","side":"yes"}}"#,
            "\n",
            r#"{"type":"weather","sid":2,"msg":{}}"#,
        ));
        for said in [
            "1 gap(s): 7 came where 2 was due",
            "bid 0.4100 x 1.00 (2 levels)",
            "UNCERTAIN",
            "weather",
            "does not know the kind",
        ] {
            assert!(text.contains(said), "{said} in\n{text}");
        }
    }

    #[test]
    fn the_recorded_frames_are_shown() {
        let Some(file) = recorded("kalshi/ws_frames.jsonl") else { return };
        let text = shown(&read_text(&file).expect("text"));
        for said in ["27 frames", "KXBTC-26SEP2516-B74250", "(50 levels)", "84018.87", "84033.39", "148.78 x 0.9840"] {
            assert!(text.contains(said), "{said} in\n{text}");
        }
    }

    /// A strike that is far below the price, quoted through five minutes of an hour's end.
    fn quotes() -> String {
        let close = "2026-09-25T20:00:00Z".parse::<Timestamp>().expect("an instant");
        let quote = |step: i64| {
            let ts_ms = (close - TimeSpan::from_seconds(300 - 2 * step)).millis();
            serde_json::json!({"type": "ticker", "sid": 3, "msg": {
                "market_ticker": "KXBTCD-26SEP2516-T82999.99", "yes_bid_dollars": "0.9500", "yes_ask_dollars": "0.9600",
                "yes_bid_size_fp": "10.00", "yes_ask_size_fp": "10.00", "volume_fp": "5000.00", "ts_ms": ts_ms,
            }})
        };
        (0..150).map(|step| quote(step).to_string() + "\n").collect()
    }

    /// Moves of a tenth of a percent are rare.
    fn write_fingerprints(folder: &Path) {
        let tails = vec![50.0, 1.0, 0.0, 50.0, 2.0, 0.0];
        let grid = Grid::new(vec![1, 60], vec![0.0, 0.1, 2.0], tails.clone(), tails).expect("valid");
        let part = ("baseline".to_owned(), None, Fingerprint { grid, support: None });
        std::fs::create_dir(folder).expect("our own folder");
        for (name, text) in write_set(&FingerprintSet::new("btc", [part]).expect("a set")) {
            std::fs::write(folder.join(name), text).expect("our own folder");
        }
    }

    #[test]
    fn with_prices_and_a_model_the_tables_say_what_is_bought_and_without_one_of_them_why_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let [recording, prices, model] = ["frames.jsonl", "prices.csv", "model"].map(|name| folder.path().join(name));
        std::fs::write(&recording, quotes()).expect("our own folder");
        let seconds = (0..420).map(|second| {
            let at = "2026-09-25T19:54:00Z".parse::<Timestamp>().expect("an instant") + TimeSpan::from_seconds(second);
            format!("{at},84000\n")
        });
        std::fs::write(&prices, seconds.collect::<String>()).expect("our own folder");
        write_fingerprints(&model);
        let env = [("HOME".into(), folder.path().into())].into();
        // Recordings have no half hour before them, of which momentum would be known.
        let sources = Sources { files: Some([].into()), env, ..Sources::default() }.with(
            "--set",
            "automation.spike_alert_enabled",
            "false",
        );
        let said = |spot: Option<&PathBuf>, fingerprints: Option<&PathBuf>| {
            let (spot, fingerprints) = (spot.cloned(), fingerprints.cloned());
            let args =
                FramesArgs { files: vec![recording.clone()], yes_prices: false, spot, fingerprints, json: false };
            replay_minutes::text(&played(&args, &sources).expect("readable").expect("configured").minutes)
        };
        let both = said(Some(&prices), Some(&model));
        assert!(both.contains("spot 84000") && both.contains("buy ") && both.contains(" at most 0."), "{both}");
        let no_price = said(None, Some(&model));
        assert!(no_price.contains("there is no spot price") && !no_price.contains("buy "), "{no_price}");
        let no_model = said(Some(&prices), None);
        assert!(no_model.contains("--fingerprints") && !no_model.contains("buy "), "{no_model}");
    }

    #[test]
    fn a_file_that_is_no_recording_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("empty.jsonl");
        std::fs::write(&file, "\n").expect("written");
        let args = FramesArgs { files: vec![file], yes_prices: false, spot: None, fingerprints: None, json: false };
        let command = ReplayCommand::Frames(args);
        let error = run(ReplayArgs { command }, Sources::default()).expect_err("nothing");
        assert!(format!("{error:#}").contains("empty.jsonl"), "{error:#}");
    }
}
