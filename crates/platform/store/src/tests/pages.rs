//! Pages and reports show what was committed.

use rec_domain::{
    Money, Quantity, Service, Side, TimeSpan, TradeId,
    halt::{Halt, HaltSource},
    health::{HealthReport, ServiceHealth},
    ledger::{Account, PostingKind},
    order::OrderState,
    reconciliation::Reconciliation,
    refusal::{Refusal, RefusalCode},
    row::Row,
    trade::TradeState,
};

use super::{Leader, minute, now, sample};
use crate::{CommitOutcome, Role, Severity, StoreError};

#[tokio::test]
async fn a_settled_trade_is_shown_whole_and_summed_up() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let mut trade = sample::trade(1);
    trade.state = TradeState::Settled;
    trade.entered = Quantity::from_units(1_250);
    trade.ended_at = Some(now());
    let won = vec![
        (sample::cash(), 12_500_000 - 34_800),
        (sample::position(), -11_981_250),
        (Account::Fees, 34_800),
        (Account::Result, -518_750),
    ];
    let posting = sample::posting(1, PostingKind::Settlement, won);
    let comparison = Reconciliation {
        at: now(),
        as_of: now(),
        books_changed_at: now(),
        differences: vec![],
        compared: rec_domain::reconciliation::Looked::default(),
    };
    let refused = Row::Refused {
        ticker: sample::ticker(),
        side: Side::Yes,
        decision: rec_domain::DecisionId::of("r"),
        refusal: Refusal::new(RefusalCode::Edge, "so it is"),
        checks: vec![],
        evidence: "{}".to_owned(),
    };
    let mut rows = sample::opening(epoch);
    rows.extend([
        Row::Fill(sample::fill(epoch)),
        Row::Settlement(sample::settlement()),
        Row::Posting(posting.clone()),
        Row::Trade(trade.clone()),
        Row::Reconciliation(comparison.clone()),
        refused.clone(),
        refused,
        Row::Halted(Halt { source: HaltSource::Clock, reason: "it jumped".to_owned(), since: now() }),
        Row::Resumed { source: HaltSource::Clock, reason: "it agrees".to_owned() },
    ]);
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, rows)).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");

    let pages = leader.as_service(Service::MainApp).await.pages();
    assert_eq!(pages.trades(None, 10).await.expect("read"), [trade.clone()]);
    assert_eq!(pages.trades(Some(TradeId::new(1)), 10).await.expect("read"), []);
    assert_eq!(pages.trade(TradeId::new(2)).await.expect("read"), None);
    let detail = pages.trade(TradeId::new(1)).await.expect("read").expect("there");
    assert_eq!(detail.trade, trade);
    let states: Vec<_> = detail.events.iter().map(|event| event.state).collect();
    assert_eq!(states, [TradeState::Opening, TradeState::Settled]);
    assert_eq!((detail.orders.len(), detail.order_events.len()), (1, 1));
    assert_eq!((detail.fills, detail.settlements), (vec![sample::fill(epoch)], vec![sample::settlement()]));
    assert_eq!(pages.postings(10).await.expect("read"), [posting]);
    assert_eq!(pages.balances().await.expect("read")[&Account::Fees], Money::from_micros(34_800));
    assert_eq!(pages.halts(10).await.expect("read")[0].cleared_reason.as_deref(), Some("it agrees"));
    assert_eq!(pages.refusals(10).await.expect("read")[0].times, 2);

    let summary = pages.summary(now() - minute()).await.expect("summed up");
    assert_eq!(summary.events_held, [trade.event]);
    assert_eq!(summary.orders, [(OrderState::Intended, 1)]);
    assert_eq!((summary.fills, summary.trades), (1, vec![(TradeState::Settled, 1)]));
    assert_eq!((summary.realised, summary.fees), (Money::from_micros(483_950), Money::from_micros(34_800)));
    assert_eq!((summary.refusals[0].code.as_str(), summary.refusals[0].times), ("edge", 2));
    assert_eq!((summary.comparisons, summary.comparisons_with_differences), (1, 0));
    assert_eq!(summary.last_comparison, Some(comparison));
    assert!(summary.ledger_is_balanced);
    let later = pages.summary(now() + TimeSpan::from_minutes(60)).await.expect("summed up");
    assert_eq!((later.fills, later.realised, later.events_held), (0, Money::ZERO, vec![]));
}

