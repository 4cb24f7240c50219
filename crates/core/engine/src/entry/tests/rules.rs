//! What forbids an entry, and which reason comes first.

use super::*;

/// One reason to refuse, as a change of what the entry is decided on.
type Change = fn(&mut DeskView, &mut StrikeTable, &mut Market);

#[test]
fn each_rule_objects_by_itself() {
    use RefusalCode as Code;
    let halt = |desk: &mut DeskView| {
        desk.halts.push(Halt { source: HaltSource::Operator, reason: "lunch".to_owned(), since: at(-1) });
    };
    assert_eq!(objection(|desk, _table, _market| halt(desk)), Some(Code::Halted));
    let cases: &[(Change, Option<Code>)] = &[
        (|_desk, _table, _market| {}, None),
        (|desk, _table, _market| desk.armed = false, Some(Code::Disarmed)),
        (|desk, _table, _market| desk.settings.auto_entry = false, Some(Code::SwitchedOff)),
        (|desk, _table, _market| desk.at = at(-4), Some(Code::StaleDesk)),
        (|desk, _table, _market| desk.ready = false, Some(Code::Unreconciled)),
        (|_desk, table, _market| table.spot = None, Some(Code::StaleSpot)),
        (|_desk, table, _market| table.spot.as_mut().expect("spot").observed_at = at(-4), Some(Code::StaleSpot)),
        (|_desk, table, _market| table.index.as_mut().expect("index").received_at = at(-4), Some(Code::StaleIndex)),
        (|_desk, table, _market| table.at = at(-4), Some(Code::NoProbability)),
        (|_desk, table, _market| table.rows[0].yes = None, Some(Code::NoProbability)),
        (|_desk, table, _market| table.rows[0].top = None, Some(Code::StaleBook)),
        (|_desk, table, _market| table.rows[0].book_at = Some(at(-4)), Some(Code::StaleBook)),
        (|_desk, _table, market| market.status = MarketStatus::Inactive, Some(Code::MarketNotOpen)),
        (|_desk, _table, market| market.event = EventTicker::new("LATER"), Some(Code::MarketNotOpen)),
        (|_desk, _table, market| market.collateral = Collateral::Other("MECNET".to_owned()), Some(Code::UnknownTerms)),
        (|_desk, table, _market| table.rows[0].yes_edge = None, Some(Code::UnknownTerms)),
        (|_desk, _table, market| market.fees.kind = FeeKind::Unknown, Some(Code::Price)),
        (|desk, _table, _market| desk.settings.min_time_seconds = 601, Some(Code::OutsideWindow)),
        (|desk, _table, _market| desk.settings.max_time_seconds = 599, Some(Code::OutsideWindow)),
        (|desk, _table, _market| desk.settings.max_time_seconds = 600, None),
        (|desk, _table, _market| desk.history.push(past("A", -9, 0)), Some(Code::Cooldown)),
        (|desk, _table, _market| desk.history.push(past("A", -10, 0)), None),
        (
            |desk, _table, _market| desk.trades.push(trade("A", Side::Yes, TradeState::Closing)),
            Some(Code::AlreadyTraded),
        ),
        (|desk, _table, _market| desk.trades.push(trade("A", Side::No, TradeState::Open)), Some(Code::OppositeHeld)),
        (|desk, _table, _market| desk.trades.push(trade("B", Side::Yes, TradeState::Open)), None),
        (|desk, _table, _market| desk.settings.min_volume = Quantity::from_contracts(5_001), Some(Code::Volume)),
        (|desk, _table, _market| desk.settings.max_ask = Price::from_cents(91), Some(Code::AskLimit)),
        (|_desk, table, _market| table.rows[0].top = Some(Top::default()), Some(Code::AskLimit)),
        (|desk, _table, _market| desk.settings.min_probability_percent = 96.01, Some(Code::Probability)),
        (|desk, _table, _market| desk.settings.min_probability_percent = 96.0, None),
        (|desk, _table, _market| desk.settings.multiplier = 101, Some(Code::ContractsPerOrder)),
        (|desk, _table, _market| desk.caps.open_trades = 0, Some(Code::OpenTrades)),
        (|desk, _table, _market| desk.caps.orders_per_minute = 0, Some(Code::OrdersPerMinute)),
        (|desk, _table, _market| desk.exposure = Money::from_dollars(500), Some(Code::MoneyPerAccount)),
        (|desk, _table, _market| desk.cash.clear(), Some(Code::Cash)),
    ];
    for (number, (change, expected)) in cases.iter().enumerate() {
        assert_eq!(objection(change), *expected, "case {number}");
    }
}

#[test]
fn rules_are_applied_in_order() {
    let objects = |rules: usize| {
        let changes: [Change; 5] = [
            |desk, _table, _market| {
                desk.halts.push(Halt { source: HaltSource::Failure, reason: String::new(), since: at(-1) });
            },
            |desk, _table, _market| desk.settings.auto_entry = false,
            |_desk, table, _market| table.spot = None,
            |desk, _table, _market| desk.settings.max_time_seconds = 10,
            |desk, _table, _market| desk.settings.min_probability_percent = 99.0,
        ];
        objection(|desk, table, market| changes[rules..].iter().for_each(|change| change(desk, table, market)))
    };
    let expected = [
        RefusalCode::Halted,
        RefusalCode::SwitchedOff,
        RefusalCode::StaleSpot,
        RefusalCode::OutsideWindow,
        RefusalCode::Probability,
    ];
    assert_eq!([0, 1, 2, 3, 4].map(objects), expected.map(Some));
    assert_eq!(Rule::ALL.len(), 14);
}

#[test]
fn the_least_edge_has_no_hidden_tolerance() {
    // 92 cents cost 0.52 points of fee: 92.77 % is exactly 0.25 points, and the predecessor took -0.25.
    let with = |percent: f64| {
        objection(move |desk, table, _market| {
            desk.settings.min_probability_percent = 0.0;
            table.rows[0] = row("A", Side::Yes, percent, 92, 0);
        })
    };
    assert_eq!(with(92.77), None);
    assert_eq!(with(92.76), Some(RefusalCode::Edge));
    assert_eq!(with(92.30), Some(RefusalCode::Edge));
}

#[test]
fn after_a_trade_has_ended_only_re_entry_lets_the_same_side_in() {
    let with = |re_entry: bool, entered: i64| {
        objection(move |desk, _table, _market| {
            desk.settings.allow_re_entry = re_entry;
            desk.history.push(past("A", -120, entered));
        })
    };
    assert_eq!(with(false, 1), Some(RefusalCode::AlreadyTraded));
    assert_eq!(with(true, 1), None);
    assert_eq!(with(false, 0), None, "an order that filled nothing was no trade");
}

#[test]
fn the_limit_keeps_the_highest_ask_and_the_least_edge() {
    let limit = |percent: f64, ask: i64, side: Side| {
        let chance = Probability::from_percent(percent).expect("valid");
        entry_limit(&market("A"), side, Price::from_cents(ask), chance, &settings()).map(|price| price.units() / 100)
    };
    assert_eq!(limit(97.0, 92, Side::Yes), Some(93), "one cent of slippage");
    assert_eq!(limit(97.0, 92, Side::No), Some(93));
    assert_eq!(limit(99.9, 98, Side::Yes), Some(98), "the highest ask allowed");
    assert_eq!(limit(93.2, 92, Side::Yes), Some(92), "93 would not keep the edge");
    assert_eq!(limit(92.0, 92, Side::Yes), None);
}
