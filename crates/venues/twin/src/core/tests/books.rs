//! The twin's own books balance whatever is done to it, and its order books keep their order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rec_domain::{BookSide, ExchangeIndex, Money, Price, Quantity, TimeSpan};

use super::support::{group, order, young};
use crate::core::{
    AmendOrder, Applied, Asset, CancelOrder, CreateOrder, Mutation, SelfTradePrevention, TimeInForce, Twin, Wallet,
    account::{Order, OrderStatus},
    book::Owner,
    config::CRYPTO_SHARD,
    ledger::LedgerAccount,
    mutation::{DecreaseOrder, GroupRef, Reduction, TransferBetweenShards, TransferBetweenSubaccounts},
    transfers::CashMovement,
    wallet::SHARDS,
};

/// Subaccounts of the tests, the primary one among them.
const SUBACCOUNTS: u32 = 3;

fn wallets() -> impl Iterator<Item = Wallet> {
    (0..SUBACCOUNTS).flat_map(|subaccount| SHARDS.map(|shard| Wallet::new(shard, subaccount)))
}

/// Money is where the books say, and nowhere else.
fn check_money(twin: &Twin) {
    let account = twin.account();
    assert_eq!(account.ledger.total(), Money::ZERO);
    for wallet in wallets() {
        let cash = account.free_cash(wallet);
        assert!(!cash.is_negative(), "{wallet:?} has {cash}");
        let own = account.orders.values().filter(|order| order.wallet == wallet);
        let reserved: Money =
            own.filter(|order| order.status == OrderStatus::Resting).map(|order| order.reserved).sum();
        assert_eq!(account.ledger.balance(LedgerAccount::Reserved(wallet)), reserved, "{wallet:?}");
    }
    let pending = account.shard_transfers.values().filter(|transfer| !transfer.complete);
    let pending: Money = pending.map(|transfer| transfer.amount).sum();
    assert_eq!(account.ledger.balance(LedgerAccount::InTransit), pending);
    let sum = |movements: &[CashMovement]| -> Money { movements.iter().map(|movement| movement.amount).sum() };
    assert_eq!(-account.ledger.balance(LedgerAccount::World), sum(&account.deposits) - sum(&account.withdrawals));
    let cost: Money = account.positions.values().map(|position| position.cost).sum();
    assert_eq!(account.ledger.balance(LedgerAccount::Positions), cost);
    let fees: Money = account.fills.iter().map(|fill| fill.fee).sum();
    assert_eq!(account.ledger.balance(LedgerAccount::Fees), fees);
    for position in account.positions.values().filter(|position| !position.settled) {
        assert_eq!(position.net, position.yes_count - position.no_count);
        assert!(!position.cost.is_negative());
    }
}

/// No book is crossed, and orders and books say the same.
fn check_books(twin: &Twin) {
    let account = twin.account();
    let mut in_books = 0;
    for market in twin.markets.values() {
        let (bid, ask) = (market.book.best(BookSide::Bid), market.book.best(BookSide::Ask));
        if let (Some((bid, _)), Some((ask, _))) = (bid, ask) {
            assert!(bid < ask, "{} is crossed: {bid} and {ask}", market.name.ticker);
        }
        for side in [BookSide::Bid, BookSide::Ask] {
            let mut ahead = Quantity::ZERO;
            let mut levels: Vec<_> = market.book.levels(side).iter().collect();
            if side == BookSide::Bid {
                levels.reverse();
            }
            for (price, level) in levels {
                assert_eq!(level.total(), level.orders().map(|order| order.remaining).sum());
                for resting in level.orders() {
                    assert!(resting.remaining.is_positive());
                    if resting.owner == Owner::Account {
                        let order = &account.orders[&resting.number];
                        assert_eq!((order.side, order.price, order.remaining), (side, *price, resting.remaining));
                        assert_eq!(order.status, OrderStatus::Resting);
                        assert!(order.filled + order.remaining <= order.initial);
                        let told = market.book.ahead(side, *price, resting.number);
                        assert_eq!(told, Some(ahead), "the queue position is what is ahead");
                        in_books += 1;
                    }
                    ahead += resting.remaining;
                }
            }
        }
    }
    let resting = account.orders.values().filter(|order| order.status == OrderStatus::Resting).count();
    assert_eq!((in_books, account.resting.len()), (resting, resting));
}

