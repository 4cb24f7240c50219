//! The mirror: another exchange's world, and only the account is the twin's.

use rec_domain::{
    BookSide, EventTicker, MarketTicker, Money, Price, PriceGrid, Quantity, SeriesTicker, TimeSpan, Timestamp,
    UsdPrice,
    fee::FeeSchedule,
    market::{Collateral, Market, MarketStatus, StrikeRule},
};
use serde_json::{Value, json};

use super::{
    changes::get,
    support::{cancel, contracts, order, place},
};
use crate::core::{
    Applied, Asset, CreateOrder, Mirrored, Mutation, Output, Series, Session, TimeInForce, Twin, TwinConfig, Verdict,
    config::CRYPTO_SHARD, mirror::ListedMarket,
};

const START: Timestamp = Timestamp::from_seconds(1_790_366_400);
const TICKER: &str = "KXBTCD-26SEP2516-T83999.99";

fn close() -> Timestamp {
    START + TimeSpan::from_minutes(60)
}

fn listed(status: MarketStatus) -> ListedMarket {
    ListedMarket {
        market: Market {
            ticker: MarketTicker::new(TICKER),
            event: EventTicker::new("KXBTCD-26SEP2516"),
            series: SeriesTicker::new("KXBTCD"),
            title: "$84,000 or above".to_owned(),
            status,
            strike: Some(StrikeRule::Greater(UsdPrice::from_cents(8_399_999))),
            open_time: START,
            close_time: close(),
            grid: PriceGrid::linear_cent(),
            exchange_index: CRYPTO_SHARD,
            volume: Quantity::ZERO,
            fees: FeeSchedule::CRYPTO,
            collateral: Collateral::DirectNetting,
        },
        result: None,
        expiration_value: None,
    }
}

fn show(twin: &mut Twin, change: Mirrored) -> bool {
    let at = twin.now();
    match twin.apply(at, &Mutation::Mirror(change)) {
        Ok(Applied::Mirrored { lasting, .. }) => lasting,
        other => unreachable!("a mirror takes whatever is shown, not {other:?}"),
    }
}

fn levels(levels: &[(i64, i64)]) -> Vec<(Price, Quantity)> {
    levels.iter().map(|(cents, count)| (Price::from_cents(*cents), contracts(*count))).collect()
}

fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Mirrored {
    Mirrored::Book { ticker: TICKER.to_owned(), bids: levels(bids), asks: levels(asks) }
}

fn level(side: BookSide, cents: i64, count: i64) -> Mirrored {
    Mirrored::Level { ticker: TICKER.to_owned(), side, price: Price::from_cents(cents), delta: contracts(count) }
}

fn trade(cents: i64, count: i64) -> Mirrored {
    Mirrored::Trade {
        ticker: TICKER.to_owned(),
        trade_id: "theirs".to_owned(),
        price: Price::from_cents(cents),
        count: contracts(count),
        taker: BookSide::Ask,
    }
}

/// A mirror of one open market: 30 at 40 cents bid, 20 and 50 offered at 42 and 43.
fn mirror() -> Twin {
    let mut twin = Twin::new(TwinConfig::mirror(START, vec![Series::Kxbtcd]));
    assert!(show(&mut twin, Mirrored::Market(Box::new(listed(MarketStatus::Active)))), "a new market lasts");
    show(&mut twin, book(&[(40, 30)], &[(42, 20), (43, 50)]));
    twin
}

fn shown(twin: &Twin) -> Value {
    get(twin, &format!("markets/{TICKER}/orderbook"), "")["orderbook_fp"].clone()
}

fn buy(id: &str, count: i64, cents: i64) -> CreateOrder {
    order(TICKER, id, BookSide::Bid, count, Price::from_cents(cents))
}

fn rest(id: &str, count: i64, cents: i64) -> CreateOrder {
    CreateOrder { time_in_force: TimeInForce::GoodTillCanceled, ..buy(id, count, cents) }
}

#[test]
fn orders_fill_on_what_is_displayed_and_what_they_took_is_gone_until_the_level_changes() {
    let mut twin = mirror();
    assert_eq!(place(&mut twin, &buy("a", 30, 42)).expect("taken").filled, contracts(20), "no more than displayed");
    assert_eq!(place(&mut twin, &buy("b", 30, 42)).expect("taken").filled, contracts(0), "nobody refills it");
    show(&mut twin, level(BookSide::Ask, 43, 5));
    show(&mut twin, book(&[(40, 30)], &[(42, 20), (43, 55)]));
    assert_eq!(place(&mut twin, &buy("c", 30, 42)).expect("taken").filled, contracts(0), "42 did not change");
    show(&mut twin, level(BookSide::Ask, 42, -3));
    assert_eq!(place(&mut twin, &buy("d", 30, 42)).expect("taken").filled, contracts(17), "it did now");
    let sold = order(TICKER, "e", BookSide::Ask, 40, Price::from_cents(40));
    assert_eq!(place(&mut twin, &sold).expect("taken").filled, contracts(30));
    assert_eq!(twin.account().net_position(twin.by_ticker[TICKER], 0), contracts(7));
}

