use std::{fs, num::NonZeroUsize, path::Path};

use rec_domain::{Fresh, TimeSpan, Timestamp, UsdPrice};
use rec_engine::{
    Driver, Journal, JournalEntry, Machine,
    feed::{self, FeedMachine},
    momentum::{self, MomentumMachine},
};
use rec_recording::{
    block::BlockWriter,
    files,
    journal::{FORMAT, Head, LineWriter},
};

use super::*;

/// A journal in memory; a segment has thirty inputs.
#[derive(Default)]
struct Segments {
    line: LineWriter,
    files: Vec<Vec<String>>,
}

impl<M: Machine> Journal<M> for Segments {
    fn consumed(&mut self, machine: &M, entry: &JournalEntry<M::Input>) {
        if self.files.last().is_none_or(|file| file.len() > 30) {
            let head = Head {
                journal: M::NAME.to_owned(),
                format: FORMAT,
                release: "test".to_owned(),
                computer: "test".to_owned(),
                life: "one".to_owned(),
                sequence: entry.sequence - 1,
                at: entry.at,
                outputs: M::OUTPUTS,
                state: machine,
            };
            self.files.push(vec![serde_json::to_string(&head).expect("a head")]);
        }
        self.line.begin(entry).expect("an input");
    }

    fn said(&mut self, outputs: &[M::Output]) {
        let line = self.line.finish::<M>(outputs).expect("outputs");
        self.files.last_mut().expect("a file").push(String::from_utf8(line).expect("text"));
    }
}

impl Segments {
    fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).expect("a folder");
        let mut blocks = BlockWriter::new().expect("memory");
        for (number, lines) in (1..).zip(&self.files) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let count = u32::try_from(lines.len()).expect("few");
            let mut bytes = blocks.block(text.as_bytes(), count, 1).expect("a block");
            bytes.extend(blocks.block(b"", 0, u64::from(count) + 1).expect("a block"));
            fs::write(files::path(folder, number), bytes).expect("written");
        }
    }
}

/// A hundred prices through `feed`, and what it accepted through `momentum`.
fn played() -> (Segments, Segments) {
    let mut feed = Driver::new(FeedMachine::new(feed::Config::default()), Segments::default(), 8);
    let mut momentum = Driver::new(MomentumMachine::new(momentum::Config::default()), Segments::default(), 8);
    for second in 0..100 {
        let at = Timestamp::from_seconds(1_790_000_000 + second);
        // Scores of momentum have all the digits that a float has.
        let price = UsdPrice::from_units(84_000_000_000 + second * 1_234_567 % 98_765_432);
        feed.offer(feed::Input::Spot { price, observed_at: at }).expect("room");
        for output in feed.step(at).expect("an input") {
            if let feed::Output::Spot(spot) = output {
                momentum.offer(momentum::Input::Spot(spot)).expect("room");
                momentum.step(at + TimeSpan::from_millis(1));
            }
        }
    }
    (std::mem::take(feed.journal_mut()), std::mem::take(momentum.journal_mut()))
}

fn verified(feed: &Segments, momentum: &Segments, threads: usize) -> DayReport {
    let folder = tempfile::tempdir().expect("a folder");
    feed.write(&folder.path().join("feed"));
    momentum.write(&folder.path().join("momentum"));
    verify_day(folder.path(), NonZeroUsize::new(threads).expect("some")).expect("journals")
}

#[test]
fn a_folder_without_journals_is_an_error_that_says_where_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = verify_day(folder.path(), NonZeroUsize::MIN).expect_err("nothing");
    assert!(error.to_string().contains("`journal` of its state directory"), "{error}");
}

#[test]
fn what_was_played_is_the_same_over_several_segments_and_with_any_number_of_threads() {
    let (feed, momentum) = played();
    let report = verified(&feed, &momentum, 1);
    assert!(report.is_same(), "{report:#?}");
    let [of_feed, of_momentum] = &report.machines[..] else { panic!("two machines") };
    assert_eq!((of_feed.inputs, of_feed.segments, of_feed.lives), (100, 4, 1));
    assert!(of_momentum.outputs > 50, "{of_momentum:#?}");
    let link = report.links.iter().find(|link| link.to == "momentum spot").expect("a link");
    assert_eq!((link.said, link.told, link.lost, link.unexplained), (100, 100, Some(0), 0));
    assert_eq!(verified(&feed, &momentum, 7).links, report.links);
}

