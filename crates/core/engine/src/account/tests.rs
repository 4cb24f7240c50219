use rec_domain::{
    BookSide, EventTicker, ExchangeIndex, FillId, MarketTicker, Money, OrderId, Price, Quantity, TimeSpan, Timestamp,
    flow::{FlowKind, FlowReport, FlowStage, Place},
    report::{FillReport, OrderReport, PositionReport, Report, ReportedStatus, SettlementReport, Sweep},
};

use super::{AccountMachine, Config, FetchNumber, Input, Items, List, Output};
use crate::Machine;

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);

fn at(seconds: i64) -> Timestamp {
    NOON + TimeSpan::from_seconds(seconds)
}

fn order(id: &str, status: ReportedStatus) -> OrderReport {
    OrderReport {
        order_id: OrderId::new(id),
        client_order_id: None,
        ticker: MarketTicker::new("A"),
        exchange_index: ExchangeIndex::new(2),
        book_side: BookSide::Bid,
        price: Price::from_cents(92),
        status,
        initial: Quantity::from_contracts(1),
        filled: Quantity::ZERO,
        remaining: Quantity::from_contracts(1),
        created_at: None,
        updated_at: NOON,
    }
}

fn fill(id: &str) -> FillReport {
    FillReport {
        fill_id: FillId::new(id),
        order_id: OrderId::new("1"),
        client_order_id: None,
        ticker: MarketTicker::new("A"),
        exchange_index: ExchangeIndex::new(2),
        book_side: BookSide::Bid,
        price: Price::from_cents(92),
        quantity: Quantity::from_contracts(1),
        fee: None,
        is_taker: true,
        at: NOON,
    }
}

fn deposit() -> FlowReport {
    FlowReport {
        id: "d".to_owned(),
        kind: FlowKind::Deposit,
        from: Place::World,
        to: Place::Shard(ExchangeIndex::new(0)),
        amount: Money::from_dollars(5),
        fee: Money::ZERO,
        stage: FlowStage::Done,
        at: NOON,
    }
}

fn settlement(result: &str) -> SettlementReport {
    SettlementReport {
        ticker: MarketTicker::new("A"),
        event: EventTicker::new("E"),
        exchange_index: None,
        result: result.to_owned(),
        yes_count: Quantity::ZERO,
        yes_cost: Money::ZERO,
        no_count: Quantity::ZERO,
        no_cost: Money::ZERO,
        revenue: Money::ZERO,
        value: None,
        fee: Money::ZERO,
        settled_at: NOON,
    }
}

fn items(list: List, page: usize, as_of: Timestamp) -> Items {
    match list {
        List::Timestamp => Items::Timestamp(as_of),
        List::Orders => Items::Orders(vec![order(&format!("{page}"), ReportedStatus::Canceled)]),
        List::RestingOrders => Items::RestingOrders(vec![order("rests", ReportedStatus::Resting)]),
        List::Fills => Items::Fills(vec![fill(&format!("{page}"))]),
        List::Settlements => Items::Settlements(vec![]),
        List::Deposits => Items::Deposits(vec![deposit()]),
        List::Withdrawals => Items::Withdrawals(vec![]),
        List::ShardTransfers => Items::ShardTransfers(vec![]),
        List::SubaccountTransfers => Items::SubaccountTransfers(vec![]),
        List::Positions => {
            let position = |name: &str, contracts| PositionReport {
                ticker: MarketTicker::new(name),
                position: Quantity::from_contracts(contracts),
            };
            Items::Positions(vec![position("A", -1), position("flat", 0)])
        }
        List::Balance => Items::Balance(vec![(ExchangeIndex::new(2), Money::from_dollars(9))]),
    }
}

/// The lists of money that came, went or moved, in the order in which they are read.
const FLOWS: [List; 4] = [List::Deposits, List::Withdrawals, List::ShardTransfers, List::SubaccountTransfers];

/// What was asked for: number, list, cursor, since.
type Asked = (FetchNumber, List, Option<String>, Option<Timestamp>);

fn asked(outputs: &[Output]) -> Option<Asked> {
    outputs.iter().find_map(|output| match output {
        Output::Fetch { number, list, cursor, since } => Some((*number, *list, cursor.clone(), *since)),
        _ => None,
    })
}

fn sweeps(outputs: &[Output]) -> Vec<Sweep> {
    let reports = outputs
        .iter()
        .flat_map(|output| if let Output::Append { reports } = output { reports.as_slice() } else { &[] });
    reports.filter_map(|report| if let Report::Sweep(sweep) = report { Some(sweep.clone()) } else { None }).collect()
}

