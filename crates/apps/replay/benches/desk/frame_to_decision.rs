//! How many times the parsing of a frame a whole decision costs.
//!
//! Both are measured in turns within the same run, a few hundred frames at a time, and the medians are compared. Parsing
//! is the least that anybody could do: `serde_json` into a struct that borrows all of its texts.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use rec_domain::TimeSpan;
use serde::Deserialize;

use crate::market::{FIRST, Line, NOON, delta};

/// The most that a decision may cost, in parsings.
const MOST: f64 = 4.0;
/// Turns, and the frames of each.
const TURNS: usize = 2_000;
const FRAMES: u64 = 256;
/// Turns of half a minute of market time.
const TURNS_OF_A_LINE: usize = 100;
/// A frame every millisecond.
const APART: TimeSpan = TimeSpan::from_millis(1);

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed and not looked at")]
struct Parsed<'a> {
    r#type: &'a str,
    sid: u64,
    seq: u64,
    #[serde(borrow)]
    msg: ParsedChange<'a>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed and not looked at")]
struct ParsedChange<'a> {
    market_ticker: &'a str,
    market_id: &'a str,
    price_dollars: &'a str,
    delta_fp: &'a str,
    side: &'a str,
    ts: &'a str,
    ts_ms: i64,
}

/// Measures and prints.
pub(crate) fn report() -> ExitCode {
    let (mut line, mut now, mut seq) = (Line::new(), NOON, FIRST);
    let (mut looks, mut parsing, mut deciding) = (0, Vec::with_capacity(TURNS), Vec::with_capacity(TURNS));
    for turn in 0..TURNS {
        if turn % TURNS_OF_A_LINE == 0 {
            // The chance of a strike changes as the close comes nearer: begin anew.
            looks += line.looks;
            (line, now, seq) = (Line::new(), NOON, FIRST);
        }
        let texts: Vec<String> = (seq..seq + FRAMES).map(delta).collect();
        seq += FRAMES;
        // Prices come once a second, and are no part of what the change of a book costs.
        line.second(now);
        now += TimeSpan::from_millis(30);
        parsing.push(timed(|| {
            for text in &texts {
                let parsed: Parsed<'_> = serde_json::from_str(text).expect("a frame");
                std::hint::black_box(&parsed);
            }
        }));
        deciding.push(timed(|| {
            for text in &texts {
                line.frame(now, text);
                now += APART;
            }
        }));
    }
    looks += line.looks;
    let (parsing, deciding) = (nanoseconds_a_frame(parsing), nanoseconds_a_frame(deciding));
    let ratio = deciding / parsing;
    println!("parsing a frame {parsing:.0} ns, deciding on it {deciding:.0} ns: {ratio:.2} times as much");
    let frames = FRAMES * TURNS as u64;
    println!("{looks} of {frames} frames led to a decision on their row, the others to one on a whole table");
    let is_valid = looks * 100 > frames * 95;
    if is_valid && ratio <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The median turn.
fn nanoseconds_a_frame(mut turns: Vec<Duration>) -> f64 {
    turns.sort_unstable();
    turns[turns.len() / 2].as_secs_f64() * 1e9 / FRAMES as f64
}
