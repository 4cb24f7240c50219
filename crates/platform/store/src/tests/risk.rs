//! What the risk gate keeps comes back.

use std::collections::BTreeMap;

use rec_domain::{
    DecisionId, Money, Quantity, Side, TimeSpan,
    caps::{Amount, Cap, CapCheck, EquityPeak, Tightening},
    intent::GroupRole,
    refusal::{Refusal, RefusalCode},
    row::Row,
};

use super::{Leader, now, sample};

#[tokio::test]
async fn lowered_caps_the_peak_of_equity_and_refusals_survive_a_start() {
    let Some(leader) = Leader::new().await else { return };
    let tightening = |dollars| Tightening {
        at: now(),
        caps: BTreeMap::from([
            (Cap::DailyLoss, Amount::Dollars(Money::from_dollars(dollars))),
            (Cap::ContractsPerOrder, Amount::Contracts(Quantity::from_contracts(3))),
            (Cap::OpenTrades, Amount::Count(2)),
        ]),
        reason: "a bad\0day".to_owned(),
        revision: u32::MAX,
    };
    let peak = |dollars| EquityPeak { at: now(), equity: Money::from_dollars(dollars), revision: 1 };
    let refused = |code| Row::Refused {
        ticker: sample::ticker(),
        side: Side::Yes,
        decision: DecisionId::of("r"),
        refusal: Refusal::new(code, "so it is"),
        checks: vec![],
        evidence: "{}".to_owned(),
    };
    let refusals = [RefusalCode::Edge, RefusalCode::Edge, RefusalCode::Drawdown].map(refused);
    let mut rows = vec![Row::Tightened(tightening(50)), Row::Tightened(tightening(40))];
    rows.extend([Row::EquityPeak(peak(900)), Row::EquityPeak(peak(1_000))]);
    rows.extend(refusals);
    leader.commit(1, rows).await;
    let snapshot = leader.load().await.risk;
    assert_eq!(
        snapshot.tightened,
        Some(Tightening { reason: "a bad\u{FFFD}day".to_owned(), ..tightening(40) }),
        "the newest holds all"
    );
    assert_eq!(snapshot.peak, Some(peak(1_000)));
    assert_eq!(snapshot.refusals, BTreeMap::from([(RefusalCode::Edge, 2), (RefusalCode::Drawdown, 1)]));
}

#[tokio::test]
async fn an_admission_stands_beside_its_intent_with_caps_and_evidence_and_is_never_changed() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let intent = sample::intent(epoch, 1, GroupRole::Entry);
    let check = CapCheck {
        cap: Cap::MoneyPerMarket,
        used: Amount::Dollars(Money::ZERO),
        asked: Some(Amount::Dollars(Money::from_cents(1_234))),
        limit: Amount::Dollars(Money::from_dollars(100)),
    };
    let mut rows = sample::opening(epoch);
    rows.push(Row::Admitted {
        intent: intent.id,
        decision: intent.decision,
        checks: vec![check.clone()],
        evidence: r#"{"table_at":"2026-09-23T19:50:00Z","row":{"strike":"84000"}}"#.to_owned(),
    });
    leader.commit(1, rows).await;
    let (checks, strike): (serde_json::Value, String) = sqlx::query_as(
        "SELECT admissions.checks, admissions.evidence->'row'->>'strike' FROM desk.admissions
         JOIN desk.intents ON intents.id = admissions.intent AND intents.decision = admissions.decision",
    )
    .fetch_one(&leader.database.pool)
    .await
    .expect("one");
    assert_eq!(serde_json::from_value::<Vec<CapCheck>>(checks).expect("checks"), [check]);
    assert_eq!(strike, "84000");
    for table in ["admissions", "tightenings", "equity_peaks"] {
        let refused =
            sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM desk.{table}"))).execute(&leader.database.pool);
        assert!(refused.await.is_err(), "{table}");
    }
}

#[tokio::test]
async fn exits_of_the_last_minute_are_counted_after_a_start() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    leader.commit(1, sample::opening(epoch)).await;
    let mut intent = sample::intent(epoch, 2, GroupRole::Exit);
    let mut early = sample::intent(epoch, 3, GroupRole::Exit);
    intent.created_at = now() - TimeSpan::from_seconds(59);
    early.created_at = now() - TimeSpan::from_seconds(61);
    leader.commit(2, vec![Row::Intent(intent.clone()), Row::Intent(early)]).await;
    assert_eq!(leader.load().await.risk.exit_times, [intent.created_at]);
}
