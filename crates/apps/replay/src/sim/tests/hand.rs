//! What a hand does on the account is in the ledger, and what is not there is seen.

use rec_domain::{
    halt::HaltSource,
    ledger::{Account, PostingKind},
};
use rec_twin::core::config::CRYPTO_SHARD;

use super::*;
use crate::sim::event::Process;

/// A world whose ledger is opened, and in which nothing goes wrong but what a test does.
fn opened() -> World {
    let mut world = World::new(around_a_close(1, "none"));
    world.run(world.now + TimeSpan::from_seconds(30));
    assert!(!world.memory.postings.is_empty(), "the ledger is opened");
    world
}

#[test]
fn money_that_a_hand_moves_and_orders_that_it_leaves_are_in_the_ledger_to_the_micro_dollar() {
    let mut world = opened();
    for _ in 0..80 {
        world.move_money();
        world.rest_by_hand();
        world.run(world.now + TimeSpan::from_seconds(20));
    }
    world.come_to_rest();
    assert_eq!(world.watch.breach(), None);
    assert!(!world.memory.halts.contains_key(&HaltSource::Reconciliation), "nothing is unexplained");
    let coverage = world.follower.coverage();
    for kind in ["deposit", "withdrawal", "transfer", "reserve", "release"] {
        assert!(coverage.postings.contains_key(kind), "{kind}: {coverage:?}");
    }
    for step in ["new > resting", "resting > partly filled: Trade", "resting > canceled: Decrease"] {
        assert!(coverage.resting.contains_key(step), "{step}: {coverage:?}");
    }
}

#[test]
fn a_deposit_that_met_another_shard_is_found_there_though_the_desk_ends_before_that() {
    let mut world = opened();
    world.pay_in(CRYPTO_SHARD, Money::from_dollars(50));
    let posted = |world: &World| world.memory.postings.iter().any(|posting| posting.kind == PostingKind::Deposit);
    for _ in 0..120 {
        if !posted(&world) {
            world.run(world.now + TimeSpan::from_seconds(1));
        }
    }
    assert!(posted(&world) && world.watch.unplaced == [Money::from_dollars(50)]);
    world.crash(Process::Desk);
    world.run(world.now + TimeSpan::from_minutes(3));
    assert_eq!(world.watch.breach(), None);
    assert!(world.watch.unplaced.is_empty() && world.memory.halts.is_empty(), "{:?}", world.memory.halts);
}

#[test]
fn a_cent_too_much_is_seen_in_every_account() {
    let exchange_index = CRYPTO_SHARD;
    for account in [
        Account::Cash { exchange_index },
        Account::Reserved { exchange_index },
        Account::Transit,
        Account::Subaccount { subaccount: 1 },
        Account::Fees,
        Account::Result,
        Account::Capital,
        Account::Interest,
        Account::Adjustment,
    ] {
        let mut world = opened();
        world.twin.apply(world.now, &Mutation::CreateSubaccount(CRYPTO_SHARD)).expect("made");
        *world.memory.ledger.entry(account.clone()).or_default() += Money::from_cents(1);
        world.watch.quiet(&world.memory, world.twin.account());
        assert_eq!(broken(&world), Some(Invariant::LedgerEqualsExchange), "{account:?}");
    }
}
