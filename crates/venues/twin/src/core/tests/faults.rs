//! Faults of the world: what the exchange does then.

use rec_domain::{BookSide, ExchangeIndex, Money, Price, TimeSpan, Timestamp, UsdPrice};

use super::{
    series::{get, world_of},
    support::{cancel, market_worth, order, place, young},
};
use crate::core::{
    Fault, Mutation, Output, Rejection, Series, TimeInForce, Twin, TwinConfig, Verdict, Wallet,
    ledger::LedgerAccount,
    market::{Event, Stage},
    output::LifecycleEvent,
};

fn strike(twin: &mut Twin, fault: Fault) -> Result<(), Rejection> {
    let at = twin.now();
    twin.apply(at, &Mutation::Fault(fault)).map(drop)
}

fn play(twin: &mut Twin, seconds: i64) -> Vec<Output> {
    let to = twin.now() + TimeSpan::from_seconds(seconds);
    twin.advance(to)
}

fn event<'a>(twin: &'a Twin, ticker: &str) -> &'a Event {
    twin.events.values().find(|event| &*event.ticker == ticker).expect("kept")
}

const HOUR: &str = "KXBTCD-26SEP2315";

#[test]
fn an_early_close_is_told_and_settles_on_the_minute_before_it() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    strike(&mut twin, Fault::EarlyClose { event_ticker: HOUR.to_owned() }).expect("open");
    let close = twin.now();
    let told = twin.take_outputs();
    assert!(told.iter().any(|output| matches!(output, Output::Lifecycle(change)
        if *change.ticker == *ticker && change.event == LifecycleEvent::CloseDateUpdated { close })));
    let refused = place(&mut twin, &order(&ticker, "late", BookSide::Bid, 1, Price::from_cents(50)));
    assert_eq!(refused.expect_err("closed").code(), "MARKET_INACTIVE");
    play(&mut twin, 200);
    let value = twin.settlement_value(crate::core::Asset::Bitcoin, close);
    assert_eq!((event(&twin, HOUR).stage, event(&twin, HOUR).expiration_value), (Stage::Finalized, value));
    assert!(strike(&mut twin, Fault::EarlyClose { event_ticker: HOUR.to_owned() }).is_err(), "closed already");
    // The next hours come as if nothing had happened.
    play(&mut twin, 3_600);
    let next = twin.events.values().filter(|event| event.is_open(twin.now())).count();
    assert_eq!(next, 1);
}

#[test]
fn a_late_result_comes_later_by_what_was_said_and_is_paid_after_it() {
    let mut twin = young(1);
    let by = TimeSpan::from_minutes(30);
    strike(&mut twin, Fault::ResultLate { event_ticker: HOUR.to_owned(), by }).expect("listed");
    let close = event(&twin, HOUR).close;
    twin.advance_quietly(close + TimeSpan::from_minutes(31));
    assert_eq!(event(&twin, HOUR).stage, Stage::Closed);
    twin.advance_quietly(close + TimeSpan::from_minutes(32));
    assert_eq!(event(&twin, HOUR).stage, Stage::Determined);
    twin.advance_quietly(close + TimeSpan::from_minutes(34));
    assert_eq!(event(&twin, HOUR).stage, Stage::Finalized);
}

/// A world in which ten contracts of YES were bought and the event was paid or determined.
fn bought_and(after_close: i64) -> (Twin, String) {
    let mut twin = young(2);
    let ticker = market_worth(&twin, 50.0);
    place(&mut twin, &order(&ticker, "mine", BookSide::Bid, 10, Price::from_cents(99))).expect("accepted");
    let close = event(&twin, HOUR).close;
    twin.advance_quietly(close + TimeSpan::from_seconds(after_close));
    (twin, ticker)
}

