//! Exports in either form are read and found exact, and every wrong figure in them is found.

use proptest::{prelude::*, sample::Index};
use rec_domain::{
    Money,
    audit::{AccountStatement, AuditReport, Subject, audit},
};
use serde_json::{Value, json};

use super::{
    ExportError, read_fills, read_orders, read_settlements,
    synthetic::{Account, Export, Form, Layout, account, any_account, layout, write},
};

fn audited(export: &Export, layout: Layout) -> AuditReport {
    let statement = AccountStatement {
        orders: read_orders("orders", &write("orders", &export.orders, layout)).expect("orders"),
        fills: read_fills("fills", &write("fills", &export.fills, layout)).expect("fills"),
        settlements: read_settlements("settlements", &write("settlements", &export.settlements, layout))
            .expect("settlements"),
    };
    audit(&statement)
}

/// The profit of an account by what was paid and got, from the plan alone, in micro-dollars; of settled markets.
fn profit(export: &Export) -> Money {
    let number = |row: &Value, names: [&str; 2]| -> i64 {
        let [fixed, cents] = names;
        match (&row[fixed], &row[cents]) {
            (Value::String(text), _) => text.parse::<Money>().expect("dollars").micros(),
            (_, cents) => cents.as_i64().expect("cents") * 10_000,
        }
    };
    let count = |row: &Value, side: &str| match &row[format!("{side}_count_fp")] {
        Value::String(text) => text.parse::<Money>().expect("contracts").micros(),
        _ => row[format!("{side}_count")].as_i64().expect("contracts") * 1_000_000,
    };
    let mut profit = 0;
    for row in &export.settlements {
        let pairs = count(row, "yes").min(count(row, "no"));
        profit += row["revenue"].as_i64().expect("cents") * 10_000 + pairs;
        profit -= number(row, ["yes_total_cost_dollars", "yes_total_cost"]);
        profit -= number(row, ["no_total_cost_dollars", "no_total_cost"]);
        for order in export.orders.iter().filter(|order| order["ticker"] == row["ticker"]) {
            profit -= number(order, ["taker_fees_dollars", "taker_fees"]);
            profit -= number(order, ["maker_fees_dollars", "maker_fees"]);
        }
    }
    Money::from_micros(profit)
}

/// Rows in another order, some of them twice, with fields that nobody knows and without some that need not be there.
fn disturbed(mut export: Export, places: &[Index]) -> Export {
    for (turn, place) in places.iter().enumerate() {
        for rows in [&mut export.orders, &mut export.fills, &mut export.settlements] {
            if rows.is_empty() {
                continue;
            }
            let at = place.index(rows.len());
            rows.rotate_left(at);
            match turn % 4 {
                0 => rows.push(rows[0].clone()),
                1 => rows[0]["news"] = json!({ "deep": [1, null, "x"] }),
                2 => {
                    for field in ["fee_cost", "taker_fill_cost", "maker_fill_cost_dollars", "no_price", "book_side"] {
                        rows[0].as_object_mut().expect("an object").remove(field);
                    }
                }
                _ => rows.swap(0, at),
            }
        }
    }
    export
}

/// A wrong figure: in which list, in which field, and by how much in its smallest unit.
const PLANTS: &[(&str, &str, &str)] = &[
    ("orders", "taker_fees", "1"),
    ("orders", "maker_fees", "1"),
    ("orders", "taker_fees_dollars", "0.0001"),
    ("orders", "maker_fees_dollars", "0.000001"),
    ("orders", "taker_fill_cost", "1"),
    ("orders", "fill_count", "1"),
    ("orders", "fill_count_fp", "0.01"),
    ("fills", "count", "1"),
    ("fills", "count_fp", "0.01"),
    ("fills", "yes_price", "1"),
    ("fills", "yes_price_dollars", "0.0001"),
    ("fills", "fee_cost", "0.000001"),
    ("settlements", "revenue", "2"),
    ("settlements", "yes_count", "1"),
    ("settlements", "no_count_fp", "0.01"),
    ("settlements", "yes_total_cost", "1"),
    ("settlements", "no_total_cost_dollars", "0.000001"),
    ("settlements", "fee_cost", "0.000001"),
];

