//! The exchange's core in the desk's words. It stands where client and sockets stand in a running desk.

use rec_domain::{
    ClientOrderId, EventTicker, ExchangeIndex, FillId, IntentId, MarketTicker, OrderGroupId, OrderId, SeriesTicker,
    Side, Timestamp,
    answer::Outcome,
    fee::FeeSchedule,
    intent::{Action, Intent, OrderSpec, TimeInForce},
    market::{Collateral, Market, MarketStatus, StrikeRule},
    report::{FillReport, GroupReport, OrderReport, PositionReport, Report, ReportedStatus, SettlementReport, Sweep},
};
use rec_twin::core::{
    Applied, CancelOrder, CreateGroup, CreateOrder, Mutation, Output, SelfTradePrevention,
    TimeInForce as TwinTimeInForce, Twin,
    account::{Fill, Order},
    config::CRYPTO_SHARD,
    market::Strike,
    mutation::GroupRef,
};

/// Carries an intent out at `at`, signed at `signed_at`.
pub fn send(twin: &mut Twin, at: Timestamp, signed_at: Timestamp, intent: &Intent) -> Outcome {
    let mutation = match &intent.action {
        Action::Place(spec) => order(spec, intent.id),
        Action::Repeat { of, spec } => order(spec, *of),
        Action::Cancel { order, exchange_index, .. } => Mutation::CancelOrder(CancelOrder {
            order_id: order.to_string(),
            exchange_index: Some(*exchange_index),
            market_ticker: None,
            subaccount: None,
        }),
        Action::CreateGroup { exchange_index, limit, .. } => {
            Mutation::CreateGroup(CreateGroup { limit: *limit, exchange_index: *exchange_index, subaccount: None })
        }
        Action::TriggerGroup { group, exchange_index } => Mutation::TriggerGroup(reference(group, *exchange_index)),
        Action::ResetGroup { group, exchange_index } => Mutation::ResetGroup(reference(group, *exchange_index)),
    };
    match twin.apply(at, &mutation) {
        Ok(Applied::Order(order)) => Outcome::Acknowledged {
            order: OrderId::new(order.order_id),
            filled: order.filled,
            remaining: order.remaining,
            signed_at,
        },
        Ok(Applied::Cancelled(cancelled)) => Outcome::Canceled { reduced_by: cancelled.reduced_by },
        Ok(Applied::Group { order_group_id, .. }) => Outcome::GroupCreated { group: OrderGroupId::new(order_group_id) },
        Ok(_) => Outcome::Done,
        Err(rejection) if rejection.code() == "order_already_exists" => Outcome::AlreadyExists { signed_at },
        Err(rejection) => Outcome::Rejected { status: 400, code: format!("{rejection:?}"), message: String::new() },
    }
}

fn order(spec: &OrderSpec, identity: IntentId) -> Mutation {
    Mutation::CreateOrder(CreateOrder {
        ticker: spec.ticker.to_string(),
        client_order_id: Some(identity.to_string()),
        side: spec.book_side,
        count: spec.quantity,
        price: spec.price,
        time_in_force: match spec.time_in_force {
            TimeInForce::ImmediateOrCancel => TwinTimeInForce::ImmediateOrCancel,
            TimeInForce::GoodTillCanceled => TwinTimeInForce::GoodTillCanceled,
            TimeInForce::FillOrKill => TwinTimeInForce::FillOrKill,
        },
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        post_only: false,
        reduce_only: spec.reduce_only,
        expires_at: None,
        order_group_id: Some(spec.group.to_string()),
        exchange_index: Some(spec.exchange_index),
        subaccount: None,
        cancel_on_pause: false,
    })
}

fn reference(group: &OrderGroupId, exchange_index: ExchangeIndex) -> GroupRef {
    GroupRef { order_group_id: group.to_string(), exchange_index, subaccount: None }
}

/// What an output of the exchange says of the account; `None` when it says nothing of it.
#[must_use]
pub fn report(output: &Output) -> Option<Report> {
    match output {
        Output::Fill(view) => Some(fill_report(&view.fill, view.client_order_id.clone())),
        Output::Order(order) => Some(order_report(order)),
        Output::Group(change) => Some(Report::Group(GroupReport {
            group: OrderGroupId::new(change.order_group_id.clone()),
            event: change.event.to_owned(),
            at: change.at,
        })),
        _ => None,
    }
}

