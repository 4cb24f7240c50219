//! What the machine is told: inbox and answers in order, requests, markets.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use rec_api::{DeskCall, DeskInbox};
use rec_domain::{IntentId, MarketTicker, book::BookTop, bus_event::BusEvent, desk_view::DeskView};
use rec_engine::desk::DeskInput;
use rec_runtime::{Clocks, HealthBoard, ServiceContext, clock::LOOK_AT_WALL_EVERY};
use rec_store::Database;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::MissedTickBehavior,
};
use tracing::warn;

use crate::{replies::Replies, second_factor};

/// Reports or answers read at a time.
const PAGE: u32 = 256;
/// Reports that may be told and not committed yet, beside a page that is being told.
const AHEAD: i64 = 512;
/// How often the tables are looked at without a hint.
const POLL: Duration = Duration::from_millis(250);

/// Name of the health check on what the exchange says.
pub(crate) const REPORTS: &str = "account reports";

/// The committed view, as far as feeds need it.
pub(crate) type Committed = watch::Receiver<Option<Arc<DeskView>>>;

/// Hints that a table has news.
#[derive(Debug, Clone, Default)]
pub(crate) struct News {
    inbox: Arc<Notify>,
    answers: Arc<Notify>,
}

/// Feeds the inbox's reports from `begin` on, never far ahead of what is committed: while the database takes no commits
/// the desk's queue does not grow.
pub(crate) async fn reports(
    health: HealthBoard,
    database: Database,
    news: News,
    begin: i64,
    mut committed: Committed,
    inputs: mpsc::Sender<DeskInput>,
) -> anyhow::Result<()> {
    let inbox = database.inbox();
    let mut position = begin;
    loop {
        let consumed = committed.borrow_and_update().as_ref().map_or(begin, |view| view.cursors.report);
        if position - consumed >= AHEAD {
            // They come to it, or the end of this feed comes with that of the desk.
            let _not_yet = tokio::time::timeout(POLL, committed.changed()).await;
            continue;
        }
        match inbox.reports_after(position, PAGE).await {
            Ok(page) => {
                let more = page.len() == PAGE as usize;
                for (number, report) in page {
                    position = number;
                    health.beat(REPORTS);
                    if inputs.send(DeskInput::Report { number, report }).await.is_err() {
                        return Ok(());
                    }
                }
                if more {
                    continue;
                }
            }
            Err(error) => warn!(%error, "the inbox cannot be read"),
        }
        wait(&news.inbox).await;
    }
}

