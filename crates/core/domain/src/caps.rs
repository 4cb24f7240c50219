//! The limits within which the desk may increase exposure.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{Money, Quantity, Timestamp, refusal::RefusalCode};

macro_rules! caps {
    ($($(#[$doc:meta])* $cap:ident: $field:ident, $kind:ident($amount:ty), $default:expr;)+) => {
        /// Limits on entries. Exits are never refused by a cap.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct RiskCaps {
            $($(#[$doc])* pub $field: $amount,)+
        }

        impl Default for RiskCaps {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// One of the limits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Cap {
            $($(#[$doc])* $cap,)+
        }

        impl Cap {
            /// Every cap.
            pub const ALL: &'static [Self] = &[$(Self::$cap),+];

            /// Its name in the configuration.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$cap => stringify!($field),)+ }
            }

            /// The code with which it refuses an entry.
            #[must_use]
            pub const fn refusal(self) -> RefusalCode {
                match self { $(Self::$cap => RefusalCode::$cap,)+ }
            }

            /// Reads an amount of the kind that it limits, as `3`, `50.00`.
            ///
            /// # Errors
            /// Why the text is no such amount.
            pub fn amount(self, text: &str) -> Result<Amount, String> {
                match self {
                    $(Self::$cap => text.parse::<$amount>().map(Amount::$kind).map_err(|error| error.to_string()),)+
                }
            }
        }

        impl RiskCaps {
            /// How much `cap` allows.
            #[must_use]
            pub const fn limit(&self, cap: Cap) -> Amount {
                match cap { $(Cap::$cap => Amount::$kind(self.$field),)+ }
            }

            /// The same caps, none of them above what `lower` says of it.
            #[must_use]
            pub fn tightened(mut self, lower: &BTreeMap<Cap, Amount>) -> Self {
                $(if let Some(Amount::$kind(amount)) = lower.get(&Cap::$cap) {
                    self.$field = self.$field.min(*amount);
                })+
                self
            }
        }
    };
}

caps! {
    /// Contracts in one order.
    ContractsPerOrder: contracts_per_order, Contracts(Quantity), Quantity::from_contracts(100);
    /// Worst-case loss in one market.
    MoneyPerMarket: money_per_market, Dollars(Money), Money::from_dollars(100);
    /// Worst-case loss in one event, over all its markets.
    MoneyPerEvent: money_per_event, Dollars(Money), Money::from_dollars(200);
    /// Worst-case money put at risk in one Eastern day.
    MoneyPerDay: money_per_day, Dollars(Money), Money::from_dollars(1_000);
    /// Worst-case loss over everything open.
    MoneyPerAccount: money_per_account, Dollars(Money), Money::from_dollars(500);
    /// Orders that increase exposure in any sixty seconds.
    OrdersPerMinute: orders_per_minute, Count(u32), 10;
    /// Trades open at a time.
    OpenTrades: open_trades, Count(u32), 10;
    /// Loss of one Eastern day at which entries stop: realised after fees, and open at the bid.
    DailyLoss: daily_loss, Dollars(Money), Money::from_dollars(100);
    /// Fall of equity from its peak at which entries stop.
    Drawdown: drawdown, Dollars(Money), Money::from_dollars(250);
}

/// An amount of what a cap limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "unit", content = "amount", rename_all = "snake_case")]
pub enum Amount {
    /// Contracts.
    Contracts(Quantity),
    /// Money.
    Dollars(Money),
    /// Orders or trades.
    Count(u32),
}

impl Amount {
    /// Whether it is more than `other`, which is of the same kind.
    #[must_use]
    pub fn is_above(self, other: Self) -> bool {
        match (self, other) {
            (Self::Contracts(one), Self::Contracts(other)) => one > other,
            (Self::Dollars(one), Self::Dollars(other)) => one > other,
            (Self::Count(one), Self::Count(other)) => one > other,
            // Not comparable, and nothing may pass for not being so.
            _ => true,
        }
    }

    /// Whether it is below nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        match self {
            Self::Contracts(quantity) => quantity.is_negative(),
            Self::Dollars(money) => money.is_negative(),
            Self::Count(_) => false,
        }
    }

    /// What is left of `limit` when this much is used; nothing when it is more.
    #[must_use]
    pub fn headroom(self, limit: Self) -> Self {
        match (self, limit) {
            (Self::Contracts(used), Self::Contracts(limit)) => Self::Contracts((limit - used).max(Quantity::ZERO)),
            (Self::Dollars(used), Self::Dollars(limit)) => Self::Dollars((limit - used).max(Money::ZERO)),
            (Self::Count(used), Self::Count(limit)) => Self::Count(limit.saturating_sub(used)),
            (_, limit) => limit,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contracts(quantity) => quantity.fmt(f),
            Self::Dollars(money) => money.fmt(f),
            Self::Count(count) => count.fmt(f),
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl RiskCaps {
    /// Names of the limits in which `self` allows more than `ceiling`.
    #[must_use]
    pub fn above(&self, ceiling: &Self) -> Vec<&'static str> {
        Cap::ALL.iter().filter(|cap| self.limit(**cap).is_above(ceiling.limit(**cap))).map(|cap| cap.name()).collect()
    }
}

/// What the gate compared with a cap, for the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapCheck {
    /// The cap.
    pub cap: Cap,
    /// What was used before the request.
    pub used: Amount,
    /// What the request would use; nothing where the cap only looks at what is used.
    pub asked: Option<Amount>,
    /// The limit in force.
    pub limit: Amount,
}

impl CapCheck {
    /// Whether the request may be: what is used and asked for is not above the limit, and where nothing is asked for,
    /// what is used has not reached it.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.asked {
            Some(asked) => !asked.is_above(self.used.headroom(self.limit)) && !self.used.is_above(self.limit),
            None => self.limit.is_above(self.used),
        }
    }
}

/// Caps that the operator lowered while the desk ran. They stay lowered until the desk starts with another
/// `risk.revision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tightening {
    /// When the last of them was lowered.
    pub at: Timestamp,
    /// The caps with what they allow at most.
    pub caps: BTreeMap<Cap, Amount>,
    /// Why the last of them was lowered.
    pub reason: String,
    /// The configuration's revision that it was done under.
    pub revision: u32,
}

