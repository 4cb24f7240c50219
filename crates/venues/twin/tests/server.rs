//! The served twin, over its sockets.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "server/client.rs"]
mod client;
#[path = "server/faults.rs"]
mod faults;
#[path = "server/mirror.rs"]
mod mirror;

use std::{sync::Arc, time::Duration};

use client::{Client, read_frame, served, served_with, socket};
use futures_util::SinkExt;
use rec_domain::{Clock, TimeSpan, Timestamp};
use rec_twin::{
    core::Channel,
    server::{ApiKey, Faults, Scope, TwinError, has_journal, serve},
};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

async fn open_market(client: &Client) -> Value {
    let (status, body) = client.get("/markets?series_ticker=KXBTCD&status=open&limit=1000").await.unwrap();
    assert_eq!(status, 200);
    let markets = body["markets"].as_array().unwrap().clone();
    assert!(markets.len() >= 60, "{}", markets.len());
    let middle = |market: &Value| {
        let ask: f64 = market["yes_ask_dollars"].as_str().unwrap().parse().unwrap();
        (ask - 0.5).abs()
    };
    markets.into_iter().min_by(|a, b| middle(a).total_cmp(&middle(b))).unwrap()
}

fn order(market: &Value, id: &str, price: &str) -> Value {
    json!({
        "ticker": market["ticker"], "client_order_id": id, "side": "bid", "count": "2.00", "price": price,
        "time_in_force": "immediate_or_cancel", "self_trade_prevention_type": "taker_at_cross", "exchange_index": 2,
    })
}

const ORDERS: &str = "/portfolio/events/orders";