/// Own orders of a market's side as they trade, the next one first: number, price and what filled.
type Queues = BTreeMap<(u32, &'static str), Vec<(u64, Price, Quantity)>>;

fn queues(twin: &Twin) -> Queues {
    let mut queues = Queues::new();
    for number in &twin.account().resting {
        let order = &twin.account().orders[number];
        let queue = queues.entry((order.market, order.side.name())).or_default();
        queue.push((*number, order.price, order.filled));
    }
    for ((market, _), queue) in &mut queues {
        queue.sort_by_key(|(number, price, _)| {
            let side = twin.account().orders[number].side;
            twin.markets[market].book.ahead(side, *price, *number).expect("it rests")
        });
    }
    queues
}

/// Nobody was overtaken: when an order traded, whatever stood before it traded or left first.
fn check_priority(before: &Queues, twin: &Twin, amended: Option<&str>) {
    for queue in before.values() {
        let mut waits = None;
        for (number, price, filled) in queue {
            let order = &twin.account().orders[number];
            if amended == Some(order.order_id.as_str()) {
                continue;
            }
            let traded = order.filled > *filled;
            assert!(!(traded && waits.is_some()), "{number} overtook {waits:?}");
            if order.status == OrderStatus::Resting && order.price == *price && !traded {
                waits = Some(*number);
            }
        }
    }
}

/// One random step: what is done, how many hundredths of contracts, the price, the side, the strike, the subaccount.
type Step = (u8, i64, i64, bool, usize, u32);

fn strikes(twin: &Twin) -> Vec<String> {
    let near = twin.markets.values().filter(|market| twin.events[&market.event].is_open(twin.now()));
    let near = near.filter(|market| {
        let anchor = market.strike.anchor().expect("known");
        (anchor - twin.point(Asset::Bitcoin).index.as_f64()).abs() < 500.0
    });
    near.map(|market| market.name.ticker.to_string()).collect()
}

fn mutation(twin: &Twin, place: usize, step: Step, group: &GroupRef) -> Option<Mutation> {
    let (action, units, cents, bid, pick, subaccount) = step;
    let open = strikes(twin);
    let ticker = open.get(pick % open.len().max(1))?;
    let side = if bid { BookSide::Bid } else { BookSide::Ask };
    let new = |tail: &str| {
        let mut wanted = order(ticker, &format!("o{place}{tail}"), side, 1, Price::from_cents(cents));
        wanted.count = Quantity::from_units(units * 7);
        wanted.subaccount = Some(subaccount);
        wanted
    };
    let limit = |tail: &str| CreateOrder { time_in_force: TimeInForce::GoodTillCanceled, ..new(tail) };
    // Some order that rests, of whichever subaccount.
    let resting: Vec<u64> = twin.account().resting.iter().copied().collect();
    let some = resting.get(pick * 7 % resting.len().max(1)).map(|number| &twin.account().orders[number]);
    let cancel = |order: &Order| CancelOrder {
        order_id: order.order_id.clone(),
        exchange_index: Some(CRYPTO_SHARD),
        market_ticker: None,
        subaccount: Some(order.wallet.subaccount),
    };
    let amount = Money::from_cents(units * 3);
    let (here, there) = (Wallet::new(CRYPTO_SHARD, subaccount), Wallet::primary(ExchangeIndex::new(0)));
    let between = |from, to| {
        Mutation::TransferBetweenShards(TransferBetweenShards { client_transfer_id: None, from, to, amount })
    };
    let units_of = Quantity::from_units(units);
    Some(match action {
        0..=4 => Mutation::CreateOrder(limit("")),
        5 => Mutation::CreateOrder(CreateOrder { time_in_force: TimeInForce::FillOrKill, ..new("") }),
        6 => Mutation::CreateOrder(CreateOrder { reduce_only: true, ..new("") }),
        7 => {
            let order_group_id = Some(group.order_group_id.clone());
            Mutation::CreateOrder(CreateOrder { order_group_id, subaccount: None, ..limit("") })
        }
        8 => Mutation::CreateOrder(CreateOrder { self_trade_prevention: SelfTradePrevention::Maker, ..limit("") }),
        9 => Mutation::CreateOrder(CreateOrder { post_only: true, ..limit("") }),
        10 => {
            let expires_at = Some(twin.now() + TimeSpan::from_seconds(9));
            Mutation::CreateOrder(CreateOrder { expires_at, ..limit("") })
        }
        11 => Mutation::CancelOrder(cancel(some?)),
        12 | 13 => {
            let order = some?;
            Mutation::AmendOrder(AmendOrder {
                order_id: order.order_id.clone(),
                ticker: order.ticker.to_string(),
                side: order.side,
                price: if bid { order.price } else { Price::from_cents(cents) },
                count: order.filled + Quantity::from_units(units * 5),
                client_order_id: order.client_order_id.clone(),
                updated_client_order_id: (pick % 2 == 0).then(|| format!("a{place}")),
                expires_at: bid.then_some(None),
                exchange_index: Some(CRYPTO_SHARD),
                subaccount: Some(order.wallet.subaccount),
            })
        }
        14 => Mutation::DecreaseOrder(DecreaseOrder {
            order: cancel(some?),
            reduction: if bid { Reduction::By(units_of) } else { Reduction::To(units_of) },
        }),
        15 => Mutation::CreateOrders(vec![limit("x"), new("y"), limit("x")]),
        16 => {
            let cancels = resting.iter().step_by(2).take(3).map(|number| cancel(&twin.account().orders[number]));
            Mutation::CancelOrders(cancels.collect())
        }
        17 if pick == 0 => Mutation::CancelAll(bid.then_some(subaccount)),
        18 => Mutation::TransferBetweenSubaccounts(TransferBetweenSubaccounts {
            client_transfer_id: format!("t{place}"),
            from: subaccount,
            to: (subaccount + 1) % SUBACCOUNTS,
            amount,
            exchange_index: CRYPTO_SHARD,
        }),
        19 => between(here, there),
        20 => between(there, here),
        21 if bid => Mutation::Deposit(CRYPTO_SHARD, amount),
        21 => Mutation::Withdraw(CRYPTO_SHARD, amount),
        22 => Mutation::Allocate(if bid { vec![(SHARDS[0], 10), (SHARDS[1], 90)] } else { Vec::new() }),
        _ => Mutation::ResetGroup(group.clone()),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn after_many_random_operations_everything_balances_and_nobody_is_overtaken(
        seed in 1_u64..1_000,
        steps in proptest::collection::vec(
            (0_u8..24, 1_i64..1_500, 1_i64..99, any::<bool>(), 0_usize..9, 0..SUBACCOUNTS), 350..450),
    ) {
        let mut twin = young(seed);
        let limits = group(&mut twin, 400);
        for subaccount in 1..SUBACCOUNTS {
            let at = twin.now();
            prop_assert!(twin.apply(at, &Mutation::CreateSubaccount(CRYPTO_SHARD)).is_ok());
            let transfer = TransferBetweenSubaccounts {
                client_transfer_id: format!("start{subaccount}"),
                from: 0,
                to: subaccount,
                amount: Money::from_dollars(1_200),
                exchange_index: CRYPTO_SHARD,
            };
            prop_assert!(twin.apply(at, &Mutation::TransferBetweenSubaccounts(transfer)).is_ok());
        }
        let (mut amended, mut decreased, mut refused_items) = (0, 0, 0);
        for (place, step) in steps.into_iter().enumerate() {
            let before = queues(&twin);
            let to = twin.now() + TimeSpan::from_millis(i64::from(step.0 % 12) * 700);
            twin.advance_quietly(to);
            check_priority(&before, &twin, None);
            let Some(mutation) = mutation(&twin, place, step, &limits) else { continue };
            let journalled = serde_json::to_string(&mutation).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<Mutation>(&journalled).expect("the same"), &mutation);
            let before = queues(&twin);
            let subject = if let Mutation::AmendOrder(amend) = &mutation { Some(amend.order_id.clone()) } else { None };
            match twin.apply(to, &mutation) {
                Ok(Applied::Amended(_)) => amended += 1,
                Ok(Applied::Decreased(_)) => decreased += 1,
                Ok(Applied::Orders(items)) => refused_items += items.iter().filter(|item| item.is_err()).count(),
                _ => {}
            }
            drop(twin.take_outputs());
            check_priority(&before, &twin, subject.as_deref());
            check_money(&twin);
            check_books(&twin);
        }
        prop_assert!(amended > 3 && decreased > 3 && refused_items > 3, "{} {} {}", amended, decreased, refused_items);
        let end = twin.now() + TimeSpan::from_minutes(70);
        twin.advance_quietly(end);
        check_money(&twin);
        check_books(&twin);
        prop_assert!(twin.account().fills.len() > 25);
    }
}
