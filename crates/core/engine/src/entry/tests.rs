use rec_domain::{
    DeskId, EventTicker, ExchangeIndex, Fresh, MarketTicker, Mode, Money, Price, PriceGrid, Probability, Quantity,
    SeriesTicker, Side, TimeSpan, Timestamp, TradeId, UsdPrice,
    book::{Level, Top},
    bus_event::{EntryState, EntryStatus},
    caps::RiskCaps,
    command::{DeskCommand, DeskReply, DeskRequest, OpenRequest},
    desk_view::{Cursors, DeskView, MarketSideHistory},
    fee::FeeSchedule,
    halt::{Halt, HaltSource},
    index::SettlementWindow,
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
    refusal::{Refusal, RefusalCode},
    risk_view::RiskView,
    settings::AutomationSettings,
    strike_table::{StrikeRow, StrikeRows, StrikeTable},
    trade::{Origin, Trade, TradeState},
};

use super::{Config, EntryMachine, Input, Limits, Output, Pending, Rule, Situation, SpikePause, entry_limit, why_not};
use crate::{Machine, odds::edge};

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);
const CLOSE: i64 = 600;

fn at(seconds: i64) -> Timestamp {
    NOON + TimeSpan::from_seconds(seconds)
}

fn settings() -> AutomationSettings {
    AutomationSettings { auto_entry: true, ..AutomationSettings::default() }
}

fn desk(seconds: i64) -> DeskView {
    DeskView {
        at: at(seconds),
        mode: Mode::Twin,
        desk: DeskId::from_bits(7),
        epoch: 1,
        ready: true,
        armed: true,
        arming: None,
        settings: settings(),
        caps: RiskCaps::default(),
        halts: Vec::new(),
        trades: Vec::new(),
        orders: Vec::new(),
        history: Vec::new(),
        cash: [(ExchangeIndex::new(2), Money::from_dollars(1_000))].into(),
        exposure: Money::ZERO,
        realised_today: Money::ZERO,
        risk: RiskView::default(),
        reconciliation: None,
        late_results: vec![],
        cursors: Cursors::default(),
    }
}

fn market(name: &str) -> Market {
    Market {
        ticker: MarketTicker::new(name),
        event: EventTicker::new("NOW"),
        series: SeriesTicker::new("KXBTCD"),
        title: String::new(),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::GreaterOrEqual(UsdPrice::from_cents(9_900_000))),
        open_time: at(-3_000),
        close_time: at(CLOSE),
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(2),
        volume: Quantity::from_contracts(5_000),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::None,
    }
}

/// A row that favours `side`, offered at `ask_cents` in that side's price.
fn row(name: &str, side: Side, percent: f64, ask_cents: i64, seconds: i64) -> StrikeRow {
    let level = |price| Some(Level { price, quantity: Quantity::from_contracts(40) });
    let ask = side.convert_price(Price::from_cents(ask_cents));
    let bid = side.convert_price(Price::from_cents(ask_cents - 2));
    let top = match side {
        Side::Yes => Top { bid: level(bid), ask: level(ask) },
        Side::No => Top { bid: level(ask), ask: level(bid) },
    };
    let within = Probability::from_percent(percent).expect("valid");
    let yes = if side == Side::Yes { within } else { within.complement() };
    let edge_of = |of: Side| {
        let chance = if of == Side::Yes { yes } else { yes.complement() };
        edge(&market(name), chance, top.ask_of(of)?.price)
    };
    StrikeRow {
        ticker: MarketTicker::new(name),
        strike: UsdPrice::from_cents(9_900_000),
        buffer: UsdPrice::from_cents(100_000),
        favoured: side,
        yes: Some(yes),
        why_not: None,
        yes_edge: edge_of(Side::Yes),
        no_edge: edge_of(Side::No),
        top: Some(top),
        book_at: Some(at(seconds)),
        volume: Quantity::from_contracts(5_000),
    }
}

