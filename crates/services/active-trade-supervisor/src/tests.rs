use std::{
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use rec_api::DeskCall;
use rec_domain::{
    DeskId, EventTicker, ExchangeIndex, Fresh, MarketTicker, Mode, Money, Price, Probability, Quantity, Service, Side,
    TimeSpan, Timestamp, TradeId, UsdPrice,
    book::{BookTop, Level, Top},
    bus_event::{BusEvent, Topic},
    caps::RiskCaps,
    command::{DeskCommand, DeskReply, DeskRequest},
    desk_view::{Cursors, DeskView},
    index::SettlementWindow,
    momentum::MomentumReading,
    refusal::{Refusal, RefusalCode},
    risk_view::RiskView,
    settings::AutomationSettings,
    strike_table::{StrikeRow, StrikeTable},
    trade::{NewTrade, Origin, Trade, TradeState},
};
use rec_runtime::{
    BoxFuture, DatabaseAccess, Hosted, Running, ServiceContext,
    clock::{SystemWall, WallClock as _},
    compose::SHUTDOWN_DEADLINE,
    testing,
};

use super::run;

const SERVICE: Service = Service::ActiveTradeSupervisor;
const SERVICES: &[Hosted] = &[(Service::TradeManager, desk), (SERVICE, run)];

/// What the desk was asked.
static ASKED: Mutex<Vec<DeskRequest>> = Mutex::new(Vec::new());

/// trade-manager as far as refusing goes.
fn desk(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let mut inbox = ctx.take_desk_inbox().expect("trade-manager has the inbox");
        loop {
            let call = tokio::select! {
                () = ctx.shutdown.cancelled() => return Ok(()),
                call = inbox.recv() => call,
            };
            if let Some(DeskCall::Request { request, reply }) = call {
                ASKED.lock().expect("no panic").push(*request);
                reply.send(DeskReply::Refused(Refusal::new(RefusalCode::Cooldown, "as the test wants it")));
            }
        }
    })
}

fn asked() -> Option<DeskRequest> {
    ASKED.lock().expect("no panic").first().cloned()
}

