//! Index channels, candles, trades, and what is historical.

use rec_domain::TimeSpan;
use serde_json::Value;

use super::{
    series::{get, world_of},
    support::{recorded, young},
};
use crate::core::{
    Asset, Series, Session, Twin,
    query::{self, Params},
};

fn json(text: &str) -> Value {
    serde_json::from_str(text.trim()).expect("JSON")
}

fn send(session: &mut Session, twin: &Twin, command: &str) -> Vec<Value> {
    session.command(command, twin).iter().map(|frame| json(&frame.text)).collect()
}

fn drive(session: &mut Session, twin: &mut Twin, seconds: i64) -> Vec<Value> {
    let to = twin.now() + TimeSpan::from_seconds(seconds);
    let outputs = twin.advance(to);
    outputs.iter().flat_map(|output| session.on_output(output, twin)).map(|frame| json(&frame.text)).collect()
}

#[test]
fn five_prints_a_second_meet_the_one_hertz_prints_on_whole_seconds() {
    let mut twin = young(1);
    let mut session = Session::default();
    let both = r#"{"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value","cfbenchmarks_value_5hz"],"index_ids":["BRTI"]}}"#;
    assert_eq!(send(&mut session, &twin, both).len(), 2);
    let frames = drive(&mut session, &mut twin, 20);
    let of = |kind: &str| frames.iter().filter(|frame| frame["type"] == kind).cloned().collect::<Vec<Value>>();
    let (slow, fast) = (of("cfbenchmarks_value"), of("cfbenchmarks_value_5hz"));
    assert_eq!((slow.len(), fast.len()), (20, 100));
    let data = |frame: &Value| json(frame["msg"]["data"].as_str().expect("text"));
    for frame in &slow {
        let same = fast.iter().find(|fast| data(fast)["time"] == data(frame)["time"]).expect("one of the same time");
        assert_eq!(data(same)["value"], data(frame)["value"]);
    }
    for (expected, frame) in (1..).zip(&fast) {
        assert_eq!(frame["seq"], expected, "numbered on its own");
        let usd = frame["msg"]["value_usd"].as_str().expect("text");
        assert_eq!(usd.strip_suffix("000000"), data(frame)["value"].as_str(), "eight decimals");
    }
    if let Some(text) = recorded("ws_frames.jsonl") {
        let theirs = text.lines().map(json).find(|frame| frame["type"] == "cfbenchmarks_value_5hz").expect("recorded");
        let keys = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
        assert_eq!(keys(&fast[0]["msg"]), keys(&theirs["msg"]));
    }
}

