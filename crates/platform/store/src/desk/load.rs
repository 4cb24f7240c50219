//! Reading the state that the desk starts from: one transaction, so that everything is of one instant.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    DecisionId, ExchangeIndex, IntentId, MarketTicker, Money, OrderGroupId, Quantity, TimeSpan, Timestamp,
    arming::{Arming, Binding},
    command::DeskReply,
    desk_view::{Cursors, MarketSideHistory},
    eastern,
    fill::Fill,
    halt::Halt,
    market::Market,
    reconciliation::Reconciliation,
    trade::{Trade, TradeState},
};
use sqlx::PgExecutor;

use super::{
    Desk, DeskSnapshot, StoredGroup, StoredIntent, StoredOrder, StoredRepeat, fill::select_fills, flow,
    intent::select_intents, order::select_orders, posting, reconciliation::ReconciliationRow, risk,
    trade::select_trades,
};
use crate::{
    error::{Incompatible, Result},
    link::Link,
    shape,
    time::{from_db, opt_from_db, to_db},
};

/// How long an ended trade is loaded with its orders: fills may come late.
const ENDED: TimeSpan = TimeSpan::from_minutes(60);
/// How long a trade that was paid is loaded with its payment: results may be amended.
const SETTLED: TimeSpan = TimeSpan::from_minutes(24 * 60);
/// How long the history of closed markets is loaded.
const HISTORY: TimeSpan = TimeSpan::from_minutes(2 * 24 * 60);

/// How long wrong codes of the second factor count.
const CODES: TimeSpan = TimeSpan::from_minutes(15);

impl Desk {
    /// The committed state at `now`, to start from. Take the lease first: what an old leader and its executor were
    /// writing has then ended, and this sees it.
    ///
    /// # Errors
    /// When the database does not answer, is not marked, or holds something that cannot be read.
    pub async fn load(&self, now: Timestamp) -> Result<DeskSnapshot> {
        let identity = self.database.stored_identity().await?.ok_or(Incompatible::NoIdentity)?;
        let mut transaction = self.database.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let connection = &mut *transaction;
        let day_start = start_of_day(now);
        let trades = open_trades(connection).await?;
        let ended_trades = ended_trades(connection, now).await?;
        let fills = fills(connection, &trades, &ended_trades).await?;
        let orders = orders(connection, now).await?;
        let snapshot = DeskSnapshot {
            identity,
            automation: automation(connection).await?,
            arming: arming(connection).await?,
            wrong_codes: wrong_codes(connection, now - CODES).await?,
            last_code: last_code(connection).await?,
            halts: halts(connection).await?,
            groups: groups(connection).await?,
            payments: posting::payments(connection, &ended_trades).await?,
            ended_trades,
            fills,
            repeats: repeats(connection, &orders).await?,
            orders,
            unanswered: unanswered(connection).await?,
            parked_fills: parked_fills(connection).await?,
            parked_settlements: parked_settlements(connection).await?,
            flows: flow::all(connection).await?,
            opened_at: posting::opened_at(connection).await?,
            ledger: posting::balances(&mut *connection).await?,
            cursors: cursors(connection).await?,
            last_posting: last_posting(connection).await?,
            last_trade: last_trade(connection).await?,
            history: history(connection, now).await?,
            day_start,
            realised_today: realised_since(&mut *connection, day_start).await?,
            risked_today: risked_since(connection, day_start).await?,
            entry_times: entry_times(connection, now - TimeSpan::from_seconds(60)).await?,
            risk: risk::snapshot(connection, day_start, now - TimeSpan::from_seconds(60)).await?,
            reconciliation: reconciliation(connection).await?,
            markets: markets(connection, &trades).await?,
            decisions: decisions(connection).await?,
            changed_at: changed_at(connection).await?,
            trades,
        };
        transaction.rollback().await?;
        Ok(snapshot)
    }

    /// Won or lost since `from`, after fees, by the exchange's time of each fact.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn realised_since(&self, from: Timestamp) -> Result<Money> {
        realised_since(&self.database.pool, from).await
    }

    /// Those of the intents that are in the database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_intents(&self, intents: &[IntentId]) -> Result<BTreeSet<IntentId>> {
        let ids: Vec<_> = intents.iter().map(|id| id.as_uuid()).collect();
        let known = sqlx::query_scalar!("SELECT id FROM desk.intents WHERE id = ANY ($1)", &ids)
            .fetch_all(&self.database.pool)
            .await?;
        Ok(known.into_iter().map(IntentId::from_uuid).collect())
    }

    /// The answer that a request got; `None` when it was never answered.
    ///
    /// # Errors
    /// When the database does not answer, or the answer cannot be read.
    pub async fn reply(&self, decision: DecisionId) -> Result<Option<DeskReply>> {
        let reply = sqlx::query_scalar!("SELECT reply FROM desk.decisions WHERE decision = $1", decision.as_uuid())
            .fetch_optional(&self.database.pool)
            .await?;
        reply.map(|reply| shape::from_json("a reply", reply)).transpose()
    }
}

