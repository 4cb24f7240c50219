//! `rec record`: what came from exchange and spot venue, as it was recorded.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use rec_config::Sources;
use rec_recording::{
    Part, files, scan,
    traffic::{Head, Received},
};
use serde::Serialize;

use super::{
    say::{say, say_json},
    table::columns,
};

/// `rec record`.
#[derive(Debug, Clone, Args)]
pub struct RecordArgs {
    /// What to do with the recordings.
    #[command(subcommand)]
    pub command: RecordCommand,
    /// The folder of the recordings instead of the one in the state directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub from: Option<PathBuf>,
}

/// What `rec record` does.
#[derive(Debug, Clone, Subcommand)]
pub enum RecordCommand {
    /// List the recorded files.
    Ls {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print what a stream recorded, one JSON object a line: instant, connection or request, and the text that came.
    Cat {
        /// The stream, as `rec record ls` names it.
        stream: String,
    },
    /// Read every file, and name what is damaged with its file and offset.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the frames of a stream as `rec replay frames --yes-prices` reads them: a file for each connection, one frame
    /// a line.
    Export {
        /// The stream, as `rec record ls` names it.
        stream: String,
        /// Where the files go; it is made.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

/// A file of a stream.
#[derive(Debug, Serialize)]
struct FileReport {
    stream: String,
    file: PathBuf,
    bytes: u64,
    /// Frames and bodies, and their bytes.
    received: u64,
    received_bytes: u64,
    from: Option<String>,
    to: Option<String>,
    closed: bool,
    damages: Vec<String>,
}

/// Runs `rec record`.
///
/// # Errors
/// When there are no recordings, or a file cannot be read or written.
pub fn run(args: RecordArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let folder = match args.from {
        Some(folder) => folder,
        None => {
            let config = rec_config::load(&sources).map_err(|report| anyhow::anyhow!("{report:?}"))?.config;
            config.state_dir.join(rec_runtime::journal::recorder::FOLDER)
        }
    };
    match args.command {
        RecordCommand::Ls { json } => list(&folder, json),
        RecordCommand::Cat { stream } => cat(&folder, &stream),
        RecordCommand::Verify { json } => verify(&folder, json),
        RecordCommand::Export { stream, to } => export(&folder, &stream, &to),
    }
}

fn reports(folder: &Path) -> anyhow::Result<Vec<FileReport>> {
    let mut reports = Vec::new();
    for stream in files::streams(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        for file in files::list(&folder.join(&stream))? {
            reports.push(report(&stream, &file.path)?);
        }
    }
    if reports.is_empty() {
        bail!("there is no recording in {}; a desk records there unless recorder.enabled is false", folder.display());
    }
    Ok(reports)
}

fn report(stream: &str, file: &Path) -> anyhow::Result<FileReport> {
    let mut report = FileReport {
        stream: stream.to_owned(),
        file: file.to_owned(),
        bytes: fs::metadata(file)?.len(),
        received: 0,
        received_bytes: 0,
        from: None,
        to: None,
        closed: false,
        damages: Vec::new(),
    };
    let read = each(file, |received, _line, _life| {
        report.received += 1;
        report.received_bytes += received.text.len() as u64;
        let at = received.at.to_string();
        report.from.get_or_insert_with(|| at.clone());
        report.to = Some(at);
        Ok(())
    })?;
    (report.closed, report.damages) = (read.closed, read.damages);
    Ok(report)
}

/// What is said of a file as a whole.
struct Read {
    closed: bool,
    damages: Vec<String>,
}

/// Gives everything that a file recorded and that can be read, with its line and the life of the desk it came in.
fn each(file: &Path, mut take: impl FnMut(&Received<'_>, &str, &str) -> anyhow::Result<()>) -> anyhow::Result<Read> {
    let mut read = Read { closed: false, damages: Vec::new() };
    let mut life = String::new();
    for part in scan(file).with_context(|| format!("{} cannot be read", file.display()))? {
        match part {
            Part::Closed => read.closed = true,
            Part::Damage(damage) => read.damages.push(damage.to_string()),
            Part::Lines { first, text } => {
                let text = String::from_utf8_lossy(&text);
                for (number, line) in (first..).zip(text.lines()) {
                    if number == 1 {
                        let head = serde_json::from_str::<Head>(line);
                        life = head.with_context(|| format!("{} is no recording", file.display()))?.life;
                        continue;
                    }
                    match serde_json::from_str::<Received<'_>>(line) {
                        Ok(received) => take(&received, line, &life)?,
                        Err(error) => read.damages.push(format!("{}: line {number}: {error}", file.display())),
                    }
                }
            }
        }
    }
    Ok(read)
}

fn list(folder: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let reports = reports(folder)?;
    if json {
        say_json(&reports)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = reports
        .iter()
        .map(|one| {
            let span = |instant: &Option<String>| instant.clone().unwrap_or_else(|| "nothing".to_owned());
            [
                one.stream.clone(),
                one.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                format!("{} bytes", one.bytes),
                format!("{} of {} bytes", one.received, one.received_bytes),
                format!("{} to {}", span(&one.from), span(&one.to)),
                if one.damages.is_empty() { String::new() } else { format!("{} DAMAGED", one.damages.len()) },
            ]
        })
        .collect();
    say(&columns(&rows, &[]));
    Ok(ExitCode::SUCCESS)
}

fn of_stream(folder: &Path, stream: &str) -> anyhow::Result<Vec<files::Numbered>> {
    let known = files::streams(folder)?;
    if !known.iter().any(|name| name == stream) {
        bail!("there is no stream \"{stream}\" in {}; there are: {}", folder.display(), known.join(", "));
    }
    Ok(files::list(&folder.join(stream))?)
}

fn cat(folder: &Path, stream: &str) -> anyhow::Result<ExitCode> {
    let mut damaged = false;
    let mut out = std::io::stdout().lock();
    for file in of_stream(folder, stream)? {
        let read = each(&file.path, |_received, line, _life| writeln!(out, "{line}").map_err(Into::into))?;
        damaged |= complain(&read);
    }
    Ok(if damaged { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn complain(read: &Read) -> bool {
    for damage in &read.damages {
        let _nobody_reads = writeln!(std::io::stderr(), "{damage}");
    }
    !read.damages.is_empty()
}

fn verify(folder: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let reports = reports(folder)?;
    let damages: Vec<&String> = reports.iter().flat_map(|report| &report.damages).collect();
    if json {
        say_json(&reports)?;
    } else {
        for damage in &damages {
            say(damage);
        }
        for open in reports.iter().filter(|report| !report.closed && report.damages.is_empty()) {
            say(&format!("{}: not closed; the desk was killed or still runs", open.file.display()));
        }
        let received: u64 = reports.iter().map(|report| report.received).sum();
        say(&format!("{} files, {received} frames and bodies, {} damages", reports.len(), damages.len()));
    }
    Ok(if damages.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn export(folder: &Path, stream: &str, to: &Path) -> anyhow::Result<ExitCode> {
    fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    let mut connections: Vec<((String, u64), fs::File)> = Vec::new();
    let (mut frames, mut damaged) = (0_u64, false);
    for file in of_stream(folder, stream)? {
        let read = each(&file.path, |received, _line, life| {
            let Some(connection) = received.connection else { return Ok(()) };
            let key = (life.to_owned(), connection);
            let place = match connections.iter().position(|(known, _)| *known == key) {
                Some(place) => place,
                None => {
                    let path = to.join(format!("{stream}-{:04}.jsonl", connections.len() + 1));
                    let made = fs::File::options().write(true).create_new(true).open(&path);
                    let made = made.with_context(|| format!("{} cannot be made", path.display()))?;
                    connections.push((key, made));
                    connections.len() - 1
                }
            };
            frames += 1;
            // Line breaks stand between tokens of JSON only, where a space does as well.
            let line = received.text.trim_end().replace(['\n', '\r'], " ");
            writeln!(connections[place].1, "{line}").map_err(Into::into)
        })?;
        damaged |= complain(&read);
    }
    if frames == 0 {
        bail!("stream \"{stream}\" has no frame; streams of requests are shown by `rec record cat`");
    }
    say(&format!("{frames} frames of {} connections in {}", connections.len(), to.display()));
    Ok(if damaged { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rec_domain::{Timestamp, tap::Tap as _};
    use rec_runtime::{Recorder, journal::Bounds};

    use super::*;

    const BOUNDS: Bounds = Bounds {
        file_bytes: 1 << 20,
        file_age: Duration::from_secs(3_600),
        keep_bytes: 64 << 20,
        keep_age: Duration::from_secs(3_600),
        reserve_bytes: 0,
    };

    fn record(state: &Path, frames: u32) {
        let recorder = Recorder::start(state, BOUNDS).expect("a thread");
        let stream = recorder.stream("books");
        let delta = r#"{"type":"orderbook_delta","sid":1,"seq":SEQ,
            "msg":{"market_ticker":"T","price_dollars":"0.4100","delta_fp":"1.00","side":"yes"}}"#;
        for seq in 1..=frames {
            let connection = if seq <= frames / 2 { 1 } else { 2 };
            stream.frame(Timestamp::from_seconds(seq.into()), connection, &delta.replace("SEQ", &seq.to_string()));
        }
    }

    #[test]
    fn an_export_is_a_file_for_each_connection_that_replays() {
        let state = tempfile::tempdir().expect("folder");
        record(state.path(), 10);
        let to = state.path().join("out");
        export(&state.path().join("recording"), "books", &to).expect("exported");
        for (name, first) in [("books-0001.jsonl", 1_u64), ("books-0002.jsonl", 6)] {
            let text = fs::read_to_string(to.join(name)).expect("written");
            assert_eq!(text.lines().count(), 5);
            assert!(text.starts_with(&format!(r#"{{"type":"orderbook_delta","sid":1,"seq":{first}"#)), "{text}");
            let no_side = rec_kalshi::rows::order_book::NoSidePrices::Yes;
            let recorded = rec_replay::frames::read_recording(&text, no_side).expect("a recording");
            let report = rec_replay::frames::replay(recorded);
            assert_eq!((report.frames, report.subscriptions[0].frames), (5, 5));
        }
    }

    #[test]
    fn a_flipped_byte_is_named_with_file_and_offset_and_the_rest_is_read() {
        let state = tempfile::tempdir().expect("folder");
        // Enough for several blocks.
        record(state.path(), 4_000);
        let folder = state.path().join("recording");
        let file = files::path(&folder.join("books"), 1);
        let whole = report("books", &file).expect("read");
        assert_eq!((whole.received, whole.closed, whole.damages.len()), (4_000, true, 0));
        let mut bytes = fs::read(&file).expect("read");
        bytes[60] ^= 1;
        fs::write(&file, &bytes).expect("written");
        let damaged = report("books", &file).expect("read");
        assert!(damaged.received > 0 && damaged.received < 4_000, "{}", damaged.received);
        assert!(damaged.damages[0].contains("00000001.jsonl.zst") && damaged.damages[0].contains("offset 0"));
        assert_eq!(verify(&folder, true).expect("read"), ExitCode::FAILURE);
    }

    #[test]
    fn a_stream_that_is_not_there_is_named_beside_those_that_are() {
        let state = tempfile::tempdir().expect("folder");
        record(state.path(), 2);
        let error = cat(&state.path().join("recording"), "boks").expect_err("no such stream");
        assert!(error.to_string().contains("there are: books"), "{error}");
    }
}