fn rows_mut<'a>(export: &'a mut Export, list: &str) -> &'a mut Vec<Value> {
    match list {
        "orders" => &mut export.orders,
        "fills" => &mut export.fills,
        _ => &mut export.settlements,
    }
}

/// Adds `more` to a field of a row; false where the row does not have it.
fn plant(row: &mut Value, field: &str, more: &str) -> bool {
    let Some(value) = row.get_mut(field) else { return false };
    let sum = |text: &str| text.parse::<Money>().expect("a number") + more.parse::<Money>().expect("a number");
    *value = match &*value {
        Value::String(text) => json!(sum(text).to_string()),
        other => json!(other.as_i64().expect("a number") + more.parse::<i64>().expect("whole")),
    };
    true
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_export_is_exact_in_any_form_layout_and_order(
        account in any_account(), layout in layout(), places in prop::collection::vec(any::<Index>(), 0..12),
    ) {
        let export = account.export();
        let report = audited(&export, layout);
        prop_assert!(report.is_exact(), "{:?}", report.differences);
        prop_assert_eq!(report.totals.profit.computed, profit(&export));
        let by_orders: Money = report.orders.iter().map(|order| order.profit).sum();
        let by_markets: Money = report.markets.iter().map(|market| market.profit.computed).sum();
        let has_void = export.settlements.iter().any(|row| matches!(row["market_result"].as_str(), Some("void" | "scalar")));
        prop_assert!(has_void || by_orders == by_markets, "{by_orders} by orders, {by_markets} by markets");
        let again = audited(&disturbed(export, &places), layout);
        prop_assert!(again.is_exact(), "{:?}", again.differences);
        prop_assert_eq!(again.totals.profit.computed, report.totals.profit.computed);
        prop_assert_eq!(again.totals.fees.computed, report.totals.fees.computed);
    }

    #[test]
    fn a_wrong_figure_is_found_where_it_is(
        account in any_account(), which in any::<Index>(), row in any::<Index>(),
    ) {
        let mut export = account.export();
        let (list, field, more) = PLANTS[which.index(PLANTS.len())];
        let rows = rows_mut(&mut export, list);
        prop_assume!(!rows.is_empty());
        let at = row.index(rows.len());
        prop_assume!(plant(&mut rows[at], field, more));
        let planted = rows[at].clone();
        // What a void market pays back is known only roughly.
        prop_assume!(field != "revenue" || planted["market_result"] != "void");
        let report = audited(&export, Layout::Page);
        prop_assert!(!report.is_exact(), "{field} of {planted}");
        let order = planted["order_id"].as_str();
        let found = report.differences.iter().any(|difference| match &difference.subject {
            Subject::Fill { order: id, .. } | Subject::Order(id) => order == Some(id.as_str()),
            Subject::Market(ticker) => planted["ticker"] == ticker.as_str(),
        });
        prop_assert!(found, "{field} of {planted}: {:?}", report.differences);
    }

    #[test]
    fn a_row_that_is_missing_is_found(account in any_account(), list in 0_usize..2, row in any::<Index>()) {
        let mut export = account.export();
        let list = ["orders", "fills"][list];
        let has_fills = |export: &Export, order: &Value| export.fills.iter().any(|fill| fill["order_id"] == order["order_id"]);
        let before = export.clone();
        let rows = rows_mut(&mut export, list);
        prop_assume!(!rows.is_empty());
        let gone = rows.remove(row.index(rows.len()));
        prop_assume!(list == "fills" || has_fills(&before, &gone));
        prop_assert!(!audited(&export, Layout::Page).is_exact(), "without {gone}");
    }
}

fn one(form: Form) -> Export {
    use super::synthetic::{Ending, FillPlan, MarketPlan, OrderPlan};
    let fill = FillPlan { price: 9_100, count: 2_000, is_taker: true };
    let order = OrderPlan { buys_yes: true, sale: false, fills: vec![fill] };
    Account { form, markets: vec![MarketPlan { orders: vec![order], ending: Ending::Yes }] }.export()
}