fn table(rows: Vec<StrikeRow>, seconds: i64) -> StrikeTable {
    let price = |source: &str| {
        let value = UsdPrice::from_cents(10_000_000);
        Some(Fresh { value, source: source.to_owned(), observed_at: at(seconds), received_at: at(seconds) })
    };
    StrikeTable {
        at: at(seconds),
        event: EventTicker::new("NOW"),
        close_time: at(CLOSE),
        spot: price("coinbase"),
        index: price("index"),
        settlement: SettlementWindow { close_time: at(CLOSE), known: 0, mean: None },
        momentum: None,
        rows,
    }
}

fn reading(seconds: i64, points: f64) -> MomentumReading {
    MomentumReading { at: at(seconds), score_percent: Some(points / 100.0), deltas_percent: [None; 6] }
}

fn trade(name: &str, side: Side, state: TradeState) -> Trade {
    Trade {
        id: TradeId::new(1),
        origin: Origin::Auto,
        ticker: MarketTicker::new(name),
        event: EventTicker::new("NOW"),
        exchange_index: ExchangeIndex::new(2),
        side,
        close_time: at(CLOSE),
        state,
        entered: Quantity::from_contracts(1),
        entry_cost: Money::from_cents(92),
        exited: Quantity::ZERO,
        exit_proceeds: Money::ZERO,
        fees: Money::ZERO,
        open_cost: Money::from_cents(92),
        settlement_revenue: Money::ZERO,
        entry_probability_percent: None,
        entry_reason: String::new(),
        exit_reason: None,
        exit_attempts: 0,
        last_exit_at: None,
        created_at: at(-100),
        ended_at: None,
    }
}

fn past(name: &str, seconds: i64, entered: i64) -> MarketSideHistory {
    MarketSideHistory {
        ticker: MarketTicker::new(name),
        side: Side::Yes,
        last_entry_at: at(seconds),
        entered: Quantity::from_contracts(entered),
        trades: 1,
    }
}

/// What forbids entering row `A` at second 0 after `change`; everything is allowed before it.
fn objection(change: impl FnOnce(&mut DeskView, &mut StrikeTable, &mut Market)) -> Option<RefusalCode> {
    let (mut desk, mut table, mut market) = (desk(0), table(vec![row("A", Side::Yes, 96.0, 92, 0)], 0), market("A"));
    change(&mut desk, &mut table, &mut market);
    let (limits, momentum) = (Limits::default(), reading(0, 1.0));
    let row = &table.rows[0];
    let situation = Situation {
        now: at(0),
        limits: &limits,
        desk: Some(&desk),
        table: &table,
        row,
        side: row.favoured,
        market: Some(&market),
        momentum: Some(&momentum),
        pause: None,
        pending: Pending::default(),
        worded: true,
    };
    why_not(&situation).map(|refusal| refusal.code)
}

/// One reason to refuse, as a change of what the entry is decided on.
type Change = fn(&mut DeskView, &mut StrikeTable, &mut Market);

