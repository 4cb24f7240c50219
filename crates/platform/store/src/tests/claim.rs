//! An intent is claimed once, and only while every rule allows it. The cases are those of `may_claim` in the engine.

use rec_domain::{
    Mode, Service, TimeSpan,
    answer::{Answer, Claim, ClaimRefusal, Outcome},
    arming::Arming,
    halt::{Halt, HaltSource},
    intent::{Action, GroupRole, Intent},
    row::Row,
};

use super::{Leader, minute, now, sample};
use crate::{Claims, CommitOutcome, Lease};

struct Executor {
    leader: Leader,
    claims: Claims,
    epoch: u32,
}

impl Executor {
    /// With intent 1, which increases exposure, and intent 2, which reduces it.
    async fn of_mode(mode: Mode) -> Option<Self> {
        let leader = Leader::of_mode(mode).await?;
        let epoch = leader.lease.epoch();
        let mut rows = sample::opening(epoch);
        rows.push(Row::Intent(sample::intent(epoch, 2, GroupRole::Exit)));
        let outcome = leader.desk.commit(&sample::commit(epoch, 1, rows)).await;
        assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
        let claims = leader.as_service(Service::TradeExecutor).await.claims();
        Some(Self { leader, claims, epoch })
    }

    async fn claim_at(&self, number: u32, late: TimeSpan) -> Result<(), ClaimRefusal> {
        let id = sample::intent_id(self.epoch, number);
        // Signed a little before, which makes nothing of it earlier.
        let signed_at = now() - TimeSpan::from_seconds(2);
        let claimed = self.claims.claim(id, signed_at, now() + late).await.expect("answered");
        claimed.map(|intent| assert_eq!(intent.id, id))
    }

    async fn claim(&self, number: u32) -> Result<(), ClaimRefusal> {
        self.claim_at(number, TimeSpan::ZERO).await
    }

    async fn commit(&self, number: i64, rows: Vec<Row>) {
        let outcome = self.leader.desk.commit(&sample::commit(self.epoch, number, rows)).await;
        assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    }

    async fn halt(&self) {
        let halt = Halt { source: HaltSource::Failure, reason: "a test".to_owned(), since: now() };
        self.commit(2, vec![Row::Halted(halt)]).await;
    }
}

#[tokio::test]
async fn an_intent_is_claimed_once() {
    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    assert_eq!(executor.claims.unanswered_intents(10).await.expect("read").len(), 2);
    assert_eq!(executor.claim(1).await, Ok(()));
    assert_eq!(executor.claim(1).await, Err(ClaimRefusal::AlreadyClaimed));
    let left: Vec<_> = executor.claims.unanswered_intents(10).await.expect("read");
    assert_eq!(left, [sample::intent(executor.epoch, 2, GroupRole::Exit)]);

    let id = sample::intent_id(executor.epoch, 1);
    let signed_at = now() - TimeSpan::from_seconds(2);
    let claim = Claim { intent: id, signed_at };
    assert_eq!(executor.claims.claims_without_answer().await.expect("read"), [claim]);
    let stored = executor.leader.desk.load(now()).await.expect("loaded").orders.remove(0);
    assert_eq!((stored.claim_signed_at, stored.answered), (Some(signed_at), false));

    let answers = executor.leader.as_service(Service::TradeExecutor).await.answers();
    let outcome = Outcome::Unknown { reason: "timeout".to_owned(), signed_at: now() };
    answers.append_answer(&Answer { intent: id, at: now(), outcome }).await.expect("appended");
    assert_eq!(executor.claims.claims_without_answer().await.expect("read"), []);
    assert!(executor.leader.desk.load(now()).await.expect("loaded").orders.remove(0).answered);
}

