//! What the exchange allows, how slow it is, and what goes wrong on request.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use rec_domain::{TimeSpan, Timestamp};
use rec_twin::{
    core,
    server::{
        AnswerEffect, AnswerFault, ApiKey, Conditions, ControlToken, Fault, Requests, Scope, ServeConfig, TwinServer,
        serve,
    },
};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::{
    ORDERS,
    client::{self, Client, socket},
    open_market, order,
};

const TOKEN: &str = "a token of this test";

/// A twin under conditions, and a client that may write.
async fn under(speed: f64, conditions: Conditions) -> (TwinServer, Client) {
    let (key, pem) = ApiKey::generate_ed25519("writer", Scope::Write).unwrap();
    let config = ServeConfig { conditions, ..client::config(speed, None, false, vec![key]) };
    let server = serve(config, Arc::default(), CancellationToken::new()).await.unwrap();
    let client = Client::of(&server, "writer", &pem);
    (server, client)
}

fn answers(requests: Requests, effect: AnswerEffect) -> Fault {
    Fault::Answers(AnswerFault { requests, effect, next: Some(1), for_ms: None })
}

fn instant(text: &Value) -> Timestamp {
    text.as_str().unwrap().parse().unwrap()
}

/// Market time almost stands still, so that nothing is refilled.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_beyond_the_budget_is_refused_with_429_and_market_data_without_a_signature_costs_nothing() {
    let (server, client) = under(0.01, Conditions::default()).await;
    let market = open_market(&client.unsigned_reader()).await;
    let shard = |number: i64, index: i64| {
        let mut wanted = order(&market, &format!("o{number}-{index}"), "0.0100");
        wanted["exchange_index"] = json!(index);
        wanted
    };
    for number in 0..10 {
        let (status, body) = client.post(ORDERS, &shard(number, 2)).await.unwrap();
        assert_eq!(status, 201, "{body}");
    }
    let (status, body) = client.post(ORDERS, &shard(10, 2)).await.unwrap();
    assert_eq!((status, body), (429, json!({"error": "too many requests"})), "the shard's own bucket is empty");
    let (status, _) = client.post(ORDERS, &shard(11, -1)).await.unwrap();
    assert_ne!(status, 429, "what names no shard is another bucket");
    let mut reads = 0;
    while client.get("/portfolio/balance").await.unwrap().0 == 200 {
        reads += 1;
    }
    assert!((59..=62).contains(&reads), "three seconds of twenty reads: {reads}");
    for _ in 0..100 {
        assert_eq!(client.unsigned("GET", "/markets?limit=1").await.unwrap().0, 200);
    }
    assert_eq!(client.get("/markets?limit=1").await.unwrap().0, 429, "with a signature it costs as any other read");
    // All of this took longer than a refill by the wall's time would.
    assert_eq!(client.post(ORDERS, &shard(12, 2)).await.unwrap().0, 429, "the refill follows the market clock");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_the_account_lag_and_the_exchange_says_how_far() {
    let conditions = Conditions { read_lag: TimeSpan::from_seconds(1), ..Conditions::default() };
    let (server, client) = under(1.0, conditions).await;
    let market = open_market(&client).await;
    let (status, answer) = client.post(ORDERS, &order(&market, "mine", "0.9900")).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    // The answer's own instant is cut to a millisecond.
    let made_at = Timestamp::from_millis(answer["ts_ms"].as_i64().unwrap() + 1);
    let lists = async || {
        let (_, as_of) = client.get("/exchange/user_data_timestamp").await.unwrap();
        let (_, orders) = client.get("/portfolio/orders").await.unwrap();
        let (_, fills) = client.get("/portfolio/fills").await.unwrap();
        let (_, balance) = client.get("/portfolio/balance").await.unwrap();
        let shown = orders["orders"].as_array().unwrap().len();
        let spent = balance["balance_dollars"] != json!("5000.0000");
        (instant(&as_of["as_of_time"]), shown, fills["fills"].as_array().unwrap().len(), spent)
    };
    let (as_of, orders, fills, spent) = lists().await;
    assert_eq!((orders, fills, spent), (0, 0, false), "it is answered before it is shown");
    assert!(as_of < made_at);
    assert_eq!(client.post(ORDERS, &order(&market, "mine", "0.9900")).await.unwrap().0, 409, "writes do not lag");
    let shown = async {
        loop {
            let (as_of, orders, fills, spent) = lists().await;
            // Whoever believes the instant, and asks after it, misses nothing.
            assert!(as_of < made_at || (orders == 1 && fills >= 1 && spent), "{as_of}: {orders} {fills} {spent}");
            if as_of >= made_at {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(20), shown).await.expect("shown in time");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_endpoint_is_there_only_on_request_and_wants_its_token() {
    let (server, client) = under(1.0, Conditions::default()).await;
    let body = r#"{"skew":{"ms":-60000}}"#;
    assert_eq!(client.control(TOKEN, "POST", "/twin/faults", body).await.unwrap().0, 404);
    server.stop().await;

    let conditions = Conditions { control: Some(ControlToken::new(TOKEN)), ..Conditions::default() };
    let (server, client) = under(1.0, conditions).await;
    assert_eq!(client.control("another token", "POST", "/twin/faults", body).await.unwrap().0, 401);
    assert_eq!(client.get("/portfolio/balance").await.unwrap().0, 200, "nothing was injected");
    assert_eq!(client.control(TOKEN, "POST", "/twin/faults", body).await.unwrap().0, 200);
    let (status, refused) = client.get("/portfolio/balance").await.unwrap();
    assert_eq!((status, &refused["error"]["code"]), (401, &json!("header_timestamp_expired")), "the clocks differ");
    let (status, refused) = client.control(TOKEN, "POST", "/twin/faults", r#"{"weather":"bad"}"#).await.unwrap();
    assert_eq!(status, 400, "{refused}");
    let (_, told) = client.control(TOKEN, "GET", "/twin/faults", "").await.unwrap();
    let faults = told["faults"].as_array().unwrap();
    assert_eq!((faults.len(), &faults[0]["fault"]), (1, &json!({"skew": {"ms": -60_000}})));
    assert!(instant(&faults[0]["at"]) <= instant(&told["now"]));
    let (status, groups) = client.control(TOKEN, "GET", "/twin/read/portfolio/order_groups", "").await.unwrap();
    assert_eq!((status, &groups["order_groups"]), (200, &json!([])));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_go_wrong_as_asked_and_once() {
    let (server, client) = under(30.0, Conditions { read_lag: TimeSpan::ZERO, ..Conditions::default() }).await;
    let market = open_market(&client).await;
    let inject = |fault| server.inject(fault).unwrap();

    inject(answers(Requests::orders(), AnswerEffect::TooManyRequests));
    assert_eq!(client.post(ORDERS, &order(&market, "o1", "0.9900")).await.unwrap().0, 429);
    assert_eq!(client.post(ORDERS, &order(&market, "o1", "0.9900")).await.unwrap().0, 201, "it was not carried out");

    inject(answers(Requests::orders(), AnswerEffect::BadGateway { accepted: false }));
    assert_eq!(client.post(ORDERS, &order(&market, "o2", "0.9900")).await, Some((502, Value::Null)), "HTML");
    inject(answers(Requests::orders(), AnswerEffect::BadGateway { accepted: true }));
    assert_eq!(client.post(ORDERS, &order(&market, "o2", "0.9900")).await.unwrap().0, 502);
    assert_eq!(client.post(ORDERS, &order(&market, "o2", "0.9900")).await.unwrap().0, 409, "it was carried out");

    inject(answers(Requests::orders(), AnswerEffect::Lost));
    assert_eq!(client.post(ORDERS, &order(&market, "o3", "0.9900")).await, None);
    inject(answers(Requests::reads("portfolio/fills"), AnswerEffect::Short));
    let (_, page) = client.get("/portfolio/fills?limit=100").await.unwrap();
    assert_eq!(page["fills"].as_array().unwrap().len(), 1);
    let cursor = page["cursor"].as_str().unwrap();
    let (_, rest) = client.get(&format!("/portfolio/fills?cursor={cursor}")).await.unwrap();
    assert!(rest["fills"].as_array().unwrap().len() >= 2, "the cursor is honest: {rest}");

    inject(answers(Requests::reads("portfolio/positions"), AnswerEffect::Empty));
    let (status, none) = client.get("/portfolio/positions").await.unwrap();
    assert_eq!((status, &none["market_positions"], &none["cursor"]), (200, &json!([]), &json!("")));
    let (_, some) = client.get("/portfolio/positions").await.unwrap();
    assert_eq!(some["market_positions"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_a_stream_without_a_close_frame_and_a_fault_of_the_world_changes_it() {
    let (server, client) = under(1.0, Conditions::default()).await;
    let mut stream = socket(&server, &client).await;
    let command = json!({"id": 1, "cmd": "subscribe", "params": {"channels": ["cfbenchmarks_value"]}});
    stream.send(Message::Text(command.to_string().into())).await.unwrap();
    client::read_frame(&mut stream).await;
    server.inject(Fault::Reset).unwrap();
    let end = async {
        loop {
            match stream.next().await {
                Some(Ok(Message::Close(_))) => panic!("a close frame"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            }
        }
    };
    timeout(Duration::from_secs(10), end).await.expect("it ends");
    let mut again = socket(&server, &client).await;
    again.send(Message::Text(command.to_string().into())).await.unwrap();
    client::read_frame(&mut again).await;

    let limit = json!({"contracts_limit": 100, "exchange_index": 2});
    let (_, group) = client.post("/portfolio/order_groups/create", &limit).await.unwrap();
    let order_group_id = group["order_group_id"].as_str().unwrap().to_owned();
    server.inject(Fault::World(core::Fault::GroupTripped { order_group_id: order_group_id.clone() })).unwrap();
    let mut wanted = order(&open_market(&client).await, "o1", "0.9900");
    wanted["order_group_id"] = json!(order_group_id);
    let (status, refused) = client.post(ORDERS, &wanted).await.unwrap();
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("order_group_triggered")), "{refused}");
    let unknown = core::Fault::GroupTripped { order_group_id: "none".to_owned() };
    assert!(server.inject(Fault::World(unknown)).is_err(), "what does not apply is refused");
    server.stop().await;
}

/// A storm is faults enough for the log, and the twin serves on.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_rages_by_itself_and_every_fault_is_told_with_its_market_time() {
    let control = Some(ControlToken::new(TOKEN));
    let (server, client) = under(30.0, Conditions { storm: Some(4), control, ..Conditions::default() }).await;
    let told = async {
        loop {
            if let Some((200, told)) = client.control(TOKEN, "GET", "/twin/faults", "").await
                && told["faults"].as_array().unwrap().len() >= 2
            {
                break told;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let told = timeout(Duration::from_secs(40), told).await.expect("faults in time");
    let at: Vec<Timestamp> = told["faults"].as_array().unwrap().iter().map(|fault| instant(&fault["at"])).collect();
    assert!(at.is_sorted(), "{told}");
    server.stop().await;
}
