//! Market data comes back, once.

use rec_domain::{
    EventTicker, Fresh, PriceGrid, Quantity, SeriesTicker, Service, TimeSpan, UsdPrice,
    fee::FeeSchedule,
    index::{IndexPrint, SettlementWindow},
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
    strike_table::StrikeTable,
};

use super::{Leader, minute, now, sample};
use crate::CommitOutcome;

fn market(ticker: &str, volume: i64) -> Market {
    Market {
        ticker: rec_domain::MarketTicker::new(ticker),
        event: EventTicker::new("KXBTCD-26SEP2316"),
        series: SeriesTicker::new("KXBTCD"),
        title: "$92,800 or above".to_owned(),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(UsdPrice::from_cents(9_279_999))),
        open_time: now() - minute(),
        close_time: now() + TimeSpan::from_minutes(10),
        grid: PriceGrid::linear_cent(),
        exchange_index: sample::shard(),
        volume: Quantity::from_contracts(volume),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    }
}

#[tokio::test]
async fn series_go_to_their_day_and_come_back() {
    let Some(leader) = Leader::new().await else { return };
    let writer = leader.as_service(Service::PriceWatchdog).await.market_data();
    let midnight = "2026-09-24T00:00:00Z".parse().expect("an instant");
    let instants = [now(), midnight - TimeSpan::from_micros(1), midnight];
    let (from, until) = (now(), midnight + minute());

    let ticks = instants.map(|at| Fresh {
        value: UsdPrice::from_cents(9_280_001),
        source: "coinbase".to_owned(),
        observed_at: at,
        received_at: at + TimeSpan::from_millis(20),
    });
    writer.append_ticks(&ticks).await.expect("appended");
    assert_eq!(writer.ticks(from, until, 10).await.expect("read"), ticks);

    let prints = instants.map(|at| IndexPrint { stamped_at: at, value: UsdPrice::from_cents(1), received_at: at });
    writer.append_index_prints("BRTI", &prints).await.expect("appended");
    let mut other = prints[0];
    other.value = UsdPrice::from_cents(2);
    writer.append_index_prints("BRTI", &[other]).await.expect("nothing to do");
    assert_eq!(writer.index_prints("BRTI", from, until).await.expect("read"), prints);
    assert_eq!(writer.index_prints("ETHUSD_RTI", from, until).await.expect("read"), []);

    let deltas_percent = [Some(0.25), None, Some(-1.0), None, None, None];
    let readings = instants.map(|at| MomentumReading { at, score_percent: Some(0.1), deltas_percent });
    writer.append_momentum(&readings).await.expect("appended");
    assert_eq!(writer.momentum(from, until, 10).await.expect("read"), readings);
}

#[tokio::test]
async fn a_strike_table_is_found_by_its_instant() {
    let Some(leader) = Leader::new().await else { return };
    let writer = leader.as_service(Service::UnifiedProductionCoordinator).await.market_data();
    let close_time = now() + TimeSpan::from_minutes(10);
    let table = StrikeTable {
        at: now(),
        event: EventTicker::new("KXBTCD-26SEP2316"),
        close_time,
        spot: None,
        index: None,
        settlement: SettlementWindow { close_time, known: 0, mean: None },
        momentum: None,
        rows: vec![],
    };
    writer.append_strike_tables(std::slice::from_ref(&table)).await.expect("appended");
    let before = writer.strike_table_at(&table.event, now() - minute()).await.expect("looked up");
    assert_eq!(before, None);
    assert_eq!(writer.strike_table_at(&table.event, close_time).await.expect("looked up"), Some(table));
}

#[tokio::test]
async fn markets_change_and_are_loaded_with_their_trades() {
    let Some(leader) = Leader::new().await else { return };
    let data = leader.as_service(Service::KalshiApiWatchdog).await.market_data();
    let first = market(sample::ticker().as_str(), 1);
    let second = Market { volume: Quantity::from_contracts(2), ..first.clone() };
    data.upsert_markets(&[first, market("OTHER", 9), second.clone()]).await.expect("stored");
    assert_eq!(data.market(&sample::ticker()).await.expect("looked up"), Some(second.clone()), "the later one stands");
    let closing = data.markets_closing(now(), now() + minute(), 10).await.expect("read");
    assert_eq!(closing, [], "it closes later");
    assert_eq!(data.markets_closing(now(), now() + TimeSpan::from_minutes(11), 10).await.expect("read").len(), 2);

    let epoch = leader.lease.epoch();
    let outcome = leader.desk.commit(&sample::commit(epoch, 1, sample::opening(epoch))).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    assert_eq!(leader.desk.load(now()).await.expect("loaded").markets, [second]);
}