#[test]
fn indices_are_chosen_added_removed_and_listed() {
    let mut twin = world_of(&[Series::Kxbtcd, Series::Kxethd], 1);
    let mut session = Session::default();
    let none = r#"{"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"]}}"#;
    send(&mut session, &twin, none);
    assert!(drive(&mut session, &mut twin, 3).is_empty(), "no index, no values");
    let update = |action: &str, ids: &str| {
        format!(r#"{{"id":2,"cmd":"update_subscription","params":{{"sid":1,"action":"{action}"{ids}}}}}"#)
    };
    let list = send(&mut session, &twin, &update("indexlist", ""));
    assert_eq!(list[0]["type"], "cfbenchmarks_value_indexlist");
    assert_eq!(
        (&list[0]["msg"]["index_ids"], &list[0]["seq"]),
        (&serde_json::json!(["BRTI", "ETHUSD_RTI"]), &1.into())
    );
    assert_eq!(send(&mut session, &twin, &update("subscribe_indices", ""))[0]["msg"]["code"], 24);
    assert_eq!(send(&mut session, &twin, &update("add_markets", ""))[0]["msg"]["code"], 13);
    send(&mut session, &twin, &update("subscribe_indices", r#","index_ids":["ETHUSD_RTI"]"#));
    let ids = |frames: &[Value]| frames.iter().map(|one| one["msg"]["index_id"].to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&drive(&mut session, &mut twin, 2)), ["\"ETHUSD_RTI\""; 2]);
    send(&mut session, &twin, &update("subscribe_indices", r#","index_ids":["all"]"#));
    assert_eq!(drive(&mut session, &mut twin, 2).len(), 4);
    send(&mut session, &twin, &update("unsubscribe_indices", r#","index_ids":["ETHUSD_RTI"]"#));
    assert_eq!(ids(&drive(&mut session, &mut twin, 1)), ["\"BRTI\""]);
}

#[test]
fn the_history_of_an_index_has_five_rows_a_second_and_its_whole_seconds_settle() {
    let mut twin = young(1);
    let start = twin.config().start;
    twin.advance_quietly(start + TimeSpan::from_minutes(61));
    let body = get(&twin, "cfbenchmarks/history/values", &format!("id=BRTI&timespan=HOUR&timestamp={start}"));
    let rows = body["data"]["payload"].as_array().expect("rows");
    assert_eq!(rows.len(), 18_000);
    assert_eq!((&rows[0]["time"], &rows[1]["time"]), (&start.millis().into(), &(start.millis() + 200).into()));
    let close = start + TimeSpan::from_minutes(60);
    let cents = |row: &Value| row["value"].as_str().expect("text").replace('.', "").parse::<i64>().expect("a number");
    let last: Vec<i64> = rows[17_700..].iter().step_by(5).map(cents).collect();
    let mean = (2 * last.iter().sum::<i64>() + 60).div_euclid(120);
    let settled = twin.settlement_value(Asset::Bitcoin, close).expect("sixty prints");
    assert_eq!(rec_domain::UsdPrice::from_cents(mean), settled);
    let refused = |parameters: &str| {
        query::get(&twin, "cfbenchmarks/history/values", &Params::parse(parameters)).expect_err(parameters).status
    };
    assert_eq!((refused("id=BRTI&timespan=DAY"), refused("id=NONE"), refused("id=BRTI&timestamp=x")), (400, 404, 400));
}

#[test]
fn candles_are_what_was_traded_and_quoted() {
    let mut twin = young(1);
    let start = twin.config().start;
    twin.advance_quietly(start + TimeSpan::from_minutes(30));
    let ticker = super::support::market_worth(&twin, 50.0);
    let span = format!("start_ts={}&end_ts={}&period_interval=1", start.seconds(), twin.now().seconds());
    let body = get(&twin, &format!("series/KXBTCD/markets/{ticker}/candlesticks"), &span);
    let candles = body["candlesticks"].as_array().expect("a list");
    assert!(candles.len() >= 29, "a candle a minute: {}", candles.len());
    let ends: Vec<i64> = candles.iter().filter_map(|one| one["end_period_ts"].as_i64()).collect();
    assert!(ends.windows(2).all(|pair| pair[1] - pair[0] == 60));
    let units = |value: &Value| value.as_str().expect("text").replace('.', "").parse::<i64>().expect("a number");
    let volume: i64 = candles.iter().map(|one| units(&one["volume_fp"])).sum();
    let market = get(&twin, &format!("markets/{ticker}"), "")["market"].clone();
    // What traded in the minute that has not ended is in the market's volume only.
    assert!(volume > 0 && volume <= units(&market["volume_fp"]), "{volume}");
    for candle in candles {
        for span in [&candle["yes_bid"], &candle["yes_ask"], &candle["price"]] {
            if span.get("open_dollars").is_some() {
                let [open, low, high, close] =
                    ["open", "low", "high", "close"].map(|name| units(&span[format!("{name}_dollars")]));
                assert!(low <= open && open <= high && low <= close && close <= high, "{span}");
            }
        }
    }
    let hour =
        get(&twin, &format!("series/KXBTCD/markets/{ticker}/candlesticks"), &span.replace("interval=1", "interval=60"));
    assert_eq!(hour["candlesticks"].as_array().map(Vec::len), Some(0), "the hour has not ended");
    let event = get(&twin, "series/KXBTCD/events/KXBTCD-26SEP2315/candlesticks", &span);
    assert_eq!(event["market_tickers"].as_array().map(Vec::len), event["market_candlesticks"].as_array().map(Vec::len));
    let batch = get(&twin, "markets/candlesticks", &format!("market_tickers={ticker},NONE&{span}"));
    assert_eq!(batch["markets"].as_array().map(Vec::len), Some(1));
    assert_eq!(batch["markets"][0]["candlesticks"], body["candlesticks"]);
    for (path, parameters, status) in [
        (format!("series/KXBTC/markets/{ticker}/candlesticks"), span.clone(), 404),
        (format!("series/KXBTCD/markets/{ticker}/candlesticks"), span.replace("interval=1", "interval=5"), 400),
        (format!("series/KXBTCD/markets/{ticker}/candlesticks"), "period_interval=1".to_owned(), 400),
        ("markets/candlesticks".to_owned(), span.clone(), 400),
        (
            format!("series/KXBTCD/markets/{ticker}/candlesticks"),
            "start_ts=0&end_ts=9999999&period_interval=1".to_owned(),
            400,
        ),
    ] {
        let refused = query::get(&twin, &path, &Params::parse(&parameters)).expect_err(&path);
        assert_eq!(refused.status, status, "{path} {parameters}");
    }
}

#[test]
fn what_was_paid_before_the_cutoff_is_historical_and_no_longer_live() {
    let mut twin = world_of(&[Series::Kxbtc15m], 1);
    let ticker = "KXBTC15M-26SEP231415-15";
    let to = twin.config().start + TimeSpan::from_minutes(5 * 60);
    twin.advance_quietly(to);
    assert!(query::get(&twin, &format!("markets/{ticker}"), &Params::default()).is_err());
    let market = get(&twin, &format!("historical/markets/{ticker}"), "")["market"].clone();
    assert_eq!(market["status"], "finalized");
    assert!(market["settlement_ts"].as_str() < get(&twin, "historical/cutoff", "")["market_settled_ts"].as_str());
    let first = get(&twin, "historical/markets", "limit=2");
    let rest =
        get(&twin, "historical/markets", &format!("limit=1000&cursor={}", first["cursor"].as_str().expect("text")));
    let named = |body: &Value| {
        body["markets"].as_array().expect("a list").iter().map(|one| one["ticker"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(named(&first).len() + named(&rest).len(), twin.archive.len());
    assert_eq!(named(&rest).last(), Some(&format!("\"{ticker}\"")), "the oldest comes last");
    let span = format!("start_ts={}&end_ts={}&period_interval=1", twin.config().start.seconds(), twin.now().seconds());
    let candles = get(&twin, &format!("historical/markets/{ticker}/candlesticks"), &span);
    assert!(candles["candlesticks"][0]["yes_bid"].get("open").is_some(), "historical names carry no units");
}
