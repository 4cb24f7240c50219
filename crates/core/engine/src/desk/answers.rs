//! What the executor said.

use rec_domain::{
    Quantity,
    answer::{Answer, NotSent, Outcome},
    order::Order,
    row::Row,
};

use super::{books::Group, draft::Draft, order_life::OrderInput};

impl Draft<'_> {
    /// Takes one answer of the executor.
    pub(super) fn answer(&mut self, answer: &Answer) {
        if let Some((exchange_index, role)) = self.books.group_intents.get(&answer.intent).copied() {
            self.group_answer(answer, exchange_index, role);
            return;
        }
        if let Some(order) = self.repeated_by(answer.intent) {
            self.repeat_answer(order, &answer.outcome);
            return;
        }
        let Some(order) = self.order(answer.intent) else {
            self.alarm(format!("an answer came for {}, which is no order of this desk", answer.intent));
            return;
        };
        self.order_answer(order, &answer.outcome);
    }

    pub(super) fn order_answer(&mut self, mut order: Order, outcome: &Outcome) {
        match outcome {
            Outcome::Acknowledged { order: order_id, filled, remaining, signed_at } => {
                order.order_id = Some(order_id.clone());
                order.signed_at = Some(*signed_at);
                order.acknowledged = order.acknowledged.max(*filled);
                let taken = match (remaining.is_positive(), *filled >= order.spec.quantity) {
                    (true, _) => OrderInput::Rests,
                    (false, true) => OrderInput::FilledAtOnce,
                    (false, false) => OrderInput::EndedAtOnce,
                };
                self.advance(&mut order, taken, "the exchange took it");
                order.note = None;
            }
            Outcome::AlreadyExists { signed_at } | Outcome::Unknown { signed_at, .. } => {
                // The last signature counts: until it has run out, the order may still be taken.
                order.signed_at = order.signed_at.max(Some(*signed_at));
                let landed = matches!(outcome, Outcome::AlreadyExists { .. });
                let input = if landed { OrderInput::AlreadyThere } else { OrderInput::NoAnswer };
                self.advance(&mut order, input, "nobody knows");
                order.note = Some(match outcome {
                    Outcome::Unknown { reason, .. } => reason.clone(),
                    _ => "the exchange has it already".to_owned(),
                });
                if landed {
                    self.books.repeats.entry(order.intent).or_default().landed = true;
                }
            }
            Outcome::Rejected { status, code, message } => {
                if code.contains("order_group") {
                    self.found_tripped(&order.spec.group);
                }
                let text = format!("{status} {code}: {message}");
                self.end_without_exchange(&mut order, OrderInput::Refused, text);
            }
            Outcome::NotSent { reason } => {
                let text = match reason {
                    NotSent::Claim { refusal } => format!("not sent: {}", refusal.name()),
                    NotSent::Unreachable { detail } | NotSent::Unprepared { detail } => format!("not sent: {detail}"),
                };
                self.end_without_exchange(&mut order, OrderInput::NotSent, text);
            }
            Outcome::Canceled { .. } | Outcome::NotFound | Outcome::GroupCreated { .. } | Outcome::Done => {
                self.alarm(format!("order {} got an answer that orders do not get: {outcome:?}", order.intent));
                return;
            }
        }
        let (trade, order_id) = (order.trade, order.order_id.clone());
        self.put_order(order);
        self.refresh_trade(trade);
        if let Some(order_id) = order_id {
            self.book_parked_of(&order_id);
        }
    }

    /// The order certainly does not exist, unless the exchange has said that it does.
    fn end_without_exchange(&mut self, order: &mut Order, input: OrderInput, note: String) {
        if order.order_id.is_some() || order.acknowledged > Quantity::ZERO {
            let words = format!("it is said not to exist, though the exchange has shown it: {note}");
            return self.advance(order, OrderInput::Denied, &words);
        }
        if !order.state.is_final() {
            self.advance(order, input, "it is refused");
            order.note = Some(note);
        }
    }

    pub(super) fn put_group(
        &mut self,
        exchange_index: rec_domain::ExchangeIndex,
        role: rec_domain::intent::GroupRole,
        group: Group,
    ) {
        self.rows.push(Row::Group { role, exchange_index, group: group.group.clone(), tripped: group.tripped });
        self.books.groups.insert((exchange_index, role), group);
    }
}
