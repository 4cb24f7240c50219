//! Orders: fees, netting, priorities, refusals.

use rec_domain::{BookSide, ExchangeIndex, Money, Price, Quantity, TimeSpan};

use super::support::{after, best, cancel, cancel_on, contracts, market_worth, order, place, young};
use crate::core::{
    AmendOrder, CreateOrder, Mutation, Output, SelfTradePrevention, TimeInForce, Twin, TwinConfig, Wallet,
    account::OrderStatus, config::CRYPTO_SHARD, ledger::LedgerAccount, matching::Incoming, wire,
};

#[test]
fn an_immediate_order_pays_the_book_price_and_the_recorded_fee() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let (ask, _) = best(&twin, &ticker, BookSide::Ask);
    let before = twin.account().cash();
    let answer = place(&mut twin, &order(&ticker, "a", BookSide::Bid, 10, Price::from_cents(99))).expect("accepted");
    assert_eq!((answer.filled, answer.remaining), (contracts(10), Quantity::ZERO));
    assert_eq!(answer.average_price_micros, Some(ask.units() * 100));
    // 0.07 x 10 x p x (1 - p), rounded up to 1e-4 dollars.
    let raw = 7 * 10 * ask.units() * (10_000 - ask.units());
    let fee = Money::from_micros((raw + 999_999) / 1_000_000 * 100);
    assert_eq!(twin.account().fills[0].fee, fee);
    assert_eq!(before - twin.account().cash(), ask * contracts(10) + fee);
    assert_eq!(twin.account().orders.values().next().expect("kept").status, OrderStatus::Executed);
}

#[test]
fn yes_and_no_of_one_market_net_at_once_for_a_dollar_a_pair() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    place(&mut twin, &order(&ticker, "a", BookSide::Bid, 10, Price::from_cents(99))).expect("accepted");
    let before = twin.account().cash();
    let (bid, _) = best(&twin, &ticker, BookSide::Bid);
    place(&mut twin, &order(&ticker, "b", BookSide::Ask, 10, Price::from_cents(1))).expect("accepted");
    let number = twin.by_ticker[ticker.as_str()];
    assert_eq!(twin.account().net_position(number, 0), Quantity::ZERO);
    let fee = twin.account().fills[1].fee;
    assert_eq!(twin.account().cash() - before, bid * contracts(10) - fee, "NO at 1 - bid, and ten dollars back");
    assert_eq!(twin.account().ledger.balance(LedgerAccount::Positions), Money::ZERO);
    assert_eq!(twin.account().ledger.total(), Money::ZERO);
}

#[test]
fn a_client_order_id_is_taken_for_ever() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let mut resting = order(&ticker, "same", BookSide::Bid, 1, Price::from_cents(1));
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    let answer = place(&mut twin, &resting).expect("accepted");
    assert_eq!(place(&mut twin, &resting).expect_err("known").status, 409);
    cancel(&mut twin, &answer.order_id).expect("cancelled");
    let to = after(&twin, 3_000);
    twin.advance_quietly(to);
    let refused = place(&mut twin, &resting).expect_err("known for ever");
    assert_eq!((refused.status, refused.code()), (409, "order_already_exists"));
}

#[test]
fn an_immediate_order_that_meets_nothing_is_accepted_with_nothing() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let answer = place(&mut twin, &order(&ticker, "a", BookSide::Bid, 5, Price::from_cents(1))).expect("accepted");
    assert_eq!((answer.filled, answer.remaining), (Quantity::ZERO, Quantity::ZERO));
    let (status, body) = wire::answers::body(&crate::core::Applied::Order(answer));
    assert_eq!(status, 201);
    assert!(body.get("average_fill_price").is_none() && body.get("average_fee_paid").is_none());
    assert_eq!(body["fill_count"], "0.00");
    assert!(twin.account().fills.is_empty());
}

