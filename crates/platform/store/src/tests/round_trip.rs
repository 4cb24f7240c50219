//! Every kind of row comes back as it was committed.

use std::collections::BTreeMap;

use rec_domain::{
    DecisionId, FillId, Money, OrderGroupId, OrderId, Quantity, Side, TimeSpan, TradeId,
    answer::{Answer, Outcome},
    arming::Arming,
    command::DeskReply,
    desk_view::{Cursors, MarketSideHistory},
    flow::{FlowKind, FlowReport, FlowStage, Place},
    halt::{Halt, HaltSource},
    intent::{Action, Effect, GroupRole},
    ledger::{Account, Posting, PostingKind},
    order::OrderState,
    outbox::DeskEvent,
    reconciliation::{CashOfShard, Compared, Difference, Looked, Reconciliation},
    refusal::{Refusal, RefusalCode},
    row::Row,
    settings::AutomationSettings,
    settlement::Settlement,
    trade::TradeState,
};

use super::{Leader, now, sample};
use crate::{CommitOutcome, DeskSnapshot, StoreError, StoredGroup, StoredIntent, StoredOrder};

impl Leader {
    pub(super) async fn commit(&self, number: i64, rows: Vec<Row>) {
        let outcome = self.desk.commit(&sample::commit(self.lease.epoch(), number, rows)).await;
        assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    }

    pub(super) async fn load(&self) -> DeskSnapshot {
        self.desk.load(now()).await.expect("loaded")
    }
}

#[tokio::test]
async fn a_new_desk_has_nothing() {
    let Some(leader) = Leader::new().await else { return };
    let snapshot = leader.load().await;
    assert_eq!(snapshot.identity.account, crate::TEST_ACCOUNT);
    assert_eq!((snapshot.last_posting, snapshot.last_trade, snapshot.cursors), (0, 0, Cursors::default()));
    assert_eq!((snapshot.automation, snapshot.changed_at, snapshot.reconciliation), (None, None, None));
    assert!(snapshot.trades.is_empty() && snapshot.orders.is_empty() && snapshot.ledger.is_empty());
    assert_eq!(snapshot.day_start.to_string(), "2026-09-23T04:00:00Z");
}

#[tokio::test]
async fn an_opening_comes_back() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    leader.commit(1, sample::opening(epoch)).await;
    let snapshot = leader.load().await;
    assert_eq!(snapshot.trades, [sample::trade(1)]);
    let order = sample::order(epoch, 1, GroupRole::Entry);
    let stored = StoredOrder { order: order.clone(), claim_signed_at: None, answered: false };
    assert_eq!(snapshot.orders, [stored]);
    let intent = sample::intent(epoch, 1, GroupRole::Entry);
    assert_eq!(snapshot.unanswered, [StoredIntent { intent, claim_signed_at: None }]);
    assert_eq!((snapshot.last_trade, snapshot.entry_times), (1, vec![now()]));
    assert_eq!((snapshot.risked_today, snapshot.changed_at), (order.worst_case, Some(now())));
    let history = MarketSideHistory {
        ticker: sample::ticker(),
        side: Side::No,
        last_entry_at: now(),
        entered: Quantity::ZERO,
        trades: 1,
    };
    assert_eq!(snapshot.history, [history]);
}

