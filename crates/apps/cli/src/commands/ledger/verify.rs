//! `rec ledger verify`: whether the books are sound.

use std::process::ExitCode;

use rec_store::{ChainHead, Ledger, LedgerCheck};
use serde::Serialize;

use crate::commands::say::{say, say_json};

#[derive(Serialize)]
struct Verified<'a> {
    sound: bool,
    #[serde(flatten)]
    check: &'a LedgerCheck,
}

pub(super) async fn run(ledger: &Ledger, known: Option<&ChainHead>, json: bool) -> anyhow::Result<ExitCode> {
    let check = ledger.check(known).await?;
    if json {
        say_json(&Verified { sound: check.is_sound(), check: &check })?;
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