#[test]
fn all_or_nothing_takes_all_or_nothing() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let (ask, available) = best(&twin, &ticker, BookSide::Ask);
    let mut wanted = order(&ticker, "a", BookSide::Bid, 1, ask);
    wanted.time_in_force = TimeInForce::FillOrKill;
    wanted.count = available + contracts(1);
    assert_eq!(place(&mut twin, &wanted).expect("accepted").filled, Quantity::ZERO);
    wanted.client_order_id = Some("b".to_owned());
    wanted.count = available;
    assert_eq!(place(&mut twin, &wanted).expect("accepted").filled, available);
}

#[test]
fn a_post_only_order_that_would_trade_is_refused() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let (ask, _) = best(&twin, &ticker, BookSide::Ask);
    let mut wanted = order(&ticker, "a", BookSide::Bid, 1, ask);
    wanted.time_in_force = TimeInForce::GoodTillCanceled;
    wanted.post_only = true;
    let refused = place(&mut twin, &wanted).expect_err("crosses");
    assert_eq!((refused.status, refused.code()), (400, "invalid_order"));
    assert!(refused.json().to_string().contains("post only cross"));
    wanted.price = Price::from_cents(1);
    assert_eq!(place(&mut twin, &wanted).expect("the id is still free").remaining, contracts(1));
}

#[test]
fn a_reduce_only_order_never_opens_or_turns_a_position() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let number = twin.by_ticker[ticker.as_str()];
    let mut close = order(&ticker, "c0", BookSide::Ask, 5, Price::from_cents(1));
    close.reduce_only = true;
    assert_eq!(place(&mut twin, &close).expect("accepted").filled, Quantity::ZERO);
    place(&mut twin, &order(&ticker, "a", BookSide::Bid, 3, Price::from_cents(99))).expect("accepted");
    close.client_order_id = Some("c1".to_owned());
    assert_eq!(place(&mut twin, &close).expect("accepted").filled, contracts(3));
    assert_eq!(twin.account().net_position(number, 0), Quantity::ZERO);
    close.client_order_id = Some("c2".to_owned());
    close.time_in_force = TimeInForce::GoodTillCanceled;
    assert_eq!(place(&mut twin, &close).expect_err("only immediate").status, 400);
}

#[test]
fn refusals_carry_the_recorded_codes_and_change_nothing() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let sound = order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(50));
    let mut off_grid = sound.clone();
    off_grid.price = Price::from_units(5_050);
    let mut poor = sound.clone();
    poor.count = contracts(1_000_000);
    let mut shard = sound.clone();
    shard.exchange_index = Some(ExchangeIndex::new(0));
    let mut unknown = sound.clone();
    unknown.ticker = "KXBTCD-NONE".to_owned();
    let mut unopened = sound.clone();
    let listed = twin.events.values().find(|event| event.open > twin.now()).expect("the next hour is listed");
    unopened.ticker = twin.ticker_of(listed.markets.start).to_string();
    let cases = [
        (off_grid, 400, "invalid_price"),
        (poor, 400, "insufficient_balance"),
        (shard, 400, "insufficient_balance"),
        (unknown, 404, "not_found"),
        (unopened, 400, "MARKET_INACTIVE"),
    ];
    let books = twin.account().ledger.clone();
    for (request, status, code) in cases {
        let refused = place(&mut twin, &request).expect_err(code);
        assert_eq!((refused.status, refused.code()), (status, code));
    }
    assert_eq!(twin.account().ledger, books);
    assert!(twin.account().orders.is_empty() && twin.account().client_order_ids.is_empty());
}