/// The highest equity that the desk had; the drawdown is measured from it. Money that is brought in or taken out moves
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityPeak {
    /// When it was reached or moved.
    pub at: Timestamp,
    /// The equity.
    pub equity: Money,
    /// The configuration's revision that it is counted under.
    pub revision: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowering_lowers_what_is_named_and_raises_nothing() {
        let caps = RiskCaps::default();
        let lower = BTreeMap::from([
            (Cap::DailyLoss, Amount::Dollars(Money::from_dollars(50))),
            (Cap::OpenTrades, Amount::Count(1_000)),
        ]);
        let tightened = caps.tightened(&lower);
        assert_eq!(tightened, RiskCaps { daily_loss: Money::from_dollars(50), ..caps });
        assert!(tightened.above(&caps).is_empty());
        assert_eq!(caps.above(&tightened), ["daily_loss"]);
    }

    #[test]
    fn an_amount_is_read_and_written_in_the_unit_of_its_cap() {
        for cap in Cap::ALL {
            let limit = RiskCaps::default().limit(*cap);
            assert_eq!(cap.amount(&limit.to_string()), Ok(limit), "{cap}");
            let json = serde_json::to_string(&BTreeMap::from([(*cap, limit)])).expect("JSON");
            assert_eq!(serde_json::from_str::<BTreeMap<Cap, Amount>>(&json).expect("back"), [(*cap, limit)].into());
        }
        assert!(Cap::OpenTrades.amount("1.5").is_err() && Cap::DailyLoss.amount("much").is_err());
        assert!(Amount::Count(1).is_above(Amount::Dollars(Money::from_dollars(5))), "what cannot be compared is above");
    }
}
