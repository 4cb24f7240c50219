//! Amendments, decreases, batches and cancel-all.

use rec_domain::{BookSide, Price, Quantity, TimeSpan};
use serde_json::{Value, json};

use super::support::{after, best, cancel, contracts, market_worth, order, place, young};
use crate::core::{
    Applied, CreateOrder, Fault, Mutation, Output, Rejection, TimeInForce, Twin,
    account::OrderStatus,
    query::{self, Params},
    wire::{answers, requests},
};

/// Carries a request out as it comes over the wire.
pub(super) fn ask(twin: &mut Twin, method: &str, path: &str, body: &Value) -> Result<(u16, Value), Rejection> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mutation = requests::mutation(method, path, &Params::parse(query), body.to_string().as_bytes());
    let at = twin.now();
    twin.apply(at, &mutation.expect("a change")?).map(|applied| answers::body(&applied))
}

pub(super) fn get(twin: &Twin, path: &str, query_text: &str) -> Value {
    query::get(twin, path, &Params::parse(query_text)).expect("answers")
}

fn resting(ticker: &str, id: &str, count: i64, cents: i64) -> CreateOrder {
    let price = Price::from_cents(cents);
    CreateOrder { time_in_force: TimeInForce::GoodTillCanceled, ..order(ticker, id, BookSide::Bid, count, price) }
}

fn amendment(ticker: &str, price: &str, count: &str) -> Value {
    json!({ "ticker": ticker, "side": "bid", "price": price, "count": count, "exchange_index": 2 })
}

fn amend(twin: &mut Twin, order_id: &str, body: &Value) -> Result<Value, Rejection> {
    ask(twin, "POST", &format!("portfolio/events/orders/{order_id}/amend"), body).map(|(_status, body)| body)
}

fn queue_position(twin: &Twin, order_id: &str) -> Quantity {
    let body = get(twin, &format!("portfolio/orders/{order_id}/queue_position"), "");
    body["queue_position_fp"].as_str().expect("text").parse().expect("a count")
}