#[tokio::test]
async fn a_missing_entry_is_noticed() {
    let Some(leader) = Leader::new().await else { return };
    let pages = leader.database.pages();
    assert!(pages.ledger_is_balanced().await.expect("asked"), "empty books are sound");
    let lines = vec![(sample::cash(), 5), (Account::Capital, -5)];
    let rows = vec![Row::Posting(sample::posting(2, PostingKind::Deposit, lines))];
    let outcome = leader.desk.commit(&sample::commit(leader.lease.epoch(), 1, rows)).await;
    assert!(
        matches!(&outcome, CommitOutcome::Failed(StoreError::Constraint { constraint, .. }) if constraint == "postings_chain"),
        "{outcome:?}"
    );
    let owner = leader.test.open(Role::Owner).await;
    let unchained = "ALTER TABLE desk.postings DISABLE TRIGGER postings_chain";
    sqlx::query(unchained).execute(&owner.pool).await.expect("switched off");
    let numbered = "INSERT INTO desk.postings (number, at, kind, note) VALUES (2, now(), 'deposit', '')";
    sqlx::query(numbered).execute(&owner.pool).await.expect("inserted");
    assert!(!pages.ledger_is_balanced().await.expect("asked"), "number 1 is missing");
}

#[tokio::test]
async fn health_and_alerts_keep_their_beginning() {
    let Some(leader) = Leader::new().await else { return };
    let ops = leader.as_service(Service::SystemMonitor).await.ops();
    let report = |minutes, healthy| HealthReport {
        at: now() + TimeSpan::from_minutes(minutes),
        services: vec![ServiceHealth { service: Service::DbPoller, healthy, checks: vec![] }],
    };
    for (minutes, healthy, since) in [(0, true, 0), (1, true, 0), (2, false, 2), (3, false, 2)] {
        ops.store_health(&report(minutes, healthy)).await.expect("stored");
        let stored = ops.health().await.expect("read").remove(0);
        assert_eq!((stored.health.healthy, stored.since), (healthy, now() + TimeSpan::from_minutes(since)));
    }
    assert!(ops.raise_alert(Severity::Warning, "stale", "spot", "3 s", now()).await.expect("raised"));
    let again = ops.raise_alert(Severity::Critical, "stale", "spot", "9 s", now() + minute()).await.expect("raised");
    assert!(!again, "it stands already");
    let alert = ops.alerts(10).await.expect("read").remove(0);
    assert_eq!((alert.severity, alert.message.as_str(), alert.raised_at), (Severity::Critical, "9 s", now()));
    assert!(ops.resolve_alert("stale", "spot", now()).await.expect("resolved"));
    assert!(!ops.resolve_alert("stale", "spot", now()).await.expect("nothing to resolve"));
    assert!(ops.raise_alert(Severity::Warning, "stale", "spot", "again", now()).await.expect("raised"));
}

#[tokio::test]
async fn what_people_do_and_want_is_kept() {
    let Some(leader) = Leader::new().await else { return };
    let database = leader.as_service(Service::MainApp).await;
    let (ops, user) = (database.ops(), database.users().ensure("operator").await.expect("made").id);
    assert_eq!(ops.setting(user, "theme").await.expect("read"), None);
    for value in [serde_json::json!("dark"), serde_json::json!({"light": true})] {
        ops.set_setting(user, "theme", &value).await.expect("set");
        assert_eq!(ops.setting(user, "theme").await.expect("read"), Some(value));
    }
    ops.audit("operator", "log_in", &serde_json::json!({"from": "::1"})).await.expect("noted");
    let entry = ops.audit_entries(1).await.expect("read").remove(0);
    assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("operator", "log_in"));
}