/// When the Eastern day of `now` began.
fn start_of_day(now: Timestamp) -> Timestamp {
    eastern::instant(eastern::day(now), 0, 0, 0).unwrap_or(now)
}

async fn automation(connection: &mut Link) -> Result<Option<rec_domain::settings::AutomationSettings>> {
    let settings = sqlx::query_scalar!("SELECT settings FROM desk.automation ORDER BY id DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    settings.map(|settings| shape::from_json("the automation settings", settings)).transpose()
}

async fn arming(connection: &mut Link) -> Result<Option<Arming>> {
    let row = sqlx::query!(
        "SELECT since, until, requester, reason, configuration, release, boot, crashes, unproven
         FROM desk.armings WHERE ended_at IS NULL"
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Arming {
        since: from_db(row.since),
        until: from_db(row.until),
        requester: row.requester,
        reason: row.reason,
        binding: Binding { configuration: row.configuration, release: row.release, boot: row.boot },
        crashes: row.crashes.into_iter().map(from_db).collect(),
        unproven: row.unproven,
    }))
}

async fn wrong_codes(connection: &mut Link, after: Timestamp) -> Result<Vec<Timestamp>> {
    let times = sqlx::query_scalar!(
        "SELECT at FROM desk.code_attempts WHERE step IS NULL AND at > $1 ORDER BY at",
        to_db(after)
    )
    .fetch_all(connection)
    .await?;
    Ok(times.into_iter().map(from_db).collect())
}

async fn last_code(connection: &mut Link) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT max(step) FROM desk.code_attempts").fetch_one(connection).await?)
}

async fn halts(connection: &mut Link) -> Result<Vec<Halt>> {
    let rows = sqlx::query!("SELECT source, reason, since FROM desk.halts WHERE cleared_at IS NULL ORDER BY id")
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let source = shape::word("a halt's source", &row.source)?;
            Ok(Halt { source, reason: row.reason, since: from_db(row.since) })
        })
        .collect()
}

async fn groups(connection: &mut Link) -> Result<Vec<StoredGroup>> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (role, exchange_index) role, exchange_index, group_id, tripped FROM desk.order_groups
         ORDER BY role, exchange_index, id DESC"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredGroup {
                role: shape::role(&row.role)?,
                exchange_index: ExchangeIndex::new(row.exchange_index),
                group: OrderGroupId::new(row.group_id),
                tripped: row.tripped,
            })
        })
        .collect()
}

async fn open_trades(connection: &mut Link) -> Result<Vec<Trade>> {
    let rows = select_trades!("WHERE state NOT IN ('closed', 'settled', 'unfilled') ORDER BY id");
    rows.fetch_all(connection).await?.into_iter().map(|row| row.into_domain()).collect()
}

async fn ended_trades(connection: &mut Link, now: Timestamp) -> Result<Vec<Trade>> {
    let rows = select_trades!(
        "WHERE state IN ('closed', 'unfilled') AND ended_at > $1 OR state = 'settled' AND ended_at > $2 ORDER BY id",
        to_db(now - ENDED),
        to_db(now - SETTLED)
    );
    rows.fetch_all(connection).await?.into_iter().map(|row| row.into_domain()).collect()
}

/// Fills of the markets of `open`, and of those of `ended` that were closed, in the order of their booking.
async fn fills(connection: &mut Link, open: &[Trade], ended: &[Trade]) -> Result<Vec<Fill>> {
    let closed = ended.iter().filter(|trade| trade.state == TradeState::Closed);
    let tickers: Vec<String> = open.iter().chain(closed).map(|trade| trade.ticker.as_str().to_owned()).collect();
    let rows = select_fills!(
        "JOIN desk.trades ON trades.id = fills.trade_id
         JOIN desk.postings ON postings.trade_id = fills.trade_id AND postings.fill_id = fills.fill_id
         WHERE trades.ticker = ANY ($1) ORDER BY postings.number",
        &tickers
    );
    rows.fetch_all(connection).await?.into_iter().map(|row| row.into_domain()).collect()
}

