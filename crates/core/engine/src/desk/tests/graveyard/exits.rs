//! Positions that were closed twice, closed on paper only, or left without their stop.

use super::{supervisors::Scene, *};

const LOSING: Scene = Scene { yes_percent: 20.0, bid_cents: 42 };

/// freqtrade #13332: a second order to sell went out while the first was open, and both filled.
#[test]
fn two_who_want_out_at_the_same_time_send_one_order() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.holds(20);
    let mut supervisor = ExitSupervisor::new();
    bench.committing = false;
    supervisor.look(&mut bench, LOSING);
    let by_hand = CloseRequest {
        trade,
        limit: Price::from_cents(30),
        origin: Origin::Manual,
        reason: "out".to_owned(),
        decided_at: bench.now,
    };
    bench.ask("by hand", DeskCommand::Close(by_hand));
    bench.committing = true;
    let number = bench.commits.last().expect("in flight").number;
    bench.tell(DeskInput::Committed { number });
    let Some(DeskReply::Refused(refusal)) = bench.reply("by hand") else { panic!("both were accepted") };
    assert_eq!(refusal.code, RefusalCode::AlreadyClosing);
    let (close, _) = bench.closes()[0].clone();
    bench.lose(close);
    assert_eq!(bench.close("again", trade), Err(RefusalCode::AlreadyClosing), "unknown is not gone");
    bench.report(Report::Fill(FillReport {
        client_order_id: Some(close.client_order_id()),
        ..bench.fill_of("sold", order_id(close), BookSide::Ask, 42, 20)
    }));
    assert_eq!((bench.closes().len(), bench.net()), (1, Quantity::ZERO));
}

/// freqtrade #12528: a stop was placed again right after its position had been closed.
#[test]
fn a_supervisor_that_looks_at_yesterdays_view_closes_nothing_that_is_closed() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.holds(20);
    let before = Box::new(bench.desk.books().view(&DeskConfig::default(), bench.now));
    let mut supervisor = ExitSupervisor::new();
    supervisor.look(&mut bench, LOSING);
    let (close, _) = bench.closes()[0].clone();
    bench.acknowledge(close, 20);
    bench.fill("sold", close, BookSide::Ask, 42, 20);
    assert_eq!(bench.state(trade), TradeState::Closed);
    let mut late = ExitSupervisor::new();
    assert_eq!(late.look_at(&mut bench, LOSING, before), 1, "it does not know yet");
    assert_eq!((bench.closes().len(), bench.net()), (1, Quantity::ZERO), "the desk does");
    bench.later(1);
    assert_eq!(late.look(&mut bench, LOSING) + supervisor.look(&mut bench, LOSING), 0);
}

/// banbot #163: a position whose entry filled while the bot was down came back without its stop, since stops were
/// placed only when a fill was seen to arrive.
#[test]
fn a_position_that_appeared_while_everything_was_down_has_its_stop_at_the_first_look() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.lose(intent);
    bench.restart();
    bench.report(Report::Fill(FillReport {
        client_order_id: Some(intent.client_order_id()),
        ..bench.fill_of("meanwhile", order_id(intent), BookSide::Bid, 93, 20)
    }));
    assert_eq!(bench.state(trade), TradeState::Open);
    let mut supervisor = ExitSupervisor::new();
    assert_eq!(supervisor.look(&mut bench, LOSING), 1);
    let (close, spec) = bench.closes()[0].clone();
    assert_eq!(spec.quantity, Quantity::from_contracts(20));
    // It finds no buyer: the stop is wanted for as long as something is held.
    bench.acknowledge(close, 0);
    bench.later(1);
    assert_eq!(ExitSupervisor::new().look(&mut bench, LOSING), 1);
}

/// kalshi-ai-trading-bot #49: positions were marked as closed in the database and were still open at the exchange.
#[test]
fn a_trade_is_closed_by_its_fills_and_not_by_the_wish_to_close_it() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.holds(20);
    let no_buyer = |bench: &mut Bench, close| bench.acknowledge(close, 0);
    let refused = |bench: &mut Bench, close| {
        let outcome = Outcome::Rejected { status: 400, code: "no".to_owned(), message: String::new() };
        bench.answer(close, outcome);
    };
    let not_sent = |bench: &mut Bench, close| {
        bench.answer(close, Outcome::NotSent { reason: NotSent::Unreachable { detail: "no route".to_owned() } });
    };
    type Ending<'a> = &'a dyn Fn(&mut Bench, IntentId);
    let endings: [Ending<'_>; 3] = [&no_buyer, &refused, &not_sent];
    for (number, ending) in endings.into_iter().enumerate() {
        let close = bench.close(&format!("close {number}"), trade).expect("still open");
        ending(&mut bench, close);
        assert_eq!((bench.state(trade), bench.net()), (TradeState::Open, Quantity::from_contracts(20)));
        bench.later(1);
    }
    let close = bench.close("partly", trade).expect("still open");
    bench.acknowledge(close, 13);
    bench.fill("sold", close, BookSide::Ask, 42, 13);
    assert_eq!((bench.state(trade), bench.net()), (TradeState::Open, Quantity::from_contracts(7)));
    assert_eq!(ExitSupervisor::new().look(&mut bench, LOSING), 0, "half a second has to pass");
    bench.later(1);
    assert_eq!(ExitSupervisor::new().look(&mut bench, LOSING), 1, "what is left is supervised");
}
