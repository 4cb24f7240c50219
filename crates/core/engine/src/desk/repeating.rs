//! Closes of which nobody knows whether they were taken are sent again.
//!
//! A repetition is an intent of its own, with its own claim and its own answer, that carries the order's
//! `client_order_id`: so each one is durable before it leaves and is counted, and the exchange, which takes an identity
//! once, answers 409 when an earlier one has landed. An order that opens is never repeated.

use rec_domain::{
    DecisionId, IntentId, Money,
    answer::{NotSent, Outcome},
    intent::{Action, Effect, GroupRole, TimeInForce},
    order::{Order, OrderState},
};
use serde::{Deserialize, Serialize};

use super::draft::{Draft, NewIntent};

/// What was done to find out about an order by sending it again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Repeats {
    /// The intents, oldest first.
    pub intents: Vec<IntentId>,
    /// Whether the last one has no answer yet.
    pub under_way: bool,
    /// Whether the exchange said that it has the order: then it is looked for, and neither sent again nor given up.
    pub landed: bool,
}

impl Draft<'_> {
    /// Sends every unknown close again that is still wanted and due.
    pub(super) fn repeat_unknown_closes(&mut self) {
        let due: Vec<Order> = self.books.open_orders().filter(|order| self.is_to_be_repeated(order)).cloned().collect();
        for order in due {
            let number = self.books.repeats.get(&order.intent).map_or(1, |repeats| repeats.intents.len() + 1);
            let repeat = self.put_intent(NewIntent {
                action: Action::Repeat { of: order.intent, spec: order.spec.clone() },
                effect: Effect::Reduces,
                trade: Some(order.trade),
                decision: DecisionId::of(&format!("repeat {number} of {}", order.intent)),
                reason: format!("nobody knows whether {} was taken", order.intent),
                worst_case: Money::ZERO,
                send_by: Some(self.now + self.config.repeat_send_by),
            });
            let repeats = self.books.repeats.entry(order.intent).or_default();
            repeats.intents.push(repeat);
            repeats.under_way = true;
        }
    }

    /// Wanted is a close while its trade holds something and its market has not closed.
    fn is_to_be_repeated(&self, order: &Order) -> bool {
        let can_be = order.role == GroupRole::Exit
            && order.spec.reduce_only
            && order.spec.time_in_force == TimeInForce::ImmediateOrCancel;
        let is_missing = order.state == OrderState::Unknown && order.order_id.is_none();
        let is_wanted = self
            .books
            .trades
            .get(&order.trade)
            .is_some_and(|trade| trade.held().is_positive() && self.now < trade.close_time);
        let may_be = self.books.repeats.get(&order.intent).is_none_or(|repeats| {
            !repeats.under_way && !repeats.landed && repeats.intents.len() < self.config.repeats_most
        });
        let is_due = self.now >= order.updated_at + self.config.repeat_after;
        can_be && is_missing && is_wanted && may_be && is_due
    }

    /// The order that an intent repeats.
    pub(super) fn repeated_by(&self, intent: IntentId) -> Option<Order> {
        let (order, _) = self.books.repeats.iter().find(|(_, repeats)| repeats.intents.contains(&intent))?;
        self.order(*order)
    }

    /// Takes the answer to a repetition. What was refused or not sent says nothing of the attempts before it.
    pub(super) fn repeat_answer(&mut self, mut order: Order, outcome: &Outcome) {
        if let Some(repeats) = self.books.repeats.get_mut(&order.intent) {
            repeats.under_way = false;
        }
        let note = match outcome {
            Outcome::Rejected { status, code, message } => {
                if code.contains("order_group") {
                    self.found_tripped(&order.spec.group);
                }
                format!("sent again and refused: {status} {code}: {message}")
            }
            Outcome::NotSent { reason: NotSent::Claim { refusal } } => format!("not sent again: {}", refusal.name()),
            Outcome::NotSent { reason: NotSent::Unreachable { detail } | NotSent::Unprepared { detail } } => {
                format!("not sent again: {detail}")
            }
            outcome => return self.order_answer(order, outcome),
        };
        if order.state == OrderState::Unknown {
            order.note = Some(note);
            self.put_order(order);
            self.after.push(super::DeskOutput::RequestSweep);
        }
    }
}