#[tokio::test(flavor = "multi_thread")]
async fn both_kinds_of_key_sign_and_scopes_are_kept() {
    let (server, writer, reader) = served(30.0).await;
    let market = open_market(&reader).await;
    assert_eq!((&market["exchange_index"], &market["price_level_structure"]), (&json!(2), &json!("linear_cent")));
    for (number, client) in [&writer, &writer.with_rsa()].into_iter().enumerate() {
        let (status, body) = client.post(ORDERS, &order(&market, &format!("o{number}"), "0.9900")).await.unwrap();
        assert_eq!((status, &body["fill_count"]), (201, &json!("2.00")), "{body}");
    }
    let (status, body) = reader.post(ORDERS, &order(&market, "o9", "0.9900")).await.unwrap();
    assert_eq!(status, 403, "{body}");
    let (status, body) = reader.get("/portfolio/positions?limit=5&count_filter=position").await.unwrap();
    assert_eq!((status, &body["market_positions"][0]["position_fp"]), (200, &json!("4.00")), "the query is not signed");
    let (_, body) = writer.post(ORDERS, &order(&market, "o0", "0.9900")).await.unwrap();
    assert_eq!(body["error"]["code"], "order_already_exists");
    let mut number = order(&market, "o3", "0.9900");
    number["count"] = json!(2);
    let (status, body) = writer.post(ORDERS, &number).await.unwrap();
    assert_eq!((status, &body["code"]), (400, &json!("bad_request")));
    let (_, body) = reader.get("/portfolio/balance").await.unwrap();
    assert_eq!(body["balance_breakdown"][1]["balance"], body["balance_dollars"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_scope_and_its_subaccount_allow() {
    let made = |name: &str, scope| ApiKey::generate_ed25519(name, scope).unwrap();
    let (trade, trade_pem) = made("trader", Scope::Trade);
    let (transfer, transfer_pem) = made("mover", Scope::Transfer);
    let (locked, locked_pem) = made("locked", Scope::Write);
    let keys = vec![trade, transfer, locked.locked_to(1)];
    let server =
        serve(client::config(30.0, None, false, keys), Arc::default(), CancellationToken::new()).await.unwrap();
    let client = |name: &str, pem| Client::of(&server, name, pem);
    let (trader, mover, locked) =
        (client("trader", &trade_pem), client("mover", &transfer_pem), client("locked", &locked_pem));
    let market = open_market(&trader).await;
    let status = |answer: Option<(u16, Value)>| answer.unwrap().0;
    let subaccount = json!({"exchange_index": 2});
    let transfer = |cents: u32| {
        json!({
            "client_transfer_id": format!("0d1f9c1e-0000-4000-8000-00000000000{}", cents % 10), "from_subaccount": 0,
            "to_subaccount": 1, "amount_cents": cents, "exchange_index": 2,
        })
    };

    assert_eq!(status(trader.post("/portfolio/subaccounts", &subaccount).await), 403);
    assert_eq!(status(mover.post(ORDERS, &order(&market, "m", "0.9900")).await), 403);
    assert_eq!(status(mover.post("/portfolio/subaccounts", &subaccount).await), 201);
    assert_eq!(status(mover.post("/portfolio/subaccounts/transfer", &transfer(5_001)).await), 200);
    assert_eq!(status(trader.post("/portfolio/subaccounts/transfer", &transfer(5_002)).await), 403);
    assert_eq!(status(locked.post("/portfolio/subaccounts/transfer", &transfer(5_003)).await), 403);

    assert_eq!(status(locked.post(ORDERS, &order(&market, "l", "0.9900")).await), 201);
    let mut elsewhere = order(&market, "e", "0.9900");
    elsewhere["subaccount"] = json!(0);
    assert_eq!(status(locked.post(ORDERS, &elsewhere).await), 403);
    let position = |client: Client, query: &'static str| async move {
        let (_, body) = client.get(&format!("/portfolio/positions?count_filter=position{query}")).await.unwrap();
        body["market_positions"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(position(locked.clone(), "").await, 1, "it is in its own subaccount");
    assert_eq!((position(trader.clone(), "").await, position(trader.clone(), "&subaccount=1").await), (0, 1));
    assert_eq!(status(locked.get("/portfolio/positions?subaccount=0").await), 403);
    let (_, balance) = locked.get("/portfolio/balance").await.unwrap();
    assert!(balance.get("balance_breakdown").is_none() && balance["balance"].as_i64() < Some(5_001), "{balance}");
    let (_, body) = trader.get("/api_keys").await.unwrap();
    assert_eq!(body["api_keys"][0]["scopes"], json!(["read", "write::trade"]));
    assert_eq!(body["api_keys"][2]["subaccount"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_signatures_and_clocks_get_the_recorded_answers() {
    let (server, writer, _) = served(1.0).await;
    let details = |answer: Option<(u16, Value)>| {
        let (status, body) = answer.unwrap();
        assert_eq!(status, 401, "{body}");
        body["error"].clone()
    };
    let unsigned = writer.unsigned("GET", "/portfolio/balance").await;
    assert_eq!(details(unsigned)["code"], "signature_is_missing_from_headers");
    assert_eq!(details(writer.named("stranger").get("/portfolio/balance").await)["details"], "NOT_FOUND");
    let wrong = writer.signing_the_query().get("/portfolio/balance?subaccount=0").await;
    assert_eq!(details(wrong)["details"], "INCORRECT_API_KEY_SIGNATURE");
    for (seconds, accepted) in [(-60, false), (-8, false), (-3, true), (0, true), (25, true), (60, false)] {
        let (status, body) = writer.with_skew(TimeSpan::from_seconds(seconds)).get("/portfolio/balance").await.unwrap();
        assert_eq!(status == 200, accepted, "{seconds} s: {body}");
    }
    let (status, body) = writer.get("/markets?limit=1001").await.unwrap();
    assert_eq!(status, 400);
    assert!(body["msg"].is_string(), "{body}");
    let (status, first) = writer.get("/markets?limit=2&cursor=garbage").await.unwrap();
    let (_, page) = writer.get("/markets?limit=2").await.unwrap();
    assert_eq!((status, &first["markets"][0]["ticker"]), (200, &page["markets"][0]["ticker"]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_hears_books_without_a_gap_and_faults_make_one() {
    let faults = Arc::new(Faults::default());
    let (server, writer, reader) = served_with(120.0, &faults, None, false).await;
    let tickers: Vec<Value> = {
        let (_, body) = reader.get("/markets?status=open&limit=1000").await.unwrap();
        body["markets"].as_array().unwrap().iter().map(|market| market["ticker"].clone()).collect()
    };
    let mut socket = socket(&server, &writer).await;
    let command = json!({"id": 1, "cmd": "subscribe", "params": {
        "channels": ["orderbook_delta", "cfbenchmarks_value"], "market_tickers": tickers, "use_yes_price": true,
        "index_ids": ["BRTI"],
    }});
    socket.send(Message::Text(command.to_string().into())).await.unwrap();
    let (mut books, mut index) = (0, 0);
    let mut next_seq = 1;
    while books < 300 || index < 5 {
        let frame = read_frame(&mut socket).await;
        match frame["type"].as_str().unwrap() {
            "orderbook_delta" | "orderbook_snapshot" => {
                assert_eq!(frame["seq"], next_seq);
                next_seq += 1;
                books += 1;
            }
            "cfbenchmarks_value" => index += 1,
            other => assert_eq!(other, "subscribed"),
        }
    }
    faults.drop_next_frame(Channel::OrderbookDelta);
    let mut gap = false;
    for _ in 0..20_000 {
        let frame = read_frame(&mut socket).await;
        if frame["type"] == "orderbook_delta" {
            gap = frame["seq"] == next_seq + 1;
            next_seq = frame["seq"].as_u64().unwrap() + 1;
            if gap {
                break;
            }
        }
    }
    assert!(gap, "a dropped frame leaves a gap");
    faults.silence(Channel::OrderbookDelta, true);
    let mut index_alone = 0;
    while index_alone < 40 {
        let frame = read_frame(&mut socket).await;
        index_alone = if frame["type"] == "cfbenchmarks_value" { index_alone + 1 } else { 0 };
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_answer_leaves_an_accepted_order_and_no_byte() {
    let faults = Arc::new(Faults::default());
    let (server, writer, reader) = served_with(30.0, &faults, None, false).await;
    let market = open_market(&reader).await;
    faults.drop_next_answer();
    assert_eq!(writer.post(ORDERS, &order(&market, "lost", "0.9900")).await, None);
    let (status, _) = writer.post(ORDERS, &order(&market, "lost", "0.9900")).await.unwrap();
    assert_eq!(status, 409, "the first attempt landed");

    faults.hold_answers();
    let late = {
        let (writer, market) = (writer.clone(), market.clone());
        tokio::spawn(async move { writer.post(ORDERS, &order(&market, "held", "0.9900")).await })
    };
    let ticker = market["ticker"].as_str().unwrap();
    let filled = async {
        loop {
            let (_, body) = reader.get(&format!("/portfolio/fills?ticker={ticker}")).await.unwrap();
            if body["fills"].as_array().unwrap().len() >= 2 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), filled).await.expect("accepted while its answer is held");
    assert!(!late.is_finished());
    faults.release_answers();
    assert_eq!(late.await.unwrap().unwrap().0, 201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_that_is_down_cuts_what_is_open_and_answers_nothing() {
    let faults = Arc::new(Faults::default());
    let (server, writer, _) = served_with(30.0, &faults, None, false).await;
    let mut socket = socket(&server, &writer).await;
    faults.take_down();
    assert_eq!(writer.get("/exchange/status").await, None);
    let ended = async {
        use futures_util::StreamExt;
        while let Some(Ok(_)) = socket.next().await {}
    };
    timeout(Duration::from_secs(10), ended).await.expect("cut");
    faults.bring_up();
    assert_eq!(writer.get("/exchange/status").await.unwrap().0, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_world_goes_on_from_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let (server, writer, reader) = served_with(30.0, &faults, Some(folder.path()), false).await;
    assert!(!server.resumed);
    let market = open_market(&reader).await;
    let mut resting = order(&market, "rests", "0.0100");
    resting["time_in_force"] = json!("good_till_canceled");
    let (status, rested) = writer.post(ORDERS, &resting).await.unwrap();
    assert_eq!(status, 201, "{rested}");
    writer.post(ORDERS, &order(&market, "filled", "0.9900")).await.unwrap();
    let (_, fills) = reader.get("/portfolio/fills").await.unwrap();
    let (_, balance) = reader.get("/portfolio/balance").await.unwrap();
    let seen = server.now();
    // Dropping ends the tasks where they stand, as a kill does; a half-written line is left behind.
    drop(server);
    assert!(has_journal(folder.path()));
    let journal = folder.path().join("twin-journal.jsonl");
    let mut text = std::fs::read(&journal).unwrap();
    text.extend_from_slice(br#"{"applied":{"at":"2026-"#);
    std::fs::write(&journal, text).unwrap();

    let (server, again, _) = served_with(30.0, &faults, Some(folder.path()), true).await;
    assert!(server.resumed);
    let resumed_at = server.clock_origin().market;
    assert!(seen <= resumed_at && resumed_at <= seen + TimeSpan::from_seconds(40), "{seen} then {resumed_at}");
    let writer = writer.at(&server);
    assert_eq!(again.get("/exchange/status").await.unwrap().0, 200);
    assert_eq!(writer.post(ORDERS, &resting).await.unwrap().0, 409);
    let (_, fills_again) = writer.get("/portfolio/fills").await.unwrap();
    assert_eq!(fills_again["fills"], fills["fills"]);
    let (_, balance_again) = writer.get("/portfolio/balance").await.unwrap();
    assert_eq!(balance_again["balance_dollars"], balance["balance_dollars"]);
    let path = format!("{ORDERS}/{}?exchange_index=2", rested["order_id"].as_str().unwrap());
    let (status, body) = writer.delete(&path).await.unwrap();
    assert_eq!((status, &body["reduced_by"]), (200, &json!("2.00")), "{body}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spot_venue_has_a_past_and_a_feed() {
    let (server, client, _) = served(30.0).await;
    let url = "/products/BTC-USD/candles?granularity=60";
    let (status, candles) = client.spot(&server, url).await.unwrap();
    let rows = candles.as_array().unwrap();
    assert_eq!((status, rows.len()), (200, 300));
    assert!(rows.windows(2).all(|pair| pair[0][0].as_i64().unwrap() - pair[1][0].as_i64().unwrap() == 60));
    let newest = Timestamp::from_seconds(rows[0][0].as_i64().unwrap());
    assert!(server.now().since(newest) < TimeSpan::from_minutes(5));
    let (end, start) = (newest, newest - TimeSpan::from_minutes(400));
    let (status, body) = client.spot(&server, &format!("{url}&start={start}&end={end}")).await.unwrap();
    assert_eq!(status, 400);
    assert!(body["message"].is_string(), "{body}");

    let (mut socket, _) = tokio_tungstenite::connect_async(server.spot_ws_url()).await.unwrap();
    let command = json!({"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["ticker", "heartbeat"]});
    socket.send(Message::Text(command.to_string().into())).await.unwrap();
    let mut trade = None;
    for _ in 0..20 {
        let frame = read_frame(&mut socket).await;
        if frame["type"] == "ticker" {
            let next = frame["trade_id"].as_u64().unwrap();
            assert!(trade.is_none_or(|last| next == last + 1), "trade ids are contiguous");
            trade = Some(next);
            assert!(frame["price"].as_str().unwrap().parse::<f64>().unwrap() > 60_000.0);
        }
    }
    assert!(trade.is_some());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_named() {
    let (server, ..) = served(1.0).await;
    let mut config = client::config(1.0, None, false, Vec::new());
    config.exchange_port = server.exchange_addr.port();
    let failed = serve(config, Arc::default(), CancellationToken::new()).await;
    let message = failed.expect_err("taken").to_string();
    assert!(message.contains(&server.exchange_addr.port().to_string()), "{message}");
    server.stop().await;
}

#[test]
fn a_damaged_journal_is_named_and_not_resumed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("twin-journal.jsonl"), "nonsense\n").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let failed = runtime.block_on(async {
        let config = client::config(1.0, Some(folder.path()), true, Vec::new());
        serve(config, Arc::default(), CancellationToken::new()).await
    });
    assert!(matches!(failed, Err(TwinError::Damaged { line: 1, .. })));
    let _ = ApiKey::generate_ed25519("k", Scope::Read).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_does_not_take_up_a_world_that_was_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let (server, ..) = served_with(1.0, &Arc::new(Faults::default()), Some(folder.path()), false).await;
    server.stop().await;
    let mut config = client::config(1.0, Some(folder.path()), true, Vec::new());
    config.twin.mirror = true;
    let failed = serve(config, Arc::default(), CancellationToken::new()).await;
    assert!(matches!(failed, Err(TwinError::OtherWorld(_))), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_can_share_the_clock() {
    let (server, ..) = served(30.0).await;
    let origin = server.clock_origin();
    assert_eq!(rec_domain::eastern::clock(origin.market), "14:40:00 EDT");
    let clock = server.clock();
    let market = clock.now().since(origin.market);
    assert!(market >= TimeSpan::ZERO && server.now() >= origin.market);
    server.stop().await;
}

#[tokio::test]
async fn kraken_and_bitstamp_speak_their_protocols_on_the_same_walk_as_coinbase() {
    let (server, ..) = served_with(30.0, &Arc::new(Faults::default()), None, false).await;
    let kraken = json!({"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/USD"]}});
    let bitstamp = json!({"event": "bts:subscribe", "data": {"channel": "live_trades_btcusd"}});
    let coinbase = json!({"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["ticker"]});
    let mut prices = Vec::new();
    for (url, command) in
        [(server.kraken_ws_url(), kraken), (server.bitstamp_ws_url(), bitstamp), (server.spot_ws_url(), coinbase)]
    {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        socket.send(Message::Text(command.to_string().into())).await.unwrap();
        let price = loop {
            let frame = read_frame(&mut socket).await;
            let told = [&frame["data"][0]["last"], &frame["data"]["price"], &frame["price"]];
            if let Some(price) = told.into_iter().find(|value| !value.is_null()) {
                break price.as_f64().or_else(|| price.as_str()?.parse().ok()).unwrap();
            }
        };
        prices.push(price);
    }
    let (low, high) = (prices.iter().copied().fold(f64::MAX, f64::min), prices.iter().copied().fold(0.0, f64::max));
    assert!(high - low < 150.0, "{prices:?}");
    server.stop().await;
}
