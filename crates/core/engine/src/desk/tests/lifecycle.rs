//! `docs/LIFECYCLE.md` shows the lives of orders and trades as the code has them.

use rec_domain::order::Order;

use super::*;
use crate::desk::{
    order_life::{self, OrderEffect, OrderInput},
    trade_life::{self, TradeFacts, TradeInput},
};

/// Every input of an order, with what it is.
const ORDER_INPUTS: [(OrderInput, &str); 15] = [
    (OrderInput::Rests, "answer: taken, and it rests"),
    (OrderInput::FilledAtOnce, "answer: taken, all filled"),
    (OrderInput::EndedAtOnce, "answer: taken, the rest is gone"),
    (OrderInput::AlreadyThere, "answer: 409, it is there already"),
    (OrderInput::NoAnswer, "no answer, or an unreadable one"),
    (OrderInput::Refused, "answer: refused"),
    (OrderInput::NotSent, "it certainly never left"),
    (OrderInput::Denied, "refused or not sent, though the exchange has shown it"),
    (OrderInput::SeenResting, "report: it rests"),
    (OrderInput::SeenFilled, "report: ended, all filled"),
    (OrderInput::SeenEnded, "report: ended with less"),
    (OrderInput::SeenOtherwise, "report: in an unknown state"),
    (OrderInput::FillCompletes, "a fill is booked that completes it"),
    (OrderInput::FillLeavesRest, "a fill is booked that leaves a rest"),
    (OrderInput::ProvenAbsent, "a complete reading, 35 s past its signature, does not have it"),
];

/// Every input of a trade, with what it is and what it does to the books.
const TRADE_INPUTS: [(TradeInput, &str, &str); 4] = [
    (TradeInput::Looked, "an order of it changed, or the market closed", "nothing"),
    (
        TradeInput::Filled,
        "a fill is booked to it",
        "entry: position at cost and fee against cash; exit: cash against position at its share of cost, fee and result",
    ),
    (TradeInput::Revived, "an order of it turns out not to have ended", "nothing; its worst case counts again"),
    (
        TradeInput::Paid,
        "its market pays it",
        "cash against position at cost and result; takes back an earlier payment first",
    ),
];

/// An order of ten contracts in a state, of which nothing is filled as far as anybody knows.
fn order_in(state: OrderState) -> Order {
    let mut bench = Bench::ready();
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 10)).expect("admitted");
    Order { state, ..bench.desk.books().orders[&intent].clone() }
}

fn orders() -> String {
    let yes = |holds: bool| if holds { "yes" } else { "" };
    let mut text =
        "| state | has ended | may still cost its worst case | stops its trade's other orders |\n".to_owned();
    text += "| --- | --- | --- | --- |\n";
    for state in OrderState::ALL {
        let order = order_in(*state);
        let (costs, stops) = (!order.open_worst_case().is_zero(), !order.is_complete());
        text += &format!("| `{}` | {} | {} | {} |\n", state.name(), yes(state.is_final()), yes(costs), yes(stops));
    }
    text += "\n| what is learned |";
    for state in OrderState::ALL {
        text += &format!(" from `{}` |", state.name());
    }
    text += &format!("\n| --- |{}\n", " --- |".repeat(OrderState::ALL.len()));
    for (input, words) in ORDER_INPUTS {
        text += &format!("| {words} |");
        for state in OrderState::ALL {
            let (next, effects) = order_life::next(*state, input);
            let effects = effects.iter().map(|effect| match effect {
                OrderEffect::Look => ", look",
                OrderEffect::Alarm => ", alarm",
            });
            let effects: String = effects.collect();
            text += &match next == *state {
                true if effects.is_empty() => " - |".to_owned(),
                true => format!(" {} |", effects.trim_start_matches(", ")),
                false => format!(" `{}`{effects} |", next.name()),
            };
        }
        text += "\n";
    }
    text
}

/// Everything that can hold of a trade: what is held was bought.
fn facts() -> impl Iterator<Item = TradeFacts> {
    (0_u8..32)
        .map(|bits| TradeFacts {
            held: bits & 1 != 0,
            opening: bits & 2 != 0,
            closing: bits & 4 != 0,
            market_closed: bits & 8 != 0,
            entered: bits & 16 != 0,
        })
        .filter(|facts| facts.entered || !facts.held)
}

fn trades() -> String {
    let yes = |holds: bool| if holds { "yes" } else { "" };
    let mut text = "| held | entry under way | exit under way | market closed | state |\n".to_owned();
    text += "| --- | --- | --- | --- | --- |\n";
    let mut shown = std::collections::BTreeSet::new();
    for TradeFacts { held, opening, closing, market_closed, .. } in facts() {
        if !shown.insert((held, opening, closing, market_closed)) {
            continue;
        }
        let of = |entered| TradeFacts { held, opening, closing, market_closed, entered }.state().name();
        let state = match (of(false), of(true)) {
            (never, ever) if held || never == ever => format!("`{ever}`"),
            (never, ever) => format!("`{never}` if nothing ever was held, else `{ever}`"),
        };
        let (held, opening, closing, closed) = (yes(held), yes(opening), yes(closing), yes(market_closed));
        text += &format!("| {held} | {opening} | {closing} | {closed} | {state} |\n");
    }
    text += "\n| what happens |";
    for state in TradeState::ALL {
        text += &format!(" `{}` |", state.name());
    }
    text += &format!(" in the ledger |\n| --- |{} --- |\n", " --- |".repeat(TradeState::ALL.len()));
    for (input, words, posted) in TRADE_INPUTS {
        text += &format!("| {words} |");
        for state in TradeState::ALL {
            let mut next: Vec<_> = facts().map(|facts| trade_life::next(*state, input, facts)).collect();
            next.dedup();
            text += &match next.as_slice() {
                [one] if one == state => " - |".to_owned(),
                [one] => format!(" `{}` |", one.name()),
                _ => " as above |".to_owned(),
            };
        }
        text += &format!(" {posted} |\n");
    }
    text
}

#[test]
fn the_page_of_life_cycles_shows_what_the_code_does() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/LIFECYCLE.md");
    let Ok(text) = std::fs::read_to_string(page) else {
        println!("SKIPPED: {page} is not in this source set");
        return;
    };
    for (name, tables) in [("orders", orders()), ("trades", trades())] {
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let (_, rest) = text.split_once(&begin).expect("the page marks where the tables begin");
        let (shown, _) = rest.split_once(&end).expect("the page marks where the tables end");
        assert_eq!(shown, tables, "put this between the marks of {name} in {page}:\n{tables}");
    }
}

#[test]
fn every_input_of_an_order_is_in_the_table_and_none_brings_back_what_is_filled() {
    for (at, (input, _)) in ORDER_INPUTS.iter().enumerate() {
        assert_eq!(*input as usize, at, "in the order of the code, so that none is left out");
        assert_eq!(order_life::next(OrderState::Executed, *input).0, OrderState::Executed, "{input:?}");
    }
    assert_eq!(OrderInput::ProvenAbsent as usize + 1, ORDER_INPUTS.len());
}

#[test]
fn only_proof_ends_an_order_that_may_have_been_taken() {
    let ends = |input: &OrderInput| order_life::next(OrderState::Unknown, *input).0.is_final();
    let ending: Vec<OrderInput> = ORDER_INPUTS.iter().map(|(input, _)| *input).filter(ends).collect();
    assert!(!ending.contains(&OrderInput::NoAnswer) && !ending.contains(&OrderInput::AlreadyThere));
    assert!(ending.contains(&OrderInput::ProvenAbsent) && ending.contains(&OrderInput::SeenEnded));
}
