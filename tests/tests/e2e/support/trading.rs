//! What is traded by hand in tests of whole desks.

use std::time::{Duration, Instant};

use rec_domain::{
    BookSide, ClientOrderId, ExchangeIndex, OrderGroupId, Price, Quantity, SeriesTicker, Side, TimeSpan,
    command::{DeskCommand, DeskReply, OpenRequest},
    intent::{OrderSpec, TimeInForce},
    trade::{Origin, Trade, TradeState},
};
use rec_kalshi::{
    rest::{Client, MarketsQuery, NewOrder, WriteFailure},
    rows::MarketRow,
};

use super::Apart;

/// The open trade, if there is one.
pub(crate) async fn trade(apart: &Apart) -> Option<Trade> {
    apart.view().await.trades.into_iter().find(|trade| trade.state != TradeState::Opening || trade.held().is_positive())
}

/// Markets in which somebody buys and sells near the middle, nearest first.
pub(crate) async fn tradable(exchange: &Client) -> Vec<MarketRow> {
    let query = MarketsQuery { series: Some(SeriesTicker::new("KXBTCD")), ..MarketsQuery::default() };
    let mut rows = exchange.markets(&query).all().await.expect("the exchange answers");
    let distance = |row: &MarketRow| (ask(row).unwrap_or(Price::ONE).units() - 5_000).abs();
    rows.retain(|row| ask(row).is_some() && row.top.bid_of(Side::Yes).is_some());
    rows.sort_by_key(|row| (row.close_time, distance(row)));
    rows
}

/// The same of those that stay open for so long, waited for where an hour is just ending.
pub(crate) async fn lasting(exchange: &Client, apart: &Apart, for_at_least: TimeSpan) -> Vec<MarketRow> {
    let began = Instant::now();
    loop {
        let soonest = apart.clock().now() + for_at_least;
        let mut rows = tradable(exchange).await;
        rows.retain(|row| row.close_time > soonest);
        if rows.len() > 1 {
            return rows;
        }
        assert!(began.elapsed() < Duration::from_secs(300), "nothing is traded: {}", apart.twin.complained());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn ask(row: &MarketRow) -> Option<Price> {
    row.top.ask_of(Side::Yes).map(|level| level.price)
}

/// Opens one contract, as soon as the desk takes it: the page is up before the order groups are made.
pub(crate) async fn opened(apart: &mut Apart, market: &MarketRow) {
    let accepted = async |apart: &Apart| matches!(apart.ask(open(apart, market)).await, DeskReply::Accepted { .. });
    apart.until("an entry is accepted", accepted).await;
}

/// One contract, whatever it costs.
pub(crate) fn open(apart: &Apart, market: &MarketRow) -> DeskCommand {
    DeskCommand::Open(OpenRequest {
        ticker: market.ticker.clone(),
        side: Side::Yes,
        quantity: Quantity::from_contracts(1),
        limit: Price::from_units(9_900),
        origin: Origin::Manual,
        probability_percent: None,
        reason: "a test".to_owned(),
        decided_at: apart.clock().now(),
        evidence: "{}".to_owned(),
    })
}

/// Offers one cent for one contract in a group, at once or not at all: nobody sells at that.
pub(crate) async fn probe(
    apart: &Apart,
    exchange: &Client,
    market: &MarketRow,
    group: &OrderGroupId,
) -> Result<(), WriteFailure> {
    let spec = OrderSpec {
        ticker: market.ticker.clone(),
        exchange_index: market.exchange_index.unwrap_or(ExchangeIndex::new(0)),
        side: Side::Yes,
        book_side: BookSide::Bid,
        price: Price::from_units(100),
        quantity: Quantity::from_contracts(1),
        time_in_force: TimeInForce::ImmediateOrCancel,
        reduce_only: false,
        group: group.clone(),
    };
    let order = NewOrder::new(spec, ClientOrderId::new(uuid::Uuid::new_v4().to_string()));
    exchange.create_order(&order, apart.clock().now()).await.map(|_acknowledged| ())
}
