//! The pause after a spike of momentum.

use super::*;

#[test]
fn a_pause_holds_over_a_restart_whose_past_readings_come_before_the_desks_first_word() {
    let calm_since = 10 * 60;
    let restarted = |from: i64, calm_until: i64| {
        let mut machine = EntryMachine::new(Config::default());
        for second in from..calm_until {
            machine
                .step(at(calm_until), Input::Momentum(reading(second, if second == calm_since { 99.0 } else { 0.0 })));
        }
        assert_eq!(machine.pause(), None, "nobody knows yet what a spike is");
        machine.step(at(calm_until), Input::Desk(Box::new(desk(calm_until))));
        machine.pause().map(|pause| pause.until(&settings()))
    };
    let cooldown = 15 * 60;
    assert_eq!(restarted(0, calm_since + cooldown), Some(at(calm_since + cooldown)));
    assert_eq!(restarted(0, calm_since + cooldown + 1), None, "it is over");
    assert_eq!(restarted(calm_since + 1, calm_since + cooldown), None, "without the spike there is no pause");
}

#[test]
fn a_spike_pauses_until_it_has_been_calm_for_the_whole_cooldown() {
    let mut machine = machine(&["A"]);
    let mut allowed = Vec::new();
    let mut paused_until = None;
    // A spike at 10 s; restless (between the thresholds) until 100 s; calm afterwards, but for one second at 400 s.
    for second in 0..1_600 {
        let points = match second {
            10 => -36.0,
            11..=100 => 33.0,
            400 => 31.0,
            _ => 5.0,
        };
        machine.step(at(second), Input::Desk(Box::new(desk(second))));
        machine.step(at(second), Input::Momentum(reading(second, points)));
        if second == 50 {
            let outputs = machine.step(at(second) + TimeSpan::from_seconds(1), Input::Wake);
            paused_until = status(&outputs).and_then(|status| status.paused_until);
        }
        if machine.pause().is_none() {
            allowed.push(second);
        }
    }
    let expected: Vec<_> = (0..10).chain(400 + 15 * 60..1_600).collect();
    assert_eq!(allowed, expected);
    assert_eq!(paused_until, Some(at(50 + 15 * 60)));
}

#[test]
fn a_time_without_momentum_is_not_calm() {
    let settings = AutomationSettings { spike_alert_cooldown_minutes: 1, ..settings() };
    let limit = TimeSpan::from_seconds(5);
    let after = |pause, reading: MomentumReading| SpikePause::after(pause, &reading, &settings, limit);
    let begun = after(None, reading(0, 40.0));
    let silent = MomentumReading { score_percent: None, ..reading(3, 0.0) };
    assert_eq!(after(begun, silent.clone()).expect("paused").restless_at, at(3));
    assert_eq!(after(None, silent), None, "unknown momentum begins no pause; the rule refuses by itself");
    assert!(after(begun, reading(90, 0.0)).is_some(), "ninety seconds without a reading prove nothing");
    let calm = (1..60).fold(begun, |pause, second| after(pause, reading(second, 0.0)));
    assert!(calm.is_some());
    assert_eq!(after(calm, reading(60, 0.0)), None);
    let off = AutomationSettings { spike_alert_enabled: false, ..settings.clone() };
    assert_eq!(SpikePause::after(begun, &reading(1, 99.0), &off, limit), None);
}