/// Answers every question with `pages` pages a list until nothing is asked any more; the exchange lags two seconds.
fn serve(
    machine: &mut AccountMachine,
    seconds: i64,
    mut outputs: Vec<Output>,
    pages: usize,
) -> (Vec<Asked>, Vec<Output>) {
    let (mut questions, mut all) = (Vec::new(), Vec::new());
    while let Some((number, list, cursor, since)) = asked(&outputs) {
        let page = cursor.as_deref().map_or(0, |cursor| cursor.parse::<usize>().expect("a number") % 100);
        let paged = matches!(list, List::Orders | List::Fills);
        let next = (paged && page + 1 < pages).then(|| format!("{}", 100 * (list as usize) + page + 1));
        questions.push((number, list, cursor, since));
        all.append(&mut outputs);
        outputs = machine.step(
            at(seconds),
            Input::Page { number, items: items(list, page, at(seconds - 2)), next, unreadable: vec![] },
        );
    }
    all.append(&mut outputs);
    (questions, all)
}

fn machine() -> AccountMachine {
    AccountMachine::new(Config::default())
}

#[test]
fn a_sweep_reads_the_instant_first_and_then_every_page_of_every_list() {
    let mut machine = machine();
    let first = machine.step(at(0), Input::Wake);
    let (questions, outputs) = serve(&mut machine, 0, first, 3);
    let lists: Vec<_> = questions.iter().map(|(_number, list, ..)| *list).collect();
    use List::{Balance, Fills, Orders, Positions, RestingOrders, Settlements, Timestamp};
    let orders = [Timestamp, Orders, Orders, Orders, RestingOrders, Fills, Fills, Fills, Settlements];
    assert_eq!(lists, [&orders[..], &FLOWS, &[Positions, Balance]].concat());
    assert!(questions.iter().all(|(.., since)| since.is_none()), "the first sweep reads everything");
    let sweeps = sweeps(&outputs);
    assert_eq!(sweeps.len(), 1);
    assert_eq!((sweeps[0].as_of, sweeps[0].since, sweeps[0].started_at), (at(-2), None, at(0)));
    assert_eq!(sweeps[0].positions.len(), 1, "flat positions are none");
    assert_eq!(sweeps[0].resting, [OrderId::new("rests")]);
    let last = outputs.last().expect("outputs");
    assert!(matches!(last, Output::Append { reports } if matches!(reports.last(), Some(Report::Sweep(_)))));
    let appended = outputs
        .iter()
        .filter_map(|output| if let Output::Append { reports } = output { Some(reports.len()) } else { None });
    assert_eq!(appended.sum::<usize>(), 3 + 1 + 3 + 1 + 1, "what was read stands before the sweep");
}

#[test]
fn the_next_sweep_reads_since_the_last_complete_one_with_a_margin() {
    let mut machine = machine();
    let first = machine.step(at(0), Input::Wake);
    serve(&mut machine, 0, first, 1);
    assert_eq!(machine.next_wakeup(), Some(at(30)));
    let second = machine.step(at(30), Input::Wake);
    let (questions, outputs) = serve(&mut machine, 30, second, 1);
    for (_number, list, _cursor, since) in questions {
        assert_eq!(since, list.is_since().then_some(at(-2 - 120)), "{list:?}");
    }
    assert_eq!(sweeps(&outputs)[0].since, Some(at(-122)));
}

#[test]
fn settlements_of_one_reading_are_appended_at_once_since_two_words_on_a_market_may_stand_on_two_pages() {
    let mut machine = machine();
    let mut outputs = machine.step(at(0), Input::Wake);
    let mut appended = Vec::new();
    while let Some((number, list, cursor, _)) = asked(&outputs) {
        let (result, next) = if cursor.is_none() { ("yes", Some("2".to_owned())) } else { ("no", None) };
        let (items, next) = match list {
            List::Settlements => (Items::Settlements(vec![settlement(result)]), next),
            list => (items(list, 0, at(0)), None),
        };
        outputs = machine.step(at(0), Input::Page { number, items, next, unreadable: vec![] });
        appended.extend(outputs.iter().filter_map(|output| match output {
            Output::Append { reports } => Some(reports.clone()),
            _ => None,
        }));
    }
    let both = ["yes", "no"].map(|result| Report::Settlement(settlement(result))).to_vec();
    assert!(appended.contains(&both), "{appended:?}");
    let said = appended.iter().flatten().filter(|report| matches!(report, Report::Settlement(_)));
    assert_eq!(said.count(), 2);
}

