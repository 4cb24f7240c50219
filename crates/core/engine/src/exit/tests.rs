use rec_domain::{
    DeskId, EventTicker, ExchangeIndex, Fresh, MarketTicker, Mode, Money, Price, Probability, Quantity, Side, TimeSpan,
    Timestamp, TradeId, UsdPrice,
    book::{BookTop, Level, Top},
    caps::RiskCaps,
    command::{CloseRequest, DeskCommand, DeskReply},
    desk_view::{Cursors, DeskView},
    index::SettlementWindow,
    momentum::MomentumReading,
    refusal::{Refusal, RefusalCode},
    risk_view::RiskView,
    settings::AutomationSettings,
    strike_table::{StrikeRow, StrikeTable},
    trade::{NewTrade, Origin, Trade, TradeState},
};

use super::{Config, ExitMachine, Input, Obstacle, Output};
use crate::Machine;

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);
const CLOSE: i64 = 600_000;

fn at(millis: i64) -> Timestamp {
    NOON + TimeSpan::from_millis(millis)
}

fn settings() -> AutomationSettings {
    AutomationSettings { auto_stop: true, ..AutomationSettings::default() }
}

fn trade(side: Side) -> Trade {
    Trade {
        state: TradeState::Open,
        entered: Quantity::from_contracts(2),
        entry_cost: Money::from_cents(184),
        open_cost: Money::from_cents(184),
        ..Trade::opened(NewTrade {
            id: TradeId::new(1),
            origin: Origin::Auto,
            ticker: MarketTicker::new("A"),
            event: EventTicker::new("NOW"),
            exchange_index: ExchangeIndex::new(2),
            side,
            close_time: at(CLOSE),
            entry_probability_percent: None,
            entry_reason: String::new(),
            created_at: at(-100_000),
        })
    }
}

/// A machine in a world that a test changes field by field.
struct World {
    machine: ExitMachine,
    settings: AutomationSettings,
    trades: Vec<Trade>,
    yes_percent: f64,
    points: f64,
    bid_cents: i64,
    /// What is told at each step: desk, books, momentum, strike table.
    tells: [bool; 4],
    /// The ages of the table's spot price and index.
    spot_age_millis: i64,
    index_age_millis: i64,
    rows: fn(f64) -> Vec<(&'static str, i64, f64)>,
}

const ALL: [bool; 4] = [true; 4];

impl World {
    fn new(trade: Trade) -> Self {
        Self {
            machine: ExitMachine::new(Config::default()),
            settings: settings(),
            trades: vec![trade],
            yes_percent: 95.0,
            points: 0.0,
            bid_cents: 30,
            tells: ALL,
            spot_age_millis: 0,
            index_age_millis: 0,
            rows: |percent| vec![("A", 100_000, percent)],
        }
    }

    /// Tells the world as it is at `millis`.
    fn step(&mut self, millis: i64) -> Vec<Output> {
        let mut outputs = Vec::new();
        let inputs = [self.desk(millis), self.books(millis), self.momentum(millis), self.strikes(millis)];
        for (told, input) in self.tells.into_iter().zip(inputs) {
            if told {
                outputs.extend(self.machine.step(at(millis), input));
            }
        }
        outputs.extend(self.machine.step(at(millis), Input::Wake));
        outputs
    }

    fn desk(&self, millis: i64) -> Input {
        Input::Desk(Box::new(DeskView {
            at: at(millis),
            mode: Mode::Twin,
            desk: DeskId::from_bits(7),
            epoch: 1,
            ready: true,
            armed: true,
            arming: None,
            settings: self.settings.clone(),
            caps: RiskCaps::default(),
            halts: Vec::new(),
            trades: self.trades.clone(),
            orders: Vec::new(),
            history: Vec::new(),
            cash: [].into(),
            exposure: Money::ZERO,
            realised_today: Money::ZERO,
            risk: RiskView::default(),
            reconciliation: None,
            late_results: vec![],
            cursors: Cursors::default(),
        }))
    }

    fn books(&self, millis: i64) -> Input {
        let level = |cents| Some(Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(9) });
        Input::Books(vec![BookTop {
            ticker: MarketTicker::new("A"),
            top: Some(Top { bid: level(self.bid_cents), ask: level(self.bid_cents + 5) }),
            observed_at: at(millis),
            received_at: at(millis),
        }])
    }

