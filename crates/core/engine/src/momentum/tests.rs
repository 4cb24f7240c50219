use rec_domain::{Fresh, TimeSpan, Timestamp, UsdPrice, momentum::MomentumReading};

use super::{Config, Input, MomentumMachine, Output, momentum_points};
use crate::{Machine, feed::Candle};

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);

fn spot(seconds: i64, cents: i64) -> Input {
    let at = NOON + TimeSpan::from_seconds(seconds);
    Input::Spot(Fresh {
        value: UsdPrice::from_cents(cents),
        source: "coinbase".to_owned(),
        observed_at: at,
        received_at: at,
    })
}

fn readings(machine: &mut MomentumMachine, seconds: i64, input: Input) -> Vec<MomentumReading> {
    let outputs = machine.step(NOON + TimeSpan::from_seconds(seconds), input);
    outputs.into_iter().map(|Output::Momentum(reading)| reading).collect()
}

#[test]
fn publishes_once_a_second_however_many_ticks_come() {
    let mut machine = MomentumMachine::new(Config::default());
    let mut published = 0;
    for tick in 0..100 {
        let now = NOON + TimeSpan::from_millis(100 * tick);
        published += machine.step(now, spot(tick / 10, 10_000)).len();
    }
    assert_eq!(published, 10);
    assert_eq!(machine.held(), 10);
}

#[test]
fn candles_give_every_period_from_the_first_tick_on() {
    let mut machine = MomentumMachine::new(Config::default());
    let candles = (1..=40)
        .map(|minutes| Candle {
            start: NOON - TimeSpan::from_minutes(minutes),
            close: UsdPrice::from_cents(10_000 - 10 * (minutes - 1)),
        })
        .collect();
    readings(&mut machine, 0, Input::Candles(candles));
    let reading = readings(&mut machine, 1, spot(1, 10_010)).pop().expect("a reading");
    assert!(reading.deltas_percent.iter().all(Option::is_some), "{reading:?}");
    assert!(reading.score_percent.is_some_and(|score| score > 0.0));
}

#[test]
fn a_silent_feed_reads_as_no_momentum_never_as_zero() {
    let mut machine = MomentumMachine::new(Config::default());
    readings(&mut machine, 0, spot(0, 10_000));
    readings(&mut machine, 60, spot(60, 10_036));
    let moving = readings(&mut machine, 61, Input::Wake).pop().expect("a reading");
    assert_eq!(moving.score_percent.map(momentum_points), Some(36.0));
    let silent = readings(&mut machine, 200, Input::Wake).pop().expect("a reading");
    assert_eq!(silent.score_percent, None);
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let inputs = [spot(0, 10_000), Input::Candles(Vec::new()), Input::Wake];
    let outputs = MomentumMachine::new(Config::default()).step(NOON, spot(0, 10_000));
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}