fn fill_report(fill: &Fill, client_order_id: Option<String>) -> Report {
    Report::Fill(FillReport {
        fill_id: FillId::new(fill.trade_id.clone()),
        order_id: OrderId::new(fill.order_id.clone()),
        client_order_id: client_order_id.map(ClientOrderId::new),
        ticker: MarketTicker::new(fill.ticker.as_ref()),
        exchange_index: CRYPTO_SHARD,
        book_side: fill.side,
        price: fill.price,
        quantity: fill.count,
        fee: Some(fill.fee),
        is_taker: fill.is_taker,
        at: fill.at,
    })
}

fn order_report(order: &Order) -> Report {
    Report::Order(OrderReport {
        order_id: OrderId::new(order.order_id.clone()),
        client_order_id: order.client_order_id.clone().map(ClientOrderId::new),
        ticker: MarketTicker::new(order.ticker.as_ref()),
        exchange_index: CRYPTO_SHARD,
        book_side: order.side,
        price: order.price,
        status: match order.status.name() {
            "resting" => ReportedStatus::Resting,
            "canceled" => ReportedStatus::Canceled,
            "executed" => ReportedStatus::Executed,
            other => ReportedStatus::Other(other.to_owned()),
        },
        initial: order.initial,
        filled: order.filled,
        remaining: order.remaining,
        updated_at: order.updated,
    })
}

/// A complete reading of the account, in the order in which the inbox takes it.
#[must_use]
pub fn sweep(twin: &Twin) -> Vec<Report> {
    let account = twin.account();
    let settlements = account.settlements.iter().map(|settlement| {
        let position = &settlement.position;
        Report::Settlement(SettlementReport {
            ticker: MarketTicker::new(position.ticker.as_ref()),
            event: EventTicker::new(position.event_ticker.as_ref()),
            exchange_index: Some(CRYPTO_SHARD),
            result: if settlement.result == Side::Yes { "yes" } else { "no" }.to_owned(),
            yes_count: position.yes_count,
            yes_cost: position.yes_cost,
            no_count: position.no_count,
            no_cost: position.no_cost,
            revenue: settlement.revenue,
            value: None,
            fee: rec_domain::Money::ZERO,
            settled_at: settlement.at,
        })
    });
    let positions = account
        .positions
        .values()
        .filter(|position| !position.settled && !position.net.is_zero())
        .map(|position| PositionReport { ticker: MarketTicker::new(position.ticker.as_ref()), position: position.net })
        .collect();
    let resting = account
        .resting
        .iter()
        .filter_map(|number| account.orders.get(number))
        .map(|order| OrderId::new(order.order_id.clone()))
        .collect();
    let end = Report::Sweep(Sweep {
        started_at: twin.now(),
        as_of: twin.now(),
        since: None,
        balances: vec![(CRYPTO_SHARD, account.cash())],
        positions,
        resting,
    });
    // As in the exchange's list, a fill does not carry the order's own identity.
    let fills = account.fills.iter().map(|fill| fill_report(fill, None));
    account.orders.values().map(order_report).chain(fills).chain(settlements).chain([end]).collect()
}

/// The markets that the exchange lists, as the desk knows them.
#[must_use]
pub fn markets(twin: &Twin) -> Vec<Market> {
    let describe = |event: &rec_twin::core::market::Event, market: &rec_twin::core::market::Market| Market {
        ticker: MarketTicker::new(market.name.ticker.as_ref()),
        event: EventTicker::new(event.ticker.as_ref()),
        series: SeriesTicker::new(event.series.ticker()),
        title: String::new(),
        status: MarketStatus::Active,
        strike: rule(market.strike),
        open_time: event.open,
        close_time: event.close,
        grid: event.series.grid(),
        exchange_index: CRYPTO_SHARD,
        volume: market.volume,
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    };
    twin.listed().map(|(event, market)| describe(event, market)).collect()
}

fn rule(strike: Strike) -> Option<StrikeRule> {
    Some(match strike {
        Strike::Above(floor) => StrikeRule::Greater(floor),
        Strike::AtLeast(floor) => StrikeRule::GreaterOrEqual(floor?),
        Strike::Between(floor, cap) => StrikeRule::Between(floor, cap),
        Strike::Below(cap) => StrikeRule::Less(cap),
    })
}