/// Twenty YES at 91 cents that won: 12 cents of fees, 1.68 dollars of profit.
#[test]
fn a_known_trade_comes_out_to_the_cent() {
    let report = audited(&one(Form::Cents), Layout::Page);
    assert!(report.is_exact(), "{:?}", report.differences);
    assert_eq!(report.orders[0].fees.computed, Money::from_cents(12));
    assert_eq!(report.markets[0].profit.computed, Money::from_cents(168));
    let present = audited(&one(Form::Member), Layout::Page);
    assert_eq!(present.orders[0].fees.computed, Money::from_micros(114_700));
}

#[test]
fn a_wrong_result_and_a_settlement_paid_twice_over_are_found() {
    let mut export = one(Form::Cents);
    export.settlements[0]["market_result"] = json!("no");
    assert!(!audited(&export, Layout::Page).is_exact());
    let mut export = one(Form::Member);
    let mut second = export.settlements[0].clone();
    second["settled_time"] = json!("2026-09-30T20:09:00Z");
    export.settlements.push(second.clone());
    assert!(audited(&export, Layout::Page).is_exact(), "stated anew and the same");
    for (field, value) in [("market_result", json!("no")), ("revenue", json!(0)), ("value", json!(0))] {
        second[field] = value;
    }
    export.settlements[1] = second;
    let amended = audited(&export, Layout::Page);
    assert!(amended.is_exact(), "the amended result counts: {:?}", amended.differences);
    assert_eq!(amended.totals.revenue.computed, Money::ZERO);
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let wrong = |text: &str| read_fills("fills.json", text).expect_err("unreadable").to_string();
    let rows = one(Form::Cents).fills;
    let mut bad = rows[0].clone();
    bad["yes_price"] = json!("ninety");
    let text = format!("{{\"fills\": [\n{},\n{bad}]}}", rows[0]);
    assert_eq!(wrong(&text), "fills.json: line 3, element 2, yes_price: \"ninety\" is not a decimal number");
    bad = rows[0].clone();
    bad.as_object_mut().expect("an object").remove("is_taker");
    assert_eq!(wrong(&format!("{}\n{bad}\n", rows[0])), "fills.json: line 2, element 2, is_taker: it is missing");
    for (text, says) in [
        ("", "line 1: it is empty"),
        ("{\"orders\": []}", "element 1: it has no \"fills\""),
        ("[1]", "element 1: it is neither a row nor a page of rows"),
        ("{\"fills\": {}}", "is no list"),
        ("{\"fills\": [\n{\"trade_id\":\n", "line 3"),
        (r#"{"trade_id":"a","trade_id":"b"}"#, "stands twice"),
    ] {
        assert!(wrong(text).contains(says), "{text}: {}", wrong(text));
    }
    assert!(read_fills("f", "{\"fills\": null, \"cursor\": \"\"}").expect("an empty list").is_empty());
    for (field, value) in [
        ("side", json!("maybe")),
        ("count", json!(-1)),
        ("count", json!("1e12")),
        ("yes_price", json!(101)),
        ("order_id", json!("")),
        ("created_time", json!("yesterday")),
        ("fee_cost", json!("a lot")),
        ("subaccount_number", json!(-1)),
    ] {
        let mut row = rows[0].clone();
        row[field] = value;
        let error: ExportError = read_fills("f", &row.to_string()).expect_err(field);
        assert_eq!(error.field, Some(field), "{error}");
    }
    let order = &one(Form::Member).orders[0];
    for field in ["order_id", "ticker", "fill_count_fp"] {
        let mut row = order.clone();
        row.as_object_mut().expect("an object").remove(field);
        assert_eq!(read_orders("o", &row.to_string()).expect_err(field).field, Some(field));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_an_export_panics(account in account(Form::Member), at in any::<Index>(), byte in any::<u8>()) {
        let export = account.export();
        let text = write("settlements", &export.settlements, Layout::Lines);
        let mut bytes = text.into_bytes();
        prop_assume!(!bytes.is_empty());
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read_settlements("s", &String::from_utf8_lossy(&bytes));
    }
}
