//! An order of which nobody knows whether it was taken.

use super::*;

#[test]
fn an_unknown_order_keeps_its_exposure_until_its_absence_is_proven() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let signed_at = bench.now;
    bench.answer(intent, Outcome::Unknown { reason: "timeout".to_owned(), signed_at });
    let exposure = bench.desk.books().exposure(|_| true);
    assert!(exposure > Money::from_dollars(19));
    bench.now += TimeSpan::from_seconds(600);
    bench.sweep_as_of(signed_at + TimeSpan::from_seconds(34), &[], Money::from_dollars(1_000));
    assert_eq!(bench.desk.books().orders[&intent].state, OrderState::Unknown, "no timer retires an order");
    assert_eq!(bench.desk.books().exposure(|_| true), exposure);
    bench.sweep_as_of(signed_at + TimeSpan::from_seconds(36), &[], Money::from_dollars(1_000));
    assert_eq!(bench.desk.books().orders[&intent].state, OrderState::Absent);
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    assert_eq!(bench.desk.books().exposure(|_| true), Money::ZERO);
}

#[test]
fn an_unknown_order_that_landed_is_found_by_its_own_identity() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.answer(intent, Outcome::Unknown { reason: "timeout".to_owned(), signed_at: bench.now });
    // The list of fills does not carry the order's own identity: it waits for the list of orders.
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    assert_eq!(bench.state(trade), TradeState::Opening);
    bench.show(intent, ReportedStatus::Executed, 20);
    assert_eq!(bench.state(trade), TradeState::Open);
    assert_eq!(bench.desk.books().trades[&trade].held(), Quantity::from_contracts(20));
}