    fn momentum(&self, millis: i64) -> Input {
        let score_percent = Some(self.points / 100.0);
        Input::Momentum(MomentumReading { at: at(millis), score_percent, deltas_percent: [None; 6] })
    }

    fn strikes(&self, millis: i64) -> Input {
        let price = |age: i64| {
            let value = UsdPrice::from_cents(10_000_000);
            Some(Fresh { value, source: String::new(), observed_at: at(millis - age), received_at: at(millis - age) })
        };
        let row = |(name, strike, percent): (&str, i64, f64)| StrikeRow {
            ticker: MarketTicker::new(name),
            strike: UsdPrice::from_cents(strike * 100),
            buffer: UsdPrice::ZERO,
            favoured: Side::Yes,
            yes: Probability::from_percent(percent),
            why_not: None,
            top: None,
            book_at: None,
            volume: Quantity::ZERO,
            yes_edge: None,
            no_edge: None,
        };
        Input::Strikes(Box::new(StrikeTable {
            at: at(millis),
            event: EventTicker::new("NOW"),
            close_time: at(CLOSE),
            spot: price(self.spot_age_millis),
            index: price(self.index_age_millis),
            settlement: SettlementWindow { close_time: at(CLOSE), known: 0, mean: None },
            momentum: None,
            rows: (self.rows)(self.yes_percent).into_iter().map(row).collect(),
        }))
    }
}

fn closes(outputs: &[Output]) -> Vec<CloseRequest> {
    let close = |output: &Output| match output {
        Output::Request(request) => match &request.command {
            DeskCommand::Close(close) => Some(close.clone()),
            other => panic!("{other:?}"),
        },
        Output::Alarm { .. } => None,
    };
    outputs.iter().filter_map(close).collect()
}

fn alarms(outputs: &[Output]) -> Vec<Option<Obstacle>> {
    let alarm = |output: &Output| if let Output::Alarm { obstacle, .. } = output { Some(*obstacle) } else { None };
    outputs.iter().filter_map(alarm).collect()
}

fn cents(close: &CloseRequest) -> i64 {
    close.limit.units() / 100
}

#[test]
fn a_trade_is_stopped_when_the_chance_of_its_own_side_is_too_small() {
    for (side, yes_percent, stopped, limit) in [
        (Side::Yes, 39.99, true, 30),
        (Side::Yes, 40.0, false, 0),
        (Side::No, 60.01, true, 65),
        (Side::No, 60.0, false, 0),
    ] {
        let mut world = World::new(trade(side));
        world.yes_percent = yes_percent;
        let closes = closes(&world.step(0));
        assert_eq!(
            closes.iter().map(cents).collect::<Vec<_>>(),
            if stopped { vec![limit] } else { vec![] },
            "{side} {yes_percent}"
        );
    }
}

#[test]
fn switched_off_means_no_automatic_exit_of_any_kind() {
    let mut world = World::new(trade(Side::Yes));
    world.settings.auto_stop = false;
    (world.yes_percent, world.points) = (1.0, -99.0);
    assert_eq!(world.step(0), []);
}

#[test]
fn momentum_against_a_trade_closes_it_and_only_that_side() {
    for (side, points, closed) in
        [(Side::Yes, -36.0, 1), (Side::Yes, 36.0, 0), (Side::No, 36.0, 1), (Side::No, -36.0, 0), (Side::Yes, -35.99, 0)]
    {
        let mut world = World::new(trade(side));
        (world.yes_percent, world.points) = (if side == Side::Yes { 95.0 } else { 5.0 }, points);
        assert_eq!(closes(&world.step(0)).len(), closed, "{side} {points}");
        let mut off = World::new(trade(side));
        (off.yes_percent, off.points) = (world.yes_percent, points);
        off.settings.momentum_exit_enabled = false;
        assert_eq!(closes(&off.step(0)).len(), 0);
    }
}

#[test]
fn no_exit_in_the_last_seconds_before_the_close_however_short_ago_the_entry_was() {
    let with = |millis: i64, created: i64| {
        let mut world = World::new(Trade { created_at: at(created), ..trade(Side::Yes) });
        (world.yes_percent, world.points) = (1.0, -99.0);
        closes(&world.step(millis)).len()
    };
    assert_eq!(with(CLOSE - 60_000, CLOSE - 61_000), 1, "a trade one second old is stopped");
    assert_eq!(with(CLOSE - 59_999, -500_000), 0, "an old one is not in the last minute");
}

