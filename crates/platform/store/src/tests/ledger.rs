//! The books balance and are never rewritten, whoever tries.

use super::Leader;
use crate::{Role, StoreError};

const POSTING: &str = "INSERT INTO desk.postings (number, at, kind, note) VALUES (1, now(), 'deposit', '')";

#[tokio::test]
async fn a_posting_that_does_not_sum_to_zero_is_refused() {
    let Some(leader) = Leader::new().await else { return };
    let mut transaction = leader.database.pool.begin().await.expect("begun");
    sqlx::query(POSTING).execute(&mut *transaction).await.expect("inserted");
    let lines = "INSERT INTO desk.posting_lines (posting, line, ledger, amount_micros) VALUES (1, 1, 'fees', 5)";
    sqlx::query(lines).execute(&mut *transaction).await.expect("checked later");
    let error = StoreError::from(transaction.commit().await.expect_err("it does not balance"));
    assert!(
        matches!(&error, StoreError::Constraint { constraint, .. } if constraint == "posting_lines_balance"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_posted_stays() {
    let Some(leader) = Leader::new().await else { return };
    let owner = leader.test.open(Role::Owner).await;
    sqlx::query(POSTING).execute(&owner.pool).await.expect("inserted");
    for statement in [
        "UPDATE desk.postings SET note = 'x'",
        "DELETE FROM desk.postings",
        "DELETE FROM desk.posting_lines",
        "TRUNCATE desk.posting_lines",
        "UPDATE desk.fills SET fee_micros = 0",
        "DELETE FROM desk.commits",
        "DELETE FROM desk.answers",
    ] {
        let refused = sqlx::query(statement).execute(&owner.pool).await.expect_err(statement);
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
}
