//! `rec ledger verify`: whether the books are sound.

use std::process::ExitCode;

use rec_store::{ChainHead, Ledger, LedgerCheck};
use serde::Serialize;

use crate::commands::say::{say, say_json};

#[derive(Serialize)]
struct Verified {
    sound: bool,
    postings: i64,
    lines: i64,
    fills: i64,
    settlements: i64,
    head: Option<String>,
    faults: Vec<Fault>,
}

#[derive(Serialize)]
struct Fault {
    posting: Option<i64>,
    rule: &'static str,
    detail: String,
}

pub(super) async fn run(ledger: &Ledger, known: Option<&ChainHead>, json: bool) -> anyhow::Result<ExitCode> {
    let check = ledger.check(known).await?;
    if json {
        say_json(&Verified::from(&check))?;
    } else {
        say(&text(&check));
    }
    Ok(if check.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(check: &LedgerCheck) -> String {
    let LedgerCheck { postings, lines, fills, settlements, .. } = check;
    let head = check.head.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    let mut text = format!(
        "{postings} postings with {lines} lines, for {fills} fills and {settlements} settlements among others\n\
         last posting: {head}\n"
    );
    if check.is_sound() {
        text.push_str("the chain holds, every posting sums to zero, each fill and settlement is booked once");
        return text;
    }
    text.push_str("THE BOOKS ARE NOT SOUND:");
    for fault in &check.faults {
        text.push_str(&format!("\n  {fault}"));
    }
    text
}

impl From<&LedgerCheck> for Verified {
    fn from(check: &LedgerCheck) -> Self {
        let fault = |fault: &rec_store::LedgerFault| Fault {
            posting: fault.posting,
            rule: fault.rule,
            detail: fault.detail.clone(),
        };
        Self {
            sound: check.is_sound(),
            postings: check.postings,
            lines: check.lines,
            fills: check.fills,
            settlements: check.settlements,
            head: check.head.as_ref().map(ToString::to_string),
            faults: check.faults.iter().map(fault).collect(),
        }
    }
}
