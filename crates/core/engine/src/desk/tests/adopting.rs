//! Orders that were sent without the desk in an emergency.

use rec_domain::emergency::EmergencyOrder;

use super::*;

/// A desk that holds twenty contracts, which somebody sells without it.
fn held() -> (Bench, TradeId, EmergencyOrder) {
    let mut bench = Bench::ready();
    let wanted = bench.wanted(Side::Yes, 20);
    let (intent, trade) = bench.open("a", wanted).expect("opened");
    bench.acknowledge(intent, 20);
    bench.fill("f", intent, BookSide::Bid, 95, 20);
    let spec = rec_domain::intent::OrderSpec {
        ticker: MarketTicker::new(MARKET),
        exchange_index: SHARD,
        side: Side::Yes,
        book_side: BookSide::Ask,
        price: Price::from_cents(1),
        quantity: Quantity::from_contracts(20),
        time_in_force: rec_domain::intent::TimeInForce::ImmediateOrCancel,
        reduce_only: true,
        group: OrderGroupId::new(""),
    };
    let id = IntentId::new(DeskId::from_bits(7), 1_790_000_100, 1);
    let order = EmergencyOrder { id, spec, planned_at: bench.now, reason: "fire".to_owned(), outcome: None };
    (bench, trade, order)
}

fn taken(bench: &Bench, order: &EmergencyOrder) -> EmergencyOrder {
    let outcome = Outcome::Acknowledged {
        order: order_id(order.id),
        filled: Quantity::from_contracts(20),
        remaining: Quantity::ZERO,
        signed_at: bench.now,
    };
    EmergencyOrder { outcome: Some(outcome), ..order.clone() }
}

fn adopt(bench: &mut Bench, order: EmergencyOrder) {
    bench.tell(DeskInput::Adopt { orders: vec![order] });
}

#[test]
fn an_adopted_order_closes_its_trade_and_nobody_sends_it() {
    let (mut bench, trade, order) = held();
    let order = taken(&bench, &order);
    let before = bench.outputs.len();
    adopt(&mut bench, order.clone());
    adopt(&mut bench, order.clone());
    let adopted = bench.intents().into_iter().filter(|intent| matches!(intent.action, Action::Adopt(_)));
    assert_eq!(adopted.count(), 1, "told twice, adopted once");
    assert!(!bench.outputs[before..].iter().any(|output| matches!(output, DeskOutput::Dispatch { .. })));
    bench.fill("g", order.id, BookSide::Ask, 90, 20);
    assert_eq!(bench.state(trade), TradeState::Closed);
    assert!(bench.desk.books().halts.is_empty());
}

#[test]
fn a_fill_that_came_before_its_order_was_adopted_is_booked_then() {
    let (mut bench, trade, order) = held();
    let fill = bench.fill_of("g", order_id(order.id), BookSide::Ask, 90, 20);
    bench.report(Report::Fill(FillReport { client_order_id: Some(order.id.client_order_id()), ..fill }));
    assert_eq!(bench.desk.books().parked_fills.len(), 1);
    let order = taken(&bench, &order);
    adopt(&mut bench, order);
    assert_eq!((bench.state(trade), bench.desk.books().parked_fills.len()), (TradeState::Closed, 0));
}

#[test]
fn one_whose_outcome_nobody_knows_waits_for_a_working_close_and_one_that_ended_does_not() {
    let (mut bench, trade, order) = held();
    let close = bench.close("c", trade).expect("closing");
    bench.answer(close, Outcome::Unknown { reason: "no answer".to_owned(), signed_at: bench.now });
    adopt(&mut bench, order.clone());
    assert_eq!(bench.desk.books().orders.get(&order.id), None, "a trade has one working close");
    let order = taken(&bench, &order);
    adopt(&mut bench, order.clone());
    let adopted = bench.desk.books().orders.get(&order.id).expect("adopted").clone();
    assert_eq!(adopted.state, OrderState::Executed);
    let working = bench
        .commits
        .last()
        .expect("committed")
        .rows
        .iter()
        .filter(|row| matches!(row, Row::Order(order) if order.role == GroupRole::Exit && !order.state.is_final()));
    assert_eq!(working.count(), 0, "the database allows one working close at every moment");
}

#[test]
fn an_order_of_no_trade_of_this_desk_is_left_to_the_reports() {
    let (mut bench, _, order) = held();
    let mut elsewhere = taken(&bench, &order);
    elsewhere.spec.ticker = MarketTicker::new(OTHER);
    let commits = bench.commits.len();
    for _ in 0..3 {
        adopt(&mut bench, elsewhere.clone());
    }
    assert_eq!(bench.commits.len(), commits, "nothing was written");
    assert_eq!(bench.said("closes no trade"), 1, "it is told every two seconds");
}