#[tokio::test]
async fn orders_and_trades_change_with_an_event_each() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    leader.commit(1, sample::opening(epoch)).await;
    let mut order = sample::order(epoch, 1, GroupRole::Entry);
    let mut number = 1;
    for state in OrderState::ALL {
        number += 1;
        order.state = *state;
        order.order_id = Some(OrderId::new("order-1"));
        order.acknowledged = Quantity::from_units(1_250);
        order.booked = Quantity::from_units(number);
        order.signed_at = Some(now() + TimeSpan::from_micros(1));
        order.updated_at = now() + TimeSpan::from_micros(number);
        order.note = Some("zero\0character".to_owned());
        leader.commit(number, vec![Row::Order(order.clone())]).await;
        order.note = Some("zero\u{FFFD}character".to_owned());
        assert_eq!(leader.load().await.orders[0].order, order);
    }
    let mut trade = sample::trade(1);
    for state in TradeState::ALL {
        number += 1;
        trade.state = *state;
        trade.entered = Quantity::from_units(1_250);
        trade.entry_cost = Money::from_micros(number);
        trade.exit_reason = Some("stop".to_owned());
        trade.exit_attempts = u32::MAX;
        trade.last_exit_at = Some(now());
        trade.ended_at = state.is_final().then(now);
        leader.commit(number, vec![Row::Trade(trade.clone()), Row::Trade(trade.clone())]).await;
        let snapshot = leader.load().await;
        let found = if state.is_final() { snapshot.ended_trades } else { snapshot.trades };
        assert_eq!(found, [trade.clone()]);
    }
    let events = |table: &'static str| {
        let pool = &leader.database.pool;
        async move { sqlx::query_scalar::<_, i64>(table).fetch_one(pool).await.expect("counted") }
    };
    assert_eq!(events("SELECT count(*) FROM desk.order_events").await, 8);
    assert_eq!(events("SELECT count(*) FROM desk.trade_events").await, 7, "one for each state, not for each row");
}

#[tokio::test]
async fn fills_postings_and_settlements_add_up() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let bought = Posting::new(
        2,
        now(),
        PostingKind::Entry,
        Some(TradeId::new(1)),
        Some(FillId::new("fill-1")),
        "bought".to_owned(),
        vec![
            (sample::position(), Money::from_micros(11_981_250)),
            (Account::Fees, Money::from_micros(34_800)),
            (sample::cash(), Money::from_micros(-12_016_050)),
        ],
    )
    .expect("balanced");
    let opening = vec![(sample::cash(), 100_000_000), (Account::Capital, -100_000_000)];
    let won = vec![(sample::cash(), 12_500_000), (sample::position(), -11_981_250), (Account::Result, -518_750)];
    let mut rows = sample::opening(epoch);
    rows.extend([
        Row::Posting(sample::posting(1, PostingKind::Opening, opening)),
        Row::Posting(bought),
        Row::Fill(sample::fill(epoch)),
        Row::Settlement(sample::settlement()),
        Row::Posting(sample::posting(3, PostingKind::Settlement, won)),
    ]);
    leader.commit(1, rows).await;
    let snapshot = leader.load().await;
    let expected: BTreeMap<_, _> = [
        (sample::cash(), 100_483_950),
        (sample::position(), 0),
        (Account::Fees, 34_800),
        (Account::Result, -518_750),
        (Account::Capital, -100_000_000),
    ]
    .into_iter()
    .map(|(account, micros)| (account, Money::from_micros(micros)))
    .collect();
    assert_eq!(snapshot.ledger, expected);
    assert_eq!((snapshot.last_posting, snapshot.fills), (3, vec![sample::fill(epoch)]));
    assert_eq!(snapshot.realised_today, Money::from_micros(518_750 - 34_800));
    assert_eq!(leader.desk.realised_since(now() + TimeSpan::from_seconds(1)).await.expect("summed"), Money::ZERO);
}