#[test]
fn a_book_that_cannot_be_true_is_unknown_until_it_is_shown_whole() {
    let mut twin = mirror();
    let at = twin.now();
    let told = twin.apply(at, &Mutation::Mirror(level(BookSide::Ask, 42, -21)));
    assert_eq!(told, Ok(Applied::Mirrored { lasting: false, contradicts: true }));
    assert_eq!(place(&mut twin, &buy("a", 5, 43)).expect("taken").filled, contracts(0), "nobody knows what is there");
    show(&mut twin, level(BookSide::Ask, 42, 30));
    assert_eq!(place(&mut twin, &buy("b", 5, 43)).expect("taken").filled, contracts(0), "nor by what changes in it");
    show(&mut twin, book(&[(40, 30)], &[(42, 20)]));
    assert_eq!(place(&mut twin, &buy("c", 5, 43)).expect("taken").filled, contracts(5));
}

#[test]
fn an_order_that_rests_fills_only_when_a_trade_goes_through_its_price() {
    let mut twin = mirror();
    let made = place(&mut twin, &rest("a", 10, 41)).expect("rests");
    assert_eq!(made.remaining, contracts(10));
    let left = |twin: &Twin| {
        let body = get(twin, &format!("portfolio/orders/{}", made.order_id), "");
        body["order"]["remaining_count_fp"].as_str().expect("text").to_owned()
    };
    assert!(!show(&mut twin, trade(41, 100)), "at its price others may have come first");
    // Somebody offers where our bid is: whether he would have met us is not known, so that he is not displayed.
    show(&mut twin, level(BookSide::Ask, 41, 25));
    assert_eq!((left(&twin), &shown(&twin)["no_dollars"][1]), ("10.00".to_owned(), &json!(["0.5800", "20.00"])));
    assert!(show(&mut twin, trade(40, 4)), "fills last");
    assert_eq!(left(&twin), "6.00");
    let fill = &get(&twin, "portfolio/fills", "")["fills"][0];
    assert_eq!(
        (&fill["yes_price_dollars"], &fill["is_taker"], &fill["fee_cost"]),
        (&json!("0.4100"), &json!(false), &json!("0.0000"))
    );
    cancel(&mut twin, &made.order_id).expect("cancelled");
    assert_eq!(shown(&twin)["no_dollars"][2], json!(["0.5900", "25.00"]), "nothing hides it any more");
}

#[test]
fn results_and_payments_are_the_other_exchanges() {
    let mut twin = mirror();
    place(&mut twin, &buy("a", 10, 42)).expect("taken");
    place(&mut twin, &rest("b", 10, 1)).expect("rests");
    let later = close() + TimeSpan::from_minutes(30);
    twin.advance_quietly(later);
    let status = |twin: &Twin| get(twin, &format!("markets/{TICKER}"), "")["market"]["status"].clone();
    assert_eq!(status(&twin), "closed", "without a word from there nothing is decided");
    assert!(twin.account().resting.is_empty(), "the close cancels what rests");
    assert_eq!(place(&mut twin, &buy("c", 1, 42)).expect_err("closed").code(), "MARKET_INACTIVE");
    let result = Mirrored::Result { ticker: TICKER.to_owned(), result: Verdict::No };
    assert!(show(&mut twin, result.clone()) && !show(&mut twin, result));
    assert_eq!(status(&twin), "determined");
    let mut paid = listed(MarketStatus::Finalized);
    (paid.result, paid.expiration_value) = (Some(Verdict::Yes), Some(UsdPrice::from_cents(8_401_234)));
    assert!(show(&mut twin, Mirrored::Market(Box::new(paid.clone()))), "the lists say otherwise, and paid");
    assert!(!show(&mut twin, Mirrored::Market(Box::new(paid.clone()))));
    assert_eq!(status(&twin), "finalized");
    let body = get(&twin, &format!("markets/{TICKER}"), "");
    assert_eq!(body["market"]["expiration_value"], "84012.34");
    let settlement = &get(&twin, "portfolio/settlements", "")["settlements"][0];
    assert_eq!((&settlement["market_result"], &settlement["revenue"]), (&json!("yes"), &json!(1_000)));
    let before = twin.account().cash();
    paid.result = Some(Verdict::No);
    show(&mut twin, Mirrored::Market(Box::new(paid)));
    assert_eq!(before - twin.account().cash(), Money::from_dollars(10), "an amended result is corrected");
}