#[test]
fn a_verification_needs_the_condition_without_interruption() {
    let run = |recovers_at: Option<i64>, silent: Option<std::ops::Range<i64>>| {
        let mut world = World::new(trade(Side::Yes));
        world.settings.verification_enabled = true;
        let mut stopped = None;
        for second in 0..60 {
            world.yes_percent = if recovers_at == Some(second) { 41.0 } else { 39.0 };
            world.tells[3] = !silent.as_ref().is_some_and(|silent| silent.contains(&second));
            if !closes(&world.step(1_000 * second)).is_empty() {
                stopped.get_or_insert(second);
            }
        }
        stopped
    };
    assert_eq!(run(None, None), Some(15));
    assert_eq!(run(Some(7), None), Some(8 + 15), "not only the first and the last second are looked at");
    assert_eq!(run(None, Some(5..10)), Some(10 + 15), "what is not known to hold starts it anew");
}

#[test]
fn a_close_is_wanted_only_while_its_condition_holds() {
    let mut world = World::new(trade(Side::Yes));
    world.yes_percent = 39.0;
    assert_eq!(closes(&world.step(0)).len(), 1);
    world.yes_percent = 41.0;
    world.step(100);
    let mut missed = trade(Side::Yes);
    (missed.exit_attempts, missed.last_exit_at) = (1, Some(at(0)));
    world.trades = vec![missed];
    assert_eq!(closes(&world.step(1_000)), [], "recovered before the next attempt: kept");
    world.yes_percent = 39.0;
    assert_eq!(closes(&world.step(2_000)).len(), 1);
}

#[test]
fn a_missed_close_is_tried_again_after_half_a_second_with_a_wider_limit_down_to_the_worst_price() {
    let mut world = World::new(trade(Side::Yes));
    world.yes_percent = 1.0;
    let mut made = Vec::new();
    for tick in 0..400 {
        let millis = 50 * tick;
        for close in closes(&world.step(millis)) {
            made.push((millis, cents(&close)));
            // The desk commits it, it finds no buyer, and the view says so at once.
            world.trades[0].exit_attempts += 1;
            world.trades[0].last_exit_at = Some(at(millis));
        }
    }
    let limits: Vec<_> = made.iter().take(17).map(|(_millis, limit)| *limit).collect();
    assert_eq!(limits, [30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 1, 1]);
    assert!(made.windows(2).all(|pair| pair[1].0 - pair[0].0 == 500), "{made:?}");
}

#[test]
fn one_close_at_a_time() {
    let mut world = World::new(trade(Side::Yes));
    world.yes_percent = 1.0;
    let first: usize = (0..20).map(|tick| closes(&world.step(100 * tick)).len()).sum();
    assert_eq!(first, 1, "no answer and no sign of it in the desk's view");
    world.trades[0].state = TradeState::Closing;
    assert_eq!((20..100).map(|tick| closes(&world.step(100 * tick)).len()).sum::<usize>(), 0);
    world.trades[0].state = TradeState::Closed;
    world.step(10_000);
    assert_eq!(world.machine.supervised(), 0);
    assert_eq!(world.machine.next_wakeup(), None);
}

#[test]
fn a_refused_close_is_asked_for_again_but_not_at_once() {
    let mut world = World::new(trade(Side::Yes));
    world.yes_percent = 1.0;
    let mut made = Vec::new();
    for tick in 0..30 {
        let millis = 50 * tick;
        for output in world.step(millis) {
            if let Output::Request(request) = output {
                made.push(millis);
                let reply = DeskReply::Refused(Refusal::new(RefusalCode::NotLeading, "starting"));
                world.machine.step(at(millis), Input::Reply { decision: request.decision, reply });
            }
        }
    }
    assert_eq!(made, [0, 500, 1_000]);
}

#[test]
fn foreign_trades_are_never_touched() {
    let mut world = World::new(Trade { origin: Origin::Foreign, ..trade(Side::Yes) });
    (world.yes_percent, world.points) = (1.0, -99.0);
    assert_eq!(world.step(0), []);
    let mut manual = World::new(Trade { origin: Origin::Manual, ..trade(Side::Yes) });
    manual.yes_percent = 1.0;
    assert_eq!(closes(&manual.step(0)).len(), 1);
}