#[test]
fn a_failed_page_anywhere_gives_the_sweep_up_and_never_reports_it() {
    for broken in 0..List::ALL.len() {
        let mut machine = machine();
        let mut outputs = machine.step(at(0), Input::Wake);
        for _page in 0..broken {
            let (number, list, ..) = asked(&outputs).expect("a question");
            outputs = machine
                .step(at(0), Input::Page { number, items: items(list, 0, at(0)), next: None, unreadable: vec![] });
        }
        let (number, ..) = asked(&outputs).expect("a question");
        let outputs = machine.step(at(0), Input::FetchFailed { number });
        assert!(matches!(outputs[..], [Output::SweepFailed { .. }]), "{outputs:?}");
        let late = machine.step(
            at(0),
            Input::Page { number, items: items(List::ALL[broken], 0, at(0)), next: None, unreadable: vec![] },
        );
        assert_eq!(late, [], "an answer of a sweep that was given up");
        let again = machine.step(at(1), Input::Wake);
        let (questions, outputs) = serve(&mut machine, 1, again, 1);
        assert!(questions.iter().all(|(.., since)| since.is_none()), "nothing was complete yet");
        assert_eq!(sweeps(&outputs).len(), 1);
    }
}

#[test]
fn pages_that_lead_in_a_circle_or_do_not_come_give_the_sweep_up() {
    let mut machine = machine();
    let outputs = machine.step(at(0), Input::Wake);
    let (number, ..) = asked(&outputs).expect("the instant");
    let mut outputs =
        machine.step(at(0), Input::Page { number, items: Items::Timestamp(at(0)), next: None, unreadable: vec![] });
    let mut pages = 0;
    while let Some((number, list, ..)) = asked(&outputs) {
        pages += 1;
        let next = Some("again".to_owned());
        outputs = machine.step(at(0), Input::Page { number, items: items(list, 0, at(0)), next, unreadable: vec![] });
    }
    assert_eq!(pages, 2);
    assert!(matches!(outputs[..], [Output::SweepFailed { .. }]));
    machine.step(at(2), Input::Wake);
    let outputs = machine.step(at(12), Input::Wake);
    assert!(matches!(outputs[..], [Output::SweepFailed { .. }]), "no answer for ten seconds: {outputs:?}");
}

#[test]
fn a_movement_of_money_that_cannot_be_read_is_named_and_the_rest_is_read() {
    let mut machine = machine();
    let mut outputs = machine.step(at(0), Input::Wake);
    let mut deposits = 0;
    while let Some((number, list, ..)) = asked(&outputs) {
        let unreadable = if list.is_of_flows() { vec![format!("{list:?}: no amount"); 15] } else { vec![] };
        let items = items(list, 0, at(0));
        outputs = machine.step(at(0), Input::Page { number, items, next: None, unreadable });
        let reports = outputs
            .iter()
            .flat_map(|output| if let Output::Append { reports } = output { reports.as_slice() } else { &[] });
        deposits += reports.filter(|report| matches!(report, Report::Flow(_))).count();
    }
    let sweep = sweeps(&outputs).pop().expect("complete");
    assert_eq!(deposits, 1, "what can be read of the same page is");
    assert_eq!(sweep.unreadable.len(), 20, "named up to a bound");
    assert_eq!((&*sweep.unreadable[0], &*sweep.unreadable[19]), ("Deposits: no amount", "Withdrawals: no amount"));
}

#[test]
fn a_row_that_would_be_taken_for_absent_gives_the_sweep_up() {
    for broken in List::ALL.into_iter().filter(|list| !list.is_of_flows()) {
        let mut machine = machine();
        let mut outputs = machine.step(at(0), Input::Wake);
        while let Some((number, list, ..)) = asked(&outputs) {
            let unreadable = if list == broken { vec!["a row".to_owned()] } else { vec![] };
            let items = items(list, 0, at(0));
            outputs = machine.step(at(0), Input::Page { number, items, next: None, unreadable });
        }
        assert!(matches!(outputs[..], [Output::SweepFailed { .. }]), "{broken:?}: {outputs:?}");
    }
}

