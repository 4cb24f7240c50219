//! Requests to open.

use rec_domain::{
    DecisionId, Money, Quantity, TradeId,
    command::{DeskReply, NotedRefusal, OpenRequest},
    desk_view::MarketSideHistory,
    intent::{Action, Effect, GroupRole, OrderSpec, TimeInForce},
    order::{Order, OrderState},
    outbox::DeskEvent,
    row::Row,
    trade::{NewTrade, Trade},
};

use super::{
    DeskOutput,
    draft::{Draft, NewIntent},
    gate::{self, Admission, Refused},
};

impl Draft<'_> {
    /// Commits to open, or refuses.
    pub(super) fn open(&mut self, decision: DecisionId, requester: &str, request: OpenRequest) {
        match gate::admit(&self.books, self.config, &request, self.now) {
            Ok(admission) => {
                let reply = self.enter(decision, request, &admission);
                self.reply(decision, requester, reply);
            }
            Err(Refused { refusal, checks }) => {
                self.count_refusal(refusal.code);
                let OpenRequest { ticker, side, evidence, .. } = request;
                self.rows.push(Row::Refused {
                    ticker: ticker.clone(),
                    side,
                    decision,
                    refusal: refusal.clone(),
                    checks,
                    evidence,
                });
                self.event(DeskEvent::Refused { ticker, side, refusal: refusal.clone() });
                self.reply(decision, requester, DeskReply::Refused(refusal));
            }
        }
    }

    /// Stores why others do not enter. There is nothing to decide, so no answer is kept.
    pub(super) fn note_refusals(&mut self, decision: DecisionId, refusals: &[NotedRefusal]) {
        for NotedRefusal { ticker, side, refusal, evidence } in refusals {
            self.count_refusal(refusal.code);
            self.rows.push(Row::Refused {
                ticker: ticker.clone(),
                side: *side,
                decision,
                refusal: refusal.clone(),
                checks: Vec::new(),
                evidence: evidence.clone(),
            });
        }
        let reply = DeskReply::Accepted { intent: None, trade: None };
        self.after.push(DeskOutput::Reply { decision, reply });
    }

    fn enter(&mut self, decision: DecisionId, request: OpenRequest, admission: &Admission) -> DeskReply {
        let Admission { market, yes_price, worst_case, group, send_by, checks } = admission;
        let trade_id = match self.books.trade_in(&request.ticker, request.side) {
            Some(trade) => trade.id,
            None => self.begin_trade(&request, admission),
        };
        let spec = OrderSpec {
            ticker: request.ticker.clone(),
            exchange_index: market.exchange_index,
            side: request.side,
            book_side: request.side.opening_book_side(),
            price: *yes_price,
            quantity: request.quantity,
            time_in_force: TimeInForce::ImmediateOrCancel,
            reduce_only: false,
            group: group.group.clone(),
        };
        let intent = self.put_intent(NewIntent {
            action: Action::Place(spec.clone()),
            effect: Effect::Increases,
            trade: Some(trade_id),
            decision,
            reason: request.reason.clone(),
            worst_case: *worst_case,
            send_by: Some(*send_by),
        });
        self.put_order(Order {
            intent,
            trade: trade_id,
            role: GroupRole::Entry,
            spec,
            state: OrderState::Intended,
            order_id: None,
            acknowledged: Quantity::ZERO,
            booked: Quantity::ZERO,
            signed_at: None,
            created_at: self.now,
            updated_at: self.now,
            worst_case: *worst_case,
            note: None,
        });
        self.rows.push(Row::Admitted { intent, decision, checks: checks.clone(), evidence: request.evidence });
        self.refresh_trade(trade_id);
        let key = (request.ticker.clone(), request.side);
        let history = self.books.history.entry(key).or_insert_with(|| MarketSideHistory {
            ticker: request.ticker.clone(),
            side: request.side,
            last_entry_at: self.now,
            entered: Quantity::ZERO,
            trades: 0,
        });
        history.last_entry_at = self.now;
        history.trades += 1;
        self.books.entry_times.push_back(self.now);
        self.books.risked_today += *worst_case;
        DeskReply::Accepted { intent: Some(intent), trade: Some(trade_id) }
    }

    fn begin_trade(&mut self, request: &OpenRequest, admission: &Admission) -> TradeId {
        self.books.last_trade += 1;
        let id = TradeId::new(self.books.last_trade);
        let trade = Trade::opened(NewTrade {
            id,
            origin: request.origin,
            ticker: request.ticker.clone(),
            event: admission.market.event.clone(),
            exchange_index: admission.market.exchange_index,
            side: request.side,
            close_time: admission.market.close_time,
            entry_probability_percent: request.probability_percent,
            entry_reason: request.reason.clone(),
            created_at: self.now,
        });
        // Inserted before its order refers to it; where it is in its life is looked at again once the order is there.
        self.rows.push(Row::Trade(trade.clone()));
        self.event(DeskEvent::Trade {
            trade: id,
            ticker: trade.ticker.clone(),
            side: trade.side,
            state: trade.state,
            held: Quantity::ZERO,
            realised: Money::ZERO,
        });
        self.books.trades.insert(id, trade);
        id
    }
}
