//! What the mirror makes of what the exchange says: recorded production frames, results, refusals.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use rec_domain::{
    BookSide, EventTicker, ExchangeIndex, MarketTicker, Price, PriceGrid, Quantity, SeriesTicker, Timestamp, UsdPrice,
    fee::FeeSchedule,
    market::{Collateral, Market, MarketStatus, StrikeRule},
};
use rec_kalshi::{
    rows::order_book::NoSidePrices,
    ws::{Connection, ConnectionConfig, Frame, FrameKind},
};
use rec_twin::{
    core::{Mirrored, Mutation, Output, Series, Twin, TwinConfig, Verdict, mirror::ListedMarket},
    server::{Conditions, ServeConfig, serve},
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::{shown, stream::Stream};

/// The recorded frames; `None`, said aloud, where there are none.
fn recorded() -> Option<Vec<Frame>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, PathBuf::from);
    let file = folder.join("data/kalshi/ws_frames.jsonl");
    let text = std::fs::read_to_string(&file).map_err(|error| println!("SKIPPED: {}: {error}", file.display())).ok()?;
    Some(text.lines().map(|line| Frame::decode(line, NoSidePrices::No)).collect())
}

fn ticker_of(kind: &FrameKind) -> Option<&MarketTicker> {
    match kind {
        FrameKind::BookSnapshot(book) => Some(&book.ticker),
        FrameKind::BookDelta(change) => Some(&change.ticker),
        FrameKind::Ticker(update) => Some(&update.ticker),
        FrameKind::Trade(trade) => Some(&trade.ticker),
        _ => None,
    }
}

/// A market of that name, as it was open on the day of the recording: its body was not recorded with the frames.
fn market_named(ticker: &MarketTicker, at: Timestamp) -> Option<ListedMarket> {
    let series = ticker.as_str().split('-').next()?;
    Series::named(series)?;
    let (event, _) = ticker.as_str().rsplit_once('-')?;
    let market = Market {
        ticker: ticker.clone(),
        event: EventTicker::new(event),
        series: SeriesTicker::new(series),
        title: String::new(),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(UsdPrice::from_cents(8_399_999))),
        open_time: at,
        close_time: at + rec_domain::TimeSpan::from_minutes(60),
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(2),
        volume: Quantity::ZERO,
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    };
    Some(ListedMarket { market, result: None, expiration_value: None })
}

#[test]
fn recorded_frames_make_the_mirror_show_what_they_say() {
    let Some(frames) = recorded() else { return };
    let at = Timestamp::from_seconds(1_790_363_500);
    let mut twin = Twin::new(TwinConfig::mirror(at, Series::ALL.to_vec()));
    let take = |twin: &mut Twin, change: Mirrored| {
        let now = twin.now();
        twin.apply(now, &Mutation::Mirror(change)).expect("a mirror takes whatever is shown");
        twin.take_outputs()
    };
    let (mut books, mut trades, mut prints) = (0, 0, 0);
    for frame in &frames {
        if let Some(listed) = ticker_of(&frame.kind).and_then(|ticker| market_named(ticker, at)) {
            take(&mut twin, Mirrored::Market(Box::new(listed)));
        }
        let Some(change) = shown::frame(&frame.kind) else { continue };
        let told = take(&mut twin, change);
        match &frame.kind {
            FrameKind::BookSnapshot(book) => {
                let of = |side| -> Vec<_> {
                    let market = twin.listed().map(|(_, market)| market);
                    let market = market.into_iter().find(|market| *market.name.ticker == *book.ticker.as_str());
                    let levels = market.expect("it was listed").book.levels(side).iter();
                    levels.map(|(price, level)| (*price, level.total())).collect()
                };
                for (side, levels) in [(BookSide::Bid, &book.levels.bids), (BookSide::Ask, &book.levels.asks)] {
                    let mut said: Vec<_> = levels.iter().map(|level| (level.price, level.quantity)).collect();
                    said.sort_unstable();
                    assert_eq!(of(side), said);
                }
                books += 1;
            }
            FrameKind::Trade(trade) => {
                let print = told.iter().find_map(|output| match output {
                    Output::Trade(print) => Some(print),
                    _ => None,
                });
                assert_eq!(print.map(|print| (print.price, print.count)), Some((trade.price, trade.quantity)));
                trades += 1;
            }
            FrameKind::IndexValue(_) => prints += told.iter().filter(|one| matches!(one, Output::Index(_))).count(),
            _ => {}
        }
    }
    assert!(books >= 1 && trades >= 1 && prints >= 1, "{books} {trades} {prints}");
}

