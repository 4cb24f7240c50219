//! Subaccounts, transfers, deposits, and what is old.

use rec_domain::{BookSide, ExchangeIndex, Money, Price, TimeSpan};
use serde_json::{Value, json};

use super::{
    changes::{ask, get},
    support::{after, contracts, market_worth, order, place, young},
};
use crate::core::{CreateOrder, Mutation, Session, TimeInForce, Twin, Wallet, config::CRYPTO_SHARD};

const ID: &str = "0d1f9c1e-0000-4000-8000-000000000001";

fn funded(twin: &mut Twin, cents: i64) {
    let made = ask(twin, "POST", "portfolio/subaccounts", &json!({ "exchange_index": 2 })).expect("made");
    assert_eq!(made, (201, json!({ "subaccount_number": 1 })));
    let body = json!({
        "client_transfer_id": ID, "from_subaccount": 0, "to_subaccount": 1, "amount_cents": cents, "exchange_index": 2,
    });
    assert_eq!(ask(twin, "POST", "portfolio/subaccounts/transfer", &body).expect("done").0, 200);
    let again = ask(twin, "POST", "portfolio/subaccounts/transfer", &body).expect_err("known");
    assert_eq!(again.status, 409);
}

#[test]
fn a_subaccount_has_cash_orders_and_positions_of_its_own() {
    let mut twin = young(1);
    funded(&mut twin, 10_000);
    let ticker = market_worth(&twin, 50.0);
    let mut buy = order(&ticker, "sub", BookSide::Bid, 3, Price::from_cents(99));
    buy.subaccount = Some(1);
    place(&mut twin, &buy).expect("accepted");
    place(&mut twin, &order(&ticker, "main", BookSide::Bid, 2, Price::from_cents(99))).expect("accepted");
    // What the subaccount holds cannot be sold by the primary one.
    let close = CreateOrder { reduce_only: true, ..order(&ticker, "c", BookSide::Ask, 9, Price::from_cents(1)) };
    assert_eq!(place(&mut twin, &close).expect("accepted").filled, contracts(2));
    let position = |query: &str| get(&twin, "portfolio/positions", query)["market_positions"][0]["position_fp"].clone();
    assert_eq!((position("subaccount=1"), position("")), (json!("3.00"), json!("0.00")));
    let fills = |query: &str| get(&twin, "portfolio/fills", query)["fills"].as_array().map_or(0, Vec::len);
    assert_eq!((fills(""), fills("subaccount=1"), fills("subaccount=0")), (3, 1, 2));
    let balances = get(&twin, "portfolio/subaccounts/balances", "");
    assert_eq!(balances["subaccount_balances"].as_array().map(Vec::len), Some(4));
    assert!(twin.account().free_cash(Wallet::new(CRYPTO_SHARD, 1)) < Money::from_dollars(100));
    assert_eq!(get(&twin, "portfolio/subaccounts/transfers", "")["transfers"][0]["amount_cents"], 10_000);

    let mut poor = order(&ticker, "poor", BookSide::Bid, 200, Price::from_cents(99));
    poor.subaccount = Some(1);
    assert_eq!(place(&mut twin, &poor).expect_err("no cash").code(), "insufficient_balance");
    poor.subaccount = Some(2);
    assert_eq!(place(&mut twin, &poor).expect_err("no such subaccount").code(), "invalid_order");
}

#[test]
fn an_order_of_a_subaccount_is_found_under_it_only() {
    let mut twin = young(1);
    funded(&mut twin, 10_000);
    let ticker = market_worth(&twin, 50.0);
    let mut rest = order(&ticker, "sub", BookSide::Bid, 3, Price::from_cents(1));
    (rest.subaccount, rest.time_in_force) = (Some(1), TimeInForce::GoodTillCanceled);
    let id = place(&mut twin, &rest).expect("accepted").order_id;
    let path = format!("portfolio/events/orders/{id}?exchange_index=2");
    assert_eq!(ask(&mut twin, "DELETE", &path, &Value::Null).expect_err("the primary one's by default").status, 404);
    let value = get(&twin, "portfolio/summary/total_resting_order_value", "");
    assert_eq!(value["total_resting_order_value"], 3);
    assert_eq!(value["resting_order_value_breakdown"][1]["balance"], "0.0300");
    ask(&mut twin, "DELETE", "portfolio/events/orders?subaccount=0", &Value::Null).expect("done");
    assert_eq!(twin.account().resting.len(), 1, "another subaccount's cancel-all leaves it");
    let (status, body) = ask(&mut twin, "DELETE", &format!("{path}&subaccount=1"), &Value::Null).expect("cancelled");
    assert_eq!((status, &body["reduced_by"]), (200, &json!("3.00")));
}

