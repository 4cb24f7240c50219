//! What was recorded from the exchange and from the predecessor must come out of this crate again. The
//! recordings are not part of the project; without them these tests say so and pass.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rec_domain::{Side, TimeSpan, UsdPrice};
use rec_model::{
    Direction, FingerprintSet, MomentumBucket, StrikeQuestion, fingerprint_csv, plain_probability,
    read_settlement_vectors, strike_table_rows,
};
use serde_json::Value;

/// The folder of recordings: `REC_SHARED_DIR`, or `shared` beside the workspace.
fn recordings() -> Option<PathBuf> {
    let shared = std::env::var_os("REC_SHARED_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared"), PathBuf::from);
    let data = shared.join("data");
    if data.is_dir() {
        return Some(data);
    }
    println!("SKIPPED: no recorded data in {}; set REC_SHARED_DIR to the folder that holds it", data.display());
    None
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn recorded_files(data: &Path) -> Vec<(String, String)> {
    let folder = data.join("fingerprints/btc_20250807");
    let entries = fs::read_dir(&folder).expect("the folder of fingerprints").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name().into_string().expect("a name"), text(&entry.path()))).collect()
}

fn recorded_set(data: &Path) -> FingerprintSet {
    fingerprint_csv::read_set(recorded_files(data)).expect("the recorded set is well formed")
}

fn price(text: &str) -> UsdPrice {
    text.parse().expect("a price")
}

#[test]
fn reads_the_recorded_set_and_writes_it_byte_for_byte() {
    let Some(data) = recordings() else { return };
    let files = recorded_files(&data);
    let set = recorded_set(&data);
    assert_eq!((set.symbol(), set.buckets().count(), set.baseline().is_some()), ("btc", 61, true));
    let written = fingerprint_csv::write_set(&set);
    assert_eq!(written.len(), 62);
    for (name, text) in written {
        let original = files.iter().find(|(other, _text)| *other == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(original.1, text, "{name}");
    }
    let grid = &set.baseline().expect("a baseline").grid;
    assert_eq!((grid.minutes().len(), grid.thresholds_percent().len()), (60, 40));
    assert!(
        !grid.thresholds_percent().iter().any(|x| (x - 1.7).abs() < 1e-9),
        "1.70 is missing from the recorded sets"
    );
}

#[test]
fn gives_all_21_recorded_probabilities_to_a_hundredth_of_a_point() {
    let Some(data) = recordings() else { return };
    let set = recorded_set(&data);
    let (now, ttc) = (price("118082.01"), TimeSpan::from_seconds(3_580));
    let rows = strike_table_rows(now, ttc, MomentumBucket::new(-1), price("250"), 21, &set).expect("a table");

    let recorded: Value =
        serde_json::from_str(&text(&data.join("probability/recorded_20250726_btc_strike_table.json"))).expect("json");
    let strikes = recorded["strikes"].as_array().expect("strikes");
    assert_eq!((strikes.len(), rows.len()), (21, 21));
    for recorded in strikes {
        let strike = price(&recorded["strike"].to_string());
        let row = rows.iter().find(|row| row.strike == strike).unwrap_or_else(|| panic!("no row for {strike}"));
        let probability = recorded["probability"].as_f64().expect("a number");
        assert!((row.probability - probability).abs() <= 0.01, "{strike}: {} is not {probability}", row.probability);
        assert_eq!(row.side.name(), recorded["active_side"], "{strike}");
    }

    let expected = text(&data.join("probability/expected_20250726_strike_table.csv"));
    for (line, row) in expected.lines().skip(1).zip(&rows) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(row.strike, price(cells[0]));
        assert_eq!(row.side, if cells[1] == "below" { Side::Yes } else { Side::No });
        let bilinear: f64 = cells[5].parse().expect("a number");
        assert!((row.probability - bilinear).abs() < 1.5e-4, "{line}: {}", row.probability);
    }
}

#[test]
fn the_worked_examples_come_out() {
    let Some(data) = recordings() else { return };
    let set = recorded_set(&data);
    let within = |strike, bucket| {
        let time_to_close = TimeSpan::from_seconds(3_580);
        let question = StrikeQuestion {
            price: price("118082.01"),
            strike: price(strike),
            time_to_close,
            bucket: MomentumBucket::new(bucket),
        };
        plain_probability(&set, &question).expect("a chance")
    };
    assert!((within("118250", -1).within.percent() - 71.80).abs() < 0.005);
    assert!((within("117750", -1).within.percent() - 85.08).abs() < 0.005);
    assert_eq!((within("118250", -1).favoured, within("117750", -1).favoured), (Side::No, Side::Yes));
}

#[test]
fn tails_are_not_swapped_where_momentum_matters() {
    let Some(data) = recordings() else { return };
    let set = recorded_set(&data);
    let grid = &set.for_bucket(MomentumBucket::new(20)).expect("bucket 20").grid;
    let (up, down) = (grid.beyond_percent(Direction::Up, 15.0, 0.3), grid.beyond_percent(Direction::Down, 15.0, 0.3));
    assert!((up - down).abs() > 0.2, "the example must tell the tails apart: {up} {down}");
    let at = |strike| {
        let time_to_close = TimeSpan::from_minutes(15);
        let question = StrikeQuestion {
            price: price("100000"),
            strike: price(strike),
            time_to_close,
            bucket: MomentumBucket::new(20),
        };
        plain_probability(&set, &question).expect("a chance").within.percent()
    };
    assert!((at("100300") - (100.0 - up)).abs() < 1e-3, "a strike above is reached by the up tail");
    assert!((at("99700") - (100.0 - down)).abs() < 1e-3, "a strike below is lost by the down tail");
}

#[test]
fn the_recorded_settlements_are_exact() {
    let Some(data) = recordings() else { return };
    let vectors = read_settlement_vectors(&text(&data.join("kalshi/settlement_vectors.json"))).expect("valid");
    let checks: Vec<_> = vectors.iter().map(|vector| vector.check().expect("complete")).collect();
    let computed: Vec<String> = checks.iter().map(|check| check.computed.to_string()).collect();
    assert_eq!(computed, ["84028.57", "83963.17"]);
    assert!(checks.iter().all(|check| check.equal), "{checks:?}");
}
