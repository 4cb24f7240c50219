//! Closing every trade of this desk at once, on an operator's word.

use rec_domain::{
    DecisionId, Price,
    command::{CloseRequest, DeskReply, FlattenRequest},
    halt::HaltSource,
    refusal::{Refusal, RefusalCode},
    trade::Origin,
};

use super::draft::Draft;

impl Draft<'_> {
    /// Halts entries, so that nothing is bought back, and commits a close for whatever is held and not being closed.
    /// Trades made elsewhere are left: they are not this desk's to end.
    pub(super) fn flatten(&mut self, decision: DecisionId, requester: &str, request: &FlattenRequest) {
        if !request.limit.is_positive() || request.limit >= Price::ONE {
            let refusal = Refusal::new(RefusalCode::Price, format!("{} is no price to accept", request.limit));
            return self.reply(decision, requester, DeskReply::Refused(refusal));
        }
        self.halt(HaltSource::Operator, request.reason.clone());
        let held: Vec<_> = self
            .books
            .trades
            .values()
            .filter(|trade| trade.origin != Origin::Foreign && trade.held().is_positive())
            .map(|trade| trade.id)
            .collect();
        for trade in held {
            let close = CloseRequest {
                trade,
                limit: request.limit,
                origin: Origin::Manual,
                reason: request.reason.clone(),
                decided_at: request.decided_at,
            };
            if let Err(refusal) = self.leave(decision, &close)
                && refusal.code != RefusalCode::AlreadyClosing
            {
                self.alarm(format!("trade {trade} is not closed: {}", refusal.message));
            }
        }
        self.reply(decision, requester, DeskReply::Accepted { intent: None, trade: None });
    }
}
