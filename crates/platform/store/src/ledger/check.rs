//! Whether the books are sound: chain, sums, and what they say of fills, settlements and trades.

use std::fmt;

use serde::Serialize;

use super::{
    Ledger, balances,
    chain::{ChainHead, Walk},
    read::{self, StoredLine, StoredPosting},
};
use crate::{error::Result, link::Link};

/// Postings that are read at a time.
const PAGE: i64 = 2_000;
/// Faults that are told one by one; beyond that books are beyond telling.
const MOST_FAULTS: usize = 100;

/// Something in the books that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerFault {
    /// The posting that it is in; `None` where a posting is missing or it is about no single one.
    pub posting: Option<i64>,
    /// Which rule is broken: `chain`, `numbers`, `sum`, `head`, `fill`, `settlement`, `trade` or `balance`.
    pub rule: &'static str,
    /// What is wrong.
    pub detail: String,
}

impl fmt::Display for LedgerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.posting {
            Some(posting) => write!(f, "posting {posting}: {} ({})", self.detail, self.rule),
            None => write!(f, "{} ({})", self.detail, self.rule),
        }
    }
}

/// What was checked, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerCheck {
    /// Postings.
    pub postings: i64,
    /// Their lines.
    pub lines: i64,
    /// Fills, each of which has a posting.
    pub fills: i64,
    /// Settlements of trades, each of which has a posting.
    pub settlements: i64,
    /// The last posting and its hash; `None` for empty books.
    pub head: Option<ChainHead>,
    /// What is wrong, the first posting first; at most a hundred.
    pub faults: Vec<LedgerFault>,
}

impl LedgerCheck {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

impl Ledger {
    /// Checks the books as they stand at one instant; `known` is a posting's number and hash that were kept elsewhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn check(&self, known: Option<&ChainHead>) -> Result<LedgerCheck> {
        let mut transaction = self.database.pool.begin().await?;
        sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *transaction).await?;
        let check = check_on(&mut transaction, known).await?;
        transaction.rollback().await?;
        Ok(check)
    }
}

/// The same on one connection, whose transaction sees the books at one instant.
pub(crate) async fn check_on(connection: &mut Link, known: Option<&ChainHead>) -> Result<LedgerCheck> {
    let mut check = postings(connection, known).await?;
    balances::check(connection, &mut check).await?;
    // What is in no single posting comes last.
    check.faults.sort_by_key(|fault| (fault.posting.is_none(), fault.posting));
    check.faults.truncate(MOST_FAULTS);
    Ok(check)
}

async fn postings(connection: &mut Link, known: Option<&ChainHead>) -> Result<LedgerCheck> {
    let mut check = LedgerCheck { postings: 0, lines: 0, fills: 0, settlements: 0, head: None, faults: Vec::new() };
    let mut walk = Walk::new();
    let mut last = 0;
    loop {
        let page = read::postings(connection, last, PAGE).await?;
        for (posting, lines) in &page {
            check.posting(&mut walk, last, posting, lines);
            last = posting.number;
            let hash = posting.hash.as_ref().map(hex::encode).unwrap_or_default();
            if known.is_some_and(|known| known.number == last && known.hash != hash) {
                check.fault(Some(last), "head", format!("its hash is {hash}, another one was kept"));
            }
            check.head = Some(ChainHead { number: last, hash });
        }
        if page.is_empty() {
            break;
        }
    }
    if let Some(known) = known.filter(|known| known.number > last) {
        check.fault(None, "head", format!("posting {} was there once, and the books end with {last}", known.number));
    }
    let strays = sqlx::query_scalar!(
        r#"SELECT DISTINCT posting AS "posting!" FROM (
             SELECT posting FROM desk.posting_lines UNION ALL SELECT posting FROM desk.posting_hashes
         ) AS parts WHERE NOT EXISTS (SELECT FROM desk.postings WHERE number = posting) ORDER BY 1 LIMIT 10"#
    )
    .fetch_all(connection)
    .await?;
    for posting in strays {
        check.fault(Some(posting), "numbers", "lines or a link of it are there, and it is not".to_owned());
    }
    Ok(check)
}

impl LedgerCheck {
    pub(super) fn fault(&mut self, posting: Option<i64>, rule: &'static str, detail: String) {
        // The first ones matter; the list of badly broken books need not be whole.
        if self.faults.len() < 4 * MOST_FAULTS {
            self.faults.push(LedgerFault { posting, rule, detail });
        }
    }

    fn posting(&mut self, walk: &mut Walk, last: i64, posting: &StoredPosting, lines: &[StoredLine]) {
        self.postings += 1;
        self.lines += i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let number = Some(posting.number);
        if posting.number != last + 1 {
            self.fault(number, "numbers", format!("it follows posting {last}: what stood between them is gone"));
        }
        let sum: i128 = lines.iter().map(|line| i128::from(line.amount_micros)).sum();
        if sum != 0 {
            self.fault(number, "sum", format!("its lines sum to {sum} micro-dollars instead of zero"));
        }
        if let Some(wrong) = walk.next(posting, lines) {
            self.fault(number, "chain", wrong);
        }
    }
}
