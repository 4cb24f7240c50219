//! Money that comes onto the account, leaves it, or moves within it, as the exchange lists it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ExchangeIndex, Money, Timestamp,
    ledger::{Account, PostingKind},
};

/// What moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// The operator brings money in.
    Deposit,
    /// The operator takes money out.
    Withdrawal,
    /// The exchange pays interest.
    Interest,
    /// Between two shards, or to and from a place where this desk does not trade.
    Transfer,
}

impl FlowKind {
    /// Snake-case name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Interest => "interest",
            Self::Transfer => "transfer",
        }
    }

    /// How it stands in the ledger.
    #[must_use]
    pub const fn posting(self) -> PostingKind {
        match self {
            Self::Deposit => PostingKind::Deposit,
            Self::Withdrawal => PostingKind::Withdrawal,
            Self::Interest => PostingKind::Interest,
            Self::Transfer => PostingKind::Transfer,
        }
    }
}

/// Where money lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Outside the exchange, or in an account of another kind there.
    World,
    /// A shard, on the subaccount that the desk trades on.
    Shard(ExchangeIndex),
    /// Another subaccount, on which the desk does not trade.
    Subaccount(u32),
}

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowStage {
    /// Asked for. What moves between shards has left and not arrived; anything else has not moved yet.
    Pending,
    /// It has arrived.
    Done,
    /// It did not happen, or was taken back.
    Undone,
    /// A word that this version does not know: nothing is concluded from it.
    Other(String),
}

impl FlowStage {
    /// Lower-case name; the exchange's own word where it is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Undone => "undone",
            Self::Other(word) => word,
        }
    }
}

/// A movement of money as the exchange has it. The same one comes again when it has come further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowReport {
    /// The exchange's identity of it.
    pub id: String,
    /// What moves. A report names its own kind beside it.
    #[serde(rename = "flow")]
    pub kind: FlowKind,
    /// From where.
    pub from: Place,
    /// To where.
    pub to: Place,
    /// How much, fee not taken off.
    pub amount: Money,
    /// What the exchange charges for it, at the end that is a shard.
    pub fee: Money,
    /// How far it has come.
    pub stage: FlowStage,
    /// When it came so far, by the exchange's clock.
    pub at: Timestamp,
}

impl FlowReport {
    /// What tells it from every other movement.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.name(), self.id)
    }

    /// What all of it, as far as it has come, moves in the ledger; nothing where it has not moved. The lines sum to
    /// zero.
    #[must_use]
    pub fn lines(&self) -> BTreeMap<Account, Money> {
        let mut lines: BTreeMap<Account, Money> = BTreeMap::new();
        let mut put = |account: Account, amount: Money| *lines.entry(account).or_default() += amount;
        let between_shards = matches!((self.from, self.to), (Place::Shard(_), Place::Shard(_)));
        match self.stage {
            FlowStage::Done => {
                let comes_in = self.from == Place::World;
                let (leaves, arrives) = if comes_in {
                    (self.amount, self.amount - self.fee)
                } else {
                    (self.amount + self.fee, self.amount)
                };
                put(self.account(self.from), -leaves);
                put(self.account(self.to), arrives);
                put(Account::Fees, self.fee);
            }
            FlowStage::Pending if between_shards => {
                put(self.account(self.from), -self.amount);
                put(Account::Transit, self.amount);
            }
            FlowStage::Pending | FlowStage::Undone | FlowStage::Other(_) => {}
        }
        lines.retain(|_, amount| !amount.is_zero());
        lines
    }

    fn account(&self, place: Place) -> Account {
        match (place, self.kind) {
            (Place::Shard(exchange_index), _) => Account::Cash { exchange_index },
            (Place::World, FlowKind::Interest) => Account::Interest,
            (Place::World, _) => Account::Capital,
            (Place::Subaccount(subaccount), _) => Account::Subaccount { subaccount },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: ExchangeIndex = ExchangeIndex::new(0);
    const TWO: ExchangeIndex = ExchangeIndex::new(2);

    fn flow(kind: FlowKind, from: Place, to: Place, stage: FlowStage) -> FlowReport {
        let (amount, fee) = (Money::from_dollars(50), Money::from_cents(30));
        FlowReport { id: "1".to_owned(), kind, from, to, amount, fee, stage, at: Timestamp::default() }
    }

    #[test]
    fn a_flow_is_read_back_from_the_report_that_holds_it() {
        let (from, to) = (Place::World, Place::Shard(ExchangeIndex::new(2)));
        let report = crate::report::Report::Flow(flow(FlowKind::Deposit, from, to, FlowStage::Done));
        let text = serde_json::to_string(&report).expect("JSON");
        assert_eq!(serde_json::from_str::<crate::report::Report>(&text).expect(&text), report);
    }

    #[test]
    fn whatever_moves_and_however_far_it_has_come_the_lines_sum_to_zero() {
        let places = [Place::World, Place::Shard(ZERO), Place::Shard(TWO), Place::Subaccount(3)];
        let stages = [FlowStage::Pending, FlowStage::Done, FlowStage::Undone, FlowStage::Other("frozen".to_owned())];
        for kind in [FlowKind::Deposit, FlowKind::Withdrawal, FlowKind::Interest, FlowKind::Transfer] {
            for (from, to) in places.into_iter().flat_map(|from| places.map(|to| (from, to))) {
                for stage in &stages {
                    let lines = flow(kind, from, to, stage.clone()).lines();
                    assert_eq!(
                        lines.values().copied().sum::<Money>(),
                        Money::ZERO,
                        "{kind:?} {from:?} {to:?} {stage:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_deposit_is_credited_less_its_fee_and_a_withdrawal_costs_its_fee_besides() {
        let cash = Account::Cash { exchange_index: TWO };
        let come = flow(FlowKind::Deposit, Place::World, Place::Shard(TWO), FlowStage::Done).lines();
        assert_eq!((come[&cash], come[&Account::Capital]), (Money::from_cents(4_970), Money::from_dollars(-50)));
        let gone = flow(FlowKind::Withdrawal, Place::Shard(TWO), Place::World, FlowStage::Done).lines();
        assert_eq!((gone[&cash], gone[&Account::Capital]), (Money::from_cents(-5_030), Money::from_dollars(50)));
        assert!(flow(FlowKind::Deposit, Place::World, Place::Shard(TWO), FlowStage::Pending).lines().is_empty());
    }
}
