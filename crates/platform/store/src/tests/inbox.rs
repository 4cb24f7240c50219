//! The inbox and the answers are append-only logs that can be read with a cursor.

use rec_domain::{
    OrderId, Service,
    answer::{Answer, Outcome},
    report::{GroupReport, Report, SettlementReport, Sweep},
    row::Row,
};

use super::{Leader, minute, now, sample};
use crate::{CommitOutcome, Hint, Lease};

fn reports() -> Vec<Report> {
    vec![
        Report::Fill(sample::fill_report()),
        Report::Settlement(sample::settlement_report()),
        Report::Group(GroupReport {
            group: rec_domain::OrderGroupId::new("g"),
            event: "triggered".to_owned(),
            at: now(),
        }),
        Report::Sweep(Sweep {
            started_at: now(),
            as_of: now(),
            since: None,
            balances: vec![(sample::shard(), rec_domain::Money::from_cents(123))],
            positions: vec![],
            resting: vec![OrderId::new("o")],
            reserved: vec![],
            flows: false,
            unreadable: vec![],
        }),
    ]
}

#[tokio::test]
async fn a_fact_is_appended_once_and_read_in_order() {
    let Some(leader) = Leader::new().await else { return };
    let inbox = leader.as_service(Service::KalshiAccountSync).await.inbox();
    let reader = leader.database.inbox();
    assert_eq!(inbox.append_reports(&[], now()).await.expect("appended"), 0);
    let first = &reports()[..2];
    assert_eq!(inbox.append_reports(first, now()).await.expect("appended"), 2);
    let twice = [reports(), reports()].concat();
    assert_eq!(inbox.append_reports(&twice, now()).await.expect("appended"), 2, "what was there is not repeated");
    let found = reader.reports_after(0, 10).await.expect("read");
    assert_eq!(found.iter().map(|(_, report)| report.clone()).collect::<Vec<_>>(), reports());
    assert!(found.is_sorted_by_key(|(id, _)| *id));
    let second = found[1].0;
    assert_eq!(reader.reports_after(second, 1).await.expect("read"), [found[2].clone()]);
    assert_eq!(reader.last_received_at().await.expect("read"), Some(now()));
}

#[tokio::test]
async fn a_result_that_is_amended_back_at_the_same_instant_is_news_and_repeated_words_are_not() {
    let Some(leader) = Leader::new().await else { return };
    let inbox = leader.as_service(Service::KalshiAccountSync).await.inbox();
    let said = |result: &str| {
        Report::Settlement(SettlementReport { result: result.to_owned(), ..sample::settlement_report() })
    };
    let append = async |words: &[&str]| {
        let reports: Vec<Report> = words.iter().map(|word| said(word)).collect();
        inbox.append_reports(&reports, now()).await.expect("appended")
    };
    for (words, news) in [
        (&["yes"][..], 1),
        (&["yes"], 0),
        (&["no"], 1),
        (&["no"], 0),
        (&["yes"], 1),
        (&["yes"], 0),
        (&["no"], 1),
        // Which of two words of one reading is the later one nobody knows.
        (&["yes", "no"], 0),
        (&["no", "yes"], 0),
    ] {
        assert_eq!(append(words).await, news, "{words:?}");
    }
    let other = SettlementReport { settled_at: now(), ..sample::settlement_report() };
    let elsewhere = SettlementReport { ticker: rec_domain::MarketTicker::new("OTHER"), ..other.clone() };
    for report in [other, elsewhere].map(Report::Settlement) {
        assert_eq!(inbox.append_reports(std::slice::from_ref(&report), now()).await.expect("appended"), 1);
        assert_eq!(inbox.append_reports(&[report], now()).await.expect("appended"), 0);
    }
    let found = leader.database.inbox().reports_after(0, 10).await.expect("read");
    let words: Vec<Report> = ["yes", "no", "yes", "no"].map(said).to_vec();
    assert_eq!(found[..4].iter().map(|(_, report)| report.clone()).collect::<Vec<_>>(), words);
}

