//! Deposits, withdrawals and transfers in the desk's words: money that comes, goes or moves.
//!
//! The exchange says of neither deposits nor withdrawals which shard they meet: the account's first one is taken.
//! Interest has no list of its own; a deposit whose kind says so is taken for it. See `docs/UNVERIFIED.md`.

use rec_domain::{
    ExchangeIndex, Money,
    flow::{FlowKind, FlowReport, FlowStage, Place},
};

use super::{Deposit, ShardTransfer, SubaccountTransfer, Withdrawal};

/// The shard on which everything is that names none.
const FIRST_SHARD: ExchangeIndex = ExchangeIndex::new(0);

/// Amounts have no sign here: the list says where the money goes.
fn sound(report: FlowReport) -> Result<FlowReport, String> {
    let FlowReport { kind, id, amount, fee, .. } = &report;
    if !amount.is_positive() || fee.is_negative() {
        return Err(format!("{} {id} has an amount of {amount} and a fee of {fee}", kind.name()));
    }
    Ok(report)
}

fn movement(row: Deposit, kind: FlowKind, from: Place, to: Place) -> Result<FlowReport, String> {
    let stage = match row.status.as_str() {
        "pending" => FlowStage::Pending,
        "applied" => FlowStage::Done,
        "failed" | "returned" => FlowStage::Undone,
        other => FlowStage::Other(other.to_owned()),
    };
    let at = row.finalized_at.unwrap_or(row.created_at);
    sound(FlowReport { id: row.id, kind, from, to, amount: row.amount, fee: row.fee, stage, at })
}

impl TryFrom<Deposit> for FlowReport {
    type Error = String;

    fn try_from(row: Deposit) -> Result<Self, String> {
        let kind = if row.kind.contains("interest") { FlowKind::Interest } else { FlowKind::Deposit };
        movement(row, kind, Place::World, Place::Shard(FIRST_SHARD))
    }
}

impl TryFrom<Withdrawal> for FlowReport {
    type Error = String;

    fn try_from(Withdrawal(row): Withdrawal) -> Result<Self, String> {
        movement(row, FlowKind::Withdrawal, Place::Shard(FIRST_SHARD), Place::World)
    }
}

impl TryFrom<ShardTransfer> for FlowReport {
    type Error = String;

    fn try_from(row: ShardTransfer) -> Result<Self, String> {
        let stage = match row.status.as_str() {
            "pending" => FlowStage::Pending,
            "complete" => FlowStage::Done,
            other => FlowStage::Other(other.to_owned()),
        };
        // What is no account for event contracts is outside of what the desk keeps books of.
        let place = |shard: Option<ExchangeIndex>| shard.map_or(Place::World, Place::Shard);
        let (from, to, fee) = (place(row.from), place(row.to), Money::ZERO);
        sound(FlowReport { id: row.id, kind: FlowKind::Transfer, from, to, amount: row.amount, fee, stage, at: row.at })
    }
}

impl SubaccountTransfer {
    /// What it moves for whoever trades on `subaccount`; `None` when it passes him by.
    ///
    /// # Errors
    /// When it moves nothing.
    pub fn seen_from(self, subaccount: u32) -> Result<Option<FlowReport>, String> {
        if (self.from == subaccount) == (self.to == subaccount) {
            return Ok(None);
        }
        let place = |number| {
            if number == subaccount { Place::Shard(self.exchange_index) } else { Place::Subaccount(number) }
        };
        let (from, to, fee) = (place(self.from), place(self.to), Money::ZERO);
        let (kind, stage) = (FlowKind::Transfer, FlowStage::Done);
        sound(FlowReport { id: self.id, kind, from, to, amount: self.amount, fee, stage, at: self.at }).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::list::read_row;

    const SHARD: ExchangeIndex = ExchangeIndex::new(2);

    #[test]
    fn a_deposit_is_in_the_balance_once_it_is_applied_and_no_unknown_word_is_taken_for_that() {
        let row = |status: &str, kind: &str| {
            let body = format!(
                r#"{{"id":"d","status":"{status}","type":"{kind}","amount_cents":5000,"fee_cents":30,"created_ts":10,
                "finalized_ts":20}}"#
            );
            FlowReport::try_from(read_row::<Deposit>(&body).expect("a deposit")).expect("sound")
        };
        let applied = row("applied", "ach");
        assert_eq!((applied.kind, &applied.stage, applied.at.seconds()), (FlowKind::Deposit, &FlowStage::Done, 20));
        assert_eq!((applied.amount, applied.fee), (Money::from_dollars(50), Money::from_cents(30)));
        assert_eq!(row("returned", "ach").stage, FlowStage::Undone);
        assert_eq!(row("frozen", "ach").stage, FlowStage::Other("frozen".to_owned()));
        assert_eq!(row("applied", "interest").kind, FlowKind::Interest);
    }

    #[test]
    fn an_amount_or_a_fee_below_zero_is_refused() {
        for (amount, fee) in [(-1, 0), (0, 0), (1, -1)] {
            let body =
                format!(r#"{{"id":"d","status":"applied","amount_cents":{amount},"fee_cents":{fee},"created_ts":10}}"#);
            let deposit: Deposit = read_row(&body).expect("a deposit");
            assert!(FlowReport::try_from(Withdrawal(deposit.clone())).is_err(), "{body}");
            assert!(FlowReport::try_from(deposit).is_err(), "{body}");
        }
    }

    #[test]
    fn a_transfer_to_the_margined_account_leaves_the_books() {
        let ends = |source: &str, destination: &str| {
            let body = format!(
                r#"{{"transfer_id":"t","source":"{source}","destination":"{destination}","source_exchange_shard":0,
                "destination_exchange_shard":2,"amount":"5.0000","status":"complete","created_ts":10}}"#
            );
            FlowReport::try_from(read_row::<ShardTransfer>(&body).expect("a transfer"))
                .map(|flow| (flow.from, flow.to))
                .expect("sound")
        };
        let first = Place::Shard(FIRST_SHARD);
        assert_eq!(ends("event_contract", "event_contract"), (first, Place::Shard(SHARD)));
        assert_eq!(ends("event_contract", "margined"), (first, Place::World));
        assert_eq!(ends("margined", "event_contract"), (Place::World, Place::Shard(SHARD)));
    }

    #[test]
    fn a_transfer_between_subaccounts_is_seen_from_the_one_that_is_traded_on() {
        let body = r#"{"transfer_id":"t","from_subaccount":0,"to_subaccount":3,"amount_cents":700,"created_ts":10,
            "exchange_index":2}"#;
        let row = read_row::<SubaccountTransfer>(body).expect("a transfer");
        let ends = |subaccount| row.clone().seen_from(subaccount).expect("sound").map(|flow| (flow.from, flow.to));
        assert_eq!(ends(0), Some((Place::Shard(SHARD), Place::Subaccount(3))));
        assert_eq!(ends(3), Some((Place::Subaccount(0), Place::Shard(SHARD))));
        assert_eq!(ends(1), None);
    }
}