#[test]
fn failures_are_retried_less_and_less_often_and_never_given_up() {
    let mut machine = machine();
    let mut begun = Vec::new();
    for second in 0..300 {
        if let Some((number, ..)) = asked(&machine.step(at(second), Input::Wake)) {
            begun.push(second);
            machine.step(at(second), Input::FetchFailed { number });
        }
    }
    let gaps: Vec<_> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[..6], [1, 2, 4, 8, 16, 30]);
    assert!(gaps[6..].iter().all(|gap| *gap == 30));
}

#[test]
fn a_reconnection_is_followed_by_a_sweep_that_began_after_it() {
    let mut machine = machine();
    let first = machine.step(at(0), Input::Wake);
    let connected = machine.step(at(5), Input::Connected);
    assert_eq!(connected, [], "one sweep at a time");
    let (_questions, outputs) = serve(&mut machine, 6, first, 1);
    let started: Vec<_> = sweeps(&outputs).iter().map(|sweep| sweep.started_at).collect();
    assert_eq!(started, [at(0), at(6)], "the one that began before the connection is not enough");
}

#[test]
fn hints_are_followed_at_a_bounded_rate() {
    let mut machine = machine();
    let mut complete = 0;
    for tick in 0..100 {
        let now = at(0) + TimeSpan::from_millis(100 * tick);
        let mut outputs = machine.step(now, Input::Hint);
        while let Some((number, list, ..)) = asked(&outputs) {
            outputs =
                machine.step(now, Input::Page { number, items: items(list, 0, now), next: None, unreadable: vec![] });
            complete += sweeps(&outputs).len();
        }
    }
    assert_eq!(complete, 10, "once a second");
}

#[test]
fn what_comes_over_the_socket_is_appended_at_once_also_within_a_sweep() {
    let mut machine = machine();
    machine.step(at(0), Input::Wake);
    let reports = vec![Report::Fill(fill("ws"))];
    let outputs = machine.step(at(0), Input::Reports { reports: reports.clone() });
    assert_eq!(outputs, [Output::Append { reports }]);
}

#[test]
fn after_a_failed_append_everything_is_read_again() {
    let mut machine = machine();
    let first = machine.step(at(0), Input::Wake);
    serve(&mut machine, 0, first, 1);
    machine.step(at(1), Input::AppendFailed);
    let again = machine.step(at(2), Input::Wake);
    let (questions, _outputs) = serve(&mut machine, 2, again, 1);
    assert_eq!(questions.len(), List::ALL.len());
    assert!(questions.iter().all(|(.., since)| since.is_none()));
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let page =
        |list| Input::Page { number: 1, items: items(list, 0, NOON), next: Some("c".to_owned()), unreadable: vec![] };
    let reports = vec![Report::Fill(fill("1"))];
    let mut inputs: Vec<_> = List::ALL.into_iter().map(page).collect();
    inputs.extend([
        Input::Reports { reports: reports.clone() },
        Input::FetchFailed { number: 1 },
        Input::Hint,
        Input::Wake,
    ]);
    let since = Some(NOON);
    let outputs = [Output::Append { reports }, Output::Fetch { number: 1, list: List::Fills, cursor: None, since }];
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}

#[test]
fn what_money_moved_is_read_at_first_when_the_desk_asks_and_once_a_minute() {
    let mut machine = machine();
    let mut read = |seconds: i64, input: Input| {
        let outputs = machine.step(at(seconds), input);
        let (questions, outputs) = serve(&mut machine, seconds, outputs, 1);
        let of_flows: Vec<List> = questions.iter().map(|asked| asked.1).filter(|list| list.is_of_flows()).collect();
        let said = sweeps(&outputs).iter().map(|sweep| sweep.flows).collect::<Vec<_>>();
        (of_flows, said)
    };
    assert_eq!(read(0, Input::Wake), (FLOWS.to_vec(), vec![true]), "at first");
    assert_eq!(read(30, Input::Wake), (vec![], vec![false]));
    assert_eq!(read(32, Input::Hint), (FLOWS.to_vec(), vec![true]), "the desk asks");
    assert_eq!(read(62, Input::Wake), (vec![], vec![false]));
    assert_eq!(read(92, Input::Wake), (FLOWS.to_vec(), vec![true]), "a minute has passed");
}

