//! `rec ledger export`: every posting, to be read elsewhere.

use std::{io::Write, process::ExitCode};

use anyhow::Context as _;
use rec_domain::{Money, ledger::Posting};
use rec_store::Ledger;
use serde::Serialize;

use super::{Form, journal::Journal};

/// Postings that are read at a time.
const PAGE: u32 = 1_000;
const NOT_WRITTEN: &str = "the postings could not be written to their end";

/// A posting as a JSON object.
#[derive(Serialize)]
struct Shown<'a> {
    number: i64,
    at: String,
    kind: &'static str,
    trade: Option<i64>,
    fill: Option<&'a str>,
    note: &'a str,
    lines: Vec<Line>,
    hash: &'a str,
}

#[derive(Serialize)]
struct Line {
    account: String,
    amount: Money,
}

/// Writes every posting to `out`. Books that are cut off must not look whole: what cannot be written is an error.
pub(super) async fn run(ledger: &Ledger, form: Form, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut journal = Journal::default();
    if form == Form::Csv {
        put(out, "number,at,kind,trade,fill,account,amount,note,hash")?;
    }
    let mut after = 0;
    loop {
        let page = ledger.postings(after, PAGE).await?;
        let Some((last, _)) = page.last() else {
            out.flush().context(NOT_WRITTEN)?;
            return Ok(ExitCode::SUCCESS);
        };
        after = last.number;
        for (posting, hash) in &page {
            match form {
                Form::Journal => put(out, &journal.entry(posting, hash))?,
                Form::Csv => csv(posting, hash).iter().try_for_each(|row| put(out, row))?,
                Form::Json => put(out, &serde_json::to_string(&shown(posting, hash))?)?,
            }
        }
    }
}

fn put(out: &mut impl Write, line: &str) -> anyhow::Result<()> {
    writeln!(out, "{line}").context(NOT_WRITTEN)
}

fn shown<'a>(posting: &'a Posting, hash: &'a str) -> Shown<'a> {
    Shown {
        number: posting.number,
        at: posting.at.to_string(),
        kind: posting.kind.name(),
        trade: posting.trade.map(|trade| trade.get()),
        fill: posting.fill.as_ref().map(|fill| fill.as_str()),
        note: &posting.note,
        lines: posting
            .lines()
            .iter()
            .map(|(account, amount)| Line { account: account.code(), amount: *amount })
            .collect(),
        hash,
    }
}

/// A row for each line of the posting.
fn csv(posting: &Posting, hash: &str) -> Vec<String> {
    let trade = posting.trade.map(|trade| trade.to_string()).unwrap_or_default();
    let fill = posting.fill.as_ref().map(|fill| fill.as_str()).unwrap_or_default();
    let row = |(account, amount): &(rec_domain::ledger::Account, Money)| {
        let cells = [
            posting.number.to_string(),
            posting.at.to_string(),
            posting.kind.name().to_owned(),
            trade.clone(),
            fill.to_owned(),
            account.code(),
            amount.to_string(),
            posting.note.clone(),
            hash.to_owned(),
        ];
        cells.map(|cell| quoted(&cell)).join(",")
    };
    posting.lines().iter().map(row).collect()
}

/// A cell by RFC 4180.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use rec_domain::{
        ExchangeIndex, FillId, Timestamp, TradeId,
        ledger::{Account, PostingKind},
    };

    use super::*;

    #[test]
    fn what_cannot_be_written_is_no_success() {
        let mut narrow = [0_u8; 4];
        let refused = put(&mut &mut narrow[..], "1,2,3").expect_err("there is room for four bytes");
        assert!(refused.to_string().contains("could not be written"), "{refused}");
    }

    #[test]
    fn a_row_of_csv_keeps_commas_and_quotes_in_their_cell() {
        let lines = vec![
            (Account::Cash { exchange_index: ExchangeIndex::new(2) }, Money::from_micros(-12_500)),
            (Account::Fees, Money::from_micros(12_500)),
        ];
        let posting = Posting::new(
            7,
            Timestamp::from_seconds(0),
            PostingKind::Entry,
            Some(TradeId::new(3)),
            Some(FillId::new("f")),
            "so, \"it\" is".to_owned(),
            lines,
        )
        .expect("balanced");
        let rows = csv(&posting, "ab");
        assert_eq!(rows[0], "7,1970-01-01T00:00:00Z,entry,3,f,cash:2,-0.0125,\"so, \"\"it\"\" is\",ab");
        assert_eq!(rows.len(), 2);
        let json = serde_json::to_value(shown(&posting, "ab")).expect("json");
        assert_eq!(json["lines"][1], serde_json::json!({ "account": "fees", "amount": "0.0125" }));
    }
}
