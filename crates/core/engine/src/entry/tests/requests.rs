//! What is asked of the desk, and how often.

use super::*;

#[test]
fn a_request_carries_limit_quantity_reason_and_evidence() {
    let mut machine = machine(&["A"]);
    let outputs = told(&mut machine, 1, vec![row("A", Side::No, 96.0, 92, 1)]);
    let requests = requests(&outputs);
    let open = open(&requests[0]);
    assert_eq!((open.side, open.limit, open.quantity), (Side::No, Price::from_cents(93), Quantity::from_contracts(1)));
    assert_eq!(open.origin, Origin::Auto);
    let evidence: serde_json::Value = serde_json::from_str(&open.evidence).expect("JSON");
    assert_eq!(evidence["row"]["ticker"], "A");
    assert_eq!(evidence["occasion"], "table");
    assert_eq!(evidence["book_age_micros"], 0);
}

#[test]
fn a_row_whose_book_changed_is_entered_without_waiting_for_a_table_and_alone() {
    let mut machine = machine(&["A", "B"]);
    let dear = |name: &str| row(name, Side::Yes, 96.0, 98, 1);
    assert_eq!(requests(&told(&mut machine, 1, vec![dear("A"), dear("B")])).len(), 0);
    let considered = |machine: &mut EntryMachine| status(&machine.step(at(9), Input::Wake)).expect("status").considered;
    let cheap = row("B", Side::Yes, 96.0, 92, 1);
    let outputs = machine.step(at(1), changed("NOW", cheap.clone(), 1));
    assert_eq!(requests(&outputs).iter().map(|request| open(request).ticker.as_str()).collect::<Vec<_>>(), ["B"]);
    assert!(open(&requests(&outputs)[0]).evidence.contains(r#""occasion":"book""#), "it says what made it look");
    assert_eq!(requests(&machine.step(at(1), changed("NOW", cheap, 1))).len(), 0, "it was asked for");
    assert_eq!(considered(&mut machine), 3, "two rows of the table, and one that changed");
}

#[test]
fn a_row_of_another_event_or_of_no_table_changes_nothing() {
    let cheap = || row("A", Side::Yes, 96.0, 92, 1);
    let mut ignorant = machine(&["A"]);
    ignorant.step(at(1), Input::Momentum(reading(1, 1.0)));
    assert_eq!(ignorant.step(at(1), changed("NOW", cheap(), 1)), []);
    let mut machine = machine(&["A"]);
    told(&mut machine, 1, vec![row("A", Side::Yes, 96.0, 98, 1)]);
    assert_eq!(machine.step(at(1), changed("LATER", cheap(), 1)), []);
    assert_eq!(machine.step(at(1), changed("NOW", cheap(), 0)), [], "older than the table");
    let elsewhere = row("C", Side::Yes, 96.0, 92, 1);
    assert_eq!(machine.step(at(1), changed("NOW", elsewhere, 1)), [], "no row of the table");
}

#[test]
fn one_market_and_side_is_asked_for_once_until_the_desk_shows_it() {
    let mut machine = machine(&["A"]);
    let rows = |seconds| vec![row("A", Side::Yes, 96.0, 92, seconds)];
    let first = requests(&told(&mut machine, 1, rows(1)));
    assert_eq!(first.len(), 1);
    let reply = DeskReply::Accepted { intent: None, trade: Some(TradeId::new(1)) };
    machine.step(at(1), Input::Reply { decision: first[0].decision, reply });
    machine.step(at(2), Input::Desk(Box::new(desk(2))));
    assert_eq!(requests(&told(&mut machine, 2, rows(2))), [], "the view is older than the trade");
    let mut view = desk(3);
    view.trades.push(trade("A", Side::Yes, TradeState::Opening));
    machine.step(at(3), Input::Desk(Box::new(view)));
    let outputs = told(&mut machine, 3, rows(3));
    assert_eq!(requests(&outputs), []);
    assert!(outputs.iter().any(|output| {
        matches!(output, Output::RefusalChanged(noted) if noted.refusal.code == RefusalCode::AlreadyTraded)
    }));
}

#[test]
fn a_request_whose_answer_was_lost_is_not_repeated_while_the_desk_may_have_taken_it() {
    let mut machine = machine(&["A"]);
    let rows = |seconds| vec![row("A", Side::Yes, 96.0, 92, seconds)];
    let mut made = Vec::new();
    for second in 1..=8 {
        machine.step(at(second), Input::Desk(Box::new(desk(second))));
        made.extend(requests(&told(&mut machine, second, rows(second))).into_iter().map(|request| (second, request)));
    }
    assert_eq!(made.iter().map(|(second, _request)| *second).collect::<Vec<_>>(), [1, 7]);
    assert_ne!(made[0].1.decision, made[1].1.decision);
}

#[test]
fn a_refusal_of_the_desk_starts_no_cooldown_and_no_storm() {
    let mut machine = machine(&["A"]);
    let mut made = Vec::new();
    for tick in 0..50 {
        let now = at(1) + TimeSpan::from_millis(100 * tick);
        let second = 1 + tick / 10;
        machine.step(now, Input::Momentum(reading(second, 1.0)));
        machine.step(now, Input::Desk(Box::new(desk(second))));
        let table = table(vec![row("A", Side::Yes, 96.0, 92, second)], second);
        for request in requests(&machine.step(now, Input::Strikes(Box::new(table)))) {
            let refusal = Refusal::new(RefusalCode::MoneyPerEvent, "enough");
            machine.step(now, Input::Reply { decision: request.decision, reply: DeskReply::Refused(refusal) });
            made.push(tick);
        }
    }
    assert_eq!(made, [0, 10, 20, 30, 40], "once a second, not ten times and not once in ten seconds");
}

#[test]
fn one_pass_asks_for_no_more_than_the_caps_and_the_rate_allow_and_the_likeliest_first() {
    let names = ["A", "B", "C", "D", "E", "F"];
    let rows: Vec<_> =
        names.iter().zip(0..).map(|(name, step)| row(name, Side::Yes, 95.1 + 0.5 * f64::from(step), 92, 1)).collect();
    let asked = |caps: RiskCaps| {
        let mut machine = machine(&names);
        machine.step(at(0), Input::Desk(Box::new(DeskView { caps, ..desk(0) })));
        let outputs = told(&mut machine, 1, rows[..4].to_vec());
        let later = told(&mut machine, 1, rows.clone());
        let names = |outputs: &[Output]| {
            requests(outputs).iter().map(|request| open(request).ticker.to_string()).collect::<Vec<_>>()
        };
        (names(&outputs), names(&later).len())
    };
    let of = |caps| asked(caps).0;
    assert_eq!(asked(RiskCaps::default()), (["D", "C", "B", "A"].map(str::to_owned).to_vec(), 0), "four a second");
    assert_eq!(of(RiskCaps { open_trades: 2, ..RiskCaps::default() }), ["D", "C"]);
    assert_eq!(of(RiskCaps { orders_per_minute: 1, ..RiskCaps::default() }), ["D"]);
    assert_eq!(of(RiskCaps { money_per_account: Money::from_cents(300), ..RiskCaps::default() }), ["D", "C", "B"]);
}
