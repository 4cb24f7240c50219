//! Settlements to trades and ledger.

use rec_domain::{
    Money, Price, Side,
    halt::HaltSource,
    ledger::{Account, PostingKind},
    report::SettlementReport,
    row::Row,
    settlement::Settlement,
    trade::{Trade, TradeState},
};

use super::draft::Draft;

impl Draft<'_> {
    /// Books a settlement, or keeps it aside until fills and unknown orders that belong before it are booked.
    pub(super) fn settlement_report(&mut self, report: &SettlementReport) {
        if let Err(why) = self.settle(report) {
            self.rows.push(Row::ParkedSettlement(report.clone()));
            self.books.parked_settlements.push(report.clone());
            self.alarm(format!("the settlement of {} waits: {why}", report.ticker));
            self.after.push(super::DeskOutput::RequestSweep);
        }
    }

    /// Tries again what was kept aside; what still does not fit halts entries.
    pub(super) fn settle_parked(&mut self) {
        for report in std::mem::take(&mut self.books.parked_settlements) {
            match self.settle(&report) {
                Ok(()) => self.rows.push(Row::UnparkedSettlement(report)),
                Err(why) => {
                    self.halt(
                        HaltSource::Reconciliation,
                        format!("the settlement of {} does not fit the books: {why}", report.ticker),
                    );
                    self.books.parked_settlements.push(report);
                }
            }
        }
    }

    fn settle(&mut self, report: &SettlementReport) -> Result<(), String> {
        let trades: Vec<Trade> =
            self.books.trades.values().filter(|trade| trade.ticker == report.ticker).cloned().collect();
        if trades.iter().any(|trade| self.books.open_orders_of(trade.id).next().is_some()) {
            return Err("an order there is not complete".to_owned());
        }
        let ours = self.books.net_position(&report.ticker);
        let theirs = report.yes_count - report.no_count;
        if ours != theirs {
            return Err(format!("{ours} contracts here, {theirs} there"));
        }
        let value = |side: Side| contract_value(report, side);
        let mut expected = Money::ZERO;
        for trade in &trades {
            let value = value(trade.side).ok_or_else(|| format!("result \"{}\" has no value", report.result))?;
            expected += value * trade.held();
        }
        // The exchange states the revenue in whole cents.
        if (expected - report.revenue).abs() >= Money::from_cents(1) {
            return Err(format!("{expected} expected, {} paid", report.revenue));
        }
        let mut fee = report.fee;
        for trade in trades {
            let value = value(trade.side).unwrap_or_default();
            self.pay(trade, value, fee, report);
            fee = Money::ZERO;
        }
        Ok(())
    }

    fn pay(&mut self, mut trade: Trade, value: Price, fee: Money, report: &SettlementReport) {
        let held = trade.held();
        let revenue = value * held;
        let cost = trade.open_cost;
        let exchange_index = report.exchange_index.unwrap_or(trade.exchange_index);
        let lines = vec![
            (Account::Cash { exchange_index }, revenue - fee),
            (Account::Fees, fee),
            (Account::Position { ticker: trade.ticker.clone(), side: trade.side }, -cost),
            (Account::Result, cost - revenue),
        ];
        self.add_result(revenue - cost - fee);
        trade.open_cost = Money::ZERO;
        trade.settlement_revenue = revenue;
        trade.fees += fee;
        trade.state = TradeState::Settled;
        let note = format!("settled {held} {} as {}", trade.side, report.result);
        self.rows.push(Row::Settlement(Settlement {
            ticker: trade.ticker.clone(),
            trade: trade.id,
            side: trade.side,
            result: report.result.clone(),
            quantity: held,
            revenue,
            settled_at: report.settled_at,
        }));
        self.post(PostingKind::Settlement, report.settled_at, Some(trade.id), None, note, lines);
        self.put_trade(trade);
    }
}

/// What one contract of `side` pays; `None` for a result without a stated value.
fn contract_value(report: &SettlementReport, side: Side) -> Option<Price> {
    let yes = match report.result.as_str() {
        "yes" => Price::ONE,
        "no" => Price::ZERO,
        _ => {
            let micros = report.value?.micros();
            (micros % 100 == 0).then(|| Price::from_units(micros / 100)).filter(|price| price.is_valid())?
        }
    };
    Some(side.convert_price(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_result_pays_each_side_its_part() {
        let report = SettlementReport {
            ticker: rec_domain::MarketTicker::new("M"),
            event: rec_domain::EventTicker::new("E"),
            exchange_index: None,
            result: "scalar".to_owned(),
            yes_count: rec_domain::Quantity::ZERO,
            yes_cost: Money::ZERO,
            no_count: rec_domain::Quantity::ZERO,
            no_cost: Money::ZERO,
            revenue: Money::ZERO,
            value: Some(Money::from_cents(30)),
            fee: Money::ZERO,
            settled_at: rec_domain::Timestamp::from_seconds(0),
        };
        assert_eq!(contract_value(&report, Side::Yes), Some(Price::from_cents(30)));
        assert_eq!(contract_value(&report, Side::No), Some(Price::from_cents(70)));
        let unstated = SettlementReport { value: None, ..report };
        assert_eq!(contract_value(&unstated, Side::Yes), None);
    }
}
