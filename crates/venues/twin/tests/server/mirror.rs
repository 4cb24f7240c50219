//! A served mirror: what an order meets there.

use std::{sync::Arc, time::Duration};

use rec_domain::{
    EventTicker, ExchangeIndex, MarketTicker, Price, PriceGrid, Quantity, SeriesTicker, TimeSpan, Timestamp, UsdPrice,
    fee::FeeSchedule,
    market::{Collateral, Market, MarketStatus, StrikeRule},
};
use rec_twin::{
    core::{
        Mirrored, Series, TwinConfig,
        mirror::{FILL_DELAY, ListedMarket},
    },
    server::{ApiKey, Scope, ServeConfig, serve},
};
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    ORDERS,
    client::{self, Client},
    order,
};

const TICKER: &str = "KXBTCD-26SEP2516-T83999.99";
const START: Timestamp = Timestamp::from_seconds(1_790_366_400);
/// So slow that there is time to change the book while an order is on its way, also on a loaded machine.
const SPEED: f64 = 0.1;

fn listed() -> ListedMarket {
    ListedMarket {
        market: Market {
            ticker: MarketTicker::new(TICKER),
            event: EventTicker::new("KXBTCD-26SEP2516"),
            series: SeriesTicker::new("KXBTCD"),
            title: "$84,000 or above".to_owned(),
            status: MarketStatus::Active,
            strike: Some(StrikeRule::Greater(UsdPrice::from_cents(8_399_999))),
            open_time: START,
            close_time: START + TimeSpan::from_minutes(60),
            grid: PriceGrid::linear_cent(),
            exchange_index: ExchangeIndex::new(2),
            volume: Quantity::ZERO,
            fees: FeeSchedule::CRYPTO,
            collateral: Collateral::DirectNetting,
        },
        result: None,
        expiration_value: None,
    }
}

fn offers(cents: i64) -> Mirrored {
    let level = |cents| vec![(Price::from_cents(cents), Quantity::from_contracts(50))];
    Mirrored::Book { ticker: TICKER.to_owned(), bids: level(40), asks: level(cents) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_meets_what_is_displayed_a_quarter_of_a_second_of_market_time_after_it_came() {
    assert_eq!(FILL_DELAY, TimeSpan::from_millis(250));
    let (key, pem) = ApiKey::generate_ed25519("writer", Scope::Write).unwrap();
    let config = ServeConfig {
        twin: TwinConfig::mirror(START, vec![Series::Kxbtcd]),
        ..client::config(SPEED, None, false, vec![key])
    };
    let server = serve(config, Arc::default(), CancellationToken::new()).await.unwrap();
    let (feed, writer) = (server.mirror(), Client::of(&server, "writer", &pem));
    assert!(feed.show(&[Mirrored::Market(Box::new(listed())), offers(42)]));
    let wall = server.clock().wall_span(FILL_DELAY);

    let market = json!({ "ticker": TICKER });
    for (id, then, filled) in [("gone", 60, "0.00"), ("come", 42, "2.00")] {
        let (bid, sent) = (order(&market, id, "0.5000"), Instant::now());
        let meanwhile = async {
            sleep(wall / 5).await;
            assert!(feed.show(&[offers(then)]));
        };
        let (answer, ()) = tokio::join!(writer.post(ORDERS, &bid), meanwhile);
        let (status, body) = answer.unwrap();
        assert_eq!((status, &body["fill_count"]), (201, &json!(filled)), "{body}");
        assert!(sent.elapsed() >= wall && wall >= Duration::from_secs(2), "{:?}", sent.elapsed());
    }
    server.stop().await;
}