#[test]
fn unknown_filled_and_cancelled_orders_cannot_be_told_apart_by_a_cancel() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let filled = place(&mut twin, &order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(99))).expect("accepted");
    let mut resting = order(&ticker, "b", BookSide::Bid, 1, Price::from_cents(1));
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    let resting = place(&mut twin, &resting).expect("accepted");
    let elsewhere = cancel_on(&mut twin, &resting.order_id, None).expect_err("shard 0 by default");
    cancel(&mut twin, &resting.order_id).expect("cancelled");
    let answers = [&filled.order_id, &resting.order_id, "no-such-order"]
        .map(|id| cancel(&mut twin, id).expect_err("not there").json().to_string());
    let elsewhere = elsewhere.json().to_string();
    assert!(answers.iter().all(|answer| *answer == elsewhere), "{answers:?}");
}

#[test]
fn cash_is_reserved_while_an_order_rests_and_comes_back() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let before = twin.account().cash();
    let mut resting = order(&ticker, "a", BookSide::Ask, 7, Price::from_cents(98));
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    let answer = place(&mut twin, &resting).expect("accepted");
    assert_eq!(before - twin.account().cash(), Money::from_cents(14), "NO costs 1 - 0.98");
    cancel(&mut twin, &answer.order_id).expect("cancelled");
    assert_eq!(twin.account().cash(), before);
}

#[test]
fn what_a_resting_order_holds_follows_what_is_left_for_it_to_close() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let rests = |id: &str, contracts: i64, cents: i64| CreateOrder {
        time_in_force: TimeInForce::GoodTillCanceled,
        ..order(&ticker, id, BookSide::Ask, contracts, Price::from_cents(cents))
    };
    let reserved = |twin: &Twin| twin.account().ledger.balance(LedgerAccount::Reserved(Wallet::primary(CRYPTO_SHARD)));
    let first = place(&mut twin, &rests("first", 3, 98)).expect("accepted");
    place(&mut twin, &rests("second", 4, 97)).expect("accepted");
    assert_eq!(reserved(&twin), Money::from_cents(3 * 2 + 4 * 3));
    let (ask, _) = best(&twin, &ticker, BookSide::Ask);
    let bought = place(&mut twin, &order(&ticker, "bought", BookSide::Bid, 5, ask)).expect("accepted");
    assert_eq!(bought.filled, contracts(5));
    assert_eq!(reserved(&twin), Money::from_cents(2 * 3), "the first closes three, the second two of its four");
    let amended = AmendOrder {
        order_id: first.order_id.clone(),
        ticker: ticker.clone(),
        side: BookSide::Ask,
        price: Price::from_cents(96),
        count: contracts(5),
        client_order_id: None,
        updated_client_order_id: None,
        expires_at: None,
        exchange_index: Some(CRYPTO_SHARD),
        subaccount: None,
    };
    let at = twin.now() + TimeSpan::from_seconds(1);
    twin.apply(at, &Mutation::AmendOrder(amended)).expect("amended");
    assert_eq!(reserved(&twin), Money::from_cents(4 * 3), "the first is still the older one and closes all five");
    let bid = CreateOrder { side: BookSide::Bid, ..rests("bid", 2, 3) };
    let bid = place(&mut twin, &bid).expect("accepted");
    assert_eq!(reserved(&twin), Money::from_cents(4 * 3 + 2 * 3), "what is held is closed by asks only");
    cancel(&mut twin, &bid.order_id).expect("cancelled");
    cancel(&mut twin, &first.order_id).expect("cancelled");
    assert_eq!(reserved(&twin), Money::ZERO, "the second closes all that it sells");
    let (bid, _) = best(&twin, &ticker, BookSide::Bid);
    let sold = place(&mut twin, &order(&ticker, "sold", BookSide::Ask, 5, bid)).expect("accepted");
    assert_eq!(sold.filled, contracts(5));
    assert_eq!(reserved(&twin), Money::from_cents(4 * 3), "nothing is left to close");
}

#[test]
fn a_resting_order_expires_at_its_time() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let mut resting = order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(1));
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    resting.expires_at = Some(after(&twin, 30));
    place(&mut twin, &resting).expect("accepted");
    let to = after(&twin, 31);
    let outputs = twin.advance(to);
    let expired = |output: &Output| matches!(output, Output::Order(order) if order.reason == Some("ExpiryCancel"));
    assert!(outputs.iter().any(expired));
    assert_eq!(
        twin.account().ledger.balance(LedgerAccount::Cash(Wallet::primary(ExchangeIndex::new(2)))),
        twin.config().starting_cash
    );
}