#[test]
fn an_amended_result_takes_back_what_was_paid_and_the_books_balance() {
    let (mut twin, ticker) = bought_and(200);
    let number = twin.by_ticker[ticker.as_str()];
    let floor = twin.markets[&number].strike.floor().expect("a floor");
    let cent = UsdPrice::from_cents(1);
    let flipped = if twin.markets[&number].result == Some(Verdict::Yes) { floor } else { floor + cent };
    let cash = twin.account().cash();
    let revenue = twin.account().settlements[0].revenue;
    let amended = Fault::Amended { event_ticker: HOUR.to_owned(), value: flipped };
    strike(&mut twin, amended).expect("paid");
    assert_eq!(event(&twin, HOUR).stage, Stage::Amended);
    assert_eq!(get(&twin, &format!("markets/{ticker}"), "")["market"]["status"], "amended");
    let told = play(&mut twin, 11);
    assert!(told.iter().any(|output| matches!(output, Output::Lifecycle(change)
        if *change.ticker == *ticker && matches!(change.event, LifecycleEvent::Settled { .. }))));
    let now = Money::from_dollars(10) - revenue;
    assert_eq!(twin.account().cash() - cash, now - revenue);
    assert_eq!((twin.account().settlements.len(), twin.account().settlements[0].revenue), (1, now));
    assert_eq!(twin.account().ledger.total(), Money::ZERO);
    assert_eq!(event(&twin, HOUR).stage, Stage::Finalized);
}

#[test]
fn a_disputed_result_is_not_paid_until_it_is_amended() {
    let (mut twin, ticker) = bought_and(100);
    assert_eq!(event(&twin, HOUR).stage, Stage::Determined);
    let value = event(&twin, HOUR).expiration_value.expect("determined");
    strike(&mut twin, Fault::Disputed { event_ticker: HOUR.to_owned() }).expect("determined");
    play(&mut twin, 600);
    assert!(twin.account().settlements.is_empty());
    assert_eq!(get(&twin, &format!("markets/{ticker}"), "")["market"]["status"], "disputed");
    strike(&mut twin, Fault::Amended { event_ticker: HOUR.to_owned(), value }).expect("disputed");
    play(&mut twin, 11);
    assert_eq!(twin.account().settlements.len(), 1);
}

#[test]
fn a_close_without_all_of_its_prints_has_no_result_and_the_next_quarter_no_strike() {
    let mut twin = world_of(&[Series::Kxbtcd, Series::Kxbtc15m], 50);
    let close = event(&twin, HOUR).close;
    twin.advance_quietly(close - TimeSpan::from_seconds(30));
    let fault = Fault::IndexGap { index_id: "BRTI".to_owned(), lasts: TimeSpan::from_seconds(10) };
    strike(&mut twin, fault).expect("an index");
    drop(twin.take_outputs());
    let told = play(&mut twin, 9);
    assert!(!told.iter().any(|output| matches!(output, Output::Index(_) | Output::Steady(_))));
    assert!(play(&mut twin, 5).iter().any(|output| matches!(output, Output::Index(_))));
    play(&mut twin, 300);
    assert_eq!(event(&twin, HOUR).stage, Stage::Closed);
    let quarter = get(&twin, "markets/KXBTC15M-26SEP231515-15", "")["market"].clone();
    assert!(quarter.get("floor_strike").is_none());
    assert_eq!((&quarter["status"], &quarter["yes_bid_dollars"]), (&"active".into(), &"0.0000".into()));
    let value = UsdPrice::from_cents(8_400_000);
    strike(&mut twin, Fault::Amended { event_ticker: HOUR.to_owned(), value }).expect("closed");
    play(&mut twin, 11);
    assert_eq!(event(&twin, HOUR).stage, Stage::Finalized);
    let unknown = Fault::IndexGap { index_id: "WEATHER".to_owned(), lasts: TimeSpan::from_seconds(10) };
    assert!(strike(&mut twin, unknown).is_err());
}

#[test]
fn collateral_goes_to_another_shard_and_orders_are_refused_for_want_of_it() {
    let mut twin = young(1);
    let cash = twin.account().cash();
    strike(&mut twin, Fault::CollateralGone { left: Money::from_dollars(1) }).expect("cash");
    assert_eq!(twin.account().cash(), Money::from_dollars(1));
    let other = twin.account().ledger.balance(LedgerAccount::Cash(Wallet::primary(ExchangeIndex::new(0))));
    assert_eq!(other, cash - Money::from_dollars(1));
    let ticker = market_worth(&twin, 50.0);
    let refused = place(&mut twin, &order(&ticker, "poor", BookSide::Bid, 10, Price::from_cents(50)));
    assert_eq!(refused.expect_err("poor").code(), "insufficient_balance");
    assert_eq!(twin.account().ledger.total(), Money::ZERO);
}

