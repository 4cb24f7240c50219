//! The claim's rule stands twice: as a pure function in `engine` and as one statement in `store`. Every combination of
//! what it is decided on gets the same answer from both.

use rec_domain::{
    DecisionId, DeskId, ExchangeIndex, IntentId, Mode, Money, OrderGroupId, Service, TimeSpan, Timestamp,
    arming::{Arming, Binding},
    halt::{Halt, HaltSource},
    intent::{Action, Effect, Intent},
    row::{Commit, Row},
};
use rec_engine::claim::{ClaimFacts, may_claim};
use rec_store::{Claims, CommitOutcome, Database, Desk, Lease, Role, testing::TestDatabase};

const TTL: TimeSpan = TimeSpan::from_seconds(60);
const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// What differs between the intents of one round.
#[derive(Debug, Clone, Copy)]
struct Case {
    committed: bool,
    claimed: bool,
    effect: Effect,
    late: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for committed in [true, false] {
        for claimed in [false, true] {
            for effect in [Effect::Increases, Effect::Reduces, Effect::Administrative] {
                for late in [false, true] {
                    if committed || !claimed {
                        cases.push(Case { committed, claimed, effect, late });
                    }
                }
            }
        }
    }
    cases
}

struct Bench {
    owner: Database,
    store: Desk,
    claims: Claims,
    desk: DeskId,
    mode: Mode,
    commits: i64,
}

impl Bench {
    async fn lease(&self) -> Lease {
        Lease::acquire(&self.owner, "test", TTL).await.expect("the lease is ours")
    }

    async fn commit(&mut self, lease: &Lease, rows: Vec<Row>) {
        self.commits += 1;
        let commit = Commit { number: self.commits, epoch: lease.epoch(), at: NOW, inputs: vec![], rows };
        let outcome = self.store.commit(&commit).await;
        assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    }

    async fn disarm(&mut self, lease: &Lease) {
        self.commit(lease, vec![Row::Disarmed { reason: "a test".to_owned() }]).await;
    }

    fn intent(&self, epoch: u32, number: u32, case: Case) -> Intent {
        let send_by = if case.late { NOW - TimeSpan::from_seconds(1) } else { NOW };
        Intent {
            id: IntentId::new(self.desk, epoch, number),
            epoch,
            created_at: NOW,
            action: Action::TriggerGroup { group: OrderGroupId::new("group"), exchange_index: ExchangeIndex::new(2) },
            effect: case.effect,
            trade: None,
            decision: DecisionId::of(&format!("{epoch} {number}")),
            reason: "a test".to_owned(),
            worst_case: Money::ZERO,
            send_by: Some(send_by),
        }
    }

    /// All cases under one state of lease, halts and arming.
    async fn round(&mut self, halted: bool, stale: bool, lease_valid: bool, armed: bool) {
        let mut lease = self.lease().await;
        let epoch = lease.epoch();
        // What is claimed beforehand needs it.
        self.commit(&lease, vec![Row::Armed(arming())]).await;
        let cases = cases();
        let intents: Vec<Intent> =
            (1_u32..).zip(&cases).map(|(number, case)| self.intent(epoch, number, *case)).collect();
        let rows = intents.iter().zip(&cases).filter(|(_, case)| case.committed);
        let rows = rows.map(|(intent, _)| Row::Intent(intent.clone())).collect();
        self.commit(&lease, rows).await;
        for (intent, case) in intents.iter().zip(&cases).filter(|(_, case)| case.claimed) {
            let early = NOW - TimeSpan::from_seconds(10);
            let claimed = self.claims.claim(intent.id, early, early).await.expect("answered");
            assert!(claimed.is_ok(), "{case:?}: {claimed:?}");
        }
        if !armed {
            self.disarm(&lease).await;
        }
        if halted {
            let halt = Halt { source: HaltSource::Operator, reason: "a test".to_owned(), since: NOW };
            self.commit(&lease, vec![Row::Halted(halt)]).await;
        }
        if stale {
            lease = self.lease().await;
        }
        let lease_epoch = lease.epoch();
        if !lease_valid {
            lease.release().await.expect("released");
        }
        for (intent, case) in intents.iter().zip(&cases) {
            let facts = ClaimFacts {
                committed: case.committed,
                claimed: case.claimed,
                intent_epoch: epoch,
                lease_epoch,
                lease_valid,
                effect: case.effect,
                send_by: intent.send_by,
                now: NOW,
                halted,
                mode: self.mode,
                armed,
            };
            let stored = self.claims.claim(intent.id, NOW, NOW).await.expect("answered");
            assert_eq!(stored.map(|_intent| ()), may_claim(&facts), "{facts:?}");
        }
        let lease = self.lease().await;
        self.disarm(&lease).await;
        if halted {
            let resumed = Row::Resumed { source: HaltSource::Operator, reason: "a test".to_owned() };
            self.commit(&lease, vec![resumed]).await;
        }
    }
}

fn arming() -> Arming {
    Arming {
        since: NOW - TimeSpan::from_minutes(1),
        until: NOW + TimeSpan::from_minutes(1),
        requester: "operator".to_owned(),
        reason: "a test".to_owned(),
        binding: Binding::default(),
        crashes: Vec::new(),
        unproven: false,
    }
}

#[tokio::test]
async fn store_and_engine_answer_every_claim_alike() {
    for mode in [Mode::Twin, Mode::Prod] {
        let Some((test, desk)) = TestDatabase::of_mode(mode).await else { return };
        let owner = test.open(Role::Owner).await;
        let store = test.open(Role::Service(Service::TradeManager)).await.desk();
        let claims = test.open(Role::Service(Service::TradeExecutor)).await.claims();
        let mut bench = Bench { owner, store, claims, desk, mode, commits: 0 };
        for halted in [false, true] {
            for stale in [false, true] {
                for lease_valid in [true, false] {
                    for armed in [false, true] {
                        bench.round(halted, stale, lease_valid, armed).await;
                    }
                }
            }
        }
    }
}
