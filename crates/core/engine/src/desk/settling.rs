//! Settlements to trades and ledger.

use std::collections::BTreeMap;

use rec_domain::{
    ExchangeIndex, MarketTicker, Money, Price, Quantity, Side, TimeSpan, Timestamp,
    halt::HaltSource,
    ledger::{Account, Posting, PostingKind},
    reconciliation::{Compared, Difference},
    report::SettlementReport,
    row::Row,
    settlement::Settlement,
    trade::{Trade, TradeState},
};

use super::{books::Books, draft::Draft, trade_life::TradeInput};

/// How long after it was paid a settlement may wait for what belongs before it. From then on books and exchange are
/// compared without it, and it is a difference itself.
const WAITED_FOR: TimeSpan = TimeSpan::from_minutes(60);

impl Books {
    /// Whether a settlement may still wait for what belongs before it, by the exchange's clock.
    pub(super) fn waits_for_settlements(&self, as_of: Timestamp) -> bool {
        self.parked_settlements.iter().any(|report| {
            let age = as_of.since(report.settled_at);
            age < WAITED_FOR && age > TimeSpan::ZERO - WAITED_FOR
        })
    }

    /// A settlement that is not booked, as a comparison names it.
    pub(super) fn unbooked(&self, report: &SettlementReport) -> Difference {
        let SettlementReport { ticker, result, revenue, settled_at, .. } = report;
        let there = report.yes_count - report.no_count;
        Difference {
            compared: Compared::Settlement,
            subject: ticker.to_string(),
            ours: format!("not booked ({} held)", self.net_position(ticker)),
            theirs: format!("\"{result}\" ({there} held, {revenue} paid at {settled_at})"),
        }
    }

    /// The last word on every market whose settlement is not booked.
    fn last_words(&self) -> BTreeMap<MarketTicker, SettlementReport> {
        self.parked_settlements.iter().map(|report| (report.ticker.clone(), report.clone())).collect()
    }

    /// Whether what a settlement paid is part of what the ledger was opened with, or will be by a reading up to
    /// `as_of`: it was paid before, and the books hold nothing of its market. The exchange lists settlements for longer
    /// than the fills that belong to them.
    fn opened_with(&self, report: &SettlementReport, as_of: Timestamp) -> bool {
        report.settled_at <= self.opened_at.unwrap_or(as_of) && self.trades_of(&report.ticker).is_empty()
    }

    fn trades_of(&self, ticker: &MarketTicker) -> Vec<Trade> {
        self.trades.values().filter(|trade| trade.ticker == *ticker).cloned().collect()
    }

    /// Cash by shard that these words pay to trades that are not paid yet.
    pub(super) fn cash_not_booked(&self) -> BTreeMap<ExchangeIndex, Money> {
        let mut cash = BTreeMap::new();
        for (ticker, report) in self.last_words() {
            if let Some(trade) = self.trades_of(&ticker).first() {
                let shard = report.exchange_index.unwrap_or(trade.exchange_index);
                *cash.entry(shard).or_default() += report.revenue - report.fee;
            }
        }
        cash
    }
}

