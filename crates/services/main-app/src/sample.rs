//! A desk as it might stand, for tests and for looking at the page.

use std::collections::{BTreeMap, VecDeque};

use rec_domain::{
    DecisionId, DeskId, EventTicker, ExchangeIndex, Fresh, IntentId, MarketTicker, Mode, Money, Price, PriceGrid,
    PriceRange, Probability, Quantity, SeriesTicker, Service, Side, TimeSpan, Timestamp, TradeId, UsdPrice,
    book::{BookTop, Level, Top},
    bus_event::{EntryState, EntryStatus},
    caps::{Amount, Cap, EquityPeak, RiskCaps, Tightening},
    desk_view::{Cursors, DeskView},
    fee::{FeeSchedule, Liquidity},
    halt::{Halt, HaltSource},
    health::{Check, HealthReport, ServiceHealth},
    index::{IndexPrint, SettlementWindow},
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
    order::OrderState,
    outbox::{DeskEvent, OutboxEvent},
    reconciliation::Reconciliation,
    refusal::{Refusal, RefusalCode},
    risk_view::{CapUse, Equity, RiskView},
    settings::AutomationSettings,
    strike_table::{Edge, StrikeRow, StrikeTable},
    trade::{NewTrade, Origin, Trade, TradeState},
};

use rec_store::{Alert, RefusalCount, Severity};

use crate::{
    live::{Live, Received},
    records::Records,
    view::{Limits, Moment, page::Setting},
};

const EVENT: &str = "KXBTCD-26SEP2315";

/// 14:47:26 Eastern on a Wednesday, thirty times as fast as time.
pub(crate) fn moment() -> Moment {
    Moment {
        market: "2026-09-23T18:47:26.200Z".parse().expect("instant"),
        wall: "2026-11-21T09:00:14.900Z".parse().expect("instant"),
        speed: 30.0,
    }
}

pub(crate) fn limits() -> Limits {
    let limit = TimeSpan::from_seconds(30);
    Limits { price: limit, index: limit, book: limit, strike_table: limit }
}

pub(crate) fn setting() -> Setting {
    Setting { mode: Mode::Twin, underlying: "BTC".to_owned(), limits: limits() }
}

fn at(seconds_ago: i64) -> Timestamp {
    moment().market - TimeSpan::from_seconds(seconds_ago)
}

fn close_time() -> Timestamp {
    "2026-09-23T19:00:00Z".parse().expect("instant")
}

fn ticker(strike_dollars: i64) -> MarketTicker {
    MarketTicker::new(format!("{EVENT}-T{}.99", strike_dollars - 1))
}

fn spot() -> UsdPrice {
    UsdPrice::from_cents(11_808_201)
}

/// A trade that holds `contracts` YES at `price`.
pub(crate) fn trade(id: i64, price: &str, contracts: i64) -> Trade {
    let price: Price = price.parse().expect("price");
    let cost = price * Quantity::from_contracts(contracts);
    Trade {
        state: TradeState::Open,
        entered: Quantity::from_contracts(contracts),
        entry_cost: cost,
        open_cost: cost,
        ..Trade::opened(NewTrade {
            id: TradeId::new(id),
            origin: Origin::Auto,
            ticker: ticker(117_750),
            event: EventTicker::new(EVENT),
            exchange_index: ExchangeIndex::new(0),
            side: Side::Yes,
            close_time: close_time(),
            entry_probability_percent: Some(97.1),
            entry_reason: "chance 97.1 % ≥ 95 %, edge +1.77 ≥ 0.25, volume 12,400".to_owned(),
            created_at: at(180),
        })
    }
}

fn top(yes_bid_cents: i64) -> Top {
    let level = |cents| Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(120) };
    Top { bid: Some(level(yes_bid_cents)), ask: Some(level(yes_bid_cents + 2)) }
}

fn row(strike_dollars: i64) -> StrikeRow {
    let strike = UsdPrice::from_cents(strike_dollars * 100);
    let above = spot() >= strike;
    let favoured = if above { Side::Yes } else { Side::No };
    let buffer = (spot() - strike).abs();
    let chance = 1.0 - 0.5 * (-buffer.as_f64() / 170.0).exp();
    let yes = Probability::new(if above { chance } else { 1.0 - chance });
    #[expect(clippy::cast_possible_truncation, reason = "a sample")]
    let favoured_bid = ((chance * 100.0) as i64 - 2).clamp(1, 97);
    let top = top(if above { favoured_bid } else { 98 - favoured_bid });
    let edge = |side: Side| {
        let ask = top.ask_of(side)?.price;
        let fee = FeeSchedule::CRYPTO.fee(Liquidity::Taker, ask, Quantity::from_contracts(1))?;
        let chance = yes.map(|yes| if side == Side::Yes { yes } else { yes.complement() })?;
        let gross_points = chance.percent() - ask.points();
        #[expect(clippy::cast_precision_loss, reason = "a sample")]
        let net_points = gross_points - fee.micros() as f64 / 10_000.0;
        Some(Edge { gross_points, net_points, fee })
    };
    StrikeRow {
        ticker: ticker(strike_dollars),
        strike,
        buffer,
        favoured,
        yes,
        why_not: None,
        top: Some(top),
        book_at: Some(at(2)),
        volume: Quantity::from_contracts(1_000 + (strike_dollars * 7_919) % 33_000),
        yes_edge: edge(Side::Yes),
        no_edge: edge(Side::No),
    }
}