#[test]
fn neither_a_halt_nor_a_disarming_nor_a_red_comparison_hinders_a_stop() {
    let changes: [fn(&mut DeskView); 3] = [
        |desk| {
            let reason = "a test".to_owned();
            desk.halts.push(rec_domain::halt::Halt {
                source: rec_domain::halt::HaltSource::Reconciliation,
                reason,
                since: at(0),
            });
        },
        |desk| desk.armed = false,
        |desk| desk.ready = false,
    ];
    for change in changes {
        let mut world = World::new(trade(Side::Yes));
        world.yes_percent = 1.0;
        let Input::Desk(mut desk) = world.desk(0) else { unreachable!("the desk") };
        change(&mut desk);
        world.tells[0] = false;
        let mut outputs = world.machine.step(at(0), Input::Desk(desk));
        outputs.extend(world.step(0));
        assert_eq!(closes(&outputs).len(), 1);
    }
}

#[test]
fn stale_inputs_suspend_supervision_with_an_alarm_within_three_seconds() {
    // The alarm comes with the first look at which an input is older than it may be; four are made a second. Prices and
    // the model's table have the three seconds, desk and momentum limits of their own.
    type Silence = fn(&mut World, i64);
    let silences: [(&str, Silence, i64); 5] = [
        ("spot", |world, since| world.spot_age_millis = since, 2_750),
        ("index", |world, since| world.index_age_millis = since, 2_750),
        ("strike table", |world, _since| world.tells[3] = false, 2_750),
        ("desk", |world, _since| world.tells[0] = false, 3_250),
        ("momentum", |world, _since| world.tells[2] = false, 5_250),
    ];
    for (name, silence, expected) in silences {
        let mut world = World::new(trade(Side::Yes));
        world.step(0);
        let mut alarmed = None;
        for millis in (1..40).map(|tick| 250 * tick) {
            silence(&mut world, millis);
            if alarmed.is_some() {
                world.yes_percent = 1.0;
            }
            let outputs = world.step(millis);
            if alarms(&outputs) == [Some(Obstacle::Inputs)] {
                alarmed.get_or_insert(millis);
            }
            assert_eq!(closes(&outputs), [], "{name}");
        }
        assert_eq!(alarmed, Some(expected), "{name}");
        (world.tells, world.spot_age_millis, world.index_age_millis) = (ALL, 0, 0);
        world.yes_percent = 95.0;
        assert_eq!(alarms(&world.step(20_000)), [None], "the alarm of {name} ends");
    }
}

#[test]
fn nothing_is_sold_on_a_stale_or_empty_book() {
    let mut world = World::new(trade(Side::Yes));
    world.step(0);
    world.yes_percent = 1.0;
    world.tells[1] = false;
    let outputs = world.step(3_100);
    assert_eq!((closes(&outputs), alarms(&outputs).last()), (vec![], Some(&Some(Obstacle::Book))));
    world.tells = ALL;
    world.bid_cents = 0;
    let outputs = world.step(3_200);
    assert_eq!((closes(&outputs), alarms(&outputs).last()), (vec![], Some(&Some(Obstacle::NoBid))));
    world.bid_cents = 7;
    assert_eq!(closes(&world.step(3_300)).iter().map(cents).collect::<Vec<_>>(), [7]);
}

#[test]
fn a_strike_that_the_price_has_left_behind_is_still_stopped() {
    let mut world = World::new(trade(Side::Yes));
    world.step(0);
    // The price fell: the table now ends below the held strike, with its last row nearly lost.
    world.rows = |_percent| vec![("X", 98_000, 60.0), ("Y", 98_100, 3.0)];
    assert_eq!(closes(&world.step(1_000)).len(), 1);
    let mut unclear = World::new(trade(Side::Yes));
    unclear.step(0);
    unclear.rows = |_percent| vec![("X", 98_000, 90.0), ("Y", 98_100, 70.0)];
    let outputs = unclear.step(1_000);
    assert_eq!((closes(&outputs), alarms(&outputs).last()), (vec![], Some(&Some(Obstacle::Chance))));
    let mut never_seen = World::new(trade(Side::Yes));
    never_seen.rows = |_percent| vec![("X", 98_000, 60.0), ("Y", 98_100, 3.0)];
    assert_eq!(alarms(&never_seen.step(0)).last(), Some(&Some(Obstacle::Chance)));
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let mut world = World::new(trade(Side::Yes));
    world.yes_percent = 1.0;
    let inputs = [world.desk(0), world.books(0), world.momentum(0), world.strikes(0), Input::Wake];
    let outputs = world.step(0);
    assert!(outputs.len() >= 2, "an alarm until everything was told, and a request");
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}