#[test]
fn a_book_that_is_lost_is_neither_shown_nor_met_and_is_told_whole_when_it_is_back() {
    let mut twin = mirror();
    let mut session = Session::default();
    show(&mut twin, Mirrored::BooksLost);
    let subscribe = format!(
        r#"{{"id":1,"cmd":"subscribe","params":{{"channels":["orderbook_delta"],"market_ticker":"{TICKER}","use_yes_price":true}}}}"#
    );
    assert_eq!(session.command(&subscribe, &twin).len(), 1, "subscribed, and no snapshot");
    assert!(session.follows_books());
    show(&mut twin, level(BookSide::Ask, 42, 5));
    assert_eq!(place(&mut twin, &buy("a", 5, 99)).expect("taken").filled, contracts(0));
    drop(twin.take_outputs());
    show(&mut twin, book(&[], &[(44, 7)]));
    let outputs = twin.take_outputs();
    let frames: Vec<Value> = outputs
        .iter()
        .flat_map(|output| session.on_output(output, &twin))
        .map(|frame| serde_json::from_str(frame.text.trim()).expect("JSON"))
        .collect();
    assert_eq!((frames.len(), &frames[0]["type"]), (1, &json!("orderbook_snapshot")));
    assert_eq!(frames[0]["msg"]["no_dollars_fp"], json!([["0.4400", "7.00"]]));
    assert_eq!(place(&mut twin, &buy("b", 9, 99)).expect("taken").filled, contracts(7));
}

#[test]
fn a_suspended_market_takes_nothing_and_resuming_cancels_what_rests() {
    let mut twin = mirror();
    place(&mut twin, &rest("a", 10, 1)).expect("rests");
    let suspended = |suspended| Mirrored::Suspended { ticker: TICKER.to_owned(), suspended };
    show(&mut twin, suspended(true));
    assert_eq!(place(&mut twin, &buy("b", 1, 42)).expect_err("suspended").code(), "MARKET_INACTIVE");
    assert_eq!(twin.account().resting.len(), 1);
    show(&mut twin, suspended(false));
    assert!(twin.account().resting.is_empty());
    assert_eq!(place(&mut twin, &buy("c", 1, 42)).expect("taken").filled, contracts(1));
    show(&mut twin, Mirrored::Trading { active: false });
    assert_eq!(place(&mut twin, &buy("d", 1, 42)).expect_err("paused").status, 409);
    show(&mut twin, Mirrored::Trading { active: true });
    assert_eq!(place(&mut twin, &buy("e", 1, 42)).expect("taken").filled, contracts(1));
}

#[test]
fn the_index_is_passed_on_once_and_in_order() {
    let mut twin = mirror();
    let print = |second: i64| Mirrored::Index {
        asset: Asset::Bitcoin,
        stamped: START + TimeSpan::from_seconds(second),
        value: UsdPrice::from_cents(8_400_000 + second),
    };
    drop(twin.take_outputs());
    for second in [1, 2, 2, 1, 3] {
        show(&mut twin, print(second));
    }
    let told = twin.take_outputs();
    assert_eq!(told.iter().filter(|output| matches!(output, Output::Index(_))).count(), 3);
}

#[test]
fn what_is_not_understood_is_left_out() {
    let mut odd = listed(MarketStatus::Active);
    odd.market.exchange_index = rec_domain::ExchangeIndex::new(0);
    assert_eq!(odd.left_out(), Some("it is not on the crypto shard"));
    let mut twin = Twin::new(TwinConfig::mirror(START, vec![Series::Kxbtcd]));
    assert!(!show(&mut twin, Mirrored::Market(Box::new(odd))));
    let mut dear = listed(MarketStatus::Active);
    dear.market.fees.multiplier_micros *= 2;
    assert!(dear.left_out().is_some());
    assert!(twin.listed().next().is_none());
}

