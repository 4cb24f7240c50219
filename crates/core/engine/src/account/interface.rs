//! What the `account` machine is told and what it wants done.

use rec_domain::{
    ExchangeIndex, Money, TimeSpan, Timestamp,
    flow::FlowReport,
    report::{FillReport, OrderReport, PositionReport, Report, SettlementReport},
};
use serde::{Deserialize, Serialize};

/// Limits. All of them pace network requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// A sweep begins at least this often.
    pub sweep_every: TimeSpan,
    /// Two sweeps begin at least this far apart, whoever wants one.
    pub sweep_gap: TimeSpan,
    /// After a failed sweep the next one begins after this, doubled with each further failure up to `retry_most`.
    pub retry_after: TimeSpan,
    /// See `retry_after`.
    pub retry_most: TimeSpan,
    /// A page must come within this.
    pub page_within: TimeSpan,
    /// A list of more pages than this is taken for a loop.
    pub pages_most: u32,
    /// How far before the last complete sweep's `as_of` a sweep reads: more than what the exchange's lists can lag.
    pub margin: TimeSpan,
    /// Deposits, withdrawals and transfers are read at least this often; also whenever the desk asks.
    pub flows_every: TimeSpan,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sweep_every: TimeSpan::from_seconds(30),
            sweep_gap: TimeSpan::from_seconds(1),
            retry_after: TimeSpan::from_seconds(1),
            retry_most: TimeSpan::from_seconds(30),
            page_within: TimeSpan::from_seconds(10),
            pages_most: 1_000,
            margin: TimeSpan::from_seconds(120),
            flows_every: TimeSpan::from_seconds(60),
        }
    }
}

/// Counts the pages asked for; an answer names the one that it answers.
pub type FetchNumber = u64;

/// The exchange's lists, in the order in which a sweep reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Up to which instant the others are complete (`user_data_timestamp`).
    Timestamp,
    /// Orders of every state since an instant.
    Orders,
    /// Orders that rest, however old.
    RestingOrders,
    /// Fills since an instant.
    Fills,
    /// Settlements since an instant.
    Settlements,
    /// Deposits, all of them.
    Deposits,
    /// Withdrawals, all of them.
    Withdrawals,
    /// Transfers between shards, all of them.
    ShardTransfers,
    /// Transfers between subaccounts, all of them.
    SubaccountTransfers,
    /// Positions.
    Positions,
    /// Cash per shard.
    Balance,
}

impl List {
    /// Every list, in the order in which a sweep reads them. The instant comes first, so that nothing older can be
    /// missing in what is read after it; cash comes last, so that what moved it was read before.
    pub const ALL: [Self; 11] = [
        Self::Timestamp,
        Self::Orders,
        Self::RestingOrders,
        Self::Fills,
        Self::Settlements,
        Self::Deposits,
        Self::Withdrawals,
        Self::ShardTransfers,
        Self::SubaccountTransfers,
        Self::Positions,
        Self::Balance,
    ];

    /// Whether only what changed since the last complete sweep is asked for.
    #[must_use]
    pub const fn is_since(self) -> bool {
        matches!(self, Self::Orders | Self::Fills | Self::Settlements)
    }

    /// Whether it is of money that comes, goes or moves: not every sweep reads these.
    #[must_use]
    pub const fn is_of_flows(self) -> bool {
        matches!(self, Self::Deposits | Self::Withdrawals | Self::ShardTransfers | Self::SubaccountTransfers)
    }
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "list", content = "items", rename_all = "snake_case")]
pub enum Items {
    /// Of [`List::Timestamp`].
    Timestamp(Timestamp),
    /// Of [`List::Orders`].
    Orders(Vec<OrderReport>),
    /// Of [`List::RestingOrders`].
    RestingOrders(Vec<OrderReport>),
    /// Of [`List::Fills`].
    Fills(Vec<FillReport>),
    /// Of [`List::Settlements`].
    Settlements(Vec<SettlementReport>),
    /// Of [`List::Deposits`].
    Deposits(Vec<FlowReport>),
    /// Of [`List::Withdrawals`].
    Withdrawals(Vec<FlowReport>),
    /// Of [`List::ShardTransfers`].
    ShardTransfers(Vec<FlowReport>),
    /// Of [`List::SubaccountTransfers`].
    SubaccountTransfers(Vec<FlowReport>),
    /// Of [`List::Positions`].
    Positions(Vec<PositionReport>),
    /// Of [`List::Balance`].
    Balance(Vec<(ExchangeIndex, Money)>),
}

impl Items {
    /// The list that they belong to.
    #[must_use]
    pub const fn list(&self) -> List {
        match self {
            Self::Timestamp(_) => List::Timestamp,
            Self::Orders(_) => List::Orders,
            Self::RestingOrders(_) => List::RestingOrders,
            Self::Fills(_) => List::Fills,
            Self::Settlements(_) => List::Settlements,
            Self::Deposits(_) => List::Deposits,
            Self::Withdrawals(_) => List::Withdrawals,
            Self::ShardTransfers(_) => List::ShardTransfers,
            Self::SubaccountTransfers(_) => List::SubaccountTransfers,
            Self::Positions(_) => List::Positions,
            Self::Balance(_) => List::Balance,
        }
    }
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// The WebSocket is connected and its private channels are subscribed.
    Connected,
    /// The WebSocket is gone.
    Disconnected,
    /// The exchange said something over the WebSocket.
    Reports {
        /// What.
        reports: Vec<Report>,
    },
    /// A page came.
    Page {
        /// The page that was asked for.
        number: FetchNumber,
        /// What it holds.
        items: Items,
        /// The cursor of the next page; `None` or empty at the end.
        next: Option<String>,
        /// Rows that could not be read, by their beginning and what is wrong; only where one need not fail the page.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unreadable: Vec<String>,
    },
    /// A page did not come, or could not be read.
    FetchFailed {
        /// The page that was asked for.
        number: FetchNumber,
    },
    /// An [`Output::Append`] was not stored. To be told before the outputs of any later step are carried out.
    AppendFailed,
    /// The desk wants to know how things stand.
    Hint,
    /// Time has passed.
    Wake,
}

/// What the machine wants done, strictly in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Append to the inbox, each by its key once, in this order.
    Append {
        /// What.
        reports: Vec<Report>,
    },
    /// Ask for a page.
    Fetch {
        /// To be named by the answer.
        number: FetchNumber,
        /// Which list.
        list: List,
        /// The cursor of the page; `None` for the first.
        cursor: Option<String>,
        /// Only what changed at or after this instant; `None` for everything.
        since: Option<Timestamp>,
    },
    /// A sweep was given up; the next one follows by itself.
    SweepFailed {
        /// Why, for people.
        reason: String,
    },
}
