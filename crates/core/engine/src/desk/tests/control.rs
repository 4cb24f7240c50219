//! What people and clocks do to the desk, and why others do not enter.

use rec_domain::{
    Service,
    command::NotedRefusal,
    refusal::{Refusal, RefusalCode},
};

use super::*;

impl Bench {
    fn rows<T>(&self, pick: impl Fn(&Row) -> Option<T>) -> Vec<T> {
        self.commits.iter().flat_map(|commit| &commit.rows).filter_map(pick).collect()
    }

    fn audited(&self) -> Vec<(String, String, serde_json::Value)> {
        self.rows(|row| match row {
            Row::Audit { actor, action, detail } => {
                Some((actor.clone(), action.clone(), serde_json::from_str(detail).expect("JSON")))
            }
            _ => None,
        })
    }

    fn ask_as(&mut self, requester: &str, name: &str, command: DeskCommand) {
        let request = DeskRequest { decision: DecisionId::of(name), requester: requester.to_owned(), command };
        self.tell(DeskInput::Request(request));
    }
}

#[test]
fn what_a_person_asks_is_audited_once_with_its_reason_and_outcome_and_what_a_service_asks_is_not() {
    let mut bench = Bench::ready();
    let halt = DeskCommand::Halt { source: HaltSource::Operator, reason: "lunch".to_owned() };
    let resume = DeskCommand::Resume { source: HaltSource::Operator, reason: "back".to_owned() };
    let settings = AutomationSettings { multiplier: 0, ..AutomationSettings::default() };
    let open = DeskCommand::Open(bench.wanted(Side::Yes, 20));
    bench.ask_as("operator", "a", halt.clone());
    bench.ask_as("operator", "a", halt.clone());
    bench.ask_as("operator", "b", resume);
    bench.ask_as("operator", "c", DeskCommand::SetAutomation { settings, replaces: None });
    bench.ask_as("operator", "d", open.clone());
    bench.ask_as(Service::AutoEntrySupervisor.name(), "e", open);
    bench.ask_as(Service::CascadingFailureDetector.name(), "f", halt);
    let audited = bench.audited();
    let actions: Vec<_> = audited.iter().map(|(actor, action, _)| (actor.as_str(), action.as_str())).collect();
    let by_operator = ["halt", "resume", "set_automation", "open"].map(|action| ("operator", action));
    assert_eq!(actions, by_operator);
    assert_eq!(audited[0].2["reason"], "lunch");
    assert_eq!(audited[0].2["outcome"], "accepted");
    assert_eq!(audited[0].2["asked"]["source"], "operator");
    assert_eq!(audited[2].2["outcome"]["code"], RefusalCode::BadSettings.name());
}

#[test]
fn a_requester_whose_clock_is_ahead_gives_his_order_no_more_time() {
    let mut bench = Bench::ready();
    let ahead = bench.now + TimeSpan::from_minutes(60);
    bench.open("a", OpenRequest { decided_at: ahead, ..bench.wanted(Side::Yes, 20) }).expect("admitted");
    let send_by = bench.intents().pop().expect("an order").send_by;
    assert_eq!(send_by, Some(bench.now + DeskConfig::default().entry_send_by));
}

#[test]
fn a_step_of_the_clock_halts_entries_until_it_has_run_evenly_for_a_while() {
    let mut bench = Bench::ready();
    bench.tell(DeskInput::ClockStepped { step: TimeSpan::from_millis(-1_500) });
    assert_eq!(bench.open("a", bench.wanted(Side::Yes, 20)), Err(RefusalCode::Halted));
    bench.later(9);
    bench.tell(DeskInput::ClockStepped { step: TimeSpan::from_millis(400) });
    bench.later(9);
    assert!(bench.desk.books().halts.contains_key(&HaltSource::Clock), "it stepped again nine seconds ago");
    bench.later(1);
    assert!(bench.desk.books().halts.is_empty());
    assert!(bench.open("b", bench.wanted(Side::Yes, 20)).is_ok());
}

#[test]
fn an_exchange_clock_more_than_a_second_away_halts_entries_until_it_is_near_again_for_a_while() {
    for seconds in [-2, 2] {
        let far = DeskInput::ExchangeClock { ahead: TimeSpan::from_seconds(seconds) };
        let mut bench = Bench::ready();
        bench.tell(DeskInput::ExchangeClock { ahead: TimeSpan::from_seconds(seconds / 2) });
        assert!(bench.desk.books().halts.is_empty(), "one second is allowed");
        for _ in 0..3 {
            bench.tell(far.clone());
            assert_eq!(bench.open("a", bench.wanted(Side::Yes, 20)), Err(RefusalCode::Halted));
            bench.later(60);
        }
        let halted = bench.rows(|row| matches!(row, Row::Halted(_)).then_some(()));
        assert_eq!(halted.len(), 1, "said once, and in force while nothing else was read");
        bench.tell(DeskInput::ExchangeClock { ahead: TimeSpan::ZERO });
        bench.tell(far);
        bench.tell(DeskInput::ExchangeClock { ahead: TimeSpan::ZERO });
        bench.later(9);
        assert!(bench.desk.books().halts.contains_key(&HaltSource::Clock), "it was far nine seconds ago");
        bench.later(1);
        assert!(bench.desk.books().halts.is_empty());
        assert!(bench.open("b", bench.wanted(Side::Yes, 20)).is_ok());
    }
}

#[test]
fn only_a_mode_without_real_money_is_armed_by_itself() {
    for mode in [Mode::Twin, Mode::Paper, Mode::Demo, Mode::Prod] {
        let identity = Identity { desk: DeskId::from_bits(7), mode, epoch: 3 };
        let books = Books::new(identity, AutomationSettings::default(), START);
        assert_eq!(books.view(&DeskConfig::default(), START).armed, matches!(mode, Mode::Twin | Mode::Paper));
    }
}

#[test]
fn refusals_of_others_are_stored_with_what_they_were_decided_on() {
    let mut bench = Bench::ready();
    let refusal = Refusal::new(RefusalCode::Edge, "0.10 points, 0.25 are needed");
    let noted = NotedRefusal {
        ticker: MarketTicker::new(MARKET),
        side: Side::Yes,
        refusal: refusal.clone(),
        evidence: "{\"table_at\":1}".to_owned(),
    };
    let decided = bench.desk.books().decisions.len();
    let reply = bench.ask("a", DeskCommand::NoteRefusals { refusals: vec![noted] });
    assert_eq!(reply, Some(DeskReply::Accepted { intent: None, trade: None }));
    let stored = bench.rows(|row| match row {
        Row::Refused { refusal, evidence, .. } => Some((refusal.clone(), evidence.clone())),
        _ => None,
    });
    assert_eq!(stored, [(refusal, "{\"table_at\":1}".to_owned())]);
    assert_eq!(bench.desk.books().decisions.len(), decided, "there was nothing to decide");
}