#[test]
fn only_a_smaller_size_or_another_expiration_keeps_the_place() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let first = place(&mut twin, &resting(&ticker, "a", 10, 2)).expect("accepted").order_id;
    let second = place(&mut twin, &resting(&ticker, "b", 5, 2)).expect("accepted").order_id;
    let expiration = |twin: &Twin| twin.account().orders.values().next().expect("kept").expires_at;
    let before = queue_position(&twin, &first);
    let expires = twin.now().seconds() + 60;
    let mut body = amendment(&ticker, "0.0200", "6.00");
    body["expiration_time"] = json!(expires);
    let answer = amend(&mut twin, &first, &body).expect("smaller");
    assert_eq!((&answer["remaining_count"], &answer["fill_count"]), (&json!("6.00"), &json!("0.00")));
    assert_eq!(queue_position(&twin, &first), before, "a smaller size keeps its place");
    assert_eq!(expiration(&twin).map(|at| at.seconds()), Some(expires));
    body["expiration_time"] = json!(0);
    let answer = amend(&mut twin, &first, &body).expect("expiration taken away");
    assert!(answer["remaining_count"].is_null(), "nothing of the size changed: {answer}");
    assert_eq!((queue_position(&twin, &first), expiration(&twin)), (before, None));
    let to = after(&twin, 90);
    twin.advance_quietly(to);
    assert!(twin.account().resting.len() == 2, "what expires no more stays");

    let behind = amend(&mut twin, &first, &amendment(&ticker, "0.0200", "7.00")).expect("larger");
    assert_eq!(behind["remaining_count"], "7.00");
    let ahead = queue_position(&twin, &second) + contracts(5);
    assert_eq!(queue_position(&twin, &first), ahead, "a larger size goes behind");
    let positions = get(&twin, "portfolio/orders/queue_positions", &format!("market_tickers={ticker}"));
    assert_eq!(positions["queue_positions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_amendment_counts_what_filled_and_may_trade() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let (ask, _) = best(&twin, &ticker, BookSide::Ask);
    let id = place(&mut twin, &resting(&ticker, "a", 4, 2)).expect("accepted").order_id;
    let mut body = amendment(&ticker, &ask.to_string(), "3.00");
    body["client_order_id"] = json!("a");
    body["updated_client_order_id"] = json!("a2");
    drop(twin.take_outputs());
    let answer = amend(&mut twin, &id, &body).expect("crosses");
    assert_eq!((&answer["fill_count"], &answer["remaining_count"]), (&json!("3.00"), &json!("0.00")));
    assert_eq!((&answer["order_id"], &answer["client_order_id"]), (&json!(id), &json!("a2")));
    assert!(answer["average_fill_price"].is_string());
    let order = twin.account().orders.values().next().expect("kept");
    assert_eq!((order.status, order.filled, order.reserved.micros()), (OrderStatus::Executed, contracts(3), 0));
    let fill = twin.take_outputs().into_iter().find_map(|output| match output {
        Output::Fill(view) => view.client_order_id,
        _ => None,
    });
    assert_eq!(fill.as_deref(), Some("a2"));
    assert_eq!(place(&mut twin, &resting(&ticker, "a2", 1, 2)).expect_err("taken").status, 409);
}

#[test]
fn amendments_that_do_not_fit_are_refused_and_change_nothing() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let other = market_worth(&twin, 80.0);
    let id = place(&mut twin, &resting(&ticker, "a", 4, 2)).expect("accepted").order_id;
    place(&mut twin, &resting(&ticker, "b", 4, 2)).expect("accepted");
    let sound = amendment(&ticker, "0.0300", "4.00");
    let with = |key: &str, value: Value| {
        let mut body = sound.clone();
        body[key] = value;
        body
    };
    let order = twin.account().orders.values().next().expect("kept").clone();
    for (body, status, code) in [
        (with("ticker", json!(other)), 400, "order_ticker_mismatch"),
        (with("side", json!("ask")), 400, "order_side_mismatch"),
        (with("client_order_id", json!("x")), 400, "order_id_and_client_order_id_mismatch"),
        (with("updated_client_order_id", json!("b")), 409, "order_already_exists"),
        (with("price", json!("0.0350")), 400, "invalid_price"),
        (with("count", json!("0.00")), 400, "invalid_order_size"),
        (with("count", json!("900000.00")), 400, "insufficient_balance"),
        (with("expiration_time", json!(5)), 400, "invalid_order"),
        (with("exchange_index", json!(0)), 404, "not_found"),
    ] {
        let refused = amend(&mut twin, &id, &body).expect_err(code);
        assert_eq!((refused.status, refused.code()), (status, code), "{body}");
    }
    assert_eq!(*twin.account().orders.values().next().expect("kept"), order);
    assert_eq!(amend(&mut twin, "nobody", &sound).expect_err("unknown").status, 404);
}

#[test]
fn a_post_only_order_that_is_amended_across_the_book_is_cancelled() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let wanted = CreateOrder { post_only: true, ..resting(&ticker, "a", 4, 2) };
    let id = place(&mut twin, &wanted).expect("accepted").order_id;
    let answer = amend(&mut twin, &id, &amendment(&ticker, "0.9900", "4.00")).expect("answered");
    assert_eq!(answer["remaining_count"], "0.00");
    let order = twin.account().orders.values().next().expect("kept");
    assert_eq!((order.status, order.reason), (OrderStatus::Canceled, Some("PostOnlyCrossCancel")));
    assert!(twin.account().fills.is_empty());
}

#[test]
fn a_decrease_names_one_of_two_ways_and_keeps_the_place() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let id = place(&mut twin, &resting(&ticker, "a", 10, 2)).expect("accepted").order_id;
    let before = queue_position(&twin, &id);
    let path = format!("portfolio/events/orders/{id}/decrease");
    let mut decrease = |key: &str, count: &str| {
        ask(&mut twin, "POST", &path, &json!({ key: count, "exchange_index": 2 })).map(|(_status, body)| body)
    };
    assert_eq!(decrease("reduce_by", "3.00").expect("decreased")["remaining_count"], "7.00");
    assert_eq!(decrease("reduce_to", "2.00").expect("decreased")["remaining_count"], "2.00");
    assert_eq!(decrease("reduce_by", "3.00").expect_err("too much").code(), "invalid_order_size");
    for body in [json!({}), json!({ "reduce_by": "1.00", "reduce_to": "1.00" })] {
        assert_eq!(ask(&mut twin, "POST", &path, &body).expect_err("exactly one").code(), "bad_request");
    }
    let unrouted = ask(&mut twin, "POST", &path, &json!({ "reduce_to": "1.00" }));
    assert_eq!(unrouted.expect_err("shard 0 by default").status, 404);
    assert_eq!(queue_position(&twin, &id), before);
    assert_eq!(twin.account().orders.values().next().expect("kept").initial, contracts(10));
    let end = json!({ "reduce_to": "0.00", "market_ticker": ticker });
    assert_eq!(ask(&mut twin, "POST", &path, &end).expect("ended").1["remaining_count"], "0.00");
    assert_eq!(twin.account().cash(), twin.config().starting_cash);
}