#[tokio::test]
async fn ids_of_writers_at_once_become_visible_in_order() {
    let Some(leader) = Leader::new().await else { return };
    let inbox = leader.as_service(Service::KalshiAccountSync).await.inbox();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let inbox = inbox.clone();
        writers.spawn(async move {
            for number in 0..20 {
                let mut fill = sample::fill_report();
                fill.fill_id = rec_domain::FillId::new(format!("{writer}-{number}"));
                inbox.append_reports(&[Report::Fill(fill)], now()).await.expect("appended");
            }
        });
    }
    // A reader that only goes forward misses nothing.
    let (reader, mut cursor, mut seen) = (leader.database.inbox(), 0, 0);
    while seen < 80 {
        for (id, _) in reader.reports_after(cursor, 7).await.expect("read") {
            (cursor, seen) = (id, seen + 1);
        }
        if writers.is_empty() && reader.reports_after(cursor, 1).await.expect("read").is_empty() {
            break;
        }
        while writers.try_join_next().is_some() {}
    }
    assert_eq!(seen, 80);
}

#[tokio::test]
async fn an_answer_repeated_after_a_lost_connection_stands_once() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, sample::opening(epoch))).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    let answers = leader.as_service(Service::TradeExecutor).await.answers();
    let answer = |number, outcome| Answer { intent: sample::intent_id(epoch, number), at: now(), outcome };
    assert!(answers.append_answer(&answer(1, Outcome::Done)).await.expect("appended"));
    assert!(answers.append_answer(&answer(1, Outcome::Done)).await.expect("appended"));
    let missing = answers.append_answer(&answer(9, Outcome::Done)).await.expect("answered");
    assert!(!missing, "there is no such intent");
    let found = leader.database.answers().answers_after(0, 10).await.expect("read");
    assert_eq!(found, [(found[0].0, answer(1, Outcome::Done))]);
}

#[tokio::test]
async fn what_came_of_an_order_is_stored_after_the_lease_is_gone_too() {
    let Some(leader) = Leader::new().await else { return };
    let epoch = leader.lease.epoch();
    leader.desk.commit(&sample::commit(epoch, 1, sample::opening(epoch))).await;
    let answers = leader.as_service(Service::TradeExecutor).await.answers();
    let inbox = leader.as_service(Service::KalshiAccountSync).await.inbox();
    let answer = |outcome| Answer { intent: sample::intent_id(epoch, 1), at: now(), outcome };
    let unknown = answer(Outcome::Unknown { reason: "no answer".to_owned(), signed_at: now() });
    // Nobody leads.
    leader.lease.clone().release().await.expect("released");
    assert!(answers.append_answer(&unknown).await.expect("appended"));
    assert_eq!(inbox.append_reports(&reports()[..1], now()).await.expect("appended"), 1);
    // Another leads, in an epoch of its own.
    let other = Lease::acquire(&leader.database, "other", minute()).await.expect("free");
    assert!(other.epoch() > epoch);
    let done = answer(Outcome::Done);
    assert!(answers.append_answer(&done).await.expect("appended"));
    assert_eq!(inbox.append_reports(&reports()[1..], now()).await.expect("appended"), 3);
    let found = leader.database.answers().answers_after(0, 10).await.expect("read");
    assert_eq!(found.into_iter().map(|(_id, answer)| answer).collect::<Vec<_>>(), [unknown, done]);
    let found = leader.database.inbox().reports_after(0, 10).await.expect("read");
    assert_eq!(found.into_iter().map(|(_id, report)| report).collect::<Vec<_>>(), reports());
}

#[tokio::test]
async fn listeners_get_a_hint() {
    let Some(leader) = Leader::new().await else { return };
    let mut hints = leader.as_service(Service::TradeExecutor).await.listen(Hint::Intents).await.expect("listening");
    let epoch = leader.lease.epoch();
    let intent = sample::opening(epoch);
    leader.desk.commit(&sample::commit(epoch, 1, vec![Row::Cursors(Default::default())])).await;
    leader.desk.commit(&sample::commit(epoch, 2, intent)).await;
    let long = std::time::Duration::from_secs(30);
    let waited = std::time::Instant::now();
    assert!(hints.wait(long).await.expect("heard"));
    assert!(waited.elapsed() < long);
    assert!(!hints.wait(std::time::Duration::ZERO).await.expect("listening"), "nothing new");

    let mut wishes = leader.as_service(Service::KalshiAccountSync).await.listen(Hint::Sweep).await.expect("listening");
    leader.desk.request_sweep().await.expect("told");
    assert!(wishes.wait(long).await.expect("heard"));
}
