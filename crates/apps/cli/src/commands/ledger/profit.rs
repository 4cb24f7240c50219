//! `rec ledger profit`: what was won or lost.

use std::process::ExitCode;

use rec_domain::Money;
use rec_store::{Ledger, Profit, ProfitBy};
use serde::Serialize;

use super::By;
use crate::commands::{
    say::{say, say_json},
    table::columns,
};

#[derive(Serialize)]
struct Shown<'a> {
    of: &'a str,
    postings: u64,
    result: Money,
    fees: Money,
    profit: Money,
}

impl<'a> From<&'a Profit> for Shown<'a> {
    fn from(row: &'a Profit) -> Self {
        let Profit { of, postings, result, fees, profit } = row;
        Self { of, postings: *postings, result: *result, fees: *fees, profit: *profit }
    }
}

pub(super) async fn run(ledger: &Ledger, by: By, json: bool) -> anyhow::Result<ExitCode> {
    let by = match by {
        By::Trade => ProfitBy::Trade,
        By::Market => ProfitBy::Market,
        By::Event => ProfitBy::Event,
        By::Day => ProfitBy::Day,
    };
    let profits = ledger.profit(by).await?;
    if json {
        say_json(&profits.iter().map(Shown::from).collect::<Vec<_>>())?;
    } else {
        say(&table(by, &profits));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(by: ProfitBy, profits: &[Profit]) -> String {
    let head = [by.name(), "result", "fees", "profit"].map(str::to_owned);
    let row = |of: &str, result: Money, fees: Money, profit: Money| {
        [of.to_owned(), result.to_string(), fees.to_string(), profit.to_string()]
    };
    let mut rows = vec![head];
    rows.extend(profits.iter().map(|of| row(&of.of, of.result, of.fees, of.profit)));
    let sum = |amount: fn(&Profit) -> Money| profits.iter().map(amount).sum::<Money>();
    rows.push(row("all", sum(|of| of.result), sum(|of| of.fees), sum(|of| of.profit)));
    columns(&rows, &[1, 2, 3])
}
