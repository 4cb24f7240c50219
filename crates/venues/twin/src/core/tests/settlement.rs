//! Closing, determination and settlement.

use rec_domain::{BookSide, Money, Price, TimeSpan, Timestamp, UsdPrice};

use super::support::{contracts, market_worth, order, place, recorded, young};
use crate::core::{
    Asset, Output, Twin, TwinConfig, Verdict, Wallet,
    config::CRYPTO_SHARD,
    ledger::LedgerAccount,
    market::Stage,
    output::{IndexPrint, LifecycleEvent},
    query::{self, Params},
};

#[test]
fn an_event_settles_on_its_own_sixty_prints_after_the_recorded_delays() {
    let mut twin = Twin::new(TwinConfig::demo(4));
    let close = twin.config().start + TimeSpan::from_minutes(60);
    let mut prints: Vec<IndexPrint> = Vec::new();
    let (mut determined, mut settled) = (None, None);
    for second in 0..60 * 63 {
        for output in twin.advance(close - TimeSpan::from_minutes(60) + TimeSpan::from_seconds(second)) {
            match output {
                Output::Index(print) => prints.push(print),
                Output::Lifecycle(change) => match change.event {
                    LifecycleEvent::Determined { at, .. } => determined = Some(at),
                    LifecycleEvent::Settled { at } => settled = Some(at),
                    _ => {}
                },
                _ => {}
            }
        }
    }
    let window: Vec<UsdPrice> = prints
        .iter()
        .filter(|print| close - TimeSpan::from_seconds(60) <= print.stamped && print.stamped < close)
        .map(|print| print.value)
        .collect();
    assert_eq!(window.len(), 60);
    let event = twin.events.values().find(|event| event.close == close).expect("kept");
    let value = UsdPrice::mean_half_up_to_cents(&window).expect("prints");
    assert_eq!(event.expiration_value, Some(value));
    let delay = |at: Option<Timestamp>| at.expect("announced").since(close).seconds();
    assert!((82..=96).contains(&delay(determined)), "{determined:?}");
    assert!((148..=158).contains(&delay(settled)), "{settled:?}");
    for number in event.markets.clone() {
        let market = &twin.markets[&number];
        assert_eq!(market.result, market.strike.result(value));
    }
    assert_eq!(event.stage, Stage::Finalized);
}

#[test]
fn winners_are_paid_a_dollar_and_the_settlement_says_so() {
    let mut twin = young(2);
    let ticker = market_worth(&twin, 70.0);
    let number = twin.by_ticker[ticker.as_str()];
    place(&mut twin, &order(&ticker, "a", BookSide::Bid, 10, Price::from_cents(99))).expect("accepted");
    let cash = twin.account().cash();
    let close = twin.config().start + TimeSpan::from_minutes(60);
    twin.advance_quietly(close + TimeSpan::from_seconds(120));
    assert_eq!(twin.account().cash(), cash, "determined is not paid");
    twin.advance_quietly(close + TimeSpan::from_seconds(160));
    let revenue = match twin.markets[&number].result.expect("determined") {
        Verdict::Yes => Money::from_dollars(10),
        Verdict::No => Money::ZERO,
        Verdict::Scalar(_) => unreachable!("a market of the twin has a winner"),
    };
    assert_eq!(twin.account().cash() - cash, revenue);
    assert_eq!(twin.account().ledger.balance(LedgerAccount::Positions), Money::ZERO);
    assert_eq!(twin.account().ledger.balance(LedgerAccount::Reserved(Wallet::primary(CRYPTO_SHARD))), Money::ZERO);
    assert_eq!(twin.account().ledger.total(), Money::ZERO);
    let body = query::get(&twin, "portfolio/settlements", &Params::default()).expect("answers");
    let row = &body["settlements"][0];
    assert_eq!(row["ticker"], ticker);
    assert_eq!(row["yes_count_fp"], "10.00");
    assert_eq!(row["revenue"], revenue.floor_cents());
    assert_eq!(twin.account().settlements[0].position.net, contracts(10));
    let body = query::get(&twin, "portfolio/positions", &Params::default()).expect("answers");
    assert_eq!(body["market_positions"].as_array().map(Vec::len), Some(0), "paid positions are gone");
}

#[test]
fn recorded_expirations_are_met_to_the_cent() {
    let Some(text) = recorded("settlement_vectors.json") else { return };
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    for vector in vectors {
        let close: Timestamp = vector["close_time"].as_str().expect("text").parse().expect("instant");
        let first = vector["t0_unix_s"].as_i64().expect("number");
        let cents = vector["brti_1hz_cents"].as_array().expect("array").iter();
        let mut twin = Twin::new(TwinConfig::demo(1));
        let underlying = twin.underlyings.get_mut(&Asset::Bitcoin).expect("there");
        underlying.prints = cents
            .zip(first..)
            .map(|(cents, second)| IndexPrint {
                asset: Asset::Bitcoin,
                stamped: Timestamp::from_seconds(second),
                value: UsdPrice::from_cents(cents.as_i64().expect("number")),
                received: Timestamp::from_seconds(second),
            })
            .collect();
        let value = twin.settlement_value(Asset::Bitcoin, close).expect("sixty prints");
        assert_eq!(value.to_string(), vector["expiration_value"].as_str().expect("text"));
    }
}
