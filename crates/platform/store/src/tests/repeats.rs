//! A close that is sent again: an intent with a claim and an answer of its own, found again after a crash.

use rec_domain::{
    IntentId, Service,
    answer::{Answer, ClaimRefusal, Outcome},
    desk_view::Cursors,
    intent::{Action, Effect, GroupRole, Intent},
    row::Row,
};

use super::{Leader, now, sample};
use crate::{CommitOutcome, StoreError, StoredRepeat};

fn repeat(epoch: u32, number: u32, of: IntentId) -> Intent {
    let action = Action::Repeat { of, spec: sample::spec(GroupRole::Exit) };
    Intent { action, ..sample::intent(epoch, number, GroupRole::Exit) }
}

/// Trade 1 with intent 2, a close.
fn closing(epoch: u32) -> Vec<Row> {
    let mut rows = sample::opening(epoch);
    rows.push(Row::Intent(sample::intent(epoch, 2, GroupRole::Exit)));
    rows.push(Row::Order(sample::order(epoch, 2, GroupRole::Exit)));
    rows
}

#[tokio::test]
async fn each_repetition_is_claimed_once_and_counted_after_a_crash() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let [close, first, second] = [2, 3, 4].map(|number| sample::intent_id(epoch, number));
    leader.commit(1, closing(epoch)).await;
    assert_eq!(leader.load().await.repeats, []);
    leader.commit(2, vec![Row::Intent(repeat(epoch, 3, close))]).await;
    let executor = leader.as_service(Service::TradeExecutor).await;
    let (claims, answers) = (executor.claims(), executor.answers());
    assert!(claims.unanswered_intents(10).await.expect("read").iter().any(|intent| intent.id == first));
    assert!(claims.claim(first, now(), now()).await.expect("answered").is_ok());
    assert_eq!(claims.claim(first, now(), now()).await.expect("answered"), Err(ClaimRefusal::AlreadyClaimed));
    let stored = |intent, answered, landed| StoredRepeat { order: close, intent: Some(intent), answered, landed };
    assert_eq!(leader.load().await.repeats, [stored(first, false, false)], "it may have been sent");

    let outcome = Outcome::Unknown { reason: "timeout".to_owned(), signed_at: now() };
    answers.append_answer(&Answer { intent: first, at: now(), outcome }).await.expect("appended");
    assert!(!leader.load().await.repeats[0].answered, "the desk has not heard of it");
    let number = answers.answers_after(0, 10).await.expect("read")[0].0;
    let cursors = Cursors { report: 0, answer: number };
    leader.commit(3, vec![Row::Cursors(cursors), Row::Intent(repeat(epoch, 4, close))]).await;
    let outcome = Outcome::AlreadyExists { signed_at: now() };
    answers.append_answer(&Answer { intent: second, at: now(), outcome }).await.expect("appended");
    assert_eq!(leader.load().await.repeats, [stored(first, true, false), stored(second, false, true)]);
}

#[tokio::test]
async fn the_database_takes_no_repetition_of_what_opens() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let opens = Intent { effect: Effect::Increases, ..repeat(epoch, 2, sample::intent_id(epoch, 1)) };
    let mut rows = sample::opening(epoch);
    rows.push(Row::Intent(opens));
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, rows)).await;
    assert!(matches!(outcome, CommitOutcome::Failed(StoreError::Constraint { .. })), "{outcome:?}");
}
