//! The twin's own books balance whatever is done to it.

use proptest::prelude::*;
use rec_domain::{BookSide, Money, Price, Quantity, TimeSpan};

use super::support::{cancel, group, order, young};
use crate::core::{
    Asset, Mutation, SelfTradePrevention, TimeInForce, Twin, account::OrderStatus, config::CRYPTO_SHARD,
    ledger::LedgerAccount,
};

fn check(twin: &Twin) {
    let account = twin.account();
    assert_eq!(account.ledger.total(), Money::ZERO);
    assert!(!account.cash().is_negative(), "cash {}", account.cash());
    let reserved: Money =
        account.orders.values().filter(|order| order.status == OrderStatus::Resting).map(|order| order.reserved).sum();
    assert_eq!(account.ledger.balance(LedgerAccount::Reserved(CRYPTO_SHARD)), reserved);
    let cost: Money = account.positions.values().map(|position| position.cost).sum();
    assert_eq!(account.ledger.balance(LedgerAccount::Positions), cost);
    let fees: Money = account.fills.iter().map(|fill| fill.fee).sum();
    assert_eq!(account.ledger.balance(LedgerAccount::Fees), fees);
    for position in account.positions.values().filter(|position| !position.settled) {
        assert_eq!(position.net, position.yes_count - position.no_count);
        assert!(!position.cost.is_negative());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn after_thousands_of_random_orders_everything_balances(
        seed in 1_u64..1_000,
        steps in proptest::collection::vec((0_u8..12, 1_i64..1_500, 1_i64..99, any::<bool>(), 0_usize..9), 700..900),
    ) {
        let mut twin = young(seed);
        let limits = group(&mut twin, 400);
        let mut order_ids = Vec::new();
        for (number, (action, units, cents, bid, strike)) in steps.into_iter().enumerate() {
            let to = twin.now() + TimeSpan::from_millis(i64::from(action) * 700);
            twin.advance_quietly(to);
            let open: Vec<String> = twin.markets.values()
                .filter(|market| twin.events[&market.event].is_open(twin.now()))
                .filter(|market| (market.strike.anchor().expect("known") - twin.point(Asset::Bitcoin).index.as_f64()).abs() < 500.0)
                .map(|market| market.name.ticker.to_string())
                .collect();
            let Some(ticker) = open.get(strike % open.len().max(1)) else { continue };
            let side = if bid { BookSide::Bid } else { BookSide::Ask };
            let mut wanted = order(ticker, &format!("o{number}"), side, 1, Price::from_cents(cents));
            wanted.count = Quantity::from_units(units * 7);
            match action {
                0..=3 => wanted.time_in_force = TimeInForce::GoodTillCanceled,
                4 => wanted.time_in_force = TimeInForce::FillOrKill,
                5 => wanted.reduce_only = true,
                6 => wanted.order_group_id = Some(limits.order_group_id.clone()),
                7 => wanted.self_trade_prevention = SelfTradePrevention::Maker,
                8 => {
                    if let Some(id) = order_ids.pop() {
                        let id: String = id;
                        let _ = cancel(&mut twin, &id);
                    }
                    continue;
                }
                9 => {
                    let at = twin.now();
                    let _ = twin.apply(at, &Mutation::ResetGroup(limits.clone()));
                    continue;
                }
                _ => {}
            }
            let at = twin.now();
            if let Ok(crate::core::Applied::Order(answer)) = twin.apply(at, &Mutation::CreateOrder(wanted)) {
                order_ids.push(answer.order_id);
            }
            drop(twin.take_outputs());
            check(&twin);
        }
        let end = twin.now() + TimeSpan::from_minutes(70);
        twin.advance_quietly(end);
        check(&twin);
        prop_assert!(twin.account().fills.len() > 50);
    }
}