/// Feeds the executor's answers from `position` on.
pub(crate) async fn answers(
    database: Database,
    news: News,
    mut position: i64,
    inputs: mpsc::Sender<DeskInput>,
) -> anyhow::Result<()> {
    let answers = database.answers();
    loop {
        match answers.answers_after(position, PAGE).await {
            Ok(page) => {
                for (number, answer) in page {
                    position = number;
                    if inputs.send(DeskInput::Answer { number, answer }).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Err(error) => warn!(%error, "the answers cannot be read"),
        }
        wait(&news.answers).await;
    }
}

async fn wait(news: &Notify) {
    let _nothing_came = tokio::time::timeout(POLL, news.notified()).await;
}

/// Feeds requests; answers questions from the last committed view.
pub(crate) async fn requests(
    ctx: &ServiceContext,
    calls: &mut DeskInbox,
    news: News,
    replies: Replies,
    committed: Committed,
    inputs: mpsc::Sender<DeskInput>,
) -> anyhow::Result<()> {
    while let Some(call) = calls.recv().await {
        match call {
            DeskCall::Request { mut request, reply } => {
                second_factor::check(&mut request, &ctx.config.arming.totp_secret_file, ctx.clocks.wall_now());
                replies.wait(request.decision, reply);
                if inputs.send(DeskInput::Request(*request)).await.is_err() {
                    return Ok(());
                }
            }
            DeskCall::View { reply } => {
                if let Some(view) = committed.borrow().as_ref() {
                    reply.send(Box::new(view.as_ref().clone()));
                }
            }
            DeskCall::InboxHint => news.inbox.notify_one(),
            DeskCall::AnswersHint => news.answers.notify_one(),
            DeskCall::ExchangeClock { ahead } => {
                if inputs.send(DeskInput::ExchangeClock { ahead }).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// How often the journal of emergencies is looked at.
const EMERGENCIES: Duration = Duration::from_secs(2);

/// What was sent without the desk and is not adopted yet.
pub(crate) async fn to_adopt(ctx: &ServiceContext, database: &Database) -> anyhow::Result<Option<DeskInput>> {
    let mut orders = rec_api::emergency::orders(&ctx.state_dir)?;
    if orders.is_empty() {
        return Ok(None);
    }
    let ids: Vec<IntentId> = orders.iter().map(|order| order.id).collect();
    let adopted = database.desk().known_intents(&ids).await?;
    orders.retain(|order| !adopted.contains(&order.id));
    Ok((!orders.is_empty()).then_some(DeskInput::Adopt { orders }))
}

/// Feeds what is to be adopted, again until it is.
pub(crate) async fn emergencies(
    ctx: ServiceContext,
    database: Database,
    inputs: mpsc::Sender<DeskInput>,
) -> anyhow::Result<()> {
    loop {
        match to_adopt(&ctx, &database).await {
            Ok(Some(input)) => {
                if inputs.send(input).await.is_err() {
                    return Ok(());
                }
            }
            Ok(None) => {}
            Err(error) => warn!(%error, "the journal of emergencies cannot be read"),
        }
        tokio::time::sleep(EMERGENCIES).await;
    }
}

/// Feeds what the bus has of markets.
pub(crate) async fn markets(ctx: ServiceContext, inputs: mpsc::Sender<DeskInput>) -> anyhow::Result<()> {
    let mut events = ctx.subscribe();
    loop {
        let input = match &*events.recv().await.event {
            BusEvent::Markets(markets) => DeskInput::Markets { markets: markets.clone() },
            BusEvent::Lifecycle(change) => DeskInput::Lifecycle(change.clone()),
            _ => continue,
        };
        if inputs.send(input).await.is_err() {
            return Ok(());
        }
    }
}

/// How often the desk is told of the books of markets in which it holds something.
const TOPS: Duration = Duration::from_millis(500);

/// Feeds the books of markets in which something is held, those that were seen since they were fed last. The desk needs
/// them to know what it holds is worth, and no faster than a person could look.
pub(crate) async fn tops(
    ctx: ServiceContext,
    committed: Committed,
    inputs: mpsc::Sender<DeskInput>,
) -> anyhow::Result<()> {
    let mut events = ctx.subscribe();
    let mut latest: BTreeMap<MarketTicker, (BookTop, bool)> = BTreeMap::new();
    let mut ticks = tokio::time::interval(TOPS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            received = events.recv() => match &*received.event {
                BusEvent::Books(tops) => {
                    latest.extend(tops.iter().map(|top| (top.ticker.clone(), (top.clone(), true))));
                }
                BusEvent::Markets(markets) => {
                    let listed: BTreeSet<&MarketTicker> = markets.iter().map(|market| &market.ticker).collect();
                    latest.retain(|ticker, _| listed.contains(ticker));
                }
                _ => {}
            },
            _ = ticks.tick() => {
                let view = committed.borrow().clone();
                let held: BTreeSet<&MarketTicker> =
                    view.iter().flat_map(|view| &view.trades).map(|trade| &trade.ticker).collect();
                let new = latest.iter_mut().filter(|(ticker, (_, new))| *new && held.contains(ticker));
                let tops: Vec<BookTop> = new.map(|(_, (top, new))| { *new = false; top.clone() }).collect();
                if !tops.is_empty() && inputs.send(DeskInput::Tops { tops }).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

/// Feeds steps of the time of day. Each one is told once: the time is accepted, so that the next one is seen.
pub(crate) async fn clock(clocks: Clocks, inputs: mpsc::Sender<DeskInput>) -> anyhow::Result<()> {
    loop {
        if let Some(step) = clocks.take_wall_step()
            && inputs.send(DeskInput::ClockStepped { step }).await.is_err()
        {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AT_WALL_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use rec_domain::{
        Mode, OrderGroupId, Service, Timestamp,
        report::{GroupReport, Report},
    };
    use rec_runtime::{
        MarketClock,
        clock::{SteppedWall, WallClock as _},
    };
    use rec_store::{Role, testing::TestDatabase};

    use super::*;

    #[tokio::test]
    async fn reports_are_told_no_further_ahead_than_a_desk_that_commits_nothing_can_bear() {
        let Some((test, _desk)) = TestDatabase::of_mode(Mode::Twin).await else { return };
        let reports: Vec<Report> = (0..2_000)
            .map(|second| {
                let (group, at) = (OrderGroupId::new("g"), Timestamp::from_seconds(second));
                Report::Group(GroupReport { group, event: "limit_updated".to_owned(), at })
            })
            .collect();
        let sync = test.open(Role::Service(Service::KalshiAccountSync)).await;
        sync.inbox().append_reports(&reports, Timestamp::from_seconds(0)).await.expect("appended");
        let database = test.open(Role::Service(Service::TradeManager)).await;
        let (inputs, mut told) = mpsc::channel(4_096);
        let (_view, committed) = watch::channel(None);
        let health = HealthBoard::new(Service::TradeManager);
        let feed = tokio::spawn(super::reports(health, database, News::default(), 0, committed, inputs));
        let mut count = 0;
        while let Ok(Some(_)) = tokio::time::timeout(3 * POLL, told.recv()).await {
            count += 1;
        }
        feed.abort();
        let most = AHEAD + i64::from(PAGE);
        assert!((AHEAD..=most).contains(&count), "{count}");
    }

    #[tokio::test]
    async fn each_step_of_the_time_of_day_is_told_once() {
        let wall = Arc::new(SteppedWall::default());
        let clocks = Clocks::new(MarketClock::real_time(wall.now()), Arc::<SteppedWall>::clone(&wall));
        let (inputs, mut received) = mpsc::channel(4);
        let feed = tokio::spawn(clock(clocks, inputs));
        for milliseconds in [-3_000, 2_000] {
            wall.0.fetch_add(milliseconds, Ordering::Relaxed);
            let told = tokio::time::timeout(Duration::from_secs(20), received.recv()).await.expect("in time");
            let Some(DeskInput::ClockStepped { step }) = told else { panic!("a step is told: {told:?}") };
            assert!((step.micros() - milliseconds * 1_000).abs() < 200_000, "{step}");
        }
        assert!(received.try_recv().is_err(), "no more steps than there were");
        feed.abort();
    }
}