#[test]
fn with_what_money_moved_settlements_of_a_day_are_read_since_one_may_have_been_amended() {
    let mut machine = machine();
    let mut since_of_settlements = |seconds: i64, input: Input| {
        let outputs = machine.step(at(seconds), input);
        let (questions, _outputs) = serve(&mut machine, seconds, outputs, 1);
        questions.iter().find(|asked| asked.1 == List::Settlements).expect("asked").3
    };
    assert_eq!(since_of_settlements(0, Input::Wake), None, "everything at first");
    assert_eq!(since_of_settlements(30, Input::Wake), Some(at(-2 - 120)));
    assert_eq!(since_of_settlements(32, Input::Hint), Some(at(28 - 120 - 23 * 3_600)), "the desk asks");
}

#[test]
fn a_sweep_that_was_given_up_and_wanted_to_read_what_moved_leaves_that_to_the_next() {
    let mut machine = machine();
    let outputs = machine.step(at(0), Input::Wake);
    let (number, ..) = asked(&outputs).expect("a question");
    machine.step(at(0), Input::FetchFailed { number });
    let again = machine.step(at(1), Input::Wake);
    let (questions, _) = serve(&mut machine, 1, again, 1);
    assert!(questions.iter().any(|(_, list, ..)| *list == List::Withdrawals));
}

#[test]
fn a_resting_order_binds_its_price_but_for_what_it_closes() {
    let resting = |id: &str, ticker: &str, book_side, cents, contracts| OrderReport {
        ticker: MarketTicker::new(ticker),
        book_side,
        price: Price::from_cents(cents),
        remaining: Quantity::from_contracts(contracts),
        ..order(id, ReportedStatus::Resting)
    };
    let mut machine = machine();
    let mut outputs = machine.step(at(0), Input::Wake);
    while let Some((number, list, ..)) = asked(&outputs) {
        let items = match list {
            // Three at 40 cents; of five asked at 90 one closes what is held, so four bind 10 cents each.
            List::RestingOrders => Items::RestingOrders(vec![
                resting("a", "B", BookSide::Bid, 40, 3),
                resting("b", "H", BookSide::Ask, 90, 5),
            ]),
            List::Positions => Items::Positions(vec![PositionReport {
                ticker: MarketTicker::new("H"),
                position: Quantity::from_contracts(1),
            }]),
            list => items(list, 0, at(0)),
        };
        outputs = machine.step(at(0), Input::Page { number, items, next: None, unreadable: vec![] });
    }
    assert_eq!(sweeps(&outputs)[0].reserved, [(ExchangeIndex::new(2), Money::from_cents(3 * 40 + 4 * 10))]);
}

#[test]
fn of_several_resting_orders_the_one_that_was_placed_first_closes_first() {
    let resting = |id: &str, cents, placed: Option<i64>, changed: i64| OrderReport {
        ticker: MarketTicker::new("H"),
        book_side: BookSide::Ask,
        price: Price::from_cents(cents),
        remaining: Quantity::from_contracts(2),
        created_at: placed.map(at),
        updated_at: at(changed),
        ..order(id, ReportedStatus::Resting)
    };
    let bound = |orders: Vec<OrderReport>| {
        let mut machine = machine();
        let mut outputs = machine.step(at(0), Input::Wake);
        while let Some((number, list, ..)) = asked(&outputs) {
            let items = match list {
                List::RestingOrders => Items::RestingOrders(orders.clone()),
                List::Positions => Items::Positions(vec![PositionReport {
                    ticker: MarketTicker::new("H"),
                    position: Quantity::from_contracts(3),
                }]),
                list => items(list, 0, at(0)),
            };
            outputs = machine.step(at(0), Input::Page { number, items, next: None, unreadable: vec![] });
        }
        sweeps(&outputs)[0].reserved.clone()
    };
    let cents = |cents| vec![(ExchangeIndex::new(2), Money::from_cents(cents))];
    // Three are held: whichever is younger opens one, at 10 or at 20 cents.
    let amended_since = resting("b", 90, Some(-20), -1);
    assert_eq!(bound(vec![resting("a", 80, Some(-10), -10), amended_since]), cents(20));
    assert_eq!(bound(vec![resting("a", 80, Some(-20), -1), resting("b", 90, Some(-10), -10)]), cents(10));
    let of_one_instant = |one, other| vec![resting(one, 80, Some(-10), -1), resting(other, 90, Some(-10), -2)];
    assert_eq!(bound(of_one_instant("a", "b")), cents(10));
    assert_eq!(bound(of_one_instant("b", "a")), cents(20));
    // Where the exchange does not say when they were placed, their last change has to do.
    assert_eq!(bound(vec![resting("a", 80, None, -1), resting("b", 90, None, -2)]), cents(20));
}
