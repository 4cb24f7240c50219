//! Books that were tampered with are found out, and the first wrong posting is named.

use rec_domain::{
    FillId, Money, Quantity, TradeId,
    ledger::{Account, Posting, PostingKind},
    row::Row,
    trade::TradeState,
};

use super::{Leader, now, sample};
use crate::{ChainHead, LedgerCheck, LedgerFault, ProfitBy, Role, StoreError, ledger::check_on, link::Link};

fn posting(number: i64, kind: PostingKind, fill: Option<&str>, lines: Vec<(Account, i64)>) -> Row {
    let trade = (kind != PostingKind::Opening).then(|| TradeId::new(1));
    let at = if kind == PostingKind::Settlement { sample::settlement().settled_at } else { now() };
    let lines = lines.into_iter().map(|(account, micros)| (account, Money::from_micros(micros))).collect();
    let note = "so it was; \"é\"".to_owned();
    let posting = Posting::new(number, at, kind, trade, fill.map(FillId::new), note, lines);
    Row::Posting(posting.expect("it sums to zero"))
}

/// Bought for 11.98 and 3 cents of fees, and won 12.50.
async fn booked() -> Option<Leader> {
    let leader = Leader::new().await?;
    let epoch = leader.lease.epoch();
    let mut trade = sample::trade(1);
    trade.state = TradeState::Settled;
    trade.entered = Quantity::from_units(1_250);
    trade.entry_cost = Money::from_micros(11_981_250);
    trade.fees = Money::from_micros(34_800);
    trade.settlement_revenue = Money::from_micros(12_500_000);
    trade.ended_at = Some(now());
    let mut rows = sample::opening(epoch);
    rows.extend([
        Row::Trade(trade),
        posting(1, PostingKind::Opening, None, vec![(sample::cash(), 100_000_000), (Account::Capital, -100_000_000)]),
        Row::Fill(sample::fill(epoch)),
        posting(
            2,
            PostingKind::Entry,
            Some("fill-1"),
            vec![(sample::position(), 11_981_250), (Account::Fees, 34_800), (sample::cash(), -12_016_050)],
        ),
        Row::Settlement(sample::settlement()),
        posting(
            3,
            PostingKind::Settlement,
            None,
            vec![(sample::cash(), 12_500_000), (sample::position(), -11_981_250), (Account::Result, -518_750)],
        ),
    ]);
    leader.commit(1, rows).await;
    Some(leader)
}

async fn check(connection: &mut Link, known: Option<&ChainHead>) -> LedgerCheck {
    check_on(connection, known).await.expect("checked")
}

