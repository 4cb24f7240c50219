//! One leader at a time.

use rec_domain::TimeSpan;

use super::{Leader, minute};
use crate::{Lease, StoreError};

#[tokio::test]
async fn each_acquisition_raises_the_epoch() {
    let Some(leader) = Leader::new().await else { return };
    let first = leader.lease.epoch();
    assert_eq!(first, 1);
    let again = Lease::acquire(&leader.database, "test", minute()).await.expect("the same holder");
    assert_eq!(again.epoch(), 2);
    assert!(matches!(leader.lease.renew(minute()).await, Err(StoreError::LeaseLost { epoch: 1 })));
    again.renew(minute()).await.expect("held");
}

#[tokio::test]
async fn a_held_lease_names_its_holder() {
    let Some(leader) = Leader::new().await else { return };
    let error = Lease::acquire(&leader.database, "other", minute()).await.expect_err("held");
    let StoreError::LeaseHeld { holder, remaining_ms } = &error else { panic!("{error}") };
    assert_eq!(holder, "test");
    assert!((1..=60_000).contains(remaining_ms), "{error}");
    leader.lease.clone().release().await.expect("released");
    let other = Lease::acquire(&leader.database, "other", minute()).await.expect("free");
    assert_eq!(other.epoch(), 2);
    leader.lease.release().await.expect("nothing to release");
    other.renew(minute()).await.expect("still held");
}

#[tokio::test]
async fn a_lease_is_taken_over_from_the_living_only_on_request_and_says_how_it_was_left() {
    let Some(leader) = Leader::new().await else { return };
    assert!(!leader.lease.was_abandoned(), "nobody held it before");
    let taken = Lease::take_over(&leader.database, "other", minute()).await.expect("taken over");
    assert!(taken.was_abandoned());
    assert!(matches!(leader.lease.renew(minute()).await, Err(StoreError::LeaseLost { epoch: 1 })));
    let held = Lease::acquire(&leader.database, "test", minute()).await.expect_err("held");
    assert!(matches!(held, StoreError::LeaseHeld { .. }), "who lost it waits: {held}");
    taken.release().await.expect("released");
    let after = Lease::acquire(&leader.database, "test", minute()).await.expect("free");
    assert!(!after.was_abandoned(), "given up in order");
}

#[tokio::test]
async fn an_expired_lease_is_free() {
    let Some(leader) = Leader::new().await else { return };
    Lease::acquire(&leader.database, "test", TimeSpan::ZERO).await.expect("the same holder");
    Lease::acquire(&leader.database, "other", minute()).await.expect("free");
}