#[test]
fn there_are_no_more_than_sixty_three_subaccounts() {
    let mut twin = young(1);
    for _ in 0..63 {
        ask(&mut twin, "POST", "portfolio/subaccounts", &json!({})).expect("made");
    }
    assert_eq!(ask(&mut twin, "POST", "portfolio/subaccounts", &json!({})).expect_err("full").status, 400);
}

#[test]
fn a_transfer_between_shards_is_pending_and_then_complete() {
    let mut twin = young(1);
    let body = json!({
        "source": "event_contract", "destination": "event_contract", "amount": 1_000_000,
        "source_exchange_shard": 2, "destination_exchange_shard": 0, "client_transfer_id": "mine",
    });
    let path = "portfolio/intra_exchange_instance_transfer";
    let (status, answer) = ask(&mut twin, "POST", path, &body).expect("accepted");
    let one = format!("portfolio/intra_exchange_instance_transfers/{}", answer["transfer_id"].as_str().expect("an id"));
    let shards = |twin: &Twin| {
        let body = get(twin, "portfolio/balance", "");
        [0, 1].map(|place: usize| body["balance_breakdown"][place]["balance"].as_str().expect("text").to_owned())
    };
    assert_eq!((status, &get(&twin, &one, "")["transfer"]["status"]), (200, &json!("pending")));
    assert_eq!(shards(&twin), ["0.0000", "4900.0000"], "it left and has not arrived");
    assert_eq!(ask(&mut twin, "POST", path, &body).expect_err("known").status, 409);
    let to = after(&twin, 6);
    twin.advance_quietly(to);
    let transfer = &get(&twin, &one, "")["transfer"];
    assert_eq!((&transfer["status"], &transfer["amount"]), (&json!("complete"), &json!("100.0000")));
    assert_eq!(shards(&twin), ["100.0000", "4900.0000"]);
    let list = get(&twin, "portfolio/intra_exchange_instance_transfers", "");
    assert_eq!(list["transfers"].as_array().map(Vec::len), Some(1));
    let half = |shard: i32| json!({ "exchange_index": shard, "percent": 50 });
    let path = "portfolio/target_balance_allocation";
    ask(&mut twin, "POST", path, &json!({ "allocations": [half(0), half(2)] })).expect("taken");
    let to = after(&twin, 11);
    twin.advance_quietly(to);
    assert_eq!(shards(&twin), ["2500.0000", "2500.0000"]);
    assert!(ask(&mut twin, "POST", path, &json!({ "allocations": [half(0)] })).is_err(), "not a whole");
}

#[test]
fn deposits_and_withdrawals_are_listed() {
    let mut twin = young(1);
    let at = twin.now();
    twin.apply(at, &Mutation::Deposit(ExchangeIndex::new(0), Money::from_dollars(7))).expect("paid in");
    twin.apply(at, &Mutation::Withdraw(CRYPTO_SHARD, Money::from_dollars(9))).expect("taken out");
    assert!(twin.apply(at, &Mutation::Withdraw(CRYPTO_SHARD, Money::from_dollars(9_000))).is_err());
    let amounts = |list: &str| -> Vec<i64> {
        let body = get(&twin, &format!("portfolio/{list}"), "");
        let rows = body[list].as_array().expect("a list");
        rows.iter().map(|row| row["amount_cents"].as_i64().expect("cents")).collect()
    };
    assert_eq!((amounts("deposits"), amounts("withdrawals")), (vec![700, 500_000], vec![900]));
}

#[test]
fn old_orders_and_fills_move_to_lists_of_their_own() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    place(&mut twin, &order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(99))).expect("accepted");
    let mut listed = |days: i64| {
        twin.now += TimeSpan::from_minutes(days * 24 * 60);
        let count = |path: &str, list: &str| get(&twin, path, "")[list].as_array().map_or(0, Vec::len);
        [
            count("portfolio/orders", "orders"),
            count("historical/orders", "orders"),
            count("portfolio/fills", "fills"),
            count("historical/fills", "fills"),
        ]
    };
    assert_eq!(listed(0), [1, 0, 1, 0]);
    assert_eq!(listed(16), [0, 1, 1, 0], "orders after two weeks");
    assert_eq!(listed(46), [0, 1, 0, 1], "fills after two months");
}

