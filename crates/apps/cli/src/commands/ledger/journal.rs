//! Postings as a journal in Beancount's form, which programs of plain-text accounting read.
//! <https://beancount.github.io/docs/beancount_language_syntax.html>

use std::{collections::BTreeSet, fmt::Write as _};

use rec_domain::{
    eastern,
    ledger::{Account, Posting},
};

/// Opens each account where it first appears.
#[derive(Debug, Default)]
pub(super) struct Journal {
    opened: BTreeSet<String>,
}

impl Journal {
    /// A posting as a transaction of its Eastern day, after the accounts that it is the first to need.
    pub(super) fn entry(&mut self, posting: &Posting, hash: &str) -> String {
        let day = eastern::day(posting.at);
        let mut text = String::new();
        for (account, _) in posting.lines() {
            let name = name(account);
            if self.opened.insert(name.clone()) {
                let _infallible = writeln!(text, "{day} open {name} USD");
            }
        }
        let note = posting.note.replace(['\\', '"', '\n', '\r'], " ");
        let trade = posting.trade.map(|trade| format!(" ^trade-{trade}")).unwrap_or_default();
        let _infallible = writeln!(text, "{day} * \"{}\" \"{note}\"{trade}", posting.kind.name());
        let _infallible = writeln!(text, "  number: {}", posting.number);
        let _infallible = writeln!(text, "  at: \"{}\"", posting.at);
        if let Some(fill) = &posting.fill {
            let _infallible = writeln!(text, "  fill: \"{}\"", fill.as_str().replace(['\\', '"'], " "));
        }
        let _infallible = writeln!(text, "  hash: \"{hash}\"");
        for (account, amount) in posting.lines() {
            let _infallible = writeln!(text, "  {}  {amount} USD", name(account));
        }
        text
    }
}

/// An account by the names that Beancount takes: parts of letters, digits and dashes, each with a capital or a digit
/// first.
fn name(account: &Account) -> String {
    match account {
        Account::Cash { exchange_index } => format!("Assets:Cash:{exchange_index}"),
        Account::Reserved { exchange_index } => format!("Assets:Reserved:{exchange_index}"),
        Account::Transit => "Assets:Transit".to_owned(),
        Account::Subaccount { subaccount } => format!("Assets:Subaccount:{subaccount}"),
        Account::Position { ticker, side } => {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            let ticker: String = ticker
                .as_str()
                .to_uppercase()
                .chars()
                .map(|letter| if is_plain(letter) { letter } else { '-' })
                .collect();
            format!("Assets:Position:M{ticker}:{}", side.name().to_uppercase())
        }
        Account::Fees => "Expenses:Fees".to_owned(),
        Account::Result => "Income:Result".to_owned(),
        Account::Capital => "Equity:Capital".to_owned(),
        Account::Interest => "Income:Interest".to_owned(),
        Account::Adjustment => "Equity:Adjustment".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{ExchangeIndex, MarketTicker, Money, Side, Timestamp, TradeId, ledger::PostingKind};

    use super::*;

    #[test]
    fn accounts_are_opened_once_and_days_are_eastern() {
        let lines = vec![
            (Account::Position { ticker: MarketTicker::new("KX-1-T2.5"), side: Side::No }, Money::from_cents(93)),
            (Account::Cash { exchange_index: ExchangeIndex::new(2) }, Money::from_cents(-93)),
        ];
        let at: Timestamp = "2026-09-24T01:00:00Z".parse().expect("an instant");
        let trade = Some(TradeId::new(4));
        let posting =
            Posting::new(1, at, PostingKind::Entry, trade, None, "a \"note\"".to_owned(), lines).expect("balanced");
        let mut journal = Journal::default();
        assert_eq!(
            journal.entry(&posting, "ab"),
            "2026-09-23 open Assets:Position:MKX-1-T2-5:NO USD\n\
             2026-09-23 open Assets:Cash:2 USD\n\
             2026-09-23 * \"entry\" \"a  note \" ^trade-4\n  number: 1\n  at: \"2026-09-24T01:00:00Z\"\n  \
             hash: \"ab\"\n  Assets:Position:MKX-1-T2-5:NO  0.93 USD\n  Assets:Cash:2  -0.93 USD\n"
        );
        assert!(!journal.entry(&posting, "ab").contains("open"));
    }
}
