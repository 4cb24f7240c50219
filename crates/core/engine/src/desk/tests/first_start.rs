//! The first start on an account that somebody has traded on before.

use super::*;

/// A reading that found these free dollars, and so many bound by resting orders.
fn read(bench: &mut Bench, free: i64, bound: i64) {
    bench.now += TimeSpan::from_seconds(30);
    let dollars = |dollars: i64| vec![(SHARD, Money::from_dollars(dollars))];
    let (balances, reserved) = (dollars(free), if bound == 0 { vec![] } else { dollars(bound) });
    bench.report(Report::Sweep(Sweep { balances, reserved, ..swept(bench.now) }));
}

/// Bought at 50 cents and sold at 90 a day ago, by hand.
fn traded_yesterday(bench: &mut Bench) {
    let yesterday = bench.now - TimeSpan::from_minutes(24 * 60);
    for (name, side, cents) in [("in", BookSide::Bid, 50), ("out", BookSide::Ask, 90)] {
        let fill = bench.fill_of(name, OrderId::new(name), side, cents, 10);
        bench.report(Report::Fill(FillReport { at: yesterday, ..fill }));
    }
}

#[test]
fn what_resting_orders_bind_is_no_difference_though_fills_were_booked_before_the_first_reading() {
    let mut bench = Bench::bare(DeskConfig::default());
    traded_yesterday(&mut bench);
    for _ in 0..5 {
        read(&mut bench, 960, 40);
    }
    assert!(bench.is_clean() && !bench.is_halted_for_its_books(), "{:?}", bench.desk.books().reconciliation);
    assert_eq!((bench.cash(), bench.ledger_sum()), (Money::from_dollars(960), Money::ZERO));
}

#[test]
fn what_was_won_before_is_no_result_of_the_day() {
    let mut bench = Bench::bare(DeskConfig::default());
    traded_yesterday(&mut bench);
    read(&mut bench, 1_000, 0);
    assert_eq!(bench.desk.books().ended.len(), 1, "it is booked");
    assert_eq!(bench.desk.books().realised_today, Money::ZERO);
}

#[test]
fn a_result_of_a_market_whose_fills_are_not_listed_any_more_is_part_of_what_was_there() {
    let mut bench = Bench::bare(DeskConfig::default());
    let Report::Settlement(paid) = settlement("yes", 20, 0, 20) else { unreachable!() };
    let settled_at = bench.now - TimeSpan::from_minutes(90 * 24 * 60);
    bench.report(Report::Settlement(SettlementReport { settled_at, ..paid }));
    for _ in 0..3 {
        read(&mut bench, 1_000, 0);
    }
    assert!(bench.is_clean() && !bench.is_halted_for_its_books(), "{:?}", bench.desk.books().reconciliation);
    assert_eq!((bench.cash(), bench.ledger_sum()), (Money::from_dollars(1_000), Money::ZERO));
}