#[test]
fn positions_are_told_with_their_subaccount() {
    let mut twin = young(1);
    funded(&mut twin, 10_000);
    let ticker = market_worth(&twin, 50.0);
    let mut session = Session::default();
    session.command(r#"{"id":1,"cmd":"subscribe","params":{"channels":["market_positions","user_orders"]}}"#, &twin);
    let mut buy = order(&ticker, "sub", BookSide::Bid, 3, Price::from_cents(99));
    buy.subaccount = Some(1);
    drop(twin.take_outputs());
    place(&mut twin, &buy).expect("accepted");
    let outputs = twin.take_outputs();
    let frames: Vec<Value> = outputs
        .iter()
        .flat_map(|output| session.on_output(output, &twin))
        .map(|frame| serde_json::from_str(frame.text.trim()).expect("JSON"))
        .collect();
    let of = |kind: &str| frames.iter().find(|frame| frame["type"] == kind).expect("told")["msg"].clone();
    let (position, order) = (of("market_position"), of("user_order"));
    assert_eq!((&position["position_fp"], &position["subaccount"]), (&json!("3.00"), &json!(1)));
    assert_eq!((&order["subaccount_number"], &order["last_update_reason"]), (&json!(1), &json!("Trade")));
}

#[test]
fn a_book_that_an_own_order_changes_names_the_order_and_its_subaccount() {
    let mut twin = young(1);
    funded(&mut twin, 10_000);
    let ticker = market_worth(&twin, 50.0);
    let mut session = Session::default();
    let channel = format!(
        r#"{{"id":1,"cmd":"subscribe","params":{{"channels":["orderbook_delta"],"market_ticker":"{ticker}"}}}}"#
    );
    session.command(&channel, &twin);
    let mut rest = order(&ticker, "sub", BookSide::Bid, 3, Price::from_cents(1));
    (rest.subaccount, rest.time_in_force) = (Some(1), TimeInForce::GoodTillCanceled);
    drop(twin.take_outputs());
    place(&mut twin, &rest).expect("accepted");
    let outputs = twin.take_outputs();
    let frame = outputs.iter().flat_map(|output| session.on_output(output, &twin)).next().expect("a change");
    let frame: Value = serde_json::from_str(frame.text.trim()).expect("JSON");
    assert_eq!((&frame["msg"]["client_order_id"], &frame["msg"]["subaccount"]), (&json!("sub"), &json!(1)));
}

#[test]
fn positions_that_were_paid_long_ago_move_to_a_list_of_their_own() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    place(&mut twin, &order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(99))).expect("accepted");
    let paid = after(&twin, 3_600);
    twin.advance_quietly(paid);
    let count = |twin: &Twin, path: &str, query: &str| {
        get(twin, path, query)["market_positions"].as_array().map_or(0, Vec::len)
    };
    let settled = "settlement_status=settled";
    let listed = |twin: &Twin| {
        [count(twin, "portfolio/positions", settled), count(twin, "historical/positions", &format!("ticker={ticker}"))]
    };
    assert_eq!(listed(&twin), [1, 0]);
    twin.now += TimeSpan::from_minutes(62 * 24 * 60);
    assert_eq!(listed(&twin), [0, 1]);
    assert_eq!(count(&twin, "historical/positions", "ticker=X"), 0);
}

#[test]
fn a_subaccount_is_told_whether_to_net() {
    let mut twin = young(1);
    funded(&mut twin, 100);
    let enabled = |twin: &Twin| -> Vec<Value> {
        let body = get(twin, "portfolio/subaccounts/netting", "");
        let rows = body["netting_configs"].as_array().expect("a list").clone();
        rows.into_iter().filter(|row| row["exchange_index"] == 2).map(|row| row["enabled"].clone()).collect()
    };
    assert_eq!(enabled(&twin), [true, true]);
    let body = |number: u32| json!({ "subaccount_number": number, "enabled": false });
    ask(&mut twin, "PUT", "portfolio/subaccounts/netting", &body(1)).expect("told");
    assert_eq!(enabled(&twin), [true, false]);
    assert_eq!(ask(&mut twin, "PUT", "portfolio/subaccounts/netting", &body(2)).expect_err("unknown").status, 404);
}
