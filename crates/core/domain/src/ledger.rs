//! Double entry: every posting sums to zero. `docs/LEDGER.md` tells of accounts and signs.

use serde::{Deserialize, Serialize};

use crate::{ExchangeIndex, FillId, MarketTicker, Money, Side, Timestamp, TradeId};

/// An account of the ledger. Assets and expenses are positive; where they came from is negative.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "account", rename_all = "snake_case")]
pub enum Account {
    /// Cash on a shard.
    Cash {
        /// The shard.
        exchange_index: ExchangeIndex,
    },
    /// Cash of a shard that resting orders hold.
    Reserved {
        /// The shard.
        exchange_index: ExchangeIndex,
    },
    /// Cash on its way from one shard to another.
    Transit,
    /// Cash moved to another subaccount, on which this desk does not trade.
    Subaccount {
        /// Its number; the desk's own is none of these.
        subaccount: u32,
    },
    /// Contracts held, at cost.
    Position {
        /// The market.
        ticker: MarketTicker,
        /// The side.
        side: Side,
    },
    /// Fees paid.
    Fees,
    /// Profit (negative) and loss (positive) of contracts sold or settled, before fees.
    Result,
    /// Money brought in (negative) or taken out.
    Capital,
    /// Interest received (negative).
    Interest,
    /// Differences that the operator explained.
    Adjustment,
}

impl Account {
    /// The account as one text, as stored.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Cash { exchange_index } => format!("cash:{exchange_index}"),
            Self::Reserved { exchange_index } => format!("reserved:{exchange_index}"),
            Self::Transit => "transit".to_owned(),
            Self::Subaccount { subaccount } => format!("subaccount:{subaccount}"),
            Self::Position { ticker, side } => format!("position:{ticker}:{side}"),
            Self::Fees => "fees".to_owned(),
            Self::Result => "result".to_owned(),
            Self::Capital => "capital".to_owned(),
            Self::Interest => "interest".to_owned(),
            Self::Adjustment => "adjustment".to_owned(),
        }
    }
}

/// What a posting is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostingKind {
    /// The balance that was there before the desk.
    Opening,
    /// Contracts bought.
    Entry,
    /// Contracts sold.
    Exit,
    /// Cost that a fill heard of late moves between what is held and what was sold before it was heard of.
    Reallocation,
    /// A market's payout.
    Settlement,
    /// What takes back an earlier posting, line by line, as when a result is amended.
    Reversal,
    /// Money brought in.
    Deposit,
    /// Money taken out.
    Withdrawal,
    /// Cash moved between shards or subaccounts.
    Transfer,
    /// Interest that the exchange paid.
    Interest,
    /// Cash that an order holds from now on.
    Reserve,
    /// Cash that an order held and does not any more.
    Release,
    /// A difference that the operator explained.
    Adjustment,
}

impl PostingKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Opening,
        Self::Entry,
        Self::Exit,
        Self::Reallocation,
        Self::Settlement,
        Self::Reversal,
        Self::Deposit,
        Self::Withdrawal,
        Self::Transfer,
        Self::Interest,
        Self::Reserve,
        Self::Release,
        Self::Adjustment,
    ];

    /// Snake-case name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Reallocation => "reallocation",
            Self::Settlement => "settlement",
            Self::Reversal => "reversal",
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Transfer => "transfer",
            Self::Interest => "interest",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Adjustment => "adjustment",
        }
    }
}

/// One entry in the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Its number; counts up without gaps within a database.
    pub number: i64,
    /// When the fact happened, by the exchange's clock.
    pub at: Timestamp,
    /// What it is for.
    pub kind: PostingKind,
    /// The trade.
    pub trade: Option<TradeId>,
    /// The fill.
    pub fill: Option<FillId>,
    /// For people.
    pub note: String,
    lines: Vec<(Account, Money)>,
}

/// Lines that do not sum to zero.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a posting's lines sum to {0} instead of zero")]
pub struct Unbalanced(pub Money);

impl Posting {
    /// A posting of `lines`; lines of zero are left out.
    ///
    /// # Errors
    /// When the lines do not sum to zero.
    pub fn new(
        number: i64,
        at: Timestamp,
        kind: PostingKind,
        trade: Option<TradeId>,
        fill: Option<FillId>,
        note: String,
        lines: Vec<(Account, Money)>,
    ) -> Result<Self, Unbalanced> {
        let sum: Money = lines.iter().map(|(_, amount)| *amount).sum();
        if !sum.is_zero() {
            return Err(Unbalanced(sum));
        }
        let lines = lines.into_iter().filter(|(_, amount)| !amount.is_zero()).collect();
        Ok(Self { number, at, kind, trade, fill, note, lines })
    }

    /// What it moves on one account.
    #[must_use]
    pub fn amount(&self, account: &Account) -> Money {
        self.lines.iter().filter(|(known, _)| known == account).map(|(_, amount)| *amount).sum()
    }

    /// What it brings to the desk from outside, less what it takes out: neither profit nor loss.
    #[must_use]
    pub fn brought_in(&self) -> Money {
        let outside = |account: &Account| matches!(account, Account::Capital | Account::Subaccount { .. });
        -self.lines.iter().filter(|(account, _)| outside(account)).map(|(_, amount)| *amount).sum::<Money>()
    }

    /// The lines, which sum to zero.
    #[must_use]
    pub fn lines(&self) -> &[(Account, Money)] {
        &self.lines
    }
}
