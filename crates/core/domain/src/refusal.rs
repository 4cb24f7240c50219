//! Why the desk did not do what was asked or what it looked at.

use serde::{Deserialize, Serialize};

macro_rules! refusal_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A stable code for each reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RefusalCode {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl RefusalCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as text.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

refusal_codes! {
    /// A halt is in force.
    Halted = "halted",
    /// The desk is not armed.
    Disarmed = "disarmed",
    /// Nothing needs arming in this mode.
    NothingToArm = "nothing_to_arm",
    /// The code of the second factor is missing, wrong or was used before, or none is enrolled.
    SecondFactor = "second_factor",
    /// Too many wrong codes in a short time.
    TooManyCodes = "too_many_codes",
    /// Another desk trades on the account.
    OtherDesk = "other_desk",
    /// Automatic entry is switched off.
    SwitchedOff = "switched_off",
    /// The spot price is missing or too old.
    StaleSpot = "stale_spot",
    /// The index is missing or too old.
    StaleIndex = "stale_index",
    /// The market's book is missing or too old.
    StaleBook = "stale_book",
    /// The desk's own state is missing or too old.
    StaleDesk = "stale_desk",
    /// There is no probability.
    NoProbability = "no_probability",
    /// Entries are paused after a momentum spike.
    SpikePause = "spike_pause",
    /// Too early or too late before the close.
    OutsideWindow = "outside_window",
    /// The market does not take orders.
    MarketNotOpen = "market_not_open",
    /// An order was sent for this market and side a moment ago.
    Cooldown = "cooldown",
    /// There is a trade in this market and side.
    AlreadyTraded = "already_traded",
    /// The other side of this market is held.
    OppositeHeld = "opposite_held",
    /// An order in this market has an unknown outcome.
    UnknownOrder = "unknown_order",
    /// Too little volume.
    Volume = "volume",
    /// The ask is missing or too high.
    AskLimit = "ask_limit",
    /// The chance is too small.
    Probability = "probability",
    /// The edge is too small.
    Edge = "edge",
    /// Too many contracts in one order.
    ContractsPerOrder = "contracts_per_order",
    /// Too much money in the market.
    MoneyPerMarket = "money_per_market",
    /// Too much money in the event.
    MoneyPerEvent = "money_per_event",
    /// Too much money today.
    MoneyPerDay = "money_per_day",
    /// Too much money in all.
    MoneyPerAccount = "money_per_account",
    /// Too much lost today.
    DailyLoss = "daily_loss",
    /// Too far below the peak of equity.
    Drawdown = "drawdown",
    /// Too many orders in a minute.
    OrdersPerMinute = "orders_per_minute",
    /// Too many open trades.
    OpenTrades = "open_trades",
    /// Not enough cash on the shard.
    Cash = "cash",
    /// The limit is not a price of this market.
    Price = "price",
    /// The quantity is not positive.
    Quantity = "quantity",
    /// The fee formula or the collateral rule is not known.
    UnknownTerms = "unknown_terms",
    /// The market is not known to the desk.
    UnknownMarket = "unknown_market",
    /// The order groups do not exist yet, or one has tripped.
    OrderGroup = "order_group",
    /// There is no such open trade.
    NoSuchTrade = "no_such_trade",
    /// The trade has a working close already.
    AlreadyClosing = "already_closing",
    /// The trade holds nothing that could be closed.
    NothingHeld = "nothing_held",
    /// The request came too late.
    TooLate = "too_late",
    /// The settings cannot be meant.
    BadSettings = "bad_settings",
    /// The settings were changed since the requester read them.
    SettingsChanged = "settings_changed",
    /// A cap can only be lowered while the desk runs.
    NotTighter = "not_tighter",
    /// Books and exchange have not been compared yet, or disagree.
    Unreconciled = "unreconciled",
    /// An adjustment that explains nothing of what the last comparison found.
    Adjustment = "adjustment",
    /// The desk does not hold its lease or cannot reach its database.
    NotLeading = "not_leading",
}

impl std::fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A refusal with its reason for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The stable code.
    pub code: RefusalCode,
    /// The reason with its numbers.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