#[test]
fn while_trading_pauses_orders_are_refused_cancels_are_taken_and_the_status_says_until_when() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let mut resting = order(&ticker, "resting", BookSide::Bid, 1, Price::from_cents(1));
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    let placed = place(&mut twin, &resting).expect("accepted");
    strike(&mut twin, Fault::TradingPause { lasts: TimeSpan::from_minutes(5) }).expect("a pause");
    let resumes = twin.now() + TimeSpan::from_minutes(5);
    let status = get(&twin, "exchange/status", "");
    assert_eq!((&status["exchange_active"], &status["trading_active"]), (&true.into(), &false.into()));
    assert_eq!(status["exchange_estimated_resume_time"], resumes.to_string());
    let refused =
        place(&mut twin, &order(&ticker, "new", BookSide::Bid, 1, Price::from_cents(50))).expect_err("paused");
    assert_eq!((refused.status, refused.code()), (409, "trading_is_paused"));
    cancel(&mut twin, &placed.order_id).expect("cancels are taken");
    drop(twin.take_outputs());
    play(&mut twin, 2);
    let quiet = play(&mut twin, 60);
    assert!(!quiet.iter().any(|output| matches!(output, Output::Trade(_) | Output::Book(_))), "nobody trades");
    play(&mut twin, 240);
    assert_eq!(get(&twin, "exchange/status", "")["trading_active"], true);
    assert!(play(&mut twin, 10).iter().any(|output| matches!(output, Output::Book(_))));
    place(&mut twin, &order(&ticker, "again", BookSide::Bid, 1, Price::from_cents(50))).expect("trading again");
}

#[test]
fn on_a_thursday_trading_pauses_from_three_to_five_eastern_time() {
    let begin: Timestamp = "2026-09-24T07:00:00Z".parse().expect("an instant");
    let mut twin = Twin::new(TwinConfig { start: begin - TimeSpan::from_minutes(60), ..TwinConfig::demo(1) });
    twin.advance_quietly(begin - TimeSpan::from_seconds(1));
    assert!(!twin.is_trading_paused());
    twin.advance_quietly(begin);
    assert_eq!(twin.trading_resumes().map(|at| at.to_string()).as_deref(), Some("2026-09-24T09:00:00Z"));
    // Hours open, close and are paid through the pause.
    twin.advance_quietly(begin + TimeSpan::from_minutes(65));
    assert_eq!(event(&twin, "KXBTCD-26SEP2404").stage, Stage::Finalized);
    assert_eq!(
        event(&twin, "KXBTCD-26SEP2404").markets.clone().filter(|number| twin.markets[number].result.is_some()).count(),
        71
    );
    twin.advance_quietly(begin + TimeSpan::from_minutes(120));
    assert!(!twin.is_trading_paused());
    let schedule = get(&twin, "exchange/schedule", "");
    let thursday = &schedule["schedule"]["standard_hours"][0]["thursday"];
    assert_eq!((&thursday[0]["close_time"], &thursday[1]["open_time"]), (&"03:00".into(), &"05:00".into()));
}

#[test]
fn a_group_that_trips_by_itself_cancels_its_orders() {
    let mut twin = young(1);
    let group = super::support::group(&mut twin, 100);
    let ticker = market_worth(&twin, 50.0);
    let mut resting = order(&ticker, "resting", BookSide::Bid, 1, Price::from_cents(1));
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    resting.order_group_id = Some(group.order_group_id.clone());
    place(&mut twin, &resting).expect("accepted");
    strike(&mut twin, Fault::GroupTripped { order_group_id: group.order_group_id }).expect("a group");
    assert!(twin.account().resting.is_empty());
}