#[test]
fn a_scalar_result_pays_each_side_its_part_of_a_dollar_and_its_correction_the_difference() {
    for (side, price, paid, corrected) in [(BookSide::Bid, 42, 300, 315), (BookSide::Ask, 40, 700, 685)] {
        let mut twin = mirror();
        place(&mut twin, &order(TICKER, "a", side, 10, Price::from_cents(price))).expect("taken");
        let before = twin.account().cash();
        twin.advance_quietly(close() + TimeSpan::from_minutes(2));
        let mut session = Session::default();
        let subscribe = r#"{"id":1,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}"#;
        session.command(subscribe, &twin);
        drop(twin.take_outputs());

        let stated = Verdict::Scalar(Price::from_cents(30));
        assert!(show(&mut twin, Mirrored::Result { ticker: TICKER.to_owned(), result: stated }));
        let told: Vec<Value> = twin
            .take_outputs()
            .iter()
            .flat_map(|output| session.on_output(output, &twin))
            .map(|frame| serde_json::from_str(frame.text.trim()).expect("JSON"))
            .collect();
        assert_eq!(
            (&told[0]["msg"]["result"], &told[0]["msg"]["settlement_value"]),
            (&json!("scalar"), &json!("0.3000"))
        );
        assert_eq!(twin.account().cash(), before, "determined is not paid");
        assert!(show(&mut twin, Mirrored::Paid { ticker: TICKER.to_owned() }));
        assert_eq!(twin.account().cash(), before + Money::from_cents(paid));
        let body = get(&twin, "portfolio/settlements", "");
        let settlement = &body["settlements"][0];
        assert_eq!(
            (&settlement["market_result"], &settlement["value"], &settlement["revenue"]),
            (&json!("scalar"), &json!(30), &json!(paid))
        );
        let market = &get(&twin, &format!("markets/{TICKER}"), "")["market"];
        assert_eq!((&market["result"], &market["settlement_value_dollars"]), (&json!("scalar"), &json!("0.3000")));

        // Another value is another result: what was paid is corrected by the difference.
        let mut amended = listed(MarketStatus::Finalized);
        amended.result = Some(Verdict::Scalar(Price::from_units(3_150)));
        assert!(show(&mut twin, Mirrored::Market(Box::new(amended))));
        assert_eq!(twin.account().cash(), before + Money::from_cents(corrected));
        let body = get(&twin, "portfolio/settlements", "");
        assert_eq!(body["settlements"][0]["value"], Value::Null, "it is stated in whole cents");
    }
}

/// What a journal keeps rebuilds the account, although it keeps none of what books showed but when they were met.
#[test]
fn the_lasting_changes_and_the_books_that_were_met_rebuild_the_account() {
    let mut twin = mirror();
    let mut journal = vec![(twin.now(), Mutation::Mirror(Mirrored::Market(Box::new(listed(MarketStatus::Active)))))];
    let mut resting = Vec::new();
    for step in 0..60_i64 {
        let at = START + TimeSpan::from_seconds(step * 20);
        let mutation = match step % 6 {
            0 => Mutation::CreateOrder(buy(&format!("t{step}"), 7, 43)),
            1 => Mutation::Mirror(level(BookSide::Ask, 42 + step % 2, 1 + step % 5)),
            2 => Mutation::CreateOrder(rest(&format!("r{step}"), 5, 38 + step % 4)),
            3 => Mutation::Mirror(trade(37 + step % 5, 3)),
            4 => Mutation::Mirror(book(&[(40, 30)], &[(42, 5 + step % 7), (43, 50)])),
            _ => Mutation::CreateOrder(order(TICKER, &format!("s{step}"), BookSide::Ask, 4, Price::from_cents(40))),
        };
        let books = twin.books_met_by(&mutation);
        drop(twin.advance(at));
        match twin.apply(at, &mutation) {
            Ok(Applied::Mirrored { lasting: false, .. }) | Err(_) => {}
            Ok(applied) => {
                journal.extend(books.into_iter().chain([mutation]).map(|kept| (at, kept)));
                if let Applied::Order(answer) = applied {
                    resting.push(answer.order_id);
                }
            }
        }
    }
    for change in [
        Mirrored::Result { ticker: TICKER.to_owned(), result: Verdict::Yes },
        Mirrored::Paid { ticker: TICKER.to_owned() },
    ] {
        assert!(show(&mut twin, change.clone()));
        journal.push((twin.now(), Mutation::Mirror(change)));
    }
    let mut again = Twin::new(TwinConfig::mirror(START, vec![Series::Kxbtcd]));
    for (at, mutation) in &journal {
        again.advance_quietly(*at);
        again.apply(*at, mutation).expect("it was accepted");
    }
    assert!(twin.account().fills.iter().any(|fill| !fill.is_taker), "something rested and was filled");
    assert_eq!(again.account().fills, twin.account().fills);
    assert_eq!(again.account().orders, twin.account().orders);
    assert_eq!(again.account().ledger, twin.account().ledger);
    assert!(resting.len() > 20);
}