async fn orders(connection: &mut Link, now: Timestamp) -> Result<Vec<StoredOrder>> {
    let rows = select_orders!(
        "JOIN desk.trades ON trades.id = orders.trade_id
         WHERE orders.state IN ('intended', 'working', 'unknown') OR orders.booked_e2 < orders.acknowledged_e2
            OR trades.state NOT IN ('closed', 'settled', 'unfilled') OR trades.ended_at > $1
         ORDER BY orders.created_at, orders.intent",
        to_db(now - ENDED)
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.intent).collect();
    let claims = sqlx::query!("SELECT intent, signed_at FROM desk.claims WHERE intent = ANY ($1)", &ids)
        .fetch_all(&mut *connection)
        .await?;
    let claims: BTreeMap<_, _> = claims.into_iter().map(|row| (row.intent, from_db(row.signed_at))).collect();
    let answered = sqlx::query_scalar!("SELECT DISTINCT intent FROM desk.answers WHERE intent = ANY ($1)", &ids)
        .fetch_all(connection)
        .await?;
    let answered: BTreeSet<_> = answered.into_iter().collect();
    rows.into_iter()
        .map(|row| {
            let id = row.intent;
            Ok(StoredOrder {
                order: row.into_domain()?,
                claim_signed_at: claims.get(&id).copied(),
                answered: answered.contains(&id),
            })
        })
        .collect()
}

async fn repeats(connection: &mut Link, orders: &[StoredOrder]) -> Result<Vec<StoredRepeat>> {
    let ids: Vec<_> = orders.iter().map(|stored| stored.order.intent.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT orders.id AS "order!", attempts.id AS "attempt!",
            EXISTS (
                SELECT FROM desk.answers, desk.cursors
                WHERE answers.intent = attempts.id AND answers.id <= cursors.answer
            ) AS "answered!",
            EXISTS (SELECT FROM desk.answers WHERE answers.intent = attempts.id AND answers.kind = 'already_exists')
                AS "landed!"
         FROM unnest($1::uuid[]) AS orders (id)
         JOIN desk.intents AS attempts
            ON attempts.id = orders.id OR attempts.kind = 'repeat' AND attempts.action->>'of' = orders.id::text
         ORDER BY attempts.created_at, attempts.id"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let attempts = rows.into_iter().map(|row| StoredRepeat {
        order: IntentId::from_uuid(row.order),
        intent: (row.attempt != row.order).then(|| IntentId::from_uuid(row.attempt)),
        answered: row.answered,
        landed: row.landed,
    });
    Ok(attempts.filter(|attempt| attempt.intent.is_some() || attempt.landed).collect())
}

async fn unanswered(connection: &mut Link) -> Result<Vec<StoredIntent>> {
    let rows = select_intents!(
        "WHERE NOT EXISTS (SELECT FROM desk.answers WHERE answers.intent = intents.id)
         ORDER BY intents.created_at, intents.id"
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let claims = sqlx::query!("SELECT intent, signed_at FROM desk.claims WHERE intent = ANY ($1)", &ids)
        .fetch_all(connection)
        .await?;
    let claims: BTreeMap<_, _> =
        claims.into_iter().map(|row| (IntentId::from_uuid(row.intent), from_db(row.signed_at))).collect();
    rows.into_iter()
        .map(|row| {
            let intent = row.into_domain()?;
            Ok(StoredIntent { claim_signed_at: claims.get(&intent.id).copied(), intent })
        })
        .collect()
}

async fn parked_fills(connection: &mut Link) -> Result<Vec<rec_domain::report::FillReport>> {
    let bodies =
        sqlx::query_scalar!("SELECT body FROM desk.parked_fills WHERE unparked_at IS NULL ORDER BY parked_at, fill_id")
            .fetch_all(connection)
            .await?;
    bodies.into_iter().map(|body| shape::from_json("a parked fill", body)).collect()
}

async fn parked_settlements(connection: &mut Link) -> Result<Vec<rec_domain::report::SettlementReport>> {
    let bodies = sqlx::query_scalar!(
        "SELECT body FROM desk.parked_settlements WHERE unparked_at IS NULL ORDER BY parked_at, key"
    )
    .fetch_all(connection)
    .await?;
    bodies.into_iter().map(|body| shape::from_json("a parked settlement", body)).collect()
}

async fn cursors(connection: &mut Link) -> Result<Cursors> {
    let row = sqlx::query!("SELECT report, answer FROM desk.cursors").fetch_one(connection).await?;
    Ok(Cursors { report: row.report, answer: row.answer })
}

async fn last_posting(connection: &mut Link) -> Result<i64> {
    let last = sqlx::query_scalar!("SELECT max(number) FROM desk.postings").fetch_one(connection).await?;
    Ok(last.unwrap_or(0))
}

async fn last_trade(connection: &mut Link) -> Result<i64> {
    let last = sqlx::query_scalar!("SELECT max(id) FROM desk.trades").fetch_one(connection).await?;
    Ok(last.unwrap_or(0))
}

async fn history(connection: &mut Link, now: Timestamp) -> Result<Vec<MarketSideHistory>> {
    let rows = sqlx::query!(
        r#"SELECT trades.ticker, trades.side, count(*) AS "trades!", sum(trades.entered_e2)::bigint AS "entered_e2!",
            greatest(max(trades.created_at), max(entries.last_at)) AS "last_entry_at!"
         FROM desk.trades
         LEFT JOIN LATERAL (
            SELECT max(orders.created_at) AS last_at FROM desk.orders
            WHERE orders.trade_id = trades.id AND orders.role = 'entry'
         ) AS entries ON true
         WHERE trades.close_time > $1 OR trades.created_at > $2
         GROUP BY trades.ticker, trades.side
         ORDER BY trades.ticker, trades.side"#,
        to_db(now),
        to_db(now - HISTORY),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(MarketSideHistory {
                ticker: MarketTicker::new(row.ticker),
                side: shape::side(&row.side)?,
                last_entry_at: from_db(row.last_entry_at),
                entered: Quantity::from_units(row.entered_e2),
                trades: shape::count("a number of trades", row.trades)?,
            })
        })
        .collect()
}