#[test]
fn each_rule_objects_by_itself() {
    use RefusalCode as Code;
    let halt = |desk: &mut DeskView| {
        desk.halts.push(Halt { source: HaltSource::Operator, reason: "lunch".to_owned(), since: at(-1) });
    };
    assert_eq!(objection(|desk, _table, _market| halt(desk)), Some(Code::Halted));
    let cases: &[(Change, Option<Code>)] = &[
        (|_desk, _table, _market| {}, None),
        (|desk, _table, _market| desk.armed = false, Some(Code::Disarmed)),
        (|desk, _table, _market| desk.settings.auto_entry = false, Some(Code::SwitchedOff)),
        (|desk, _table, _market| desk.at = at(-4), Some(Code::StaleDesk)),
        (|desk, _table, _market| desk.ready = false, Some(Code::Unreconciled)),
        (|_desk, table, _market| table.spot = None, Some(Code::StaleSpot)),
        (|_desk, table, _market| table.spot.as_mut().expect("spot").observed_at = at(-4), Some(Code::StaleSpot)),
        (|_desk, table, _market| table.index.as_mut().expect("index").received_at = at(-4), Some(Code::StaleIndex)),
        (|_desk, table, _market| table.at = at(-4), Some(Code::NoProbability)),
        (|_desk, table, _market| table.rows[0].yes = None, Some(Code::NoProbability)),
        (|_desk, table, _market| table.rows[0].top = None, Some(Code::StaleBook)),
        (|_desk, table, _market| table.rows[0].book_at = Some(at(-4)), Some(Code::StaleBook)),
        (|_desk, _table, market| market.status = MarketStatus::Inactive, Some(Code::MarketNotOpen)),
        (|_desk, _table, market| market.event = EventTicker::new("LATER"), Some(Code::MarketNotOpen)),
        (|_desk, _table, market| market.collateral = Collateral::Other("MECNET".to_owned()), Some(Code::UnknownTerms)),
        (|desk, _table, _market| desk.settings.min_time_seconds = 601, Some(Code::OutsideWindow)),
        (|desk, _table, _market| desk.settings.max_time_seconds = 599, Some(Code::OutsideWindow)),
        (|desk, _table, _market| desk.settings.max_time_seconds = 600, None),
        (|desk, _table, _market| desk.history.push(past("A", -9, 0)), Some(Code::Cooldown)),
        (|desk, _table, _market| desk.history.push(past("A", -10, 0)), None),
        (
            |desk, _table, _market| desk.trades.push(trade("A", Side::Yes, TradeState::Closing)),
            Some(Code::AlreadyTraded),
        ),
        (|desk, _table, _market| desk.trades.push(trade("A", Side::No, TradeState::Open)), Some(Code::OppositeHeld)),
        (|desk, _table, _market| desk.trades.push(trade("B", Side::Yes, TradeState::Open)), None),
        (|desk, _table, _market| desk.settings.min_volume = Quantity::from_contracts(5_001), Some(Code::Volume)),
        (|desk, _table, _market| desk.settings.max_ask = Price::from_cents(91), Some(Code::AskLimit)),
        (|_desk, table, _market| table.rows[0].top = Some(Top::default()), Some(Code::AskLimit)),
        (|desk, _table, _market| desk.settings.min_probability_percent = 96.01, Some(Code::Probability)),
        (|desk, _table, _market| desk.settings.min_probability_percent = 96.0, None),
        (|desk, _table, _market| desk.settings.multiplier = 101, Some(Code::ContractsPerOrder)),
        (|desk, _table, _market| desk.caps.open_trades = 0, Some(Code::OpenTrades)),
        (|desk, _table, _market| desk.caps.orders_per_minute = 0, Some(Code::OrdersPerMinute)),
        (|desk, _table, _market| desk.exposure = Money::from_dollars(500), Some(Code::MoneyPerAccount)),
        (|desk, _table, _market| desk.cash.clear(), Some(Code::Cash)),
    ];
    for (number, (change, expected)) in cases.iter().enumerate() {
        assert_eq!(objection(change), *expected, "case {number}");
    }
}

#[test]
fn rules_are_applied_in_order() {
    let objects = |rules: usize| {
        let changes: [Change; 5] = [
            |desk, _table, _market| {
                desk.halts.push(Halt { source: HaltSource::Failure, reason: String::new(), since: at(-1) });
            },
            |desk, _table, _market| desk.settings.auto_entry = false,
            |_desk, table, _market| table.spot = None,
            |desk, _table, _market| desk.settings.max_time_seconds = 10,
            |desk, _table, _market| desk.settings.min_probability_percent = 99.0,
        ];
        objection(|desk, table, market| changes[rules..].iter().for_each(|change| change(desk, table, market)))
    };
    let expected = [
        RefusalCode::Halted,
        RefusalCode::SwitchedOff,
        RefusalCode::StaleSpot,
        RefusalCode::OutsideWindow,
        RefusalCode::Probability,
    ];
    assert_eq!([0, 1, 2, 3, 4].map(objects), expected.map(Some));
    assert_eq!(Rule::ALL.len(), 14);
}

