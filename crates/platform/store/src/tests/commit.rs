//! A commit happens whole or not at all, and one can always find out which.

use rec_domain::{TimeSpan, intent::GroupRole, order::OrderState, row::Row, trade::TradeState};

use super::{Leader, minute, now, sample};
use crate::{CommitOutcome, Fault, Lease, StoreError};

fn constraint(outcome: &CommitOutcome) -> Option<&str> {
    match outcome {
        CommitOutcome::Failed(StoreError::Constraint { constraint, .. }) => Some(constraint),
        _ => None,
    }
}

#[tokio::test]
async fn an_old_epoch_cannot_commit() {
    let Some(leader) = Leader::new().await else { return };
    let old = leader.lease.epoch();
    let lease = Lease::acquire(&leader.database, "test", minute()).await.expect("the same holder");
    let outcome = leader.desk.commit(&sample::commit(old, 1, sample::opening(old))).await;
    assert!(matches!(outcome, CommitOutcome::Failed(StoreError::LeaseLost { epoch }) if epoch == old), "{outcome:?}");
    let outcome = leader.desk.commit(&sample::commit(lease.epoch(), 1, sample::opening(old))).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
}

#[tokio::test]
async fn an_expired_lease_cannot_commit_or_be_renewed() {
    let Some(leader) = Leader::new().await else { return };
    let lease = Lease::acquire(&leader.database, "test", TimeSpan::ZERO).await.expect("the same holder");
    let outcome = leader.desk.commit(&sample::commit(lease.epoch(), 1, vec![])).await;
    assert!(matches!(outcome, CommitOutcome::Failed(StoreError::LeaseLost { .. })), "{outcome:?}");
    assert!(matches!(lease.renew(minute()).await, Err(StoreError::LeaseLost { .. })));
}

#[tokio::test]
async fn a_commit_number_is_used_once() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    assert!(matches!(leader.desk.commit(&sample::commit(epoch, 1, vec![])).await, CommitOutcome::Committed));
    let again = leader.desk.commit(&sample::commit(epoch, 1, vec![])).await;
    assert_eq!(constraint(&again), Some("commits_pkey"), "{again:?}");
}

#[tokio::test]
async fn a_failed_commit_leaves_nothing() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let mut rows = sample::opening(epoch);
    rows.push(Row::Trade(sample::trade(2)));
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, rows)).await;
    assert_eq!(constraint(&outcome), Some("trades_one_open"), "{outcome:?}");
    let snapshot = leader.desk.load(now()).await.expect("loaded");
    assert!(snapshot.trades.is_empty() && snapshot.unanswered.is_empty());
    assert!(!leader.desk.was_committed(epoch, 1).await.expect("asked"));
    // The same number is free for another try.
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, sample::opening(epoch))).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
}

#[tokio::test]
async fn a_missing_reference_fails_before_commit_is_sent() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let orphan = Row::Intent(sample::intent(epoch, 1, GroupRole::Entry));
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, vec![orphan])).await;
    assert_eq!(constraint(&outcome), Some("intents_trade_id_fkey"), "{outcome:?}");
}

#[tokio::test]
async fn a_side_is_traded_again_only_after_its_trade_ended() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let mut first = sample::trade(1);
    let rows = vec![Row::Trade(first.clone())];
    assert!(matches!(leader.desk.commit(&sample::commit(epoch, 1, rows)).await, CommitOutcome::Committed));
    first.state = TradeState::Unfilled;
    let rows = vec![Row::Trade(first), Row::Trade(sample::trade(2))];
    let outcome = leader.desk.commit(&sample::commit(epoch, 2, rows)).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
}

#[tokio::test]
async fn a_trade_has_one_working_close() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let closing = |number| {
        [
            Row::Intent(sample::intent(epoch, number, GroupRole::Exit)),
            Row::Order(sample::order(epoch, number, GroupRole::Exit)),
        ]
    };
    let mut rows = sample::opening(epoch);
    rows.extend(closing(2));
    assert!(matches!(leader.desk.commit(&sample::commit(epoch, 1, rows)).await, CommitOutcome::Committed));
    let outcome = leader.desk.commit(&sample::commit(epoch, 2, closing(3).to_vec())).await;
    assert_eq!(constraint(&outcome), Some("orders_one_close"), "{outcome:?}");
    let mut ended = sample::order(epoch, 2, GroupRole::Exit);
    ended.state = OrderState::Canceled;
    let mut rows = vec![Row::Order(ended)];
    rows.extend(closing(3));
    let outcome = leader.desk.commit(&sample::commit(epoch, 2, rows)).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
}

#[tokio::test]
async fn an_unknown_commit_is_found_out_both_ways() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    leader.desk.plant(Fault::UnknownCommitted);
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, sample::opening(epoch))).await;
    assert!(matches!(outcome, CommitOutcome::Unknown(_)), "{outcome:?}");
    assert!(leader.desk.was_committed(epoch, 1).await.expect("asked"));

    leader.desk.plant(Fault::UnknownNotCommitted);
    let outcome = leader.desk.commit(&sample::commit(epoch, 2, vec![])).await;
    assert!(matches!(outcome, CommitOutcome::Unknown(_)), "{outcome:?}");
    assert!(!leader.desk.was_committed(epoch, 2).await.expect("asked"));

    leader.desk.plant(Fault::Failed);
    let outcome = leader.desk.commit(&sample::commit(epoch, 2, vec![])).await;
    assert!(matches!(outcome, CommitOutcome::Failed(_)), "{outcome:?}");
    assert!(matches!(leader.desk.commit(&sample::commit(epoch, 2, vec![])).await, CommitOutcome::Committed));
}

#[tokio::test]
async fn asking_for_an_unknown_commit_waits_for_its_transaction() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    // The old connection's transaction, still open in the server.
    let mut old = leader.database.pool.begin().await.expect("begun");
    sqlx::query("SELECT epoch FROM desk.lease FOR SHARE").execute(&mut *old).await.expect("locked");
    sqlx::query("INSERT INTO desk.commits (epoch, number, at, inputs) VALUES ($1, 1, now(), '{}')")
        .bind(i64::from(epoch))
        .execute(&mut *old)
        .await
        .expect("inserted");
    let asked = tokio::spawn({
        let desk = leader.desk.clone();
        async move { desk.was_committed(epoch, 1).await }
    });
    leader.until_waiting(1).await;
    assert!(!asked.is_finished());
    old.commit().await.expect("committed");
    assert!(asked.await.expect("joined").expect("asked"));
}
