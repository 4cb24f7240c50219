//! Answers to orders: what cannot be read exactly says nothing of what became of the order.

use rec_domain::{
    BookSide, ClientOrderId, ExchangeIndex, MarketTicker, OrderGroupId, OrderId, Price, Quantity, Side, Timestamp,
    intent::{OrderSpec, TimeInForce},
};

use super::spoil::{NO_NUMBERS, doubled, no_answers, with};
use crate::rest::{
    NewOrder, WriteFailure,
    canned::{Canned, client},
};

const ACK: &str = r#"{"order_id":"o","client_order_id":"c","fill_count":"4.00","remaining_count":"0.00","ts_ms":1}"#;
const CANCELED: &str = r#"{"order_id":"o","reduced_by":"3.00","ts_ms":1}"#;

fn order() -> NewOrder {
    let spec = OrderSpec {
        ticker: MarketTicker::new("M"),
        exchange_index: ExchangeIndex::new(2),
        side: Side::Yes,
        book_side: BookSide::Bid,
        price: Price::from_cents(95),
        quantity: Quantity::from_contracts(10),
        time_in_force: TimeInForce::ImmediateOrCancel,
        reduce_only: false,
        group: OrderGroupId::new("g"),
    };
    NewOrder::new(spec, ClientOrderId::new("c"))
}

fn spoiled(good: &str, counts: &[&str]) -> Vec<String> {
    let good = serde_json::from_str(good).expect("JSON");
    let mut bodies = no_answers();
    for place in counts {
        bodies.extend(NO_NUMBERS.iter().map(|wrong| with(&good, place, wrong)));
        bodies.push(with(&good, place, r#""-1.00""#));
        bodies.push(with(&good, place, "null"));
        bodies.push(doubled(&good, place));
    }
    bodies.push(doubled(&good, "/order_id"));
    bodies.push(with(&good, "/order_id", r#""""#));
    bodies
}

#[tokio::test]
async fn an_answer_to_an_order_that_cannot_be_read_exactly_leaves_it_unknown() {
    let mut bodies = spoiled(ACK, &["/fill_count", "/remaining_count"]);
    bodies.push(with(&serde_json::from_str(ACK).expect("JSON"), "/fill_count", r#""11.00""#));
    bodies.push(with(&serde_json::from_str(ACK).expect("JSON"), "/client_order_id", r#""another""#));
    let count = bodies.len();
    // An empty page with 200 is as little an acknowledgement as one with 201.
    let statuses = [200, 201].into_iter().cycle();
    let answers = bodies.iter().zip(statuses).map(|(body, status)| Canned::answer(status, body)).collect();
    let (client, log) = client(answers).await;
    for body in bodies {
        let result = client.create_order(&order(), Timestamp::from_seconds(7)).await;
        let body: String = body.chars().take(80).collect();
        assert!(matches!(result, Err(WriteFailure::Unknown { .. })), "{body}: {result:?}");
    }
    assert_eq!(log.requests().len(), count, "each was sent once");
}

#[tokio::test]
async fn an_answer_to_a_cancel_that_cannot_be_read_exactly_leaves_it_unknown() {
    let bodies = spoiled(CANCELED, &["/reduced_by"]);
    let (client, _log) = client(bodies.iter().map(|body| Canned::answer(200, body)).collect()).await;
    for body in bodies {
        let result = client.cancel_order(&OrderId::new("o"), ExchangeIndex::new(2), Timestamp::from_seconds(7)).await;
        let body: String = body.chars().take(80).collect();
        assert!(matches!(result, Err(WriteFailure::Unknown { .. })), "{body}: {result:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_no_text_leaves_an_order_unknown() {
    let head = |length: usize| format!("HTTP/1.1 201 Created\r\ncontent-length: {length}\r\n\r\n");
    let mut no_text = head(ACK.len()).into_bytes();
    no_text.extend(ACK.replace("\"o\"", "\"\u{1}\"").bytes().map(|byte| if byte == 1 { 0xff } else { byte }));
    let wrong: Vec<(&str, Vec<u8>)> = vec![
        ("longer than it says", format!("{}{ACK}", head(ACK.len() - 1)).into_bytes()),
        ("shorter than it says", format!("{}{ACK}", head(ACK.len() + 1)).into_bytes()),
        ("no UTF-8", no_text),
        ("two lengths", format!("HTTP/1.1 201 X\r\ncontent-length: 5\r\ncontent-length: 9\r\n\r\n{ACK}").into_bytes()),
        ("no status", b"HTTP/1.1 created\r\n\r\n".to_vec()),
        ("no HTTP", b"SSH-2.0-server\r\n".to_vec()),
        ("elsewhere", b"HTTP/1.1 307 X\r\nlocation: /trade-api/v2/other\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ("nothing", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ("empty", b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
    ];
    let (client, log) = client(wrong.iter().map(|(_, bytes)| Canned::Bytes(bytes.clone())).collect()).await;
    for (name, _) in &wrong {
        let result = client.create_order(&order(), Timestamp::from_seconds(7)).await;
        assert!(matches!(result, Err(WriteFailure::Unknown { .. })), "{name}: {result:?}");
    }
    assert_eq!(log.requests().len(), wrong.len(), "each was sent once, and nowhere else");
}
