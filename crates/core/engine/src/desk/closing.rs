//! Requests to close. No cap and no halt refuses them.

use rec_domain::{
    BookSide, DecisionId, Money, Price, Quantity,
    command::{CloseRequest, DeskReply},
    grid::PriceGrid,
    intent::{Action, Effect, GroupRole, OrderSpec, TimeInForce},
    order::{Order, OrderState},
    refusal::{Refusal, RefusalCode},
    trade::Trade,
};

use super::draft::{Draft, NewIntent};

impl Draft<'_> {
    /// Commits to close, or says why there is nothing to close.
    pub(super) fn close(&mut self, decision: DecisionId, requester: &str, request: CloseRequest) {
        let reply = match self.leave(decision, &request) {
            Ok(reply) => reply,
            Err(refusal) => DeskReply::Refused(refusal),
        };
        self.reply(decision, requester, reply);
    }

    pub(super) fn leave(&mut self, decision: DecisionId, request: &CloseRequest) -> Result<DeskReply, Refusal> {
        let refuse = |code: RefusalCode, message: String| Err(Refusal::new(code, message));
        let Some(mut trade) = self.books.trades.get(&request.trade).cloned() else {
            return refuse(RefusalCode::NoSuchTrade, format!("there is no open trade {}", request.trade));
        };
        if self.books.open_orders_of(trade.id).any(|order| order.role == GroupRole::Exit) {
            return refuse(RefusalCode::AlreadyClosing, format!("trade {} has an order to close under way", trade.id));
        }
        let held = trade.held();
        if !held.is_positive() {
            return refuse(RefusalCode::NothingHeld, format!("trade {} holds nothing", trade.id));
        }
        if self.now >= trade.close_time {
            return refuse(RefusalCode::MarketNotOpen, format!("market {} has closed", trade.ticker));
        }
        let Some(group) = self.books.groups.get(&(trade.exchange_index, GroupRole::Exit)).cloned() else {
            let message = format!("the exit group of shard {} is missing", trade.exchange_index);
            return refuse(RefusalCode::OrderGroup, message);
        };
        let spec = OrderSpec {
            ticker: trade.ticker.clone(),
            exchange_index: trade.exchange_index,
            side: trade.side,
            book_side: trade.side.closing_book_side(),
            price: self.closing_price(&trade, request.limit)?,
            quantity: held,
            time_in_force: TimeInForce::ImmediateOrCancel,
            reduce_only: true,
            group: group.group,
        };
        let intent = self.put_intent(NewIntent {
            action: Action::Place(spec.clone()),
            effect: Effect::Reduces,
            trade: Some(trade.id),
            decision,
            reason: request.reason.clone(),
            worst_case: Money::ZERO,
            send_by: None,
        });
        self.put_order(Order {
            intent,
            trade: trade.id,
            role: GroupRole::Exit,
            spec,
            state: OrderState::Intended,
            order_id: None,
            acknowledged: Quantity::ZERO,
            booked: Quantity::ZERO,
            signed_at: None,
            created_at: self.now,
            updated_at: self.now,
            worst_case: Money::ZERO,
            note: None,
        });
        trade.exit_attempts += 1;
        trade.last_exit_at = Some(self.now);
        trade.exit_reason = Some(request.reason.clone());
        let id = trade.id;
        self.put_trade(trade);
        Ok(DeskReply::Accepted { intent: Some(intent), trade: Some(id) })
    }

    /// The limit as YES price on the market's grid; the bound of the grid where the limit lies beyond it.
    fn closing_price(&self, trade: &Trade, limit: Price) -> Result<Price, Refusal> {
        let grid = self.books.markets.get(&trade.ticker).map_or_else(PriceGrid::linear_cent, |m| m.grid.clone());
        let yes_limit = trade.side.convert_price(limit);
        let price = match trade.side.closing_book_side() {
            BookSide::Ask => grid.round_up(yes_limit).or_else(|| grid.highest()),
            BookSide::Bid => grid.round_down(yes_limit).or_else(|| grid.lowest()),
        };
        price.ok_or_else(|| Refusal::new(RefusalCode::Price, format!("{} has no orderable price", trade.ticker)))
    }
}
