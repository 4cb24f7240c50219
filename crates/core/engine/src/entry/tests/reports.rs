//! What is said of all this, and what is kept.

use super::*;

#[test]
fn a_refusal_is_stored_when_its_reason_changes_and_counted_always() {
    let mut machine = machine(&["A"]);
    let mut changes = Vec::new();
    let mut last = None;
    for second in 1..=6 {
        machine.step(at(second), Input::Desk(Box::new(desk(second))));
        let percent = if second < 4 { 90.0 } else { 96.0 };
        let outputs = told(&mut machine, second, vec![row("A", Side::Yes, percent, 97, second)]);
        changes.extend(outputs.iter().filter_map(|output| match output {
            Output::RefusalChanged(noted) => {
                assert!(noted.evidence.contains("table_at"), "it says which strike row it is about");
                Some((second, noted.refusal.code))
            }
            _ => None,
        }));
        last = status(&outputs).cloned().or(last);
    }
    assert_eq!(changes, [(1, RefusalCode::Probability), (4, RefusalCode::Edge)]);
    let status = status(&machine.step(at(7), Input::Wake)).cloned().expect("a status each second");
    assert_eq!(status.refused, [(RefusalCode::Probability, 3), (RefusalCode::Edge, 3)]);
    assert_eq!((status.considered, status.requested), (6, 0));
}

#[test]
fn says_what_it_is_doing() {
    let mut machine = EntryMachine::new(Config::default());
    let state = |outputs: &[Output]| status(outputs).map(|status| status.state);
    assert_eq!(state(&machine.step(at(0), Input::Wake)), Some(EntryState::Disabled));
    machine.step(at(0), Input::Desk(Box::new(desk(0))));
    assert_eq!(state(&told(&mut machine, 1, vec![row("A", Side::Yes, 50.0, 92, 1)])), Some(EntryState::Active));
    let spike = machine.step(at(2), Input::Momentum(reading(2, 50.0)));
    assert_eq!(state(&spike), Some(EntryState::Paused));
    assert_eq!(state(&machine.step(at(9), Input::Wake)), Some(EntryState::Disabled), "everything is stale");
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let refusal = Refusal::new(RefusalCode::Cash, "none");
    let mut machine = machine(&["A", "B"]);
    let rows = vec![row("A", Side::Yes, 96.0, 92, 1), row("B", Side::No, 10.0, 92, 1)];
    let outputs = told(&mut machine, 1, rows.clone());
    assert!(outputs.len() >= 3, "a request, a refusal, a status");
    let decision = requests(&outputs)[0].decision;
    let inputs = [
        Input::Strikes(Box::new(table(rows, 1))),
        Input::Desk(Box::new(desk(1))),
        Input::Momentum(reading(1, 3.0)),
        Input::Markets(vec![market("A")]),
        Input::Reply { decision, reply: DeskReply::Refused(refusal) },
        Input::Wake,
    ];
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}
