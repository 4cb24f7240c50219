//! What the world does when a fault strikes it.

use rec_domain::{ExchangeIndex, Money, TimeSpan, Timestamp, UsdPrice};

use crate::core::{
    Verdict,
    config::CRYPTO_SHARD,
    exchange::{Due, Twin},
    fault_input::Fault,
    ledger::LedgerAccount,
    market::Stage,
    mutation::{Applied, GroupRef},
    output::{LifecycleChange, LifecycleEvent, Output},
    rejection::Rejection,
    series::Asset,
    wallet::Wallet,
};

/// From the announcement of an amended result to its payment.
const AMENDED_PAID_AFTER: TimeSpan = TimeSpan::from_seconds(10);

impl Twin {
    /// # Errors
    /// `not_found` when the fault names an event, an index or a group that is not there, or not in the state that it
    /// needs.
    pub(crate) fn suffer(&mut self, fault: &Fault) -> Result<Applied, Rejection> {
        match fault {
            Fault::EarlyClose { event_ticker } => self.close_early(event_ticker)?,
            Fault::ResultLate { event_ticker, by } => {
                let number = self.event_in(event_ticker, &[Stage::Listed, Stage::Closed])?;
                if let Some(event) = self.events.get_mut(&number) {
                    event.result_late_by = event.result_late_by + *by;
                }
            }
            Fault::Amended { event_ticker, value } => self.amend_result(event_ticker, *value)?,
            Fault::Disputed { event_ticker } => {
                let number = self.event_in(event_ticker, &[Stage::Determined, Stage::Amended])?;
                if let Some(event) = self.events.get_mut(&number) {
                    event.stage = Stage::Disputed;
                }
            }
            Fault::IndexGap { index_id, lasts } => {
                let until = self.now + *lasts;
                let asset = Asset::of_index(index_id).ok_or_else(Rejection::not_found)?;
                let underlying = self.underlyings.get_mut(&asset).ok_or_else(Rejection::not_found)?;
                underlying.silent_until = underlying.silent_until.max(Some(until));
            }
            Fault::CollateralGone { left } => self.lose_collateral(*left),
            Fault::GroupTripped { order_group_id } => {
                let order_group_id = order_group_id.clone();
                let group = GroupRef { order_group_id, exchange_index: CRYPTO_SHARD, subaccount: None };
                return self.trigger_group(&group);
            }
            Fault::TradingPause { lasts } => {
                self.paused_until = self.paused_until.max(Some(self.now + *lasts));
                self.cancel_on_pause();
            }
        }
        Ok(Applied::Done)
    }

    fn event_in(&self, ticker: &str, stages: &[Stage]) -> Result<u32, Rejection> {
        let found = self.events.values().find(|event| &*event.ticker == ticker && stages.contains(&event.stage));
        found.map(|event| event.number).ok_or_else(Rejection::not_found)
    }

    fn close_early(&mut self, ticker: &str) -> Result<(), Rejection> {
        let number = self.event_in(ticker, &[Stage::Listed])?;
        let now = self.now;
        let event = self.events.get_mut(&number).filter(|event| event.is_open(now)).ok_or_else(Rejection::not_found)?;
        let (markets, regular) = (event.markets.clone(), event.close);
        event.close = now;
        for place in markets {
            let Some(market) = self.markets.get_mut(&place) else { continue };
            market.close = now;
            let event = LifecycleEvent::CloseDateUpdated { close: now };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker: market.name.ticker.clone(), event }));
        }
        self.close_event(number);
        self.list_after(number, regular);
        Ok(())
    }

    fn amend_result(&mut self, ticker: &str, value: UsdPrice) -> Result<(), Rejection> {
        let known = [Stage::Closed, Stage::Determined, Stage::Disputed, Stage::Amended, Stage::Finalized];
        let number = self.event_in(ticker, &known)?;
        self.announce(number, value, Stage::Amended);
        self.schedule(self.now + AMENDED_PAID_AFTER, Due::Settle(number));
        Ok(())
    }

    /// Pays a market out. One that was paid by another result is corrected by the difference.
    pub(crate) fn pay(&mut self, market: u32, result: Verdict) {
        let now = self.now;
        let ticker = self.ticker_of(market);
        let settlements = self.account.settlements.iter().enumerate();
        let paid: Vec<usize> =
            settlements.filter(|(_, one)| one.position.ticker == ticker).map(|(place, _)| place).collect();
        for place in paid {
            self.correct(market, place, result, now);
        }
        self.account.settle(market, result, now);
    }

    fn correct(&mut self, market: u32, place: usize, result: Verdict, at: Timestamp) {
        let Some(settlement) = self.account.settlements.get_mut(place) else { return };
        if settlement.result == result {
            return;
        }
        let revenue = result.pays(settlement.position.net);
        let difference = revenue - settlement.revenue;
        (settlement.result, settlement.revenue, settlement.at) = (result, revenue, at);
        let wallet = settlement.position.wallet;
        if let Some(position) = self.account.positions.get_mut(&(market, wallet.subaccount)) {
            position.realized += difference;
            position.updated = at;
        }
        self.account.ledger.post(&[(LedgerAccount::Cash(wallet), difference), (LedgerAccount::Result, -difference)]);
    }

    fn lose_collateral(&mut self, left: Money) {
        let gone = (self.account.cash() - left).max(Money::ZERO);
        let cash = |shard: ExchangeIndex| LedgerAccount::Cash(Wallet::primary(shard));
        self.account.ledger.post(&[(cash(CRYPTO_SHARD), -gone), (cash(ExchangeIndex::new(0)), gone)]);
    }
}
