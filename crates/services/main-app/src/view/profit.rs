//! What a trade has won or lost after all fees, if what it holds were sold at the bid now.

use rec_domain::{
    Money, Price,
    fee::{FeeSchedule, Liquidity},
    trade::{Trade, TradeState},
};

/// Profit after fees: what is realised, and what selling the rest at `bid` as a taker would add.
///
/// `None` while something is held and there is no bid or no known fee for it: a guess would be no number.
#[must_use]
pub fn after_fees(trade: &Trade, bid: Option<Price>, fees: Option<FeeSchedule>) -> Option<Money> {
    let held = trade.held();
    if !held.is_positive() || trade.state == TradeState::Settled {
        return Some(trade.realised());
    }
    let bid = bid?;
    let exit_fee = fees?.fee(Liquidity::Taker, bid, held)?;
    Some(trade.realised() + bid * held - trade.open_cost - exit_fee)
}

#[cfg(test)]
mod tests {
    use rec_domain::{Quantity, fee::FeeKind};

    use super::*;
    use crate::sample;

    #[test]
    fn the_profit_is_what_selling_now_would_leave() {
        let mut trade = sample::trade(1, "0.93", 10);
        trade.fees = Money::from_micros(50_000);
        // 10 x (0.97 - 0.93) - 0.05 entry fee - 0.0210 exit fee (0.07 x 10 x 0.97 x 0.03 = 0.02037, rounded up with
        // the balance to 1e-4 dollars).
        let profit = after_fees(&trade, Some(Price::from_cents(97)), Some(FeeSchedule::CRYPTO)).expect("known");
        assert_eq!(profit, Money::from_micros(400_000 - 50_000 - 20_400));
    }

    #[test]
    fn there_is_no_profit_without_a_bid_or_a_known_fee() {
        let trade = sample::trade(1, "0.93", 10);
        let unknown = FeeSchedule { kind: FeeKind::Unknown, multiplier_micros: 1_000_000 };
        assert_eq!(after_fees(&trade, None, Some(FeeSchedule::CRYPTO)), None);
        assert_eq!(after_fees(&trade, Some(Price::from_cents(97)), None), None);
        assert_eq!(after_fees(&trade, Some(Price::from_cents(97)), Some(unknown)), None);
    }

    #[test]
    fn what_is_sold_already_needs_no_bid() {
        let mut trade = sample::trade(1, "0.93", 10);
        trade.exited = Quantity::from_contracts(10);
        trade.exit_proceeds = Money::from_cents(960);
        trade.open_cost = Money::ZERO;
        trade.fees = Money::from_cents(8);
        assert_eq!(after_fees(&trade, None, None), Some(Money::from_cents(22)));
    }
}
