use std::{
    path::Path,
    time::{Duration, Instant},
};

use rec_domain::{Timestamp, tap::Tap};
use rec_engine::{Driver, Machine};
use rec_recording::{
    Part, files,
    journal::{Head, Step},
    scan,
    traffic::Received,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::*;
use crate::journal::Recorder;

const UNLUCKY: u64 = 1_000_000;

/// Adds up what it is told, and panics at [`UNLUCKY`].
#[derive(Default, Serialize, Deserialize)]
struct Counter {
    sum: u64,
}

impl Machine for Counter {
    type Input = u64;
    type Output = u64;
    const NAME: &'static str = "counter";
    fn wake() -> u64 {
        0
    }
    fn step(&mut self, _now: Timestamp, input: u64) -> Vec<u64> {
        assert_ne!(input, UNLUCKY, "unlucky");
        self.sum += input;
        vec![self.sum]
    }
    fn next_wakeup(&self) -> Option<Timestamp> {
        None
    }
}

const BOUNDS: Bounds = Bounds {
    file_bytes: 4 << 20,
    file_age: Duration::from_secs(3_600),
    keep_bytes: 64 << 20,
    keep_age: Duration::from_secs(3_600),
    reserve_bytes: 0,
};

fn lines(folder: &Path) -> Vec<Vec<String>> {
    let of_file = |file: &files::Numbered| {
        let parts = scan(&file.path).expect("readable");
        assert_eq!(parts.last(), Some(&Part::Closed), "{}", file.path.display());
        let text: Vec<u8> = parts
            .into_iter()
            .flat_map(|part| if let Part::Lines { text, .. } = part { text } else { vec![] })
            .collect();
        String::from_utf8(text).expect("text").lines().map(str::to_owned).collect()
    };
    files::list(folder).expect("listed").iter().map(of_file).collect()
}

fn consume(tee: &Tee, inputs: impl IntoIterator<Item = u64>) -> StreamStatus {
    let journal = tee.journal::<Counter>();
    let status = journal.status();
    let mut driver = Driver::new(Counter::default(), journal, 8);
    for (second, input) in (1..).zip(inputs) {
        driver.offer(input).expect("room");
        driver.step(Timestamp::from_seconds(second));
    }
    status
}

#[test]
fn every_input_is_on_disk_when_the_process_ends_after_a_head_with_the_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let tee = Tee::start(folder.path(), BOUNDS).expect("a thread");
    let status = consume(&tee, 1..=1_000);
    drop(tee);
    assert_eq!((status.probe(), status.lost()), (Ok(()), 0));
    let files = lines(&folder.path().join("journal/counter"));
    assert_eq!((files.len(), files[0].len()), (1, 1_001));
    let head: Head<Counter> = serde_json::from_str(&files[0][0]).expect("a head");
    assert_eq!((head.journal.as_str(), head.sequence, head.state.sum), ("counter", 0, 0));
    for (number, line) in (1..).zip(&files[0][1..]) {
        let step: Step<'_> = serde_json::from_str(line).expect("a step");
        assert_eq!((step.sequence, step.input.get()), (number, number.to_string().as_str()));
        assert!(step.digest.is_some(), "it said its sum");
    }
}

#[test]
fn every_file_begins_with_the_state_of_its_moment_and_old_ones_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds { file_bytes: 500, keep_bytes: 2_000, ..BOUNDS };
    let tee = Tee::start(folder.path(), bounds).expect("a thread");
    consume(&tee, 1..=1_000);
    drop(tee);
    let folder = folder.path().join("journal/counter");
    let numbers: Vec<u64> = files::list(&folder).expect("listed").iter().map(|file| file.number).collect();
    assert!((2..20).contains(&numbers.len()) && numbers[0] > 10, "{numbers:?}");
    for file in lines(&folder) {
        let head: Head<Counter> = serde_json::from_str(&file[0]).expect("a head");
        assert_eq!(head.state.sum, head.sequence * (head.sequence + 1) / 2);
        let first: Step<'_> = serde_json::from_str(&file[1]).expect("a step");
        assert_eq!(first.sequence, head.sequence + 1);
    }
}

#[test]
fn an_input_at_which_the_machine_panics_is_its_last_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let tee = Tee::start(folder.path(), BOUNDS).expect("a thread");
    let panicking = tee.clone();
    std::thread::spawn(move || consume(&panicking, [1, UNLUCKY])).join().expect_err("it panics");
    drop(tee);
    let files = lines(&folder.path().join("journal/counter"));
    let last: Step<'_> = serde_json::from_str(files[0].last().expect("lines")).expect("a step");
    assert_eq!((last.sequence, last.input.get(), last.unfinished), (2, "1000000", true));
}

#[test]
fn a_folder_that_cannot_be_written_is_a_complaint_and_no_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("journal"), "a file in the way").expect("written");
    let tee = Tee::start(folder.path(), BOUNDS).expect("a thread");
    let status = consume(&tee, 1..=10);
    drop(tee);
    assert!(status.probe().expect_err("cannot be written").contains("no file can be begun"));
    assert_eq!(status.lost(), 11, "ten inputs and the head");
}

#[test]
fn a_disk_with_less_than_the_reserve_stops_the_journal_and_not_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let tee = Tee::start(folder.path(), Bounds { reserve_bytes: u64::MAX, ..BOUNDS }).expect("a thread");
    let started = Instant::now();
    let status = consume(&tee, 1..=10_000);
    assert!(started.elapsed() < Duration::from_secs(5), "nobody waited for the disk");
    drop(tee);
    assert!(status.probe().expect_err("no room").contains("reserve_megabytes"));
}

#[test]
fn what_came_is_recorded_character_by_character() {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::start(folder.path(), BOUNDS).expect("a thread");
    let stream = recorder.stream("books");
    let texts = ["{\"type\":\"ok\"}\n", "no JSON \u{0}\"", ""];
    texts.iter().for_each(|text| stream.frame(Timestamp::from_seconds(1), 3, text));
    stream.body(Timestamp::from_seconds(2), "GET /markets?limit=1", 502, "<html>");
    drop((recorder, stream));
    let files = lines(&folder.path().join("recording/books"));
    let read: Vec<Received<'_>> =
        files[0][1..].iter().map(|line| serde_json::from_str(line).expect("a line")).collect();
    assert_eq!(read.iter().map(|one| one.text.as_ref()).collect::<Vec<_>>(), [texts[0], texts[1], texts[2], "<html>"]);
    assert_eq!((read[0].connection, read[3].request.as_deref()), (Some(3), Some("GET /markets?limit=1")));
    assert!(serde_json::from_str::<Box<RawValue>>(&files[0][0]).is_ok(), "the first line is a head");
}