#[test]
fn a_changed_byte_of_an_output_is_found_at_its_input_with_both_values() {
    let (feed, mut momentum) = played();
    let line = &mut momentum.files[1][5];
    let at = line.find("\"digest\":\"").expect("a digest") + 10;
    let digit = if line.as_bytes()[at] == b'0' { "1" } else { "0" };
    line.replace_range(at..=at, digit);
    let report = verified(&feed, &momentum, 2);
    assert!(!report.is_same());
    let first = report.machines[1].first_difference.as_ref().expect("a difference");
    assert_eq!((report.machines[1].differences, first.sequence, first.part), (1, 35, Part::Outputs));
    assert!(first.recorded.starts_with("digest ") && first.replayed.contains("score_percent"), "{first:?}");
}

#[test]
fn a_changed_input_shows_in_the_outputs_the_state_and_the_links() {
    let (mut feed, momentum) = played();
    let line = &mut feed.files[1][10];
    let changed = line.replace("\"price\":\"840", "\"price\":\"841");
    assert_ne!(*line, changed);
    *line = changed;
    let report = verified(&feed, &momentum, 2);
    assert_eq!(report.machines[0].first_difference.as_ref().map(|first| first.sequence), Some(40));
    let link = report.links.iter().find(|link| link.to == "momentum spot").expect("a link");
    assert_eq!((link.unexplained, link.missing, link.fits()), (1, 1, false), "{link:?}");
}

#[test]
fn a_state_that_does_not_follow_from_the_segment_before_is_a_difference() {
    let (feed, mut momentum) = played();
    let removed = momentum.files[2][0].find("\"next_at\":\"2026").expect("state");
    momentum.files[2][0].replace_range(removed + 11..removed + 15, "2025");
    let report = verified(&feed, &momentum, 2);
    assert_eq!(report.machines[1].first_difference.as_ref().map(|first| first.part), Some(Part::State));
}

#[test]
fn missing_segments_are_a_gap_and_no_difference() {
    let (feed, mut momentum) = played();
    momentum.files.remove(1);
    let report = verified(&feed, &momentum, 2);
    assert_eq!(report.machines[1].gaps, [Gap { after: 30, inputs: 30 }]);
    assert!(report.is_same() && report.links.iter().any(|link| link.incomplete), "{report:#?}");
}

#[test]
fn a_line_that_is_no_step_hides_the_rest_of_its_segment_only() {
    let (feed, mut momentum) = played();
    momentum.files[1][3] = "no step".to_owned();
    let report = verified(&feed, &momentum, 2);
    let of_momentum = &report.machines[1];
    assert_eq!((of_momentum.damages.len(), of_momentum.differences), (1, 0));
    assert_eq!((of_momentum.inputs, of_momentum.unverified), (72, 27));
    assert!(!report.is_same());
}

#[test]
fn a_journal_of_another_format_is_refused_by_name() {
    let (feed, mut momentum) = played();
    for file in &mut momentum.files {
        file[0] = file[0].replacen("\"format\":2", "\"format\":1", 1);
    }
    let report = verified(&feed, &momentum, 2);
    assert!(report.machines[1].damages[0].contains("format 1 is not read"), "{:?}", report.machines[1].damages);
}

#[test]
fn prices_are_as_they_were_after_a_journey_through_text() {
    let price = Fresh {
        value: UsdPrice::from_units(1),
        source: "x".to_owned(),
        observed_at: Timestamp::from_micros(1),
        received_at: Timestamp::from_micros(2),
    };
    let text = serde_json::to_string(&price).expect("text");
    assert_eq!(serde_json::from_str::<Fresh<UsdPrice>>(&text).expect("read"), price);
    for bits in [0x3fd5_5555_5555_5555_u64, 0x3fb9_9999_9999_999a, 0x0010_0000_0000_0001] {
        let float = f64::from_bits(bits);
        let read: f64 = serde_json::from_str(&serde_json::to_string(&float).expect("text")).expect("read");
        assert_eq!(read.to_bits(), bits, "serde_json reads floats exactly only with its feature float_roundtrip");
    }
}
