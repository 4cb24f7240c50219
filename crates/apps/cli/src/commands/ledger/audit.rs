//! `rec ledger audit`: an account's export against the exchange's own rules.

use std::{path::PathBuf, process::ExitCode};

use rec_domain::{
    Money,
    audit::{self, AccountStatement, AuditReport, Figure},
    fee::{FeeKind, FeeRounding, FeeSchedule},
};
use rec_kalshi::export::{ExportError, read_fills, read_orders, read_settlements};
use serde::Serialize;

use super::AuditArgs;
use crate::commands::{
    say::{complain, say, say_json},
    table::columns,
};

/// A file that cannot be read is told apart from one that differs.
const UNREADABLE: u8 = 2;

#[derive(Serialize)]
struct Audited<'a> {
    exact: bool,
    #[serde(flatten)]
    report: &'a AuditReport,
}

pub(super) fn run(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let statement = match statement(args) {
        Ok(statement) => statement,
        Err(unreadable) => {
            complain(&format!("rec: {unreadable}"));
            return Ok(ExitCode::from(UNREADABLE));
        }
    };
    let report = audit::audit(&statement);
    if args.json {
        say_json(&Audited { exact: report.is_exact(), report: &report })?;
    } else {
        say(&text(&report));
    }
    Ok(if report.is_exact() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn statement(args: &AuditArgs) -> Result<AccountStatement, String> {
    Ok(AccountStatement {
        orders: rows(&args.orders, read_orders)?,
        fills: rows(&args.fills, read_fills)?,
        settlements: rows(&args.settlements, read_settlements)?,
    })
}

fn rows<T>(files: &[PathBuf], read: fn(&str, &str) -> Result<Vec<T>, ExportError>) -> Result<Vec<T>, String> {
    let mut all = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
        all.extend(read(&name, &text).map_err(|error| error.to_string())?);
    }
    Ok(all)
}

fn text(report: &AuditReport) -> String {
    let counts = &report.counts;
    let mut parts = vec![format!(
        "{} orders with {} fills; {} markets, {} of them settled; {} rows only repeat others",
        counts.orders, counts.fills, counts.markets, counts.settled, counts.repeated_rows
    )];
    for (series, schedule) in &report.schedules {
        parts.push(format!("fees of {series}: {}", formula(*schedule)));
    }
    for found in &report.roundings {
        parts.push(format!("fees of {} orders are rounded {}", found.orders, rounding(found.rounding)));
    }
    let totals = &report.totals;
    let row = |name: &str, figure: Figure| [name.to_owned(), figure.computed.to_string(), stated(figure.stated)];
    parts.push(String::new());
    parts.push(columns(
        &[
            ["", "computed", "stated"].map(str::to_owned),
            row("fees", totals.fees),
            row("revenue", totals.revenue),
            row("profit of settled markets", totals.profit),
            row("profit of closed trades in others", unstated(totals.profit_of_open_markets)),
            row("cost of contracts held", unstated(totals.open_cost)),
        ],
        &[1, 2],
    ));
    parts.push(String::new());
    if report.is_exact() {
        parts.push("exact: every order's fees, every settlement's revenue and every market's profit".to_owned());
    } else {
        parts.push(format!(
            "{} differences in {} orders and {} markets:",
            report.differences.len(),
            counts.orders_with_differences,
            counts.markets_with_differences
        ));
        parts.extend(report.differences.iter().map(|difference| format!("  {difference}")));
    }
    parts.join("\n")
}

const fn unstated(computed: Money) -> Figure {
    Figure { computed, stated: None }
}

fn stated(amount: Option<Money>) -> String {
    amount.map_or_else(|| "-".to_owned(), |amount| amount.to_string())
}

fn formula(schedule: FeeSchedule) -> String {
    let maker = match schedule.kind {
        FeeKind::Quadratic => "makers pay none",
        FeeKind::QuadraticWithMakerFees => "makers pay a quarter",
        FeeKind::QuadraticWithComboMakerFees => "makers pay a half",
        FeeKind::Unknown => "the formula is not known",
    };
    let multiplier = Money::from_micros(schedule.multiplier_micros);
    format!("{multiplier} x 0.07 x contracts x price x (1 - price); {maker}")
}

fn rounding(rounding: FeeRounding) -> String {
    let trade = rounding.trade;
    if rounding.balance == Money::from_micros(1) {
        return format!("up to {trade} dollars, each fill by itself");
    }
    format!("up to {trade} dollars a fill, and so that the balance stays in units of {} dollars", rounding.balance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::recorded;

    fn args(folder: &std::path::Path) -> AuditArgs {
        let file = |name: &str| vec![folder.join(name)];
        AuditArgs {
            orders: file("orders.json"),
            fills: file("fills.json"),
            settlements: file("settlements.json"),
            json: false,
        }
    }

    /// Exit codes cannot be compared, only shown.
    fn shown(code: ExitCode) -> String {
        format!("{code:?}")
    }

    fn code(folder: &std::path::Path) -> String {
        shown(run(&args(folder)).expect("said"))
    }

    #[test]
    fn the_recorded_account_is_exact_to_the_cent() {
        let Some(folder) = recorded("account") else { return };
        let report = audit::audit(&statement(&args(&folder)).expect("readable"));
        let text = text(&report);
        assert!(
            text.ends_with("exact: every order's fees, every settlement's revenue and every market's profit"),
            "{text}"
        );
        assert_eq!(Some(report.totals.profit.computed), report.totals.profit.stated);
        assert_eq!(code(&folder), shown(ExitCode::SUCCESS));
    }

    #[test]
    fn what_differs_is_told_from_what_cannot_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        let order = |fees: &str| {
            format!(
                r#"[{{"order_id":"o","ticker":"KXBTCD-1-T1","side":"yes","action":"buy","fill_count":20,
                "taker_fill_cost":1820,"maker_fill_cost":0,"taker_fees":{fees},"maker_fees":0}}]"#
            )
        };
        write(
            "fills.json",
            r#"{"trade_id":"f","order_id":"o","ticker":"KXBTCD-1-T1","side":"yes","action":"buy","count":20,
            "yes_price":91,"no_price":9,"is_taker":true,"created_time":"2025-06-01T00:00:00Z"}"#,
        );
        write("settlements.json", "[]");
        for (fees, expected) in [("12", 0), ("13", 1), ("\"many\"", 2)] {
            write("orders.json", &order(fees));
            assert_eq!(code(folder.path()), shown(ExitCode::from(expected)), "{fees}");
        }
        let unreadable = statement(&args(folder.path())).expect_err("no number");
        assert!(unreadable.contains("orders.json: line 1, element 1, taker_fees:"), "{unreadable}");
        std::fs::remove_file(folder.path().join("fills.json")).expect("removed");
        assert_eq!(code(folder.path()), shown(ExitCode::from(2)), "a file that is not there");
    }
}