#[tokio::test]
async fn a_payment_that_was_taken_back_and_made_anew_stands_beside_the_first_and_the_last_comes_back() {
    let Some(leader) = Leader::new().await else { return };
    let mut trade = sample::trade(1);
    (trade.state, trade.ended_at) = (TradeState::Settled, Some(now()));
    let posting = |number, kind, micros: i64| {
        let lines = [(sample::cash(), micros), (Account::Result, -micros)];
        let lines = lines.map(|(account, micros)| (account, Money::from_micros(micros))).to_vec();
        Posting::new(number, now(), kind, Some(trade.id), None, "a sample".to_owned(), lines).expect("balanced")
    };
    let first = sample::settlement();
    // At the same instant as the first, since nobody promises another.
    let amended = Settlement { result: "yes".to_owned(), revenue: Money::ZERO, ..first.clone() };
    let anew = posting(3, PostingKind::Settlement, 1);
    let mut rows = sample::opening(leader.lease.epoch());
    rows.extend([Row::Trade(trade.clone()), Row::Settlement(first.clone())]);
    rows.push(Row::Posting(posting(1, PostingKind::Settlement, 12_500_000)));
    leader.commit(1, rows).await;
    let rows = vec![
        Row::Posting(posting(2, PostingKind::Reversal, -12_500_000)),
        Row::Settlement(amended.clone()),
        Row::Posting(anew.clone()),
    ];
    leader.commit(2, rows).await;
    let snapshot = leader.load().await;
    assert_eq!((snapshot.payments, snapshot.last_posting), (vec![anew], 3));
    let snapshot = leader.desk.load(now() + TimeSpan::from_minutes(23 * 60)).await.expect("loaded");
    assert_eq!((snapshot.ended_trades.len(), snapshot.payments.len()), (1, 1));
    let snapshot = leader.desk.load(now() + TimeSpan::from_minutes(25 * 60)).await.expect("loaded");
    assert!(snapshot.ended_trades.is_empty() && snapshot.payments.is_empty());
    let twice = leader.desk.commit(&sample::commit(leader.lease.epoch(), 3, vec![Row::Settlement(amended)])).await;
    assert!(matches!(twice, CommitOutcome::Failed(StoreError::Constraint { .. })), "{twice:?}");
    leader.commit(3, vec![Row::Settlement(first)]).await;
}

#[tokio::test]
async fn what_was_parked_waits_until_it_is_booked() {
    let Some(leader) = Leader::new().await else { return };
    let (fill, settlement) = (sample::fill_report(), sample::settlement_report());
    leader.commit(1, vec![Row::ParkedFill(fill.clone()), Row::ParkedSettlement(settlement.clone())]).await;
    let snapshot = leader.load().await;
    assert_eq!((snapshot.parked_fills, snapshot.parked_settlements), (vec![fill.clone()], vec![settlement.clone()]));
    leader.commit(2, vec![Row::UnparkedFill(fill), Row::UnparkedSettlement(settlement)]).await;
    let snapshot = leader.load().await;
    assert!(snapshot.parked_fills.is_empty() && snapshot.parked_settlements.is_empty());
}

#[tokio::test]
async fn control_comes_back() {
    let Some(leader) = Leader::new().await else { return };
    let settings = AutomationSettings { auto_entry: true, min_probability_percent: 95.05, ..Default::default() };
    let halt = |source, reason: &str| Halt { source, reason: reason.to_owned(), since: now() };
    let halts: Vec<_> = HaltSource::ALL.iter().map(|source| halt(*source, "because")).collect();
    let reconciliation = Reconciliation {
        at: now(),
        as_of: now() - TimeSpan::from_seconds(1),
        books_changed_at: now() - TimeSpan::from_seconds(9),
        differences: vec![Difference {
            compared: Compared::Cash,
            subject: "0".to_owned(),
            ours: "1.00".to_owned(),
            theirs: "2.00".to_owned(),
        }],
        compared: Looked {
            cash: vec![CashOfShard {
                exchange_index: sample::shard(),
                ours: Money::from_cents(7),
                theirs: None,
                reserved: Money::ZERO,
            }],
            orders: 3,
            flows: true,
            agreed_as_of: Some(now() - TimeSpan::from_seconds(60)),
            unreadable: vec!["a deposit".to_owned()],
            ..Looked::default()
        },
    };
    let group = |id: &str, tripped| Row::Group {
        role: GroupRole::Entry,
        exchange_index: sample::shard(),
        group: OrderGroupId::new(id),
        tripped,
    };
    let reply = DeskReply::Refused(Refusal::new(RefusalCode::Edge, "too small"));
    let decision = DecisionId::of("x");
    let mut rows: Vec<_> = halts.iter().cloned().map(Row::Halted).collect();
    rows.extend([
        Row::Halted(halt(HaltSource::Operator, "another reason")),
        Row::Automation(AutomationSettings::default()),
        Row::Automation(settings.clone()),
        group("first", true),
        group("second", false),
        group("first", false),
        Row::Reconciliation(reconciliation.clone()),
        Row::Cursors(Cursors { report: 5, answer: 6 }),
        Row::Decision { decision, requester: "operator".to_owned(), reply: reply.clone() },
        Row::Decision {
            decision,
            requester: "operator".to_owned(),
            reply: DeskReply::Accepted { intent: None, trade: None },
        },
    ]);
    leader.commit(1, rows).await;
    let snapshot = leader.load().await;
    assert_eq!(snapshot.automation, Some(settings));
    assert_eq!(snapshot.reconciliation, Some(reconciliation));
    assert_eq!(snapshot.cursors, Cursors { report: 5, answer: 6 });
    assert_eq!(snapshot.decisions, [(decision, reply.clone())], "the first answer stands");
    assert_eq!(leader.desk.reply(decision).await.expect("found"), Some(reply));
    let group = StoredGroup {
        role: GroupRole::Entry,
        exchange_index: sample::shard(),
        group: OrderGroupId::new("second"),
        tripped: false,
    };
    assert_eq!(snapshot.groups, [group]);
    assert_eq!(snapshot.halts.len(), halts.len());
    assert_eq!(snapshot.halts[0], halt(HaltSource::Operator, "another reason"));

    let resumed = Row::Resumed { source: HaltSource::Operator, reason: "looked at it".to_owned() };
    leader.commit(2, vec![resumed, Row::Halted(halt(HaltSource::Clock, "again"))]).await;
    let halts = leader.load().await.halts;
    assert!(!halts.iter().any(|halt| halt.source == HaltSource::Operator));
    assert_eq!(halts.len(), HaltSource::ALL.len() - 1);
}