fn market(strike_dollars: i64) -> Market {
    Market {
        ticker: ticker(strike_dollars),
        event: EventTicker::new(EVENT),
        series: SeriesTicker::new("KXBTCD"),
        title: format!("${strike_dollars} or above"),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(UsdPrice::from_cents(strike_dollars * 100 - 1))),
        open_time: close_time() - TimeSpan::from_seconds(3_600),
        close_time: close_time(),
        grid: PriceGrid::new(vec![PriceRange { start: Price::ZERO, end: Price::ONE, step: Price::from_cents(1) }])
            .expect("a grid of cents"),
        exchange_index: ExchangeIndex::new(0),
        volume: Quantity::from_contracts(1_000),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    }
}

fn strikes() -> impl Iterator<Item = i64> {
    (0..25).map(|step| 115_000 + 250 * step)
}

fn table() -> StrikeTable {
    let fresh = |value| Fresh { value, source: "coinbase".to_owned(), observed_at: at(1), received_at: at(1) };
    let mut rows: Vec<StrikeRow> = strikes().map(row).collect();
    let last = rows.iter_mut().find(|row| row.ticker == ticker(119_500)).expect("in range");
    last.yes = None;
    last.why_not = Some("no fingerprint reaches this far".to_owned());
    (last.yes_edge, last.no_edge) = (None, None);
    StrikeTable {
        at: at(3),
        event: EventTicker::new(EVENT),
        close_time: close_time(),
        spot: Some(fresh(spot())),
        index: Some(fresh(UsdPrice::from_cents(11_807_544))),
        settlement: SettlementWindow { close_time: close_time(), known: 0, mean: None },
        momentum: None,
        rows,
    }
}

fn risk() -> RiskView {
    let at = at(30);
    let caps = Cap::ALL.iter().map(|cap| {
        let (limit, of) = (RiskCaps::default().limit(*cap), Some("KXBTCD-26SEP2315".to_owned()));
        let used = if *cap == Cap::OpenTrades { limit } else { cap.amount("2").unwrap_or(limit) };
        CapUse { cap: *cap, limit, used, headroom: used.headroom(limit), of: of.filter(|_| *cap == Cap::MoneyPerEvent) }
    });
    RiskView {
        caps: caps.collect(),
        tightened: Some(Tightening {
            at,
            caps: BTreeMap::from([(Cap::OpenTrades, Amount::Count(10))]),
            reason: "a bad day".to_owned(),
            revision: 1,
        }),
        equity: Some(Equity { cash: Money::from_micros(9_966_868_000), ..Equity::default() }),
        peak: Some(EquityPeak { at, equity: Money::from_dollars(10_170), revision: 1 }),
        drawdown: Money::from_micros(203_132_000),
        drawdown_near: true,
        ..RiskView::default()
    }
}

fn desk() -> DeskView {
    let mut yes = trade(41, "0.95", 10);
    yes.fees = Money::from_micros(33_300);
    let mut no = trade(42, "0.94", 25);
    no.ticker = ticker(118_500);
    no.side = Side::No;
    no.fees = Money::from_micros(98_700);
    no.state = TradeState::Closing;
    no.exit_reason = Some("chance 38.2 % below 40 %".to_owned());
    no.exit_attempts = 2;
    DeskView {
        at: at(4),
        mode: Mode::Twin,
        desk: DeskId::from_bits(0x12_34_56),
        epoch: 3,
        ready: true,
        armed: true,
        arming: None,
        settings: AutomationSettings { auto_entry: true, auto_stop: true, ..AutomationSettings::default() },
        caps: RiskCaps::default(),
        halts: Vec::new(),
        trades: vec![yes, no],
        orders: Vec::new(),
        history: Vec::new(),
        cash: BTreeMap::from([(ExchangeIndex::new(0), Money::from_micros(9_966_868_000))]),
        exposure: Money::from_micros(33_132_000),
        realised_today: Money::from_micros(4_270_000),
        risk: risk(),
        reconciliation: Some(Reconciliation {
            at: at(40),
            as_of: at(41),
            books_changed_at: at(150),
            differences: Vec::new(),
            compared: rec_domain::reconciliation::Looked::default(),
        }),
        late_results: vec![],
        cursors: Cursors { report: 118, answer: 9 },
    }
}

/// The same desk, halted by the operator and by the failure detector.
pub(crate) fn halted() -> Live {
    let mut live = live();
    live.desk.as_mut().expect("desk").value.halts = vec![
        Halt { source: HaltSource::Operator, reason: "out for lunch".to_owned(), since: at(60) },
        Halt { source: HaltSource::Failure, reason: "price-watchdog is unhealthy for 8 s".to_owned(), since: at(20) },
    ];
    live
}