#[test]
fn an_account_never_trades_with_itself() {
    for (prevention, maker_left) in [(SelfTradePrevention::TakerAtCross, true), (SelfTradePrevention::Maker, false)] {
        let mut twin = young(1);
        let ticker = market_worth(&twin, 50.0);
        let (bid, _) = best(&twin, &ticker, BookSide::Bid);
        let (ask, _) = best(&twin, &ticker, BookSide::Ask);
        // A bid alone at the best price, one step above the makers where there is room, else behind them.
        let mine = if ask.units() - bid.units() > 100 { bid + Price::from_cents(1) } else { bid };
        let mut resting = order(&ticker, "rest", BookSide::Bid, 4, mine);
        resting.time_in_force = TimeInForce::GoodTillCanceled;
        place(&mut twin, &resting).expect("accepted");
        let ahead = if mine == bid { best(&twin, &ticker, BookSide::Bid).1 - contracts(4) } else { Quantity::ZERO };
        let mut sell = order(&ticker, "sell", BookSide::Ask, 1, mine);
        sell.count = ahead + contracts(2);
        sell.self_trade_prevention = prevention;
        let answer = place(&mut twin, &sell).expect("accepted");
        assert_eq!((answer.filled, answer.remaining), (ahead, Quantity::ZERO));
        let rest = twin.account().orders.values().next().expect("kept").clone();
        assert_eq!(rest.status == OrderStatus::Resting, maker_left);
        assert!(rest.filled.is_zero());
    }
}

#[test]
fn older_orders_at_a_price_trade_first() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let (bid, size) = best(&twin, &ticker, BookSide::Bid);
    let mut resting = order(&ticker, "mine", BookSide::Bid, 4, bid);
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    place(&mut twin, &resting).expect("accepted");
    let book = &twin.markets[&twin.by_ticker[ticker.as_str()]].book;
    let owners: Vec<_> = book.levels(BookSide::Bid)[&bid].orders().map(|order| order.remaining).collect();
    assert_eq!(owners.last(), Some(&contracts(4)), "behind what was there");
    assert_eq!(best(&twin, &ticker, BookSide::Bid).1, size + contracts(4));

    // Whoever sells meets what was there before, and only then what came last.
    let number = twin.by_ticker[ticker.as_str()];
    let filled = |twin: &Twin| twin.account().fills.iter().map(|fill| fill.count).sum::<Quantity>();
    twin.match_incoming(number, Incoming::crowd(BookSide::Ask, bid, size));
    assert_eq!(filled(&twin), Quantity::ZERO);
    twin.match_incoming(number, Incoming::crowd(BookSide::Ask, bid, contracts(3)));
    assert_eq!(filled(&twin), contracts(3));
}

#[test]
fn after_the_close_every_order_operation_finds_an_inactive_market() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let mut resting = order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(1));
    resting.time_in_force = TimeInForce::GoodTillCanceled;
    let answer = place(&mut twin, &resting).expect("accepted");
    let close = TwinConfig::demo(1).start + TimeSpan::from_minutes(60);
    let outputs = twin.advance(close);
    let closed = |output: &Output| matches!(output, Output::Order(order) if order.reason == Some("CloseCancel"));
    assert!(outputs.iter().any(closed), "the exchange cancels what rests");
    assert_eq!(cancel(&mut twin, &answer.order_id).expect_err("closed").code(), "MARKET_INACTIVE");
    let late = order(&ticker, "late", BookSide::Bid, 1, Price::from_cents(1));
    assert_eq!(place(&mut twin, &late).expect_err("closed").code(), "MARKET_INACTIVE");
}
