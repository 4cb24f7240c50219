//! Leads while it holds the lease, and starts again from the database when it has lost it.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use rec_api::{
    DeskInbox,
    guard::{GuardLink, socket_path},
};
use rec_domain::{TimeSpan, desk_view::DeskView, intent::GroupRole};
use rec_engine::{
    Driver,
    desk::{Desk, DeskConfig, recovered_books},
};
use rec_runtime::{BoxFuture, ServiceContext, drive, serve_http};
use rec_store::{Database, Lease};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    binding,
    effects::{DeskEffects, LOOP},
    feeds::{self, News},
    heartbeat::Pulse,
    lease,
    replies::Replies,
};

/// Connections: commits, inbox, answers, lease, and a spare.
const CONNECTIONS: u32 = 6;
/// Inputs that may wait for the machine.
const QUEUE: usize = 256;
/// Pause before leading is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Entry point of the service.
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        ctx.health.check(LOOP, Duration::from_secs(4));
        ctx.health.check(lease::CHECK, Duration::from_secs(4));
        ctx.health.check(feeds::REPORTS, Duration::from_secs(4));
        let calls = ctx.take_desk_inbox().context("the calls to trade-manager were taken by somebody else")?;
        let router = rec_api::desk::router(Arc::clone(&ctx.desk), ctx.token.clone());
        tokio::try_join!(keep_leading(&ctx, calls), serve_http(&ctx, router))?;
        Ok(())
    })
}

async fn keep_leading(ctx: &ServiceContext, mut calls: DeskInbox) -> anyhow::Result<()> {
    let database = ctx.open_database(CONNECTIONS).await?;
    // Once: whoever is taken over in turn waits.
    let (mut take_over, mut led) = (ctx.take_over, None);
    while !ctx.shutdown.is_cancelled() {
        let acquired = tokio::select! {
            acquired = lease::acquire(ctx, &database, std::mem::take(&mut take_over), led) => acquired,
            // Whoever does not lead has no desk that would have to be told.
            () = ctx.clocks.follow_wall() => continue,
        };
        let Ok(held) = acquired else { break };
        led = Some(held.epoch());
        let ended = lead(ctx, &database, &held, &mut calls).await;
        match ended {
            Ok(()) => {
                if let Err(error) = held.release().await {
                    info!(%error, "the lease was not given up and will run out");
                }
            }
            Err(failure) => {
                error!(error = format!("{failure:#}"), "starting again from the database");
                ctx.health.fail(LOOP, format!("{failure:#}"));
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
    Ok(())
}

/// Leads until the service is asked to end, or something happens after which only the database can be believed.
async fn lead(ctx: &ServiceContext, database: &Database, lease: &Lease, calls: &mut DeskInbox) -> anyhow::Result<()> {
    let store = database.desk();
    let now = ctx.clocks.now();
    let snapshot = store.load(now).await.context("the desk's state cannot be read")?;
    let mut books = recovered_books(snapshot, lease.epoch(), &ctx.config.automation, now);
    books.after_crash = lease.was_abandoned();
    let cursors = books.cursors;
    let groups = books
        .groups
        .iter()
        .filter(|((_, role), _)| *role == GroupRole::Entry)
        .map(|((exchange_index, _), group)| (*exchange_index, group.group.clone()))
        .collect();
    info!(epoch = lease.epoch(), trades = books.trades.len(), orders = books.open_orders().count(), "leading");
    let driver = Driver::new(Desk::new(desk_config(ctx), books), ctx.journal::<Desk>(), QUEUE);

    let (inputs, received) = mpsc::channel(QUEUE);
    let (view, committed) = watch::channel::<Option<Arc<DeskView>>>(None);
    let (held_until, held) = watch::channel(Instant::now());
    let guard = GuardLink::new(socket_path(&ctx.state_dir)).context("no socket for the guard's heartbeat")?;
    let (replies, news) = (Replies::default(), News::default());
    let effects = DeskEffects {
        ctx: ctx.clone(),
        store,
        epoch: lease.epoch(),
        inputs: inputs.clone(),
        replies: replies.clone(),
        view,
        pulse: Pulse { guard, held_until: held },
        groups,
    };
    // Before the exchange's word of it is heard, which would look like a stranger's.
    match feeds::to_adopt(ctx, database).await {
        Ok(Some(sent_without_us)) => inputs.send(sent_without_us).await.context("nobody takes inputs")?,
        Ok(None) => {}
        Err(error) => warn!(error = format!("{error:#}"), "the journal of emergencies cannot be read"),
    }
    let stop = CancellationToken::new();
    let ended = tokio::select! {
        ended = drive(driver, received, ctx.clocks.clone(), stop.clone(), effects) => ended.map(|_driver| ()),
        lost = lease::hold(&ctx.health, lease, &held_until) => Err(lost.into()),
        ended = feeds::reports(
            ctx.health.clone(), database.clone(), news.clone(), cursors.report, committed.clone(), inputs.clone(),
        ) => ended,
        ended = feeds::answers(database.clone(), news.clone(), cursors.answer, inputs.clone()) => ended,
        ended = feeds::requests(ctx, calls, news.clone(), replies.clone(), committed.clone(), inputs.clone()) => ended,
        ended = feeds::tops(ctx.clone(), committed, inputs.clone()) => ended,
        ended = feeds::clock(ctx.clocks.clone(), inputs.clone()) => ended,
        ended = feeds::emergencies(ctx.clone(), database.clone(), inputs.clone()) => ended,
        ended = feeds::markets(ctx.clone(), inputs) => ended,
        () = ctx.shutdown.cancelled() => Ok(()),
    };
    replies.give_up();
    if ended.is_ok() {
        lease::say_goodbye(ctx, lease.epoch());
    }
    ended
}

fn desk_config(ctx: &ServiceContext) -> DeskConfig {
    let limit = |seconds| ctx.clocks.limit(TimeSpan::from_seconds(seconds));
    DeskConfig {
        caps: ctx.config.risk.caps,
        risk_revision: ctx.config.risk.revision,
        book_limit: ctx.clocks.limit(ctx.config.freshness.book),
        binding: binding::of(&ctx.config),
        entry_send_by: limit(2),
        repeat_after: limit(1),
        repeat_send_by: limit(2),
        // The exchange takes a signature up to 5 s old and up to 30 s ahead.
        absence_proof: limit(5) + limit(30),
        quiet_before_comparison: limit(5),
        // Well within the age at which others take the view for stale.
        view_interval: TimeSpan::from_seconds(1).at_least(ctx.clocks.in_market(Duration::from_millis(250))),
        retry_after: limit(1),
        comparison_interval: limit(60),
        clock_distance: limit(1),
        clock_calm: limit(10),
        ..DeskConfig::default()
    }
}
