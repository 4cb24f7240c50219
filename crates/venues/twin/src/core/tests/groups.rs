//! Order groups: the limit trips, a person trips, a reset lets trade again.

use rec_domain::{BookSide, Price, Quantity};

use super::support::{after, contracts, group, market_worth, order, place, young};
use crate::core::{
    CreateOrder, Mutation, Output, TimeInForce, Twin,
    account::OrderStatus,
    mutation::GroupRef,
    query::{self, Params},
};

fn grouped(twin: &Twin, group: &GroupRef, id: &str, count: i64) -> CreateOrder {
    let ticker = market_worth(twin, 50.0);
    let mut order = order(&ticker, id, BookSide::Bid, count, Price::from_cents(99));
    order.order_group_id = Some(group.order_group_id.clone());
    order
}

fn events(twin: &mut Twin) -> Vec<&'static str> {
    let outputs = twin.take_outputs();
    outputs
        .iter()
        .filter_map(|output| if let Output::Group(change) = output { Some(change.event) } else { None })
        .collect()
}

#[test]
fn what_would_exceed_the_rolling_limit_is_cut_and_trips_the_group() {
    let mut twin = young(1);
    let group = group(&mut twin, 10);
    let request = grouped(&twin, &group, "a", 8);
    assert_eq!(place(&mut twin, &request).expect("accepted").filled, contracts(8));
    let request = grouped(&twin, &group, "b", 8);
    let answer = place(&mut twin, &request).expect("accepted");
    assert_eq!((answer.filled, answer.remaining), (contracts(2), Quantity::ZERO));
    assert_eq!(events(&mut twin), ["created", "triggered"]);
    let request = grouped(&twin, &group, "c", 1);
    assert_eq!(place(&mut twin, &request).expect_err("tripped").code(), "order_group_triggered");
    let at = twin.now();
    twin.apply(at, &Mutation::ResetGroup(group.clone())).expect("reset");
    let request = grouped(&twin, &group, "c", 1);
    assert_eq!(place(&mut twin, &request).expect("reset").filled, contracts(1));
}

#[test]
fn the_window_rolls_after_fifteen_seconds() {
    let mut twin = young(1);
    let group = group(&mut twin, 10);
    for round in 0..3 {
        let request = grouped(&twin, &group, &format!("r{round}"), 10);
        assert_eq!(place(&mut twin, &request).expect("accepted").filled, contracts(10));
        let to = after(&twin, 16);
        twin.advance_quietly(to);
    }
}

#[test]
fn a_trigger_cancels_what_rests_and_refuses_until_reset() {
    let mut twin = young(1);
    let group = group(&mut twin, 100);
    let mut resting = grouped(&twin, &group, "rest", 5);
    resting.price = Price::from_cents(1);
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    place(&mut twin, &resting).expect("accepted");
    let at = twin.now();
    twin.apply(at, &Mutation::TriggerGroup(group.clone())).expect("triggered");
    let order = twin.account().orders.values().next().expect("kept");
    assert_eq!(order.status, OrderStatus::Canceled);
    assert_eq!(twin.account().cash(), twin.config().starting_cash);
    let request = grouped(&twin, &group, "late", 1);
    assert!(place(&mut twin, &request).is_err());
    assert_eq!(events(&mut twin), ["created", "triggered"]);
    twin.apply(at, &Mutation::DeleteGroup(group.clone())).expect("deleted");
    assert_eq!(place(&mut twin, &request).expect_err("gone").status, 404);
    assert_eq!(twin.apply(at, &Mutation::ResetGroup(group)).expect_err("gone").status, 404);
}

#[test]
fn a_group_is_found_on_its_own_shard_only() {
    let mut twin = young(1);
    let group = group(&mut twin, 10);
    let path = format!("portfolio/order_groups/{}", group.order_group_id);
    let ask = |query_text: &str| query::get(&twin, &path, &Params::parse(query_text));
    assert_eq!(ask("exchange_index=2").expect("found")["contracts_limit_fp"], "10.00");
    assert_eq!(ask("").expect_err("shard 0 by default").status, 404);
    let listed = query::get(&twin, "portfolio/order_groups", &Params::parse("exchange_index=0")).expect("answers");
    assert_eq!(listed["order_groups"].as_array().map(Vec::len), Some(0));
}