#[test]
fn a_scalar_result_is_taken_with_its_value_and_not_without() {
    let determined = |fields: &str| {
        let line = format!(
            r#"{{"type":"market_lifecycle_v2","sid":4,"seq":1,"msg":{{"market_ticker":"T","event_type":"determined",{fields}}}}}"#
        );
        shown::frame(&Frame::decode(&line, NoSidePrices::No).kind)
    };
    let result = |result| Some(Mirrored::Result { ticker: "T".to_owned(), result });
    let stated = Verdict::Scalar(Price::from_cents(30));
    assert_eq!(determined(r#""result":"scalar","settlement_value":"0.3000""#), result(stated));
    assert_eq!(determined(r#""result":"no","settlement_value":"0.0000""#), result(Verdict::No));
    for unclear in [r#""result":"scalar""#, r#""result":"scalar","settlement_value":"1.5000""#, r#""result":"void""#] {
        assert_eq!(determined(unclear), None, "{unclear}");
    }
}

/// An exchange that refuses to tell trades and the first index, once.
#[tokio::test]
async fn a_subscription_that_is_refused_is_asked_for_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("bound"));
    let (heard, mut commands) = mpsc::unbounded_channel::<String>();
    let exchange = tokio::spawn(async move {
        let (stream, _peer) = listener.accept().await.expect("it connects");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a WebSocket");
        let mut refused = BTreeSet::new();
        let mut sid = 0;
        while let Some(Ok(message)) = socket.next().await {
            let Ok(command) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default()) else { continue };
            let channel = command["params"]["channels"][0].as_str().expect("one channel").to_owned();
            let refuses =
                ["trade", "cfbenchmarks_value"].contains(&channel.as_str()) && refused.insert(channel.clone());
            sid += 1;
            let answer = if refuses {
                json!({"id": command["id"], "type": "error", "msg": {"code": 1, "msg": "not now"}})
            } else {
                json!({"id": command["id"], "type": "subscribed", "msg": {"channel": channel, "sid": sid}})
            };
            socket.send(Message::text(answer.to_string())).await.expect("it listens");
            let word = if refuses { "refused" } else { "told" };
            heard.send(format!("{channel} {word}")).expect("the test listens");
        }
    });
    let config = ServeConfig {
        twin: TwinConfig::mirror(Timestamp::from_seconds(1_790_363_500), vec![Series::Kxbtcd]),
        speed: 1.0,
        time_of_day: || Timestamp::from_seconds(1_790_363_500),
        exchange_port: 0,
        spot_port: 0,
        state_dir: None,
        resume: false,
        keys: Vec::new(),
        conditions: Conditions::default(),
    };
    let shutdown = CancellationToken::new();
    let server = serve(config, Arc::default(), shutdown.clone()).await.expect("it is served");
    let connection = Connection::open(ConnectionConfig::new(url), None, Arc::new(server.clock()), &shutdown);
    let (_wanted, follows) = watch::channel(BTreeSet::from([MarketTicker::new("T")]));
    let stream = Stream::new(connection, vec![SeriesTicker::new("KXBTCD")], server.mirror(), follows, Arc::default());
    let following = tokio::spawn(stream.run());

    let mut said = Vec::new();
    while said.iter().filter(|word: &&String| word.ends_with("told")).count() < 6 {
        let next = timeout(Duration::from_secs(20), commands.recv()).await;
        said.push(next.unwrap_or_else(|_elapsed| panic!("only {said:?}")).expect("the exchange runs"));
    }
    for channel in ["trade", "cfbenchmarks_value"] {
        let of_channel: Vec<_> = said.iter().filter_map(|word| word.strip_prefix(&format!("{channel} "))).collect();
        assert_eq!(of_channel, ["refused", "told"], "{said:?}");
    }
    assert_eq!(said.len(), 8, "nothing else was asked for twice: {said:?}");
    following.abort();
    exchange.abort();
    server.stop().await;
}
