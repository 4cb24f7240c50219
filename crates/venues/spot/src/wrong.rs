//! What comes from a spot venue and is wrong. `docs/WRONG_INPUT.md` names these tests.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use proptest::prelude::*;
use rec_domain::{Clock, Fresh, Timestamp};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, accept_async};
use tokio_util::sync::CancellationToken;

use crate::{DisconnectReason, Feed, FeedConfig, Message, Protocol, RestConfig, SpotClient, SpotError, SpotEvent};

const VENUES: [Protocol; 3] = [Protocol::Coinbase, Protocol::Kraken, Protocol::Bitstamp];

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_790_366_400)
    }
}

/// A trade at `price`, written as given, in each venue's words.
fn trade(venue: Protocol, price: &str, at: &str) -> String {
    match venue {
        Protocol::Coinbase => {
            format!(r#"{{"type":"ticker","product_id":"BTC-USD","price":{price},"time":{at},"trade_id":7}}"#)
        }
        Protocol::Kraken => {
            format!(r#"{{"channel":"ticker","data":[{{"symbol":"BTC/USD","last":{price},"timestamp":{at}}}]}}"#)
        }
        Protocol::Bitstamp => format!(
            r#"{{"event":"trade","channel":"live_trades_btcusd","data":{{"id":7,"price_str":{price},"microtimestamp":{at}}}}}"#
        ),
    }
}

fn is_malformed(venue: Protocol, text: &str) -> bool {
    matches!(venue.decode(text, "BTC-USD"), Message::Malformed(_))
}

#[test]
fn no_wrong_price_of_any_venue_becomes_a_price() {
    for venue in VENUES {
        let good = trade(venue, r#""84000.50""#, "null");
        assert!(matches!(venue.decode(&good, "BTC-USD"), Message::Ticker { .. }), "{good}");
        for price in [
            r#""""#,
            "null",
            "0",
            r#""-84000.50""#,
            r#""NaN""#,
            r#""Infinity""#,
            r#""84,000.50""#,
            r#""0x10""#,
            r#""123456789012345678901234567890""#,
            "1e99",
            "1e-9",
            "[84000.5]",
            "{}",
            "true",
        ] {
            let text = trade(venue, price, "null");
            assert!(is_malformed(venue, &text), "{text}: {:?}", venue.decode(&text, "BTC-USD"));
        }
        let twice = trade(venue, r#""84000.50""#, "null").replace("84000.50\"", "84000.50\",\"price\":1,\"price\":2");
        assert!(venue != Protocol::Coinbase || is_malformed(venue, &twice), "{twice}");
    }
}

#[test]
fn what_is_no_message_of_a_venue_is_named_and_nothing_else() {
    let deep = "[".repeat(200_000);
    let nested = format!(r#"{{"data":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for venue in VENUES {
        for text in ["", "null", "[]", "{}", "7", "{", "\0", "<html></html>", deep.as_str(), nested.as_str()] {
            assert!(is_malformed(venue, text), "{venue:?} {}", text.chars().take(40).collect::<String>());
        }
    }
}

#[test]
fn a_price_whose_time_cannot_be_read_or_lies_far_ahead_is_as_old_as_its_arrival() {
    let now = StoppedClock.now();
    for venue in VENUES {
        for at in
            [r#""yesterday""#, r#""9223372036854775807""#, r#""-9223372036854775808""#, r#""9999-12-31T23:59:59Z""#]
        {
            let Message::Ticker { price, at: observed, .. } =
                venue.decode(&trade(venue, r#""84000.5""#, at), "BTC-USD")
            else {
                panic!("{venue:?} {at}")
            };
            let received_at = now - rec_domain::TimeSpan::from_seconds(60);
            let observed_at = observed.unwrap_or(received_at);
            let value = Fresh { value: price, source: String::new(), observed_at, received_at };
            assert!(value.age(now) >= rec_domain::TimeSpan::from_seconds(60), "{venue:?} {at}: {:?}", value.age(now));
        }
    }
}

async fn accepted(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _peer) = listener.accept().await.expect("a client");
    let mut socket = accept_async(stream).await.expect("upgrade");
    let _subscription = socket.next().await;
    socket
}

#[tokio::test]
async fn a_spot_message_of_64_mib_or_without_sense_ends_its_connection_which_is_renewed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut config = FeedConfig::new(format!("ws://{}", listener.local_addr().expect("address")), "BTC-USD");
    config.first_pause = Duration::from_millis(1);
    let server = tokio::spawn(async move {
        let mut huge = accepted(&listener).await;
        let header = [&[0x81, 127], &(64_u64 << 20).to_be_bytes()[..]].concat();
        huge.get_mut().write_all(&header).await.expect("sent");
        let chunk = vec![b'0'; 64 << 10];
        let mut poured = 0_usize;
        while poured < 64 << 20 && huge.get_mut().write_all(&chunk).await.is_ok() {
            poured += chunk.len();
        }
        let mut no_text = accepted(&listener).await;
        no_text.get_mut().write_all(&[0x81, 3, b'"', 0xff, b'"']).await.expect("sent");
        let third = accepted(&listener).await;
        (poured, third)
    });
    let mut feed = Feed::open(config, Arc::new(StoppedClock), &CancellationToken::new());
    let mut next =
        async || timeout(Duration::from_secs(20), feed.events.recv()).await.expect("in time").expect("an event");
    for _ in 0..2 {
        assert!(matches!(next().await, SpotEvent::Connected { .. }));
        let event = next().await;
        assert!(matches!(event, SpotEvent::Disconnected { reason: DisconnectReason::Lost(_), .. }), "{event:?}");
    }
    assert!(matches!(next().await, SpotEvent::Connected { .. }));
    let (poured, _third) = server.await.expect("the server ends");
    assert!(poured < 24 << 20, "{poured} bytes were taken");
}

#[tokio::test]
async fn candles_that_cannot_be_read_are_an_error_and_no_history() {
    let bodies =
        ["", "<html></html>", "null", "{}", "[[1]]", "[[0,1,2,3,4,5],[60,-1,2,3,4,5]]", r#"[[0,1,2,3,"x",5]]"#];
    for body in bodies {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut config = RestConfig::new(format!("http://{}", listener.local_addr().expect("address")));
        config.attempts = 1;
        tokio::spawn(async move {
            let (mut stream, _peer) = listener.accept().await.expect("a client");
            let mut request = [0; 4096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        let client = SpotClient::new(config).expect("client");
        let (from, to) = (Timestamp::from_seconds(0), Timestamp::from_seconds(600));
        let read = client.minute_candles("BTC-USD", from, to).await;
        assert!(matches!(read, Err(SpotError::Unreadable { .. })), "{body}: {read:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_of_a_venue_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        for venue in VENUES {
            let _any_outcome = venue.decode(&text, "BTC-USD");
        }
    }

    #[test]
    fn no_content_of_a_message_panics(
        number in "-?[0-9]{0,25}\\.?[0-9]{0,12}(e-?[0-9]{1,3})?",
        word in "\\PC{0,20}",
    ) {
        for venue in VENUES {
            for price in [format!("\"{number}\""), serde_json::to_string(&word).expect("JSON")] {
                let read = venue.decode(&trade(venue, &price, &price), "BTC-USD");
                if let Message::Ticker { price, .. } = read {
                    prop_assert!(price.is_positive());
                }
            }
        }
    }
}
