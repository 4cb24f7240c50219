//! The machine alone, beside prices and a desk that a test says.

use rec_domain::{
    DeskId, EventTicker, ExchangeIndex, Fresh, MarketTicker, Mode, Money, Price, PriceGrid, Probability, Quantity,
    SeriesTicker, Side, TimeSpan, Timestamp, TradeId, UsdPrice,
    book::{Level, Top},
    bus_event::{EntryState, EntryStatus},
    caps::RiskCaps,
    command::{DeskCommand, DeskReply, DeskRequest, OpenRequest},
    desk_view::{Cursors, DeskView, MarketSideHistory},
    fee::{FeeKind, FeeSchedule},
    halt::{Halt, HaltSource},
    index::SettlementWindow,
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
    refusal::{Refusal, RefusalCode},
    risk_view::RiskView,
    settings::AutomationSettings,
    strike_table::{StrikeRow, StrikeRows, StrikeTable},
    trade::{NewTrade, Origin, Trade, TradeState},
};

mod pause;
mod reports;
mod requests;
mod rules;

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
        state,
        entered: Quantity::from_contracts(1),
        entry_cost: Money::from_cents(92),
        open_cost: Money::from_cents(92),
        ..Trade::opened(NewTrade {
            id: TradeId::new(1),
            origin: Origin::Auto,
            ticker: MarketTicker::new(name),
            event: EventTicker::new("NOW"),
            exchange_index: ExchangeIndex::new(2),
            side,
            close_time: at(CLOSE),
            entry_probability_percent: None,
            entry_reason: String::new(),
            created_at: at(-100),
        })
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
