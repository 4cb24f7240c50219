//! The books that a desk starts with: what the database has.

use std::{collections::BTreeMap, sync::Arc};

use rec_domain::{
    Timestamp,
    desk_snapshot::DeskSnapshot,
    eastern,
    halt::{Halt, HaltSource},
    intent::Action,
    order::OrderState,
    settings::AutomationSettings,
};

use super::{Books, Group, Identity, reports::ANOTHER_DESK};

/// The books of `snapshot` as the leader of `epoch` takes them over at `now`.
///
/// An order that was claimed and not answered may have been sent: it is unknown. One that was not claimed stays
/// intended; the executor finds that its epoch is over and says so.
#[must_use]
pub fn recovered_books(snapshot: DeskSnapshot, epoch: u32, defaults: &AutomationSettings, now: Timestamp) -> Books {
    let identity = Identity { desk: snapshot.identity.desk, mode: snapshot.identity.mode, epoch };
    let settings = snapshot.automation.unwrap_or_else(|| defaults.clone());
    let mut books = Books::new(identity, settings, now);
    books.halts = snapshot.halts.into_iter().map(|halt| (halt.source, halt)).collect();
    let for_another = |halt: &Halt| halt.reason.starts_with(ANOTHER_DESK);
    books.other_desk_at = books.halts.get(&HaltSource::Reconciliation).is_some_and(for_another).then_some(now);
    books.arming = snapshot.arming;
    books.wrong_codes = snapshot.wrong_codes.into();
    books.last_code = snapshot.last_code;
    // Whether it is over is not known before the clocks were compared again.
    books.clock_doubted_at = books.halts.contains_key(&HaltSource::Clock).then_some(now);
    books.groups = snapshot
        .groups
        .into_iter()
        .map(|stored| ((stored.exchange_index, stored.role), Group { group: stored.group, tripped: stored.tripped }))
        .collect();
    for stored in snapshot.unanswered {
        match stored.intent.action {
            Action::CreateGroup { role, exchange_index, .. } => {
                books.group_intents.insert(stored.intent.id, (exchange_index, role));
            }
            Action::ResetGroup { group, exchange_index } => {
                let role = books.groups.iter().find(|(_, known)| known.group == group).map(|((_, role), _)| *role);
                if let Some(role) = role {
                    books.group_intents.insert(stored.intent.id, (exchange_index, role));
                }
            }
            Action::Place(_)
            | Action::Repeat { .. }
            | Action::Adopt(_)
            | Action::Cancel { .. }
            | Action::TriggerGroup { .. } => {}
        }
    }
    books.trades = snapshot.trades.into_iter().map(|trade| (trade.id, trade)).collect();
    books.ended = snapshot.ended_trades.into_iter().map(|trade| (trade.id, trade)).collect();
    books.payments = snapshot.payments.into_iter().filter_map(|posting| Some((posting.trade?, posting))).collect();
    for fill in &snapshot.fills {
        books.legs.entry(fill.ticker.clone()).or_default().put(fill.into());
    }
    for stored in snapshot.orders {
        let mut order = stored.order;
        if let (OrderState::Intended, Some(signed_at), false) = (order.state, stored.claim_signed_at, stored.answered) {
            order.state = OrderState::Unknown;
            order.signed_at = Some(signed_at);
            order.note = Some("claimed before the desk started again".to_owned());
        }
        if let Some(order_id) = &order.order_id {
            books.order_ids.insert(order_id.clone(), order.intent);
        }
        books.orders.insert(order.intent, order);
    }
    for stored in snapshot.repeats {
        let repeats = books.repeats.entry(stored.order).or_default();
        repeats.intents.extend(stored.intent);
        repeats.under_way = stored.intent.is_some() && !stored.answered;
        repeats.landed |= stored.landed;
    }
    books.parked_fills = snapshot.parked_fills;
    books.parked_settlements = snapshot.parked_settlements;
    books.flows = Arc::new(snapshot.flows.into_iter().map(|flow| (flow.key(), flow)).collect());
    books.opened_at = snapshot.opened_at;
    books.ledger = snapshot.ledger.into_iter().filter(|(_, balance)| !balance.is_zero()).collect();
    books.last_posting = snapshot.last_posting;
    books.last_trade = snapshot.last_trade;
    books.cursors = snapshot.cursors;
    books.history = snapshot.history.into_iter().map(|entry| ((entry.ticker.clone(), entry.side), entry)).collect();
    books.day = eastern::day(snapshot.day_start);
    books.realised_today = snapshot.realised_today;
    books.risked_today = snapshot.risked_today;
    books.entry_times = snapshot.entry_times.into();
    books.risk.tightened = snapshot.risk.tightened;
    books.risk.peak = snapshot.risk.peak;
    books.risk.stored_peak = snapshot.risk.peak;
    books.risk.exit_times = snapshot.risk.exit_times.into();
    books.risk.refusals = snapshot.risk.refusals;
    books.reconciliation = snapshot.reconciliation;
    books.recover_unplaced(now);
    books.changed_at = snapshot.changed_at.unwrap_or(now);
    books.decisions = Arc::new(snapshot.decisions.into());
    let markets: BTreeMap<_, _> = snapshot.markets.into_iter().map(|market| (market.ticker.clone(), market)).collect();
    books.markets = Arc::new(markets);
    books
}
