//! Orders that were sent without the desk in an emergency: it takes them for its own, so that their fills are booked to
//! the trades that they closed and nothing looks as if a stranger had traded.

use rec_domain::{
    DecisionId, IntentId, Money, Quantity, Timestamp, TradeId,
    answer::Outcome,
    emergency::EmergencyOrder,
    intent::{Action, Effect, GroupRole, Intent},
    order::{Order, OrderState},
    row::Row,
};

use super::{
    draft::{Draft, is_filled},
    order_life::{self, OrderInput},
};

/// The epoch of what no lease stood behind: nobody can claim it.
const NO_EPOCH: u32 = 0;

impl Draft<'_> {
    /// Adopts an order, or takes what became of one that it adopted before. One that cannot be adopted yet is told
    /// again: a trade has one working close at a time.
    pub(super) fn adopt(&mut self, emergency: &EmergencyOrder) {
        if let Some(order) = self.order(emergency.id) {
            if let Some(outcome) = emergency.outcome.as_ref().filter(|_| order.state == OrderState::Unknown) {
                self.order_answer(order, outcome);
            }
            return;
        }
        let Some(trade) = self.closed_by(emergency) else {
            let EmergencyOrder { id, spec, .. } = emergency;
            if self.books.strays_said.insert(*id) {
                self.alarm(format!(
                    "order {id} of an emergency closes no trade of this desk in {} {}",
                    spec.ticker, spec.side
                ));
            }
            return;
        };
        let order = adopted(emergency, trade, self.now);
        let another = self.books.open_orders_of(trade).any(|order| order.role == GroupRole::Exit);
        if another && !order.state.is_final() {
            return;
        }
        self.put_adopted(emergency, order);
        if let Some(outcome @ (Outcome::AlreadyExists { .. } | Outcome::Unknown { .. })) = &emergency.outcome
            && let Some(order) = self.order(emergency.id)
        {
            self.order_answer(order, outcome);
        }
        self.book_parked_of_intent(emergency.id);
        self.after.push(super::DeskOutput::RequestSweep);
    }

    /// The trade that it closes: the one that is open there, or the last that was.
    fn closed_by(&self, emergency: &EmergencyOrder) -> Option<TradeId> {
        let (ticker, side) = (&emergency.spec.ticker, emergency.spec.side);
        let open = self.books.trade_in(ticker, side).map(|trade| trade.id);
        let ended = self.books.ended.values().filter(|trade| trade.ticker == *ticker && trade.side == side);
        open.or_else(|| ended.map(|trade| trade.id).max())
    }

    fn put_adopted(&mut self, emergency: &EmergencyOrder, order: Order) {
        let EmergencyOrder { id, spec, planned_at, reason, .. } = emergency.clone();
        let trade = order.trade;
        self.rows.push(Row::Intent(Intent {
            id,
            epoch: NO_EPOCH,
            created_at: planned_at,
            action: Action::Adopt(spec),
            effect: Effect::Reduces,
            trade: Some(trade),
            decision: DecisionId::of(&format!("emergency:{id}")),
            reason: reason.clone(),
            worst_case: Money::ZERO,
            send_by: None,
        }));
        self.put_order(order);
        if let Some(mut trade) = self.trade(trade).filter(|trade| !trade.state.is_final()) {
            trade.exit_attempts += 1;
            trade.last_exit_at = Some(planned_at);
            trade.exit_reason = Some(reason);
            self.put_trade(trade);
        }
    }

    /// Books the fills that came before their order was adopted.
    fn book_parked_of_intent(&mut self, intent: IntentId) {
        let of_it = |fill: &rec_domain::report::FillReport| {
            fill.client_order_id.as_ref().and_then(|id| id.intent()) == Some(intent)
        };
        for fill in self.unpark(of_it) {
            if let Some(order) = self.order(intent) {
                self.book_own(order, &fill);
            }
        }
    }
}

/// The order as it is adopted. One whose end is known is never written as a working close: its trade may have another.
fn adopted(emergency: &EmergencyOrder, trade: TradeId, now: Timestamp) -> Order {
    let EmergencyOrder { id, spec, planned_at, outcome, .. } = emergency.clone();
    let mut order = Order {
        intent: id,
        trade,
        role: GroupRole::Exit,
        spec,
        state: OrderState::Unknown,
        order_id: None,
        acknowledged: Quantity::ZERO,
        booked: Quantity::ZERO,
        signed_at: Some(planned_at),
        created_at: planned_at,
        updated_at: now,
        worst_case: Money::ZERO,
        note: Some("sent without the desk".to_owned()),
    };
    match outcome {
        Some(Outcome::Acknowledged { order: order_id, filled, signed_at, .. }) => {
            (order.order_id, order.acknowledged, order.signed_at) = (Some(order_id), filled, Some(signed_at));
            let taken = if is_filled(&order) { OrderInput::FilledAtOnce } else { OrderInput::EndedAtOnce };
            order.state = order_life::next(order.state, taken).0;
        }
        Some(Outcome::Rejected { .. }) => order.state = OrderState::Rejected,
        Some(Outcome::NotSent { .. }) => order.state = OrderState::Absent,
        _ => {}
    }
    order
}