#[tokio::test]
async fn an_arming_and_the_codes_that_were_tried_come_back() {
    let Some(leader) = Leader::new().await else { return };
    let arming = sample::arming();
    let later = Arming { crashes: vec![now()], unproven: true, ..arming.clone() };
    let tried = |step| Row::CodeTried { step };
    leader.commit(1, vec![tried(Some(57)), tried(None), tried(None), Row::Armed(arming.clone())]).await;
    let loaded = leader.load().await;
    assert_eq!((loaded.arming, loaded.last_code, loaded.wrong_codes.len()), (Some(arming), Some(57), 2));
    leader.commit(2, vec![Row::Armed(later.clone())]).await;
    assert_eq!(leader.load().await.arming, Some(later));
    leader.commit(3, vec![Row::Disarmed { reason: "enough".to_owned() }]).await;
    assert_eq!(leader.load().await.arming, None);
    let again = leader.desk.commit(&sample::commit(leader.lease.epoch(), 4, vec![tried(Some(57))])).await;
    assert!(matches!(again, CommitOutcome::Failed(_)), "a code counts once, whatever the desk thinks: {again:?}");
}

#[tokio::test]
async fn a_refusal_is_stored_when_its_reason_changes_and_counted_otherwise() {
    let Some(leader) = Leader::new().await else { return };
    let refused = |code| Row::Refused {
        ticker: sample::ticker(),
        side: Side::Yes,
        decision: DecisionId::of("r"),
        refusal: Refusal::new(code, "so it is"),
        checks: vec![],
        evidence: "{}".to_owned(),
    };
    let (edge, cash) = (RefusalCode::Edge, RefusalCode::Cash);
    leader.commit(1, [edge, edge, cash, edge].map(refused).to_vec()).await;
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT code, times FROM desk.refusals ORDER BY id")
        .fetch_all(&leader.database.pool)
        .await
        .expect("read");
    let expected = [("edge", 2), ("cash", 1), ("edge", 1)].map(|(code, times)| (code.to_owned(), times));
    assert_eq!(rows, expected);
    let codes = RefusalCode::ALL.iter().map(|code| refused(*code)).collect();
    leader.commit(2, codes).await;
}