impl Draft<'_> {
    /// Books a settlement, or keeps it aside until fills and unknown orders that belong before it are booked.
    pub(super) fn settlement_report(&mut self, report: &SettlementReport) {
        if let Err(why) = self.settle(report) {
            self.rows.push(Row::ParkedSettlement(report.clone()));
            self.books.parked_settlements.push(report.clone());
            // The first reading of an account has all that it was ever paid, and its end comes soon.
            if self.books.opened_at.is_some() {
                self.alarm(format!("the settlement of {} waits: {why}", report.ticker));
                self.after.push(super::DeskOutput::RequestSweep);
            }
        }
    }

    /// Tries again what was kept aside, when everything up to `as_of` was read; what still does not fit halts entries.
    /// The comparison names it later.
    pub(super) fn settle_parked(&mut self, as_of: Timestamp) {
        for report in std::mem::take(&mut self.books.parked_settlements) {
            match self.settle(&report) {
                Ok(()) => self.rows.push(Row::UnparkedSettlement(report)),
                Err(_) if self.books.opened_with(&report, as_of) => self.rows.push(Row::UnparkedSettlement(report)),
                Err(why) => {
                    if !self.books.halts.contains_key(&HaltSource::Reconciliation) {
                        let reason = format!("the settlement of {} does not fit the books: {why}", report.ticker);
                        self.halt(HaltSource::Reconciliation, reason);
                    }
                    self.books.parked_settlements.push(report);
                }
            }
        }
    }

    /// Ends what was kept aside on the operator's word: trades that are not paid yet get what the exchange states, the
    /// first of a market all of it. Where there is none, nothing is booked.
    pub(super) fn settle_as_stated(&mut self, by: &str) {
        for (ticker, report) in self.books.last_words() {
            let (mut revenue, mut fee) = (report.revenue, report.fee);
            for trade in self.books.trades_of(&ticker) {
                let due = (std::mem::take(&mut revenue), std::mem::take(&mut fee));
                self.pay(trade, due, &report, by);
            }
        }
        let parked = std::mem::take(&mut self.books.parked_settlements);
        self.rows.extend(parked.into_iter().map(Row::UnparkedSettlement));
    }

    fn settle(&mut self, report: &SettlementReport) -> Result<(), String> {
        let trades = self.books.trades_of(&report.ticker);
        if trades.is_empty() && self.paid_in(report).next().is_some() {
            return self.amend(report);
        }
        if trades.iter().any(|trade| self.books.open_orders_of(trade.id).next().is_some()) {
            return Err("an order there is not complete".to_owned());
        }
        let mut fee = report.fee;
        for (trade, revenue) in revenues(report, trades)? {
            self.pay(trade, (revenue, std::mem::take(&mut fee)), report, "");
        }
        Ok(())
    }

    /// Trades that the market of `report` has paid, with the posting of it.
    fn paid_in<'a>(&'a self, report: &'a SettlementReport) -> impl Iterator<Item = (&'a Trade, &'a Posting)> {
        let paid = self.books.payments.iter().filter_map(|(id, posting)| Some((self.books.ended.get(id)?, posting)));
        paid.filter(|(trade, _)| trade.ticker == report.ticker)
    }

    /// Takes back what was paid and pays anew by an amended result. What it does not change stays as it is, so that
    /// the same word again, or an older one, does nothing.
    fn amend(&mut self, report: &SettlementReport) -> Result<(), String> {
        let paid: Vec<(Trade, Posting)> =
            self.paid_in(report).map(|(trade, posting)| (trade.clone(), posting.clone())).collect();
        if paid.iter().any(|(_, posting)| report.settled_at < posting.at) {
            return Ok(());
        }
        let (mut trades, postings): (Vec<Trade>, Vec<Posting>) = paid.into_iter().unzip();
        for (trade, posting) in trades.iter_mut().zip(&postings) {
            // As it was before it was paid.
            let position = Account::Position { ticker: trade.ticker.clone(), side: trade.side };
            trade.open_cost = -posting.amount(&position);
            trade.state = TradeState::Expired;
        }
        let mut fee = report.fee;
        for ((mut trade, revenue), posting) in revenues(report, trades)?.into_iter().zip(postings) {
            let due = (revenue, std::mem::take(&mut fee));
            let paid = (trade.settlement_revenue, posting.amount(&Account::Fees));
            if due == paid {
                continue;
            }
            self.alarm(format!(
                "the result of {} was amended to {}: trade {} was paid {} and gets {revenue}",
                report.ticker, report.result, trade.id, paid.0
            ));
            let lines = posting.lines().iter().map(|(account, amount)| (account.clone(), -*amount)).collect();
            let note = format!("takes back posting {}: {}", posting.number, posting.note);
            self.post(PostingKind::Reversal, report.settled_at, Some(trade.id), None, note, lines);
            trade.fees -= paid.1;
            self.pay(trade, due, report, "");
        }
        Ok(())
    }

    /// Books revenue and fee of a settlement to a trade; `by` says whose word it is, where it is not the exchange's
    /// alone.
    fn pay(&mut self, mut trade: Trade, (revenue, fee): (Money, Money), report: &SettlementReport, by: &str) {
        let held = trade.held();
        let cost = trade.open_cost;
        let exchange_index = report.exchange_index.unwrap_or(trade.exchange_index);
        let lines = vec![
            (Account::Cash { exchange_index }, revenue - fee),
            (Account::Fees, fee),
            (Account::Position { ticker: trade.ticker.clone(), side: trade.side }, -cost),
            (Account::Result, cost - revenue),
        ];
        trade.open_cost = Money::ZERO;
        trade.settlement_revenue = revenue;
        trade.fees += fee;
        self.move_on(&mut trade, TradeInput::Paid);
        let note = format!("settled {held} {} as {}{by}", trade.side, report.result);
        self.rows.push(Row::Settlement(Settlement {
            ticker: trade.ticker.clone(),
            trade: trade.id,
            side: trade.side,
            result: report.result.clone(),
            quantity: held,
            revenue,
            settled_at: report.settled_at,
        }));
        let posting = self.post(PostingKind::Settlement, report.settled_at, Some(trade.id), None, note, lines);
        self.books.payments.insert(trade.id, posting);
        self.put_trade(trade);
    }
}

/// What each of a market's trades gets.
///
/// # Errors
/// When contracts, result or sum do not fit them.
fn revenues(report: &SettlementReport, trades: Vec<Trade>) -> Result<Vec<(Trade, Money)>, String> {
    let ours: Quantity = trades
        .iter()
        .map(|trade| match trade.side {
            Side::Yes => trade.held(),
            Side::No => -trade.held(),
        })
        .sum();
    let theirs = report.yes_count - report.no_count;
    if ours != theirs {
        return Err(format!("{ours} contracts here, {theirs} there"));
    }
    let mut revenues = Vec::new();
    for trade in trades {
        let value =
            contract_value(report, trade.side).ok_or_else(|| format!("result \"{}\" has no value", report.result))?;
        let revenue = value * trade.held();
        revenues.push((trade, revenue));
    }
    let expected: Money = revenues.iter().map(|(_, revenue)| *revenue).sum();
    // The exchange states the revenue in whole cents.
    if (expected - report.revenue).abs() >= Money::from_cents(1) {
        return Err(format!("{expected} expected, {} paid", report.revenue));
    }
    Ok(revenues)
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