#[test]
fn the_least_edge_has_no_hidden_tolerance() {
    // 92 cents cost 0.52 points of fee: 92.77 % is exactly 0.25 points, and the predecessor took -0.25.
    let with = |percent: f64| {
        objection(move |desk, table, _market| {
            desk.settings.min_probability_percent = 0.0;
            table.rows[0] = row("A", Side::Yes, percent, 92, 0);
        })
    };
    assert_eq!(with(92.77), None);
    assert_eq!(with(92.76), Some(RefusalCode::Edge));
    assert_eq!(with(92.30), Some(RefusalCode::Edge));
}

#[test]
fn after_a_trade_has_ended_only_re_entry_lets_the_same_side_in() {
    let with = |re_entry: bool, entered: i64| {
        objection(move |desk, _table, _market| {
            desk.settings.allow_re_entry = re_entry;
            desk.history.push(past("A", -120, entered));
        })
    };
    assert_eq!(with(false, 1), Some(RefusalCode::AlreadyTraded));
    assert_eq!(with(true, 1), None);
    assert_eq!(with(false, 0), None, "an order that filled nothing was no trade");
}

#[test]
fn the_limit_keeps_the_highest_ask_and_the_least_edge() {
    let limit = |percent: f64, ask: i64, side: Side| {
        let chance = Probability::from_percent(percent).expect("valid");
        entry_limit(&market("A"), side, Price::from_cents(ask), chance, &settings()).map(|price| price.units() / 100)
    };
    assert_eq!(limit(97.0, 92, Side::Yes), Some(93), "one cent of slippage");
    assert_eq!(limit(97.0, 92, Side::No), Some(93));
    assert_eq!(limit(99.9, 98, Side::Yes), Some(98), "the highest ask allowed");
    assert_eq!(limit(93.2, 92, Side::Yes), Some(92), "93 would not keep the edge");
    assert_eq!(limit(92.0, 92, Side::Yes), None);
}

fn told(machine: &mut EntryMachine, seconds: i64, rows: Vec<StrikeRow>) -> Vec<Output> {
    let mut outputs = machine.step(at(seconds), Input::Momentum(reading(seconds, 1.0)));
    outputs.extend(machine.step(at(seconds), Input::Strikes(Box::new(table(rows, seconds)))));
    outputs
}

fn machine(names: &[&str]) -> EntryMachine {
    let mut machine = EntryMachine::new(Config::default());
    machine.step(at(0), Input::Markets(names.iter().map(|name| market(name)).collect()));
    machine.step(at(0), Input::Desk(Box::new(desk(0))));
    machine
}

fn requests(outputs: &[Output]) -> Vec<DeskRequest> {
    let request =
        |output: &Output| if let Output::Request(request) = output { Some((**request).clone()) } else { None };
    outputs.iter().filter_map(request).collect()
}

fn open(request: &DeskRequest) -> &OpenRequest {
    let DeskCommand::Open(open) = &request.command else { panic!("{request:?}") };
    open
}

fn status(outputs: &[Output]) -> Option<&EntryStatus> {
    outputs.iter().rev().find_map(|output| if let Output::Status(status) = output { Some(status) } else { None })
}

fn changed(event: &str, row: StrikeRow, seconds: i64) -> Input {
    Input::Rows(StrikeRows { at: at(seconds), event: EventTicker::new(event), rows: vec![row] })
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
fn a_request_carries_limit_quantity_reason_and_evidence() {
    let mut machine = machine(&["A"]);
    let outputs = told(&mut machine, 1, vec![row("A", Side::No, 96.0, 92, 1)]);
    let requests = requests(&outputs);
    let open = open(&requests[0]);
    assert_eq!((open.side, open.limit, open.quantity), (Side::No, Price::from_cents(93), Quantity::from_contracts(1)));
    assert_eq!(open.origin, Origin::Auto);
    let evidence: serde_json::Value = serde_json::from_str(&open.evidence).expect("JSON");
    assert_eq!(evidence["row"]["ticker"], "A");
    assert_eq!(evidence["book_age_micros"], 0);
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