#[tokio::test]
async fn every_action_and_event_is_taken() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let (group, exchange_index) = (OrderGroupId::new("g"), sample::shard());
    let actions = [
        Action::Cancel { order: OrderId::new("o"), ticker: sample::ticker(), exchange_index },
        Action::CreateGroup { role: GroupRole::Exit, exchange_index, limit: Quantity::from_contracts(4) },
        Action::TriggerGroup { group: group.clone(), exchange_index },
        Action::ResetGroup { group, exchange_index },
    ];
    let intents: Vec<_> = (10_u32..)
        .zip(actions)
        .map(|(number, action)| {
            let base = sample::intent(epoch, number, GroupRole::Exit);
            rec_domain::intent::Intent { action, effect: Effect::Administrative, trade: None, ..base }
        })
        .collect();
    let mut rows: Vec<_> = intents.iter().cloned().map(Row::Intent).collect();
    rows.push(Row::Event(DeskEvent::Automation { auto_entry: true, auto_stop: false }));
    leader.commit(1, rows).await;
    let executor = leader.as_service(rec_domain::Service::TradeExecutor).await;
    assert_eq!(executor.claims().unanswered_intents(10).await.expect("read"), intents);
    let answer = Answer { intent: intents[0].id, at: now(), outcome: Outcome::NotFound };
    assert!(executor.answers().append_answer(&answer).await.expect("appended"));
    assert_eq!(leader.load().await.unanswered.len(), 3);
}

#[tokio::test]
async fn what_people_ask_and_why_others_do_not_enter_comes_back() {
    let Some(leader) = Leader::new().await else { return };
    let detail = r#"{"reason":"lunch"}"#.to_owned();
    let audit = Row::Audit { actor: "operator".to_owned(), action: "halt".to_owned(), detail };
    let refused = Row::Refused {
        ticker: sample::ticker(),
        side: rec_domain::Side::Yes,
        decision: rec_domain::DecisionId::of("note"),
        refusal: rec_domain::refusal::Refusal::new(RefusalCode::Edge, "0.10 points, 0.25 are needed"),
        checks: vec![],
        evidence: r#"{"table_at":"2026-09-23T19:50:00Z"}"#.to_owned(),
    };
    leader.commit(1, vec![audit, refused]).await;
    let pages = leader.as_service(rec_domain::Service::MainApp).await;
    let entry = pages.ops().audit_entries(1).await.expect("read").remove(0);
    assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("operator", "halt"));
    assert_eq!(entry.detail["reason"], "lunch");
    let run = pages.pages().refusals(1).await.expect("read").remove(0);
    assert_eq!(run.evidence["table_at"], "2026-09-23T19:50:00Z");
    assert_eq!((run.decision, run.times), (rec_domain::DecisionId::of("note"), 1));
}

#[tokio::test]
async fn movements_of_money_come_back_as_far_as_they_have_come_with_when_the_ledger_was_opened() {
    let Some(leader) = Leader::new().await else { return };
    let flow = |stage| FlowReport {
        id: "t".to_owned(),
        kind: FlowKind::Transfer,
        from: Place::Shard(sample::shard()),
        to: Place::Subaccount(3),
        amount: Money::from_dollars(2),
        fee: Money::ZERO,
        stage,
        at: now(),
    };
    assert_eq!(leader.load().await.opened_at, None);
    let reserved = Account::Reserved { exchange_index: sample::shard() };
    let postings = [
        sample::posting(1, PostingKind::Opening, vec![(sample::cash(), 9), (Account::Capital, -9)]),
        sample::posting(2, PostingKind::Transfer, vec![(sample::cash(), -4), (Account::Transit, 4)]),
        sample::posting(
            3,
            PostingKind::Transfer,
            vec![(Account::Transit, -4), (Account::Subaccount { subaccount: 3 }, 4)],
        ),
        sample::posting(4, PostingKind::Reserve, vec![(sample::cash(), -1), (reserved.clone(), 1)]),
        sample::posting(5, PostingKind::Interest, vec![(sample::cash(), 2), (Account::Interest, -2)]),
    ];
    let flows = [flow(FlowStage::Pending), flow(FlowStage::Done)].map(Row::Flow);
    leader.commit(1, flows.into_iter().chain(postings.map(Row::Posting)).collect()).await;
    let snapshot = leader.load().await;
    assert_eq!((snapshot.flows, snapshot.opened_at), (vec![flow(FlowStage::Done)], Some(now())));
    let balance = |account: &Account| snapshot.ledger[account].micros();
    assert_eq!((balance(&sample::cash()), balance(&reserved)), (6, 1));
    assert_eq!(
        (balance(&Account::Transit), balance(&Account::Subaccount { subaccount: 3 }), balance(&Account::Interest)),
        (0, 4, -2)
    );
}