#[tokio::test]
async fn of_many_claims_at_once_one_wins() {
    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (claims, id) = (executor.claims.clone(), sample::intent_id(executor.epoch, 1));
        running.spawn(async move { claims.claim(id, now(), now()).await.expect("answered").is_ok() });
    }
    assert_eq!(running.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

#[tokio::test]
async fn each_rule_refuses_by_itself() {
    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    assert_eq!(executor.claim(9).await, Err(ClaimRefusal::Missing));
    let (in_time, too_late) = (TimeSpan::from_seconds(2), TimeSpan::from_micros(2_000_001));
    assert_eq!(executor.claim_at(1, too_late).await, Err(ClaimRefusal::TooLate));
    executor.halt().await;
    assert_eq!(executor.claim_at(1, in_time).await, Err(ClaimRefusal::Halted));
    assert_eq!(executor.claim_at(1, too_late).await, Err(ClaimRefusal::TooLate), "the earlier rule is named");
    assert_eq!(executor.claim_at(2, too_late).await, Ok(()), "a close is stopped by no halt and has no limit");
}

#[tokio::test]
async fn the_last_instant_is_in_time() {
    let Some(executor) = Executor::of_mode(Mode::Paper).await else { return };
    assert_eq!(executor.claim_at(1, TimeSpan::from_seconds(2)).await, Ok(()));
}

#[tokio::test]
async fn another_epoch_or_an_expired_lease_claims_nothing() {
    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    Lease::acquire(&executor.leader.database, "test", minute()).await.expect("the same holder");
    assert_eq!(executor.claim(1).await, Err(ClaimRefusal::StaleEpoch));
    assert_eq!(executor.claim(2).await, Err(ClaimRefusal::StaleEpoch));

    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    sqlx::query("UPDATE desk.lease SET expires_at = clock_timestamp()")
        .execute(&executor.leader.database.pool)
        .await
        .expect("expired");
    assert_eq!(executor.claim(1).await, Err(ClaimRefusal::StaleEpoch));

    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    executor.leader.lease.clone().release().await.expect("released");
    assert_eq!(executor.claim(1).await, Err(ClaimRefusal::StaleEpoch));
}

#[tokio::test]
async fn where_money_is_real_only_an_armed_desk_opens() {
    let minutes = TimeSpan::from_minutes;
    for mode in [Mode::Demo, Mode::Prod] {
        let Some(executor) = Executor::of_mode(mode).await else { return };
        assert_eq!(executor.claim(1).await, Err(ClaimRefusal::Disarmed));
        assert_eq!(executor.claim(2).await, Ok(()), "a close needs no arming");
        let over = Arming { until: now(), ..sample::arming() };
        executor.commit(2, vec![Row::Armed(over)]).await;
        assert_eq!(executor.claim(1).await, Err(ClaimRefusal::Disarmed), "it ends at its instant");
        let after_a_crash = Arming { unproven: true, ..sample::arming() };
        executor.commit(3, vec![disarmed(), Row::Armed(after_a_crash)]).await;
        assert_eq!(executor.claim(1).await, Err(ClaimRefusal::Disarmed), "not proven since a crash");
        executor.commit(4, vec![disarmed(), Row::Armed(sample::arming()), disarmed()]).await;
        assert_eq!(executor.claim(1).await, Err(ClaimRefusal::Disarmed));
        executor.commit(5, vec![Row::Armed(sample::arming())]).await;
        assert_eq!(sample::arming().until, now() + minutes(480));
        assert_eq!(executor.claim(1).await, Ok(()));
    }
}

fn disarmed() -> Row {
    Row::Disarmed { reason: "a test".to_owned() }
}

const HALT: &str = "INSERT INTO desk.halts (source, reason, since) VALUES ('operator', 'a test', now())";
const DISARM: &str = "UPDATE desk.armings SET ended_at = now(), ended_reason = 'a test' WHERE ended_at IS NULL";

#[tokio::test]
async fn a_claim_that_began_before_a_halt_was_committed_is_not_committed_after_it() {
    for (stop, refusal) in [(HALT, ClaimRefusal::Halted), (DISARM, ClaimRefusal::Disarmed)] {
        let Some(executor) = Executor::of_mode(Mode::Demo).await else { return };
        executor.commit(2, vec![Row::Armed(sample::arming())]).await;
        let mut stopping = executor.leader.database.pool.begin().await.expect("begun");
        sqlx::query(stop).execute(&mut *stopping).await.expect("written");
        let (claims, id) = (executor.claims.clone(), sample::intent_id(executor.epoch, 1));
        let entry = tokio::spawn(async move { claims.claim(id, now(), now()).await.expect("answered").map(|_| ()) });
        executor.leader.until_waiting(1).await;
        assert_eq!(executor.claim(2).await, Ok(()), "a close waits for no halt");
        assert!(!entry.is_finished());
        stopping.commit().await.expect("committed");
        assert_eq!(entry.await.expect("joined"), Err(refusal));
    }
}

#[tokio::test]
async fn a_halt_waits_for_a_claim_under_way_and_a_claim_for_a_renewal_of_the_lease() {
    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    let mut renewing = executor.leader.database.pool.begin().await.expect("begun");
    sqlx::query("UPDATE desk.lease SET expires_at = expires_at + interval '1 s'")
        .execute(&mut *renewing)
        .await
        .expect("renewed");
    let (claims, id) = (executor.claims.clone(), sample::intent_id(executor.epoch, 1));
    let entry = tokio::spawn(async move { claims.claim(id, now(), now()).await.expect("answered").map(|_| ()) });
    executor.leader.until_waiting(1).await;
    let halting = tokio::spawn({
        let database = executor.leader.database.clone();
        async move { sqlx::query(HALT).execute(&database.pool).await.map(|_| ()) }
    });
    // Both wait: the claim for the lease, and the halt for the claim.
    executor.leader.until_waiting(2).await;
    assert!(!entry.is_finished() && !halting.is_finished());
    renewing.commit().await.expect("committed");
    assert_eq!(entry.await.expect("joined"), Ok(()));
    halting.await.expect("joined").expect("halted");
}

#[tokio::test]
async fn an_adopted_order_is_neither_looked_for_nor_claimed() {
    let Some(executor) = Executor::of_mode(Mode::Twin).await else { return };
    let sent = Intent {
        epoch: 0,
        action: Action::Adopt(sample::spec(GroupRole::Exit)),
        ..sample::intent(executor.epoch, 3, GroupRole::Exit)
    };
    let elsewhere = sample::intent_id(executor.epoch, 9);
    executor.commit(2, vec![Row::Intent(sent.clone())]).await;
    let left = executor.claims.unanswered_intents(10).await.expect("read");
    assert!(left.iter().all(|intent| intent.id != sent.id), "{left:?}");
    assert_eq!(executor.claim(3).await, Err(ClaimRefusal::StaleEpoch), "no lease stood behind it");
    let known = executor.leader.desk.known_intents(&[sent.id, elsewhere]).await.expect("read");
    assert_eq!(known, [sent.id].into());
}
