//! Load is what was asked for, repeats, and leaves prices alone.

use std::collections::BTreeMap;

use rec_domain::{TimeSpan, Timestamp};

use crate::core::{Output, Twin, TwinConfig};

/// A world with `flicker`, at its opening so many minutes into its first hour.
fn opened(flicker: u32, minutes: i64) -> Twin {
    let mut twin = Twin::new(TwinConfig { flicker, warm_up: TimeSpan::from_minutes(minutes), ..TwinConfig::demo(1) });
    let opening = twin.config().opening();
    twin.advance_quietly(opening);
    twin
}

/// Changes of books by market in the `seconds` from now.
fn changes(twin: &mut Twin, seconds: i64) -> BTreeMap<String, usize> {
    let to = twin.now() + TimeSpan::from_seconds(seconds);
    let mut by_market = BTreeMap::new();
    for output in twin.advance(to) {
        if let Output::Book(change) = output {
            *by_market.entry(change.market.ticker.to_string()).or_default() += 1;
        }
    }
    by_market
}

fn total(changes: &BTreeMap<String, usize>) -> usize {
    changes.values().sum()
}

#[test]
fn so_many_more_changes_come_as_were_asked_for_and_again_with_the_same_seed() {
    let usual = total(&changes(&mut opened(0, 1), 4));
    let loaded = changes(&mut opened(1_000, 1), 4);
    assert!(total(&loaded) >= 4_000, "{loaded:?}");
    assert!(total(&loaded) < 4_000 + 3 * usual + 1_000, "{} beside {usual} without", total(&loaded));
    let busy = loaded.values().filter(|count| **count >= 100).count();
    assert!(busy >= 10, "spread over the markets near the price: {loaded:?}");
    assert_eq!(loaded, changes(&mut opened(1_000, 1), 4));
}

#[test]
fn prices_of_the_index_are_those_of_the_world_without_load() {
    let prints = |flicker| -> Vec<(Timestamp, i64)> {
        let mut twin = opened(flicker, 1);
        let to = twin.now() + TimeSpan::from_seconds(10);
        let outputs = twin.advance(to).into_iter();
        outputs
            .filter_map(|output| if let Output::Index(print) = output { Some(print) } else { None })
            .map(|print| (print.stamped, print.value.units()))
            .collect()
    };
    assert!(prints(0).len() >= 9);
    assert_eq!(prints(0), prints(500));
}

#[test]
fn nothing_of_it_stays_in_a_book_that_is_left() {
    let mut twin = opened(200, 59);
    drop(changes(&mut twin, 5));
    // The hour closes: what flickered in it is forgotten, and the next hour flickers.
    let close = twin.config().start + TimeSpan::from_minutes(60);
    twin.advance_quietly(close + TimeSpan::from_seconds(3));
    assert!(total(&changes(&mut twin, 2)) >= 400);
    let open = twin.events.values().filter(|event| event.is_open(twin.now()));
    let open: Vec<u32> = open.flat_map(|event| event.markets.clone()).collect();
    assert!(twin.flicker.markets().all(|number| open.contains(&number)));
}