fn view(now: Timestamp, settings: AutomationSettings, trades: Vec<Trade>) -> DeskView {
    DeskView {
        at: now,
        mode: Mode::Twin,
        desk: DeskId::from_bits(7),
        epoch: 1,
        ready: true,
        armed: true,
        arming: None,
        settings,
        caps: RiskCaps::default(),
        halts: Vec::new(),
        trades,
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

fn table(now: Timestamp, row: StrikeRow) -> StrikeTable {
    let price = || {
        let value = UsdPrice::from_cents(10_000_000);
        Some(Fresh { value, source: "test".to_owned(), observed_at: now, received_at: now })
    };
    let close_time = now + TimeSpan::from_minutes(10);
    StrikeTable {
        at: now,
        event: EventTicker::new("NOW"),
        close_time,
        spot: price(),
        index: price(),
        settlement: SettlementWindow { close_time, known: 0, mean: None },
        momentum: None,
        rows: vec![row],
    }
}

fn top(bid: i64, ask: i64) -> Top {
    let level = |cents| Some(Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(40) });
    Top { bid: level(bid), ask: level(ask) }
}

fn momentum(now: Timestamp) -> BusEvent {
    BusEvent::Momentum(MomentumReading { at: now, score_percent: Some(0.0), deltas_percent: [None; 6] })
}

fn row(now: Timestamp, percent: f64, top: Top) -> StrikeRow {
    StrikeRow {
        ticker: MarketTicker::new("A"),
        strike: UsdPrice::from_cents(9_900_000),
        buffer: UsdPrice::from_cents(100_000),
        favoured: Side::Yes,
        yes: Probability::from_percent(percent),
        why_not: None,
        top: Some(top),
        book_at: Some(now),
        volume: Quantity::from_contracts(5_000),
        yes_edge: None,
        no_edge: None,
    }
}

/// A trade in market `ticker`.
fn trade(now: Timestamp, id: i64, ticker: &str) -> Trade {
    Trade {
        state: TradeState::Open,
        entered: Quantity::from_contracts(2),
        entry_cost: Money::from_cents(184),
        open_cost: Money::from_cents(184),
        ..Trade::opened(NewTrade {
            id: TradeId::new(id),
            origin: Origin::Auto,
            ticker: MarketTicker::new(ticker),
            event: EventTicker::new("NOW"),
            exchange_index: ExchangeIndex::new(2),
            side: Side::Yes,
            close_time: now + TimeSpan::from_minutes(10),
            entry_probability_percent: None,
            entry_reason: String::new(),
            created_at: now - TimeSpan::from_minutes(2),
        })
    }
}

/// A world in which the chance of trade 1 has fallen, and nothing is known of trade 2.
fn world(now: Timestamp) -> Vec<BusEvent> {
    let settings = AutomationSettings { auto_stop: true, ..AutomationSettings::default() };
    let top = top(20, 25);
    let ticker = MarketTicker::new("A");
    vec![
        BusEvent::Books(vec![BookTop { ticker, top: Some(top), observed_at: now, received_at: now }]),
        momentum(now),
        BusEvent::Strikes(Box::new(table(now, row(now, 25.0, top)))),
        BusEvent::Desk(Box::new(view(now, settings, vec![trade(now, 1, "A"), trade(now, 2, "B")]))),
    ]
}

async fn start(folder: &Path) -> Running {
    let config = testing::configuration(folder, &[]);
    testing::start(SERVICES, config, DatabaseAccess::none()).await
}

/// Feeds the world as it is, again and again, until `done`.
async fn feed_until(running: &Running, done: impl FnMut() -> bool) {
    feed_some_until(running, |_event| true, done).await;
}

/// The same with those events only that are `told`.
async fn feed_some_until(running: &Running, told: impl Fn(&BusEvent) -> bool, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "never: {:?}", running.health(SERVICE));
        world(SystemWall.now()).into_iter().filter(&told).for_each(|event| running.bus.publish(event));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn healthy(running: &Running) -> bool {
    testing::is_healthy(running, SERVICE)
}

#[tokio::test]
async fn it_asks_the_desk_to_close_says_what_it_cannot_supervise_and_is_healthy_only_while_it_is_fed() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = start(folder.path()).await;
    assert!(!healthy(&running), "nothing was fed yet");
    let alarmed = || {
        let checks = running.health(SERVICE).expect("it runs here").checks;
        checks.iter().any(|check| check.detail.as_ref().is_some_and(|detail| detail.contains("suspended")))
    };
    feed_until(&running, || asked().is_some() && alarmed() && healthy(&running)).await;
    let request = asked().expect("the desk was asked");
    assert!(matches!(&request.command, DeskCommand::Close(close) if close.trade == TradeId::new(1)), "{request:?}");
    // The desk refused, which the machine hears: it asks anew, before it would forget an unanswered request.
    feed_until(&running, || ASKED.lock().expect("no panic").len() > 1).await;
    let times: Vec<Timestamp> = {
        let asked = ASKED.lock().expect("no panic");
        let close = |request: &DeskRequest| match &request.command {
            DeskCommand::Close(close) => close.decided_at,
            other => unreachable!("nobody asks for {other:?}"),
        };
        asked.iter().map(close).collect()
    };
    let gap = times[1].since(times[0]);
    assert!(TimeSpan::from_millis(500) <= gap && gap < TimeSpan::from_seconds(5), "{gap:?}");
    for (check, silent) in [("strike tables", Topic::Strikes), ("desk view", Topic::Desk)] {
        let began = Instant::now();
        feed_some_until(&running, |event| event.topic() != silent, || !healthy(&running)).await;
        assert!(began.elapsed() < testing::NOTICE, "{check}: {:?}", began.elapsed());
        assert_eq!(testing::failing(&running, SERVICE), [check], "that input alone is silent");
        feed_until(&running, || healthy(&running)).await;
    }
    testing::assert_noticed(&running, SERVICE).await;
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}