/// Results and fees are negative where money was won, so what was won is minus their sum.
async fn realised_since(executor: impl PgExecutor<'_>, from: Timestamp) -> Result<Money> {
    let sum = sqlx::query_scalar!(
        "SELECT sum(posting_lines.amount_micros)::bigint FROM desk.posting_lines
         JOIN desk.postings ON postings.number = posting_lines.posting
         WHERE posting_lines.ledger IN ('result', 'fees') AND postings.at >= $1",
        to_db(from),
    )
    .fetch_one(executor)
    .await?;
    Ok(-Money::from_micros(sum.unwrap_or(0)))
}

async fn risked_since(connection: &mut Link, from: Timestamp) -> Result<Money> {
    let sum = sqlx::query_scalar!(
        "SELECT sum(worst_case_micros)::bigint FROM desk.orders WHERE role = 'entry' AND created_at >= $1",
        to_db(from),
    )
    .fetch_one(connection)
    .await?;
    Ok(Money::from_micros(sum.unwrap_or(0)))
}

async fn entry_times(connection: &mut Link, after: Timestamp) -> Result<Vec<Timestamp>> {
    let times = sqlx::query_scalar!(
        "SELECT created_at FROM desk.orders WHERE role = 'entry' AND created_at > $1 ORDER BY created_at",
        to_db(after),
    )
    .fetch_all(connection)
    .await?;
    Ok(times.into_iter().map(from_db).collect())
}

async fn reconciliation(connection: &mut Link) -> Result<Option<Reconciliation>> {
    let row = sqlx::query_as!(
        ReconciliationRow,
        "SELECT at, as_of, books_changed_at, differences, compared FROM desk.reconciliations ORDER BY id DESC LIMIT 1"
    )
    .fetch_optional(connection)
    .await?;
    row.map(ReconciliationRow::into_domain).transpose()
}

async fn markets(connection: &mut Link, trades: &[Trade]) -> Result<Vec<Market>> {
    let tickers: Vec<String> = trades.iter().map(|trade| trade.ticker.as_str().to_owned()).collect();
    let bodies =
        sqlx::query_scalar!("SELECT body FROM market.markets WHERE ticker = ANY ($1) ORDER BY ticker", &tickers)
            .fetch_all(connection)
            .await?;
    bodies.into_iter().map(|body| shape::from_json("a market", body)).collect()
}

async fn decisions(connection: &mut Link) -> Result<Vec<(DecisionId, DeskReply)>> {
    let rows = sqlx::query!("SELECT decision, reply FROM desk.decisions ORDER BY at DESC, decision LIMIT 4096")
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .rev()
        .map(|row| Ok((DecisionId::from_uuid(row.decision), shape::from_json("a reply", row.reply)?)))
        .collect()
}

async fn changed_at(connection: &mut Link) -> Result<Option<Timestamp>> {
    let changed = sqlx::query_scalar!(
        "SELECT greatest((SELECT max(updated_at) FROM desk.orders), (SELECT max(at) FROM desk.postings))"
    )
    .fetch_one(connection)
    .await?;
    Ok(opt_from_db(changed))
}
