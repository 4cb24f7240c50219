//! Books that did not come from fills, or took some of the truth for all of it.

use super::*;

/// nautilus #3046: after a start, fills that had been booked were booked again.
#[test]
fn fills_that_are_told_again_after_a_start_are_booked_once() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.holds(20);
    let (cash, number) = (bench.cash(), bench.report);
    for _ in 0..2 {
        bench.restart();
        for earlier in 1..=number {
            let report = Report::Fill(bench.fill_of("held", order_id(intent), BookSide::Bid, 93, 20));
            bench.tell(DeskInput::Report { number: earlier, report });
        }
        assert_eq!((bench.cash(), bench.net()), (cash, Quantity::from_contracts(20)));
        assert_eq!(bench.desk.books().trades[&trade].entered, Quantity::from_contracts(20));
    }
}

/// nautilus #3860: fills that came by reconciliation were charged rate x count x price, without the (1 - price).
#[test]
fn a_fee_is_the_same_by_whatever_way_a_fill_comes() {
    let (count, price) = (20_i64, Price::from_cents(93));
    // 0.07 x 20 x 0.93 x 0.07 = 0.091140, and up to the next hundredth of a cent.
    let expected = "0.0912";
    let unstated = |fill: FillReport| FillReport { fee: None, ..fill };
    let at_once = |bench: &mut Bench, intent: IntentId| {
        bench.acknowledge(intent, count);
        let fill = bench.fill_of("f", order_id(intent), BookSide::Bid, 93, count);
        bench.report(Report::Fill(unstated(fill)));
    };
    let found_later = |bench: &mut Bench, intent: IntentId| {
        let fill = bench.fill_of("f", order_id(intent), BookSide::Bid, 93, count);
        bench.report(Report::Fill(unstated(fill)));
        bench.restart();
        bench.acknowledge(intent, count);
    };
    let by_hand = |bench: &mut Bench, intent: IntentId| {
        bench.acknowledge(intent, 0);
        let fill = bench.fill_of("f", OrderId::new("by-hand"), BookSide::Bid, 93, count);
        bench.report(Report::Fill(FillReport { client_order_id: Some(ClientOrderId::new("mine")), ..unstated(fill) }));
    };
    let taken_for_foreign = |bench: &mut Bench, intent: IntentId| {
        bench.acknowledge(intent, 0);
        let fill = bench.fill_of("f", OrderId::new("nobody's"), BookSide::Bid, 93, count);
        bench.report(Report::Fill(unstated(fill)));
        bench.sweep(&[(MARKET, count)], bench.cash());
    };
    type Way<'a> = &'a dyn Fn(&mut Bench, IntentId);
    let ways: [(&str, Way<'_>); 4] = [
        ("at once", &at_once),
        ("found later", &found_later),
        ("by hand", &by_hand),
        ("taken for foreign", &taken_for_foreign),
    ];
    for (name, way) in ways {
        let mut bench = Bench::ready();
        let (intent, _) = bench.open("a", bench.wanted(Side::Yes, count)).expect("admitted");
        way(&mut bench, intent);
        assert_eq!(bench.desk.books().ledger[&Account::Fees].to_string(), expected, "{name}");
        assert_eq!(
            Money::from_dollars(1_000) - bench.cash(),
            price * Quantity::from_contracts(count) + expected.parse().expect("money"),
            "{name}"
        );
    }
    let stated = FeeSchedule::CRYPTO.fee(Liquidity::Taker, price.complement(), Quantity::from_contracts(count));
    assert_eq!(stated.expect("known").to_string(), expected, "and of either side");
}

/// nautilus #4566: a reading of the account that left something out was taken for the whole of it.
#[test]
fn a_row_that_is_missing_is_no_empty_position_and_no_order_is_absent_for_what_was_not_read() {
    let mut bench = Bench::ready();
    bench.holds(20);
    bench.sweep(&[], bench.cash());
    assert_eq!(bench.net(), Quantity::from_contracts(20), "compared, never copied");
    bench.sweep(&[], bench.cash());
    assert!(bench.desk.books().halts.contains_key(&HaltSource::Reconciliation), "seen twice, it halts entries");
    assert_eq!(bench.net(), Quantity::from_contracts(20));

    let mut bench = Bench::ready();
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.lose(intent);
    let signed_at = bench.now;
    bench.now += TimeSpan::from_minutes(5);
    let since = Some(signed_at);
    let balances = vec![(SHARD, Money::from_dollars(1_000))];
    let partial = Sweep { since, balances, ..swept(bench.now) };
    bench.report(Report::Sweep(partial));
    let state = bench.desk.books().orders[&intent].state;
    assert_eq!(state, OrderState::Unknown, "a reading that begins after the order says nothing of it");
    bench.sweep(&[], Money::from_dollars(1_000));
    assert_eq!(bench.desk.books().orders[&intent].state, OrderState::Absent, "a complete one does");
}
