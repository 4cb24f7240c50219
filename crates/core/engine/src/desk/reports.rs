//! What the exchange said of orders.

use rec_domain::{
    OrderId, Timestamp,
    halt::HaltSource,
    order::OrderState,
    report::{OrderReport, Report, ReportedStatus},
};

use super::{
    draft::{Draft, is_filled},
    order_life::OrderInput,
};

/// How the reason of a halt for another desk begins, by which it is known again after a start.
pub(super) const ANOTHER_DESK: &str = "another REC desk trades on this account";

impl Draft<'_> {
    /// Takes one report of the inbox.
    pub(super) fn report(&mut self, report: &Report) {
        match report {
            Report::Order(order) => self.order_report(order),
            Report::Fill(fill) => self.fill_report(fill),
            Report::Settlement(settlement) => self.settlement_report(settlement),
            Report::Flow(flow) => self.flow_report(flow),
            Report::Group(group) => self.group_report(group),
            Report::Sweep(sweep) => self.sweep(sweep),
        }
    }

    fn order_report(&mut self, report: &OrderReport) {
        let by_client_id = report.client_order_id.as_ref().and_then(|id| id.intent());
        let by_order_id = self.books.order_ids.get(&report.order_id).copied();
        let desk = self.books.identity.desk;
        match by_client_id {
            Some(intent) if intent.desk() != Some(desk) => {
                let rests = report.status == ReportedStatus::Resting;
                self.another_desk(&report.order_id, if rests { self.now } else { report.updated_at });
                self.book_parked_as_foreign(&report.order_id);
            }
            Some(intent) => self.own_order_report(intent, report),
            None => match by_order_id {
                Some(intent) => self.own_order_report(intent, report),
                None => self.book_parked_as_foreign(&report.order_id),
            },
        }
    }

    /// Two desks on one account would each take the other's trades for a hand's: entries halt until the other has been
    /// silent for a while. `at` is when it traded, so that what a desk left behind long ago counts for nothing.
    pub(super) fn another_desk(&mut self, order_id: &OrderId, at: Timestamp) {
        let reason = format!("{ANOTHER_DESK}: order {order_id}");
        self.alarm(reason.clone());
        self.halt(HaltSource::Reconciliation, reason);
        self.books.other_desk_at = self.books.other_desk_at.max(Some(at));
    }

    fn own_order_report(&mut self, intent: rec_domain::IntentId, report: &OrderReport) {
        let Some(mut order) = self.order(intent) else {
            // An order of this desk that ended long ago, or before its database was restored.
            return;
        };
        let was = order.clone();
        order.order_id = Some(report.order_id.clone());
        order.acknowledged = order.acknowledged.max(report.filled);
        let seen = match report.status {
            ReportedStatus::Resting => OrderInput::SeenResting,
            ReportedStatus::Canceled | ReportedStatus::Executed if is_filled(&order) => OrderInput::SeenFilled,
            ReportedStatus::Canceled | ReportedStatus::Executed => OrderInput::SeenEnded,
            ReportedStatus::Other(_) => OrderInput::SeenOtherwise,
        };
        self.advance(&mut order, seen, "the exchange has it");
        if order.state != OrderState::Unknown && was.state == OrderState::Unknown {
            order.note = None;
        }
        if order != was {
            let trade = order.trade;
            self.put_order(order);
            self.revive(trade);
            self.refresh_trade(trade);
        }
        self.book_parked_of(&report.order_id);
    }
}