fn health() -> HealthReport {
    let check = |name: &str, ok, age_ms| Check {
        name: name.to_owned(),
        ok,
        age_ms: Some(age_ms),
        limit_ms: 3_500,
        detail: None,
        advisory: false,
    };
    let services = Service::ALL.iter().map(|service| {
        let ok = *service != Service::KalshiAccountSync;
        let checks = vec![check(if ok { "work" } else { "user data" }, ok, if ok { 300 } else { 6_200 })];
        ServiceHealth { service: *service, healthy: ok, checks }
    });
    HealthReport { at: at(5), services: services.collect() }
}

fn events() -> VecDeque<OutboxEvent> {
    let side = Side::Yes;
    let intent = IntentId::new(DeskId::from_bits(1), 3, 7);
    let happened = [
        DeskEvent::Order {
            intent,
            trade: TradeId::new(42),
            state: OrderState::Canceled,
            note: Some("no bid at 91¢".to_owned()),
        },
        DeskEvent::Refused {
            ticker: ticker(117_500),
            side,
            refusal: Refusal::new(RefusalCode::AskLimit, "ask 99¢ above 98¢"),
        },
        DeskEvent::Fill {
            trade: TradeId::new(41),
            quantity: Quantity::from_contracts(10),
            price: Price::from_cents(95),
            fee: Money::from_micros(33_300),
        },
        DeskEvent::Trade {
            trade: TradeId::new(41),
            ticker: ticker(117_750),
            side,
            state: TradeState::Opening,
            held: Quantity::ZERO,
            realised: Money::ZERO,
        },
        DeskEvent::Resumed { source: HaltSource::Reconciliation, reason: "books and exchange agree".to_owned() },
        DeskEvent::Trade {
            trade: TradeId::new(40),
            ticker: MarketTicker::new("KXBTCD-26SEP2314-T117999.99"),
            side,
            state: TradeState::Settled,
            held: Quantity::ZERO,
            realised: Money::from_micros(427_000),
        },
        DeskEvent::Automation { auto_entry: true, auto_stop: true },
    ];
    happened
        .into_iter()
        .zip(0_i64..)
        .map(|(event, position)| OutboxEvent { number: 210 - position, at: at(12 + 31 * position), event })
        .collect()
}

/// A desk in the middle of an hour: two trades, one of them closing.
pub(crate) fn live() -> Live {
    let wall = moment().wall;
    let table = table();
    let mut books: BTreeMap<_, _> = table
        .rows
        .iter()
        .map(|row| {
            let top = BookTop { ticker: row.ticker.clone(), top: row.top, observed_at: at(2), received_at: at(2) };
            (row.ticker.clone(), top)
        })
        .collect();
    books.get_mut(&ticker(117_750)).expect("in range").top = Some(top(97));
    let refused = vec![
        (RefusalCode::Probability, 8_120),
        (RefusalCode::Edge, 442),
        (RefusalCode::AskLimit, 97),
        (RefusalCode::Volume, 18),
        (RefusalCode::AlreadyTraded, 12),
    ];
    let status = EntryStatus {
        at: at(6),
        state: EntryState::Active,
        paused_until: None,
        considered: 8_694,
        requested: 5,
        refused,
    };
    Live {
        spot: table.spot.clone(),
        index: Some(IndexPrint { stamped_at: at(1), value: UsdPrice::from_cents(11_807_544), received_at: at(1) }),
        momentum: Some(MomentumReading {
            at: at(1),
            score_percent: Some(0.1234),
            deltas_percent: [Some(0.04), Some(0.11), Some(-0.02), Some(0.21), Some(0.32), Some(-0.14)],
        }),
        markets: strikes().map(|strike| (ticker(strike), market(strike))).collect(),
        books,
        strikes: Some(table),
        desk: Some(Received { value: desk(), received_at: wall }),
        entry: Some(Received { value: status, received_at: wall }),
        entry_before: None,
        health: Some(Received { value: health(), received_at: wall }),
        records: Some(Received { value: records(), received_at: wall }),
        events: events(),
    }
}

fn records() -> Records {
    let alert = |severity, code: &str, subject: &str, message: &str, raised, resolved: Option<i64>| Alert {
        severity,
        code: code.to_owned(),
        subject: subject.to_owned(),
        message: message.to_owned(),
        raised_at: at(raised),
        resolved_at: resolved.map(at),
    };
    let count = |code: RefusalCode, times| RefusalCount { code: code.name().to_owned(), times };
    Records {
        alerts: vec![
            alert(Severity::Critical, "check_failing", "kalshi-account-sync", "user data stale for 6.2 s", 30, None),
            alert(Severity::Warning, "check_failing", "price-watchdog", "index prints stale for 4.1 s", 900, Some(860)),
        ],
        refusals: vec![count(RefusalCode::OrdersPerMinute, 1_204), count(RefusalCode::Cash, 3)],
    }
}

/// A decision that is the same in every run.
pub(crate) fn decision() -> DecisionId {
    DecisionId::of("sample")
}
