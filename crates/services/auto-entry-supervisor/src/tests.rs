use std::{
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use rec_api::DeskCall;
use rec_domain::{
    DeskId, EventTicker, ExchangeIndex, Fresh, MarketTicker, Mode, Money, Price, PriceGrid, Probability, Quantity,
    SeriesTicker, Service, Side, TimeSpan, Timestamp, UsdPrice,
    book::{Level, Top},
    bus_event::{BusEvent, Topic},
    caps::RiskCaps,
    command::{DeskCommand, DeskReply, DeskRequest},
    desk_view::{Cursors, DeskView},
    fee::FeeSchedule,
    index::SettlementWindow,
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
    refusal::{Refusal, RefusalCode},
    risk_view::RiskView,
    settings::AutomationSettings,
    strike_table::{Edge, StrikeRow, StrikeTable},
    trade::Trade,
};
use rec_engine::odds::edge;
use rec_runtime::{
    BoxFuture, Hosted, Running, ServiceContext,
    clock::{SystemWall, WallClock as _},
    compose::SHUTDOWN_DEADLINE,
    database::ACCOUNT,
    testing,
};

use rec_store::{Role, testing::TestDatabase};

use super::run;

const SERVICE: Service = Service::AutoEntrySupervisor;
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

/// The first command that the desk was given and that `is_meant`.
fn asked(is_meant: impl Fn(&DeskCommand) -> bool) -> Option<DeskCommand> {
    ASKED.lock().expect("no panic").iter().map(|request| &request.command).find(|command| is_meant(command)).cloned()
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

fn row(now: Timestamp, percent: f64, top: Top, edge: Option<Edge>) -> StrikeRow {
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
        yes_edge: edge,
        no_edge: None,
    }
}

fn market(now: Timestamp) -> Market {
    Market {
        ticker: MarketTicker::new("A"),
        event: EventTicker::new("NOW"),
        series: SeriesTicker::new("KXBTCD"),
        title: String::new(),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::GreaterOrEqual(UsdPrice::from_cents(9_900_000))),
        open_time: now - TimeSpan::from_minutes(50),
        close_time: now + TimeSpan::from_minutes(10),
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(2),
        volume: Quantity::from_contracts(5_000),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::None,
    }
}

/// A world in which everything speaks for an entry.
fn world(now: Timestamp) -> Vec<BusEvent> {
    let settings = AutomationSettings { auto_entry: true, ..AutomationSettings::default() };
    let (market, chance) = (market(now), Probability::from_percent(96.0).expect("a chance"));
    let edge = edge(&market, chance, Price::from_cents(92));
    let table = table(now, row(now, 96.0, top(90, 92), edge));
    vec![
        BusEvent::Desk(Box::new(view(now, settings, Vec::new()))),
        BusEvent::Markets(vec![market]),
        momentum(now),
        BusEvent::Strikes(Box::new(table)),
    ]
}

async fn start(folder: &Path, test: &TestDatabase) -> Running {
    let config = testing::configuration(folder, &[]);
    testing::start(SERVICES, config, testing::database(test)).await
}

/// A database of the test's mode.
async fn database() -> Option<TestDatabase> {
    let test = TestDatabase::migrated().await?;
    test.open(Role::Owner).await.identity(Mode::Twin, ACCOUNT).await.expect("marked");
    Some(test)
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
async fn it_asks_the_desk_hears_its_answer_says_so_and_is_healthy_only_while_it_is_fed() {
    let Some(test) = database().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let running = start(folder.path(), &test).await;
    assert!(!healthy(&running), "nothing was fed yet");
    // Without the desk's word nothing is entered, and the desk is told why.
    let is_note = |command: &DeskCommand| matches!(command, DeskCommand::NoteRefusals { .. });
    feed_some_until(&running, |event| !matches!(event, BusEvent::Desk(_)), || asked(is_note).is_some()).await;
    let Some(DeskCommand::NoteRefusals { refusals }) = asked(is_note) else { unreachable!("as waited for") };
    let reasons: Vec<_> = refusals.iter().map(|noted| (noted.ticker.as_str(), noted.refusal.code)).collect();
    assert_eq!(reasons, [("A", RefusalCode::StaleDesk)]);
    let mut statuses = running.bus.subscribe(&[Topic::Entry]);
    let mut refused = false;
    feed_until(&running, || {
        while let Some(delivery) = statuses.try_recv() {
            if let BusEvent::Entry(status) = &*delivery.event {
                refused |=
                    status.requested > 0 && status.refused.iter().any(|(code, _)| *code == RefusalCode::Cooldown);
            }
        }
        refused && healthy(&running)
    })
    .await;
    let asked = asked(|command| matches!(command, DeskCommand::Open(open) if open.ticker == MarketTicker::new("A")));
    assert!(asked.is_some(), "the desk was asked");
    let inputs = [("strike tables", Topic::Strikes), ("desk view", Topic::Desk)];
    for (check, silent) in inputs {
        let began = Instant::now();
        let is_noticed = || testing::failing(&running, SERVICE).iter().any(|name| name == check);
        feed_some_until(&running, |event| event.topic() != silent, is_noticed).await;
        assert!(began.elapsed() < testing::NOTICE, "{check}: {:?}", began.elapsed());
        let failing = testing::failing(&running, SERVICE);
        let of_inputs: Vec<_> = failing.iter().filter(|name| inputs.iter().any(|input| input.0 == *name)).collect();
        assert_eq!(of_inputs, [check], "that input alone is silent: {failing:?}");
        feed_until(&running, || healthy(&running)).await;
    }
    testing::assert_noticed(&running, SERVICE).await;
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}

#[tokio::test]
async fn a_pause_after_a_spike_holds_over_a_restart() {
    let Some(test) = database().await else { return };
    let spike_at = SystemWall.now() - TimeSpan::from_minutes(5);
    let strength = |second| if second == 0 { 99.0 } else { 0.0 };
    let past: Vec<_> = (0..5 * 60)
        .map(|second| MomentumReading {
            at: spike_at + TimeSpan::from_seconds(second),
            score_percent: Some(strength(second)),
            deltas_percent: [None; 6],
        })
        .collect();
    let prices = test.open(Role::Service(Service::PriceWatchdog)).await;
    prices.market_data().append_momentum(&past).await.expect("kept");

    let folder = tempfile::tempdir().expect("a folder");
    let running = start(folder.path(), &test).await;
    let mut statuses = running.bus.subscribe(&[Topic::Entry]);
    let mut paused_until = None;
    feed_until(&running, || {
        while let Some(delivery) = statuses.try_recv() {
            if let BusEvent::Entry(status) = &*delivery.event {
                paused_until = paused_until.or(status.paused_until);
            }
        }
        paused_until.is_some()
    })
    .await;
    assert!(paused_until.is_some_and(|until| until >= spike_at + TimeSpan::from_minutes(15)), "{paused_until:?}");
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}