#[test]
fn a_batch_tells_for_each_order_what_became_of_it() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let item = |id: &str, price: &str| {
        json!({
            "ticker": ticker, "client_order_id": id, "side": "bid", "count": "1.00", "price": price,
            "time_in_force": "good_till_canceled", "self_trade_prevention_type": "maker", "exchange_index": 2,
        })
    };
    let items = [item("a", "0.0100"), item("a", "0.0100"), item("b", "0.0150"), item("c", "0.0200")];
    let path = "portfolio/events/orders/batched";
    let (status, body) = ask(&mut twin, "POST", path, &json!({ "orders": items })).expect("taken");
    let items = body["orders"].as_array().expect("a list");
    let codes: Vec<&str> = items.iter().map(|item| item["error"]["code"].as_str().unwrap_or("")).collect();
    assert_eq!((status, codes), (201, vec!["", "order_already_exists", "invalid_price", ""]));
    assert!(items[1]["fill_count"].is_null() && items[1]["ts_ms"].is_null());
    let (first, second) = (items[0]["order_id"].clone(), items[3]["order_id"].clone());
    let cancels = json!({ "orders": [
        { "order_id": first, "exchange_index": 2 }, { "order_id": second }, { "order_id": "x", "exchange_index": 2 },
    ] });
    let (status, body) = ask(&mut twin, "DELETE", path, &cancels).expect("taken");
    let reduced = body["orders"].as_array().expect("a list").iter().map(|item| item["reduced_by"].clone());
    let reduced: Vec<Value> = reduced.collect();
    assert_eq!((status, reduced), (200, vec![json!("1.00"), json!("0.00"), json!("0.00")]));
    assert_eq!(body["orders"][1]["error"]["code"], "not_found", "without its shard an order is not found");
}

#[test]
fn cancel_all_takes_what_rests_and_some_of_what_comes_within_a_minute() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    place(&mut twin, &resting(&ticker, "before", 1, 1)).expect("accepted");
    let done = ask(&mut twin, "DELETE", "portfolio/events/orders", &Value::Null).expect("done");
    assert_eq!(done, (204, Value::Null));
    assert!(twin.account().resting.is_empty());
    for number in 0..20 {
        place(&mut twin, &resting(&ticker, &format!("after{number}"), 1, 1)).expect("accepted");
    }
    assert_eq!(twin.account().resting.len(), 20);
    let to = after(&twin, 61);
    twin.advance_quietly(to);
    let left = twin.account().resting.len();
    assert!((1..20).contains(&left), "{left} of 20 are left");
    place(&mut twin, &resting(&ticker, "late", 1, 1)).expect("accepted");
    let to = twin.now() + TimeSpan::from_minutes(5);
    twin.advance_quietly(to);
    assert_eq!(twin.account().resting.len(), left + 1, "after a minute it reaches nothing more");
}

#[test]
fn what_asked_not_to_survive_a_pause_does_not() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let quoting = CreateOrder { cancel_on_pause: true, ..resting(&ticker, "quote", 1, 1) };
    place(&mut twin, &quoting).expect("accepted");
    let id = place(&mut twin, &resting(&ticker, "stays", 1, 1)).expect("accepted").order_id;
    let at = twin.now();
    let pause = Fault::TradingPause { lasts: TimeSpan::from_minutes(5) };
    assert!(matches!(twin.apply(at, &Mutation::Fault(pause)), Ok(Applied::Done)));
    let states: Vec<_> = twin.account().orders.values().map(|order| (order.status, order.reason)).collect();
    assert_eq!(states, [(OrderStatus::Canceled, Some("HaltCancel")), (OrderStatus::Resting, None)]);
    assert!(amend(&mut twin, &id, &amendment(&ticker, "0.0100", "0.50")).is_err(), "no amendments in a pause");
    assert!(cancel(&mut twin, &id).is_ok(), "but cancels");
}
