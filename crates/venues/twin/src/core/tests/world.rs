//! The world repeats, stays calm where it must, and gives a desk something to do.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rec_domain::{BookSide, Price, Quantity, Side, TimeSpan, Timestamp};

use super::support::{best, market_worth, order, young};
use crate::core::{Asset, Mutation, Output, Twin, TwinConfig};

fn text(outputs: &[Output]) -> String {
    format!("{outputs:?}")
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let play = |seed| {
        let mut twin = Twin::new(TwinConfig::demo(seed));
        let to = twin.config().start + TimeSpan::from_minutes(5);
        text(&twin.advance(to))
    };
    assert_eq!(play(1), play(1));
    assert_ne!(play(1), play(2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn the_size_of_the_steps_changes_nothing(steps in proptest::collection::vec(1_i64..20_000_000, 5..40)) {
        let mut whole = young(3);
        let mut stepped = young(3);
        let (mut to, mut outputs) = (stepped.now(), Vec::new());
        for step in steps {
            to += TimeSpan::from_micros(step);
            outputs.extend(stepped.advance(to));
        }
        prop_assert_eq!(text(&outputs), text(&whole.advance(to)));
    }
}

#[test]
fn a_journal_of_mutations_rebuilds_the_same_world() {
    let mut twin = young(5);
    let mut journal: Vec<(Timestamp, Mutation)> = Vec::new();
    for number in 0..20 {
        let at = twin.now() + TimeSpan::from_millis(700 + number * 331);
        twin.advance_quietly(at);
        let ticker = market_worth(&twin, 50.0);
        let side = if number % 2 == 0 { BookSide::Bid } else { BookSide::Ask };
        let (price, _) = best(&twin, &ticker, side.opposite());
        let mutation = Mutation::CreateOrder(order(&ticker, &format!("o{number}"), side, 3, price));
        if twin.apply(at, &mutation).is_ok() {
            journal.push((at, mutation));
        }
    }
    let end = twin.now() + TimeSpan::from_minutes(4);
    drop(twin.take_outputs());
    let seen = text(&twin.advance(end));
    let mut rebuilt = Twin::new(TwinConfig::demo(5));
    for (at, mutation) in &journal {
        let text = serde_json::to_string(mutation).expect("serialises");
        rebuilt.apply(*at, &serde_json::from_str(&text).expect("parses")).expect("accepted before");
    }
    drop(rebuilt.take_outputs());
    assert_eq!(text(&rebuilt.advance(end)), seen);
    assert_eq!(rebuilt.account().ledger, twin.account().ledger);
    assert_eq!(rebuilt.account().fills, twin.account().fills);
}

/// The predecessor's score: weighted moves over 1, 2, 3, 4, 15 and 30 minutes, in percent.
fn momentum(closes: &[f64]) -> f64 {
    const WEIGHTS: [(usize, f64); 6] = [(1, 0.30), (2, 0.25), (3, 0.20), (4, 0.15), (15, 0.05), (30, 0.05)];
    let now = closes[closes.len() - 1];
    WEIGHTS
        .iter()
        .map(|(minutes, weight)| {
            let then = closes[closes.len() - 1 - minutes * 60];
            weight * 100.0 * (now - then) / then
        })
        .sum()
}

#[test]
fn the_first_hour_is_calm_for_any_seed() {
    for seed in 1..=20 {
        let config = TwinConfig::demo(seed);
        let mut path =
            crate::core::path::PricePath::new(seed, config.start - TimeSpan::from_minutes(31), config.calm_until());
        let closes: Vec<f64> = (0..91 * 60).map(|_| path.step(1).spot.as_f64()).collect();
        for second in 31 * 60..closes.len() {
            let score = momentum(&closes[..=second]);
            assert!(score.abs() < 0.25, "seed {seed}, second {second}: {score}");
        }
    }
}

/// What a desk with the shipped settings could take: favoured side, fair value, ask and time.
fn opportunities(twin: &Twin) -> Vec<(String, Side)> {
    let mut found = Vec::new();
    for market in twin.markets.values() {
        let event = &twin.events[&market.event];
        let ttc = event.time_to_close(twin.now()).seconds();
        if !event.is_open(twin.now()) || !(120..=900).contains(&ttc) || market.volume < Quantity::from_contracts(1_000)
        {
            continue;
        }
        let yes = twin.fair_value(&market.name.ticker).expect("known");
        let ask = |side: Side| {
            let level = market.book.best(side.opening_book_side().opposite());
            level.map(|(price, _)| side.convert_price(price))
        };
        for (side, fair) in [(Side::Yes, yes), (Side::No, 1.0 - yes)] {
            let cheap = |ask: Price| ask <= Price::from_cents(98) && 100.0 * fair - ask.points() >= 1.0;
            if fair >= 0.955 && ask(side).is_some_and(cheap) {
                found.push((market.name.ticker.to_string(), side));
            }
        }
    }
    found
}

#[test]
fn the_last_quarter_of_the_first_hour_offers_entries_for_every_seed() {
    let mut sides_over_all = BTreeSet::new();
    for seed in 1..=20 {
        let mut twin = Twin::new(TwinConfig::demo(seed));
        let quarter = twin.config().start + TimeSpan::from_minutes(45);
        twin.advance_quietly(quarter);
        let (mut distinct, mut seconds) = (BTreeSet::new(), 0);
        for second in (0..780).step_by(2) {
            twin.advance_quietly(quarter + TimeSpan::from_seconds(second));
            let found = opportunities(&twin);
            seconds += usize::from(!found.is_empty());
            distinct.extend(found);
        }
        println!("seed {seed}: {} strikes and sides, in {seconds} of 390 looks", distinct.len());
        sides_over_all.extend(distinct.iter().map(|(_, side)| *side));
        assert!(distinct.len() >= 2 && seconds >= 100, "seed {seed}: {distinct:?} in {seconds} s");
    }
    assert_eq!(sides_over_all.len(), 2, "YES and NO are offered");
}

#[test]
fn near_markets_have_traded_a_thousand_contracts_before_the_last_quarter() {
    for seed in [1, 2, 3] {
        let mut twin = Twin::new(TwinConfig::demo(seed));
        let at = twin.config().start + TimeSpan::from_minutes(40);
        twin.advance_quietly(at);
        let index = twin.point(Asset::Bitcoin).index.as_f64();
        for market in twin.markets.values().filter(|market| twin.events[&market.event].is_open(twin.now())) {
            if (market.strike.anchor().expect("known") - index).abs() < 450.0 {
                assert!(market.volume >= Quantity::from_contracts(1_000), "{}: {}", market.name.ticker, market.volume);
            }
        }
    }
}

#[test]
fn the_load_on_a_reader_is_moderate() {
    let mut twin = young(1);
    let to = twin.now() + TimeSpan::from_minutes(50);
    let outputs = twin.advance(to);
    let deltas = outputs.iter().filter(|output| matches!(output, Output::Book(_))).count();
    let tickers = outputs.iter().filter(|output| matches!(output, Output::Ticker(_))).count();
    println!("per market second: {} deltas, {} tickers", deltas as f64 / 3_000.0, tickers as f64 / 3_000.0);
    assert!((5 * 3_000..30 * 3_000).contains(&deltas), "{deltas}");
}

#[test]
fn what_nobody_needs_any_more_is_forgotten() {
    let mut twin = Twin::new(TwinConfig::demo(11));
    let to = twin.config().start + TimeSpan::from_minutes(60 * 9);
    twin.advance_quietly(to);
    assert!(twin.events.len() <= 8 && twin.markets.len() <= 8 * 71, "{} events", twin.events.len());
    assert_eq!(twin.markets.len(), twin.by_ticker.len());
    assert!(twin.underlyings[&Asset::Bitcoin].prints.len() <= 7_200 && twin.trades.len() <= 5_000);
    assert!(!twin.archive.is_empty() && twin.archive.len() <= 6_000, "{} archived", twin.archive.len());
}

#[test]
fn makers_never_cross_each_other_and_quote_on_the_grid() {
    let mut twin = young(9);
    for _ in 0..600 {
        let to = twin.now() + TimeSpan::from_seconds(5);
        twin.advance_quietly(to);
        for market in twin.markets.values() {
            let (bid, ask) = (market.book.best(BookSide::Bid), market.book.best(BookSide::Ask));
            if let (Some((bid, _)), Some((ask, _))) = (bid, ask) {
                assert!(bid < ask, "{}: {bid} against {ask}", market.name.ticker);
            }
        }
    }
}
