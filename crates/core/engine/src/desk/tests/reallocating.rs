//! Fills that are heard of in another order than the exchange made them: cost and result are those of its order.

use super::*;

/// A desk that holds 10 contracts of a side bought at 91 cents of it, bought 10 more at 61 and then sold 10 at 70, and
/// has not heard of the second purchase. Gives its fill.
fn behind(side: Side) -> (Bench, TradeId, FillReport) {
    let of_yes = |cents: i64| if side == Side::Yes { cents } else { 100 - cents };
    let mut bench = Bench::ready();
    let buy = |name: &str, bench: &mut Bench| {
        let wanted = OpenRequest { origin: Origin::Manual, ..bench.wanted(side, 10) };
        let (intent, trade) = bench.open(name, wanted).expect("admitted");
        bench.acknowledge(intent, 10);
        bench.later(1);
        (intent, trade)
    };
    let (first, trade) = buy("a", &mut bench);
    bench.fill("f1", first, side.opening_book_side(), of_yes(91), 10);
    let (second, same) = buy("b", &mut bench);
    assert_eq!(same, trade);
    let unheard = bench.fill_of("f2", order_id(second), side.opening_book_side(), of_yes(61), 10);
    bench.later(1);
    let close = bench.close("c", trade).expect("accepted");
    bench.acknowledge(close, 10);
    bench.fill("f3", close, side.opposite().opening_book_side(), of_yes(70), 10);
    bench.commits.clear();
    (bench, trade, unheard)
}

#[test]
fn a_fill_heard_of_after_a_later_close_moves_cost_as_the_exchange_has_it() {
    for side in [Side::Yes, Side::No] {
        let (mut bench, trade, unheard) = behind(side);
        assert_eq!(bench.desk.books().trades[&trade].open_cost, Money::ZERO, "all that was known is sold");
        let (today, fee) = (bench.desk.books().realised_today, unheard.fee.expect("stated"));
        bench.report(Report::Fill(unheard));
        // The exchange sold half of what cost 9.10 and 6.10.
        let half = Money::from_cents(760);
        let held = bench.desk.books().trades[&trade].clone();
        assert_eq!((held.held(), held.open_cost), (Quantity::from_contracts(10), half));
        let posted = bench.posted();
        let kinds: Vec<PostingKind> = posted.iter().map(|posting| posting.kind).collect();
        assert_eq!(kinds, [PostingKind::Entry, PostingKind::Reallocation]);
        assert_eq!(posted[1].lines().len(), 2, "neither cash nor fees move");
        assert_eq!(posted[1].amount(&Account::Result), Money::from_cents(610 - 760));
        let books = bench.desk.books();
        assert_eq!(books.ledger[&Account::Position { ticker: MarketTicker::new(MARKET), side }], half);
        assert_eq!(books.ledger[&Account::Result], Money::from_cents(760 - 700));
        assert_eq!(books.realised_today, today + Money::from_cents(760 - 610) - fee);
        assert_eq!(bench.ledger_sum(), Money::ZERO);
    }
}

#[test]
fn fills_in_the_exchanges_order_move_nothing_also_after_a_restart() {
    let (mut bench, trade, unheard) = behind(Side::Yes);
    let late = FillReport { at: bench.now, ..unheard.clone() };
    bench.report(Report::Fill(late));
    assert_eq!(bench.posted().iter().map(|posting| posting.kind).collect::<Vec<_>>(), [PostingKind::Entry]);
    assert_eq!(bench.desk.books().trades[&trade].open_cost, Money::from_cents(610));

    let (bench, trade, unheard) = behind(Side::Yes);
    let mut bench = bench.restarted();
    bench.report(Report::Fill(unheard));
    assert_eq!(bench.desk.books().trades[&trade].open_cost, Money::from_cents(760));
}

#[test]
fn fills_are_forgotten_with_the_trades_of_their_market() {
    let (mut bench, trade, unheard) = behind(Side::Yes);
    bench.report(Report::Fill(unheard));
    bench.later(1);
    assert_eq!(bench.desk.books().legs.len(), 1);
    bench.now = close_time();
    bench.report(settlement("yes", 20, 10, 10));
    assert_eq!(bench.state(trade), TradeState::Settled);
    bench.later(1);
    assert!(bench.desk.books().legs.is_empty());
}
