//! The exchange's core in the desk's words. It stands where client and sockets stand in a running desk.

use rec_domain::{
    ClientOrderId, EventTicker, ExchangeIndex, FillId, IntentId, MarketTicker, Money, OrderGroupId, OrderId,
    SeriesTicker, Timestamp,
    answer::Outcome,
    fee::FeeSchedule,
    intent::{Action, Intent, OrderSpec, TimeInForce},
    market::{Collateral, LifecycleChange as Announced, Market, MarketLifecycle, MarketStatus, StrikeRule},
    report::{FillReport, GroupReport, OrderReport, Report, ReportedStatus, SettlementReport},
};
use rec_twin::core::{
    Applied, CancelOrder, CreateGroup, CreateOrder, Mutation, Output, SelfTradePrevention,
    TimeInForce as TwinTimeInForce, Twin,
    account::{Fill, Order, Settlement},
    config::CRYPTO_SHARD,
    market::Strike,
    mutation::GroupRef,
    output::{LifecycleChange, LifecycleEvent},
};

use super::watch::ACCEPTED_AGE;

/// Carries an intent out at `at`, signed at `signed_at`.
pub(super) fn send(twin: &mut Twin, at: Timestamp, signed_at: Timestamp, intent: &Intent) -> Outcome {
    if at.since(signed_at) > ACCEPTED_AGE {
        return Outcome::Rejected { status: 401, code: "header_timestamp_expired".to_owned(), message: String::new() };
    }
    let mutation = match &intent.action {
        Action::Place(spec) | Action::Adopt(spec) => order(spec, intent.id),
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
        Err(rejection) => {
            Outcome::Rejected { status: rejection.status, code: rejection.code().to_owned(), message: String::new() }
        }
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
pub(super) fn report(output: &Output) -> Option<Report> {
    match output {
        Output::Fill(view) => Some(Report::Fill(fill_report(&view.fill, view.client_order_id.clone()))),
        Output::Order(order) => Some(Report::Order(order_report(order))),
        Output::Group(change) => Some(Report::Group(GroupReport {
            group: OrderGroupId::new(change.order_group_id.clone()),
            event: change.event.to_owned(),
            at: change.at,
        })),
        _ => None,
    }
}

pub(super) fn fill_report(fill: &Fill, client_order_id: Option<String>) -> FillReport {
    FillReport {
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
    }
}

pub(super) fn order_report(order: &Order) -> OrderReport {
    OrderReport {
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
        created_at: Some(order.created),
        updated_at: order.updated,
    }
}

/// What a market paid.
#[must_use]
pub(super) fn settlement_report(settlement: &Settlement) -> SettlementReport {
    let position = &settlement.position;
    SettlementReport {
        ticker: MarketTicker::new(position.ticker.as_ref()),
        event: EventTicker::new(position.event_ticker.as_ref()),
        exchange_index: Some(CRYPTO_SHARD),
        result: settlement.result.name().to_owned(),
        yes_count: position.yes_count,
        yes_cost: position.yes_cost,
        no_count: position.no_count,
        no_cost: position.no_cost,
        revenue: settlement.revenue,
        value: None,
        fee: Money::ZERO,
        settled_at: settlement.at,
    }
}

/// An announcement in a market's life.
#[must_use]
pub(super) fn lifecycle(change: &LifecycleChange, at: Timestamp) -> MarketLifecycle {
    MarketLifecycle {
        ticker: MarketTicker::new(change.ticker.as_ref()),
        change: match &change.event {
            LifecycleEvent::Created { .. } => Announced::Created,
            LifecycleEvent::StrikeKnown { .. } => Announced::Other("strike_known".to_owned()),
            LifecycleEvent::CloseDateUpdated { close } => Announced::CloseDateUpdated(*close),
            LifecycleEvent::Determined { result, .. } => Announced::Determined { result: result.name().to_owned() },
            LifecycleEvent::Settled { .. } => Announced::Settled,
            LifecycleEvent::Suspended => Announced::Deactivated,
            LifecycleEvent::Resumed => Announced::Activated,
            LifecycleEvent::GridUpdated { grid } => Announced::GridUpdated(grid.clone()),
        },
        received_at: at,
    }
}

/// The markets that are open or will be, as the desk asks for them.
#[must_use]
pub(super) fn markets(twin: &Twin) -> Vec<Market> {
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
    let listed = twin.listed().filter(|(event, _)| event.close > twin.now());
    listed.map(|(event, market)| describe(event, market)).collect()
}

fn rule(strike: Strike) -> Option<StrikeRule> {
    Some(match strike {
        Strike::Above(floor) => StrikeRule::Greater(floor),
        Strike::AtLeast(floor) => StrikeRule::GreaterOrEqual(floor?),
        Strike::Between(floor, cap) => StrikeRule::Between(floor, cap),
        Strike::Below(cap) => StrikeRule::Less(cap),
    })
}