#[tokio::test]
async fn books_that_nobody_touched_are_sound() {
    let Some(leader) = booked().await else { return };
    let ledger = leader.as_service(rec_domain::Service::MainApp).await.ledger();
    let sound = ledger.check(None).await.expect("checked");
    assert_eq!(sound.faults, []);
    assert_eq!((sound.postings, sound.lines, sound.fills, sound.settlements), (3, 8, 1, 1));
    let head = sound.head.expect("there are postings");
    assert_eq!(head.number, 3);
    assert!(ledger.check(Some(&head)).await.expect("checked").is_sound());
    let other = ChainHead { hash: "0".repeat(64), ..head.clone() };
    let rules = |check: LedgerCheck| check.faults.iter().map(|fault| fault.rule).collect::<Vec<_>>();
    assert_eq!(rules(ledger.check(Some(&other)).await.expect("checked")), ["head"]);
    let longer = ChainHead { number: 4, ..head };
    assert_eq!(rules(ledger.check(Some(&longer)).await.expect("checked")), ["head"], "the books were cut off");

    let moved = |number: i64, micros: i64| {
        let lines = vec![(sample::position(), micros), (Account::Result, -micros)];
        posting(number, PostingKind::Reallocation, None, lines)
    };
    leader.commit(2, vec![moved(4, 5), moved(5, -5)]).await;
    assert_eq!(ledger.check(None).await.expect("checked").faults, [], "cost may move to the result and back");

    let (read, hashes): (Vec<_>, Vec<_>) = ledger.postings(1, 2).await.expect("read").into_iter().unzip();
    assert_eq!(read.iter().map(|posting| posting.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(read[0].amount(&Account::Fees), Money::from_micros(34_800));
    assert!(hashes.iter().all(|hash| hash.len() == 64));
    for (by, of) in ProfitBy::ALL.iter().zip(["1", sample::ticker().as_str(), "KXBTCD-26SEP2316", "2026-09-23"]) {
        let profit = ledger.profit(*by).await.expect("summed").remove(0);
        assert_eq!((profit.of.as_str(), profit.postings), (of, 4));
        assert_eq!(profit.profit, Money::from_micros(518_750 - 34_800));
    }
}

#[tokio::test]
async fn empty_books_are_sound() {
    let Some(leader) = Leader::new().await else { return };
    let check = leader.database.ledger().check(None).await.expect("checked");
    assert!(check.is_sound() && check.head.is_none());
    assert_eq!(leader.database.ledger().profit(ProfitBy::Day).await.expect("summed"), []);
}

/// What somebody with the owner's rights and no triggers may do, and which posting, by which rule, is found first.
const CHANGES: &[(&str, Option<i64>, &str)] = &[
    ("UPDATE desk.postings SET note = 'x' WHERE number = 2", Some(2), "chain"),
    ("UPDATE desk.postings SET at = at + interval '1 microsecond' WHERE number = 1", Some(1), "chain"),
    ("UPDATE desk.postings SET kind = 'withdrawal' WHERE number = 1", Some(1), "chain"),
    ("UPDATE desk.posting_lines SET amount_micros = amount_micros + 1 WHERE posting = 2 AND line = 1", Some(2), "sum"),
    (
        "UPDATE desk.posting_lines SET amount_micros = amount_micros + CASE line WHEN 1 THEN 5 ELSE -5 END
         WHERE posting = 1",
        Some(1),
        "chain",
    ),
    ("UPDATE desk.posting_lines SET ticker = 'other' WHERE posting = 3 AND line = 2", Some(3), "chain"),
    ("UPDATE desk.posting_lines SET exchange_index = 7 WHERE posting = 3 AND line = 1", Some(3), "chain"),
    ("UPDATE desk.posting_hashes SET hash = sha256('x') WHERE posting = 2", Some(2), "chain"),
    ("UPDATE desk.posting_hashes SET previous = sha256('x') WHERE posting = 2", Some(2), "chain"),
    ("DELETE FROM desk.posting_hashes WHERE posting = 2", Some(2), "chain"),
    (
        "INSERT INTO desk.posting_lines (posting, line, ledger, amount_micros)
         VALUES (1, 3, 'fees', 5), (1, 4, 'result', -5)",
        Some(1),
        "chain",
    ),
    (
        "WITH links AS (DELETE FROM desk.posting_hashes WHERE posting = 2)
         DELETE FROM desk.posting_lines WHERE posting = 2; DELETE FROM desk.postings WHERE number = 2",
        Some(3),
        "numbers",
    ),
    (
        "WITH links AS (DELETE FROM desk.posting_hashes WHERE posting = 3)
         DELETE FROM desk.posting_lines WHERE posting = 3; DELETE FROM desk.postings WHERE number = 3",
        None,
        "settlement",
    ),
    ("UPDATE desk.fills SET fee_micros = 34801", Some(2), "fill"),
    ("UPDATE desk.fills SET price_e4 = price_e4 + 1", Some(2), "fill"),
    (
        "INSERT INTO desk.fills (fill_id, order_id, trade_id, ticker, side, book_side, price_e4, quantity_e2, fee_micros,
            is_taker, at)
         SELECT 'fill-2', order_id, trade_id, ticker, side, book_side, price_e4, quantity_e2, fee_micros, is_taker, at
         FROM desk.fills",
        None,
        "fill",
    ),
    ("UPDATE desk.settlements SET revenue_micros = revenue_micros - 1", Some(3), "settlement"),
    (
        "INSERT INTO desk.settlements (ticker, trade_id, side, result, quantity_e2, revenue_micros, settled_at)
         SELECT ticker, trade_id, side, 'no', quantity_e2, 0, settled_at + interval '1 second' FROM desk.settlements",
        None,
        "settlement",
    ),
    ("UPDATE desk.trades SET fees_micros = 0", None, "trade"),
    ("UPDATE desk.trades SET open_cost_micros = 1, entry_cost_micros = entry_cost_micros + 1", None, "trade"),
];

#[tokio::test]
async fn every_change_is_found_where_it_is() {
    let Some(leader) = booked().await else { return };
    let owner = leader.test.open(Role::Owner).await;
    for (change, posting, rule) in CHANGES {
        let mut transaction = owner.pool.begin().await.expect("begun");
        for table in ["postings", "posting_lines", "posting_hashes", "fills", "settlements"] {
            let off = format!("ALTER TABLE desk.{table} DISABLE TRIGGER USER");
            sqlx::raw_sql(sqlx::AssertSqlSafe(off)).execute(&mut *transaction).await.expect("switched off");
        }
        sqlx::raw_sql(*change).execute(&mut *transaction).await.expect(change);
        let found = check(&mut transaction, None).await;
        let first: Option<&LedgerFault> = found.faults.first();
        assert_eq!(first.map(|fault| (fault.posting, fault.rule)), Some((*posting, *rule)), "{change}: {found:?}");
        transaction.rollback().await.expect("rolled back");
    }
    assert!(leader.database.ledger().check(None).await.expect("checked").is_sound());
}

#[tokio::test]
async fn books_written_anew_from_the_first_posting_are_found_by_a_kept_hash() {
    let Some(leader) = booked().await else { return };
    let owner = leader.test.open(Role::Owner).await;
    let mut transaction = owner.pool.begin().await.expect("begun");
    let head = check(&mut transaction, None).await.head.expect("there are postings");
    sqlx::raw_sql(
        "ALTER TABLE desk.postings DISABLE TRIGGER USER; ALTER TABLE desk.posting_hashes DISABLE TRIGGER USER;
         UPDATE desk.postings SET note = 'x' WHERE number = 1;
         DELETE FROM desk.posting_hashes;
         DO $$ DECLARE wanted bigint; before bytea := decode(repeat('00', 32), 'hex'); BEGIN
            FOR wanted IN SELECT number FROM desk.postings ORDER BY number LOOP
                before := desk.link_posting(wanted, before);
            END LOOP;
         END $$",
    )
    .execute(&mut *transaction)
    .await
    .expect("written anew");
    assert!(check(&mut transaction, None).await.is_sound());
    let found = check(&mut transaction, Some(&head)).await;
    assert_eq!(found.faults.first().map(|fault| (fault.posting, fault.rule)), Some((Some(3), "head")));
}

#[tokio::test]
async fn a_posting_takes_no_more_lines_and_no_link_of_anybody_elses() {
    let Some(leader) = booked().await else { return };
    let pool = &leader.database.pool;
    let line = "INSERT INTO desk.posting_lines (posting, line, ledger, amount_micros) VALUES (1, 3, 'fees', 5)";
    let refused = StoreError::from(sqlx::query(line).execute(pool).await.expect_err("complete"));
    assert!(refused.to_string().contains("posting_lines_complete"), "{refused}");
    let gap = "INSERT INTO desk.postings (number, at, kind, note) VALUES (5, now(), 'deposit', '')";
    let refused = StoreError::from(sqlx::query(gap).execute(pool).await.expect_err("a gap"));
    assert!(refused.to_string().contains("postings_chain"), "{refused}");
    let link = "INSERT INTO desk.posting_hashes VALUES (4, sha256('a'), sha256('b'))";
    let refused = sqlx::query(link).execute(pool).await.expect_err("not his");
    assert_eq!(refused.as_database_error().and_then(|error| error.code()).as_deref(), Some("42501"));
    let called = sqlx::query("SELECT desk.link_posting(1, sha256('a'))").execute(pool).await.expect_err("not his");
    assert_eq!(called.as_database_error().and_then(|error| error.code()).as_deref(), Some("42501"));
}
