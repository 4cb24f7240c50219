use std::sync::Arc;

use proptest::prelude::*;
use rec_domain::{
    EventTicker, ExchangeIndex, Fresh, MarketTicker, Price, PriceGrid, Probability, Quantity, SeriesTicker, Side,
    TimeSpan, Timestamp, UsdPrice,
    book::{BookTop, Level, Top},
    fee::{FeeKind, FeeSchedule},
    index::IndexPrint,
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
    strike_table::{StrikeRow, StrikeTable},
};
use rec_model::{Fingerprint, FingerprintSet, Grid};

use super::{Config, Input, OddsMachine, Output, edge};
use crate::Machine;

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);

fn at(seconds: i64) -> Timestamp {
    NOON + TimeSpan::from_seconds(seconds)
}

fn dollars(dollars: i64) -> UsdPrice {
    UsdPrice::from_cents(dollars * 100)
}

/// Upward moves are much rarer than downward ones, so that swapped tails show.
fn fingerprints() -> Arc<FingerprintSet> {
    let grid = Grid::new(
        vec![1, 60],
        vec![0.0, 0.1, 2.0],
        vec![50.0, 1.0, 0.0, 50.0, 2.0, 0.0],
        vec![50.0, 20.0, 0.0, 50.0, 40.0, 0.0],
    )
    .expect("valid");
    let part = ("baseline".to_owned(), None, Fingerprint { grid, support: None });
    Arc::new(FingerprintSet::new("btc", [part]).expect("a set"))
}

fn market(strike: i64, event: &str, open: i64, close: i64) -> Market {
    Market {
        ticker: MarketTicker::new(format!("{event}-T{strike}")),
        event: EventTicker::new(event),
        series: SeriesTicker::new("KXBTCD"),
        title: format!("${strike} or above"),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(dollars(strike) - UsdPrice::from_cents(1))),
        open_time: at(open),
        close_time: at(close),
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(2),
        volume: Quantity::from_contracts(5_000),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    }
}

fn spot(seconds: i64) -> Input {
    let value = dollars(100_000);
    Input::Spot(Fresh { value, source: "coinbase".to_owned(), observed_at: at(seconds), received_at: at(seconds) })
}

fn print(seconds: i64) -> Input {
    Input::Index(IndexPrint { stamped_at: at(seconds), value: dollars(100_000), received_at: at(seconds) })
}

fn momentum(seconds: i64) -> Input {
    Input::Momentum(MomentumReading { at: at(seconds), score_percent: None, deltas_percent: [None; 6] })
}

fn books(markets: &[Market], seconds: i64) -> Input {
    let level = |cents| Some(Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(50) });
    let top = |market: &Market| BookTop {
        ticker: market.ticker.clone(),
        top: Some(Top { bid: level(90), ask: level(92) }),
        observed_at: at(seconds),
        received_at: at(seconds),
    };
    Input::Books(markets.iter().map(top).collect())
}

fn hour() -> Vec<Market> {
    (0..60).map(|step| market(97_000 + 100 * step, "NOW", -3_000, 600)).collect()
}

/// The last table of a machine that was told everything at `seconds`.
fn table(markets: Vec<Market>, seconds: i64) -> StrikeTable {
    let mut machine = machine(markets, seconds);
    wake(&mut machine, seconds + 1).expect("a table")
}

fn machine(markets: Vec<Market>, seconds: i64) -> OddsMachine {
    let mut machine = OddsMachine::new(Config::default(), fingerprints());
    let books = books(&markets, seconds);
    for input in [Input::Markets(markets), books, spot(seconds), print(seconds), momentum(seconds)] {
        machine.step(at(seconds), input);
    }
    machine
}

fn tables(outputs: Vec<Output>) -> Vec<StrikeTable> {
    let table = |output| match output {
        Output::Strikes(table) => Some(*table),
        Output::Rows(_) => None,
    };
    outputs.into_iter().filter_map(table).collect()
}

fn wake(machine: &mut OddsMachine, seconds: i64) -> Option<StrikeTable> {
    tables(machine.step(at(seconds), Input::Wake)).pop()
}

#[test]
fn has_the_strikes_nearest_to_the_price_in_order() {
    let table = table(hour(), 0);
    let strikes: Vec<_> = table.rows.iter().map(|row| row.strike.units() / 1_000_000).collect();
    assert_eq!(strikes, (-10..=10).map(|step| 100_000 + 100 * step).collect::<Vec<_>>());
    assert!(table.rows.iter().all(|row| row.why_not.is_none() && row.yes.is_some()));
}

#[test]
fn tails_are_not_swapped() {
    // A strike above the price is lost by NO only when the price rises, which this model holds to be rare.
    let table = table(hour(), 0);
    let row = |strike: i64| table.rows.iter().find(|row| row.strike == dollars(strike)).expect("a row").clone();
    let (above, below) = (row(100_100), row(99_900));
    assert_eq!((above.favoured, below.favoured), (Side::No, Side::Yes));
    let percent =
        |row: &rec_domain::strike_table::StrikeRow| row.probability(row.favoured).expect("a chance").percent();
    assert!(percent(&above) > 97.0, "{above:?}");
    assert!((60.0..85.0).contains(&percent(&below)), "{below:?}");
}

#[test]
fn edges_are_stated_before_and_after_the_fee_and_for_both_sides() {
    let table = table(hour(), 0);
    let row = table.rows.iter().find(|row| row.strike == dollars(99_000)).expect("a row");
    let (yes, no) = (row.edge(Side::Yes).expect("yes"), row.edge(Side::No).expect("no"));
    let percent = row.yes.expect("a chance").percent();
    assert!((yes.gross_points - (percent - 92.0)).abs() < 1e-3);
    assert!((no.gross_points - (100.0 - percent - 10.0)).abs() < 1e-3, "NO costs a dollar minus the bid");
    // 0.07 x 0.92 x 0.08 = 0.005152, rounded up to 0.0052 dollars.
    assert!((yes.gross_points - yes.net_points - 0.52).abs() < 1e-9);
    let unknown = FeeSchedule { kind: FeeKind::Unknown, multiplier_micros: 1_000_000 };
    let chance = Probability::from_percent(95.0).expect("valid");
    assert_eq!(edge(&Market { fees: unknown, ..hour().remove(0) }, chance, Price::from_cents(90)), None);
}

#[test]
fn the_event_that_closes_next_is_shown_and_rolls_over_by_its_close() {
    let mut markets = hour();
    markets.extend((0..60).map(|step| market(97_000 + 100 * step, "LATER", 600, 4_200)));
    markets.extend((0..60).map(|step| market(97_000 + 100 * step, "WEEK", -90_000, 90_000)));
    let mut machine = machine(markets, 0);
    let event = |table: Option<StrikeTable>| table.map(|table| table.event.as_str().to_owned());
    assert_eq!(event(wake(&mut machine, 599)).as_deref(), Some("NOW"));
    assert_eq!(event(wake(&mut machine, 600)).as_deref(), Some("LATER"));
    assert_eq!(event(wake(&mut machine, 4_200)).as_deref(), Some("WEEK"));
    assert_eq!(event(wake(&mut machine, 90_000)), None);
}

#[test]
fn a_stale_input_gives_a_reason_and_no_number() {
    let because = |keep: [bool; 3]| {
        let mut machine = machine(hour(), 0);
        let inputs = [(keep[0], spot(10)), (keep[1], print(10)), (keep[2], momentum(10))];
        for (kept, input) in inputs {
            if kept {
                machine.step(at(10), input);
            }
        }
        let table = wake(&mut machine, 11).expect("a table");
        assert!(table.rows.iter().all(|row| row.yes.is_none() == row.why_not.is_some()));
        assert!(table.rows.iter().all(|row| row.yes.is_some() || row.yes_edge.is_none()));
        table.rows[0].why_not.clone()
    };
    assert_eq!(because([true, true, true]), None);
    assert_eq!(because([false, true, true]).as_deref(), Some("the spot price is 11.0 s old"));
    assert_eq!(because([true, false, true]).as_deref(), Some("the index is 11.0 s old"));
    assert_eq!(because([true, true, false]).as_deref(), Some("momentum is 11.0 s old"));
}

#[test]
fn an_old_book_is_no_book() {
    let mut machine = machine(hour(), 0);
    for input in [spot(10), print(10), momentum(10)] {
        machine.step(at(10), input);
    }
    let table = wake(&mut machine, 11).expect("a table");
    assert!(table.rows.iter().all(|row| row.top.is_none() && row.yes_edge.is_none() && row.book_at == Some(at(0))));
    assert!(table.rows.iter().all(|row| row.yes.is_some()), "the chance does not need the book");
}

#[test]
fn known_prints_narrow_the_chance_in_the_last_minute() {
    let markets: Vec<_> = (0..60).map(|step| market(97_000 + 100 * step, "NOW", -3_000, 60)).collect();
    let mut machine = machine(markets, 0);
    for second in 0..57 {
        machine.step(at(second), print(second));
    }
    for input in [spot(57), momentum(57)] {
        machine.step(at(57), input);
    }
    let table = wake(&mut machine, 58).expect("a table");
    assert_eq!(table.settlement.known, 57);
    let below = table.rows.iter().find(|row| row.strike == dollars(99_900)).expect("a row");
    assert!(below.yes.is_some_and(|yes| yes.percent() > 99.0), "{below:?}");
}

#[test]
fn tables_are_made_at_most_every_gap_and_at_least_every_second() {
    let mut machine = machine(hour(), 0);
    let mut made = 0;
    for tick in 0..100 {
        made += machine.step(at(1) + TimeSpan::from_millis(10 * tick), spot(1)).len();
    }
    assert_eq!(made, 10, "an input each 10 ms for a second");
    let mut machine = self::machine(hour(), 0);
    wake(&mut machine, 1);
    assert_eq!(machine.next_wakeup(), Some(at(2)));
}

/// One book with an ask of its own, `millis` after noon.
fn book(market: &Market, ask_cents: i64, millis: i64) -> Input {
    let level = |cents| Some(Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(10) });
    let at = NOON + TimeSpan::from_millis(millis);
    let top = Some(Top { bid: level(ask_cents - 2), ask: level(ask_cents) });
    Input::Books(vec![BookTop { ticker: market.ticker.clone(), top, observed_at: at, received_at: at }])
}

#[test]
fn a_changed_book_gives_its_row_at_once_and_as_the_next_table_has_it() {
    let markets = hour();
    let mut machine = machine(markets.clone(), 0);
    let before = wake(&mut machine, 1).expect("a table");
    let touched = markets.iter().find(|market| market.ticker == before.rows[4].ticker).expect("a market");
    let millis = |millis| NOON + TimeSpan::from_millis(millis);
    let outputs = machine.step(millis(1_001), book(touched, 71, 1_001));
    let [Output::Rows(rows)] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!((rows.event.clone(), rows.at, rows.rows.len()), (before.event, millis(1_001), 1));
    assert_eq!(machine.step(millis(1_002), book(touched, 71, 1_002)), [], "the same again");
    let after = tables(machine.step(millis(1_100), Input::Wake)).pop().expect("a table after the gap");
    let row = after.rows.iter().find(|row| row.ticker == touched.ticker).expect("the row");
    let expected = StrikeRow { yes: row.yes, book_at: row.book_at, yes_edge: row.yes_edge, ..rows.rows[0].clone() };
    assert_eq!(StrikeRow { no_edge: expected.no_edge, ..row.clone() }, expected, "but for the time that passed");
    assert_eq!(rows.rows[0].yes, before.rows[4].yes, "the chance is the last table's");
    let edge = super::edge(touched, rows.rows[0].yes.expect("a chance"), Price::from_cents(71));
    assert_eq!(rows.rows[0].yes_edge, edge);
}

#[test]
fn no_row_is_told_of_a_market_outside_the_table_or_with_a_chance_that_is_not_fresh() {
    let markets = hour();
    let mut machine = machine(markets.clone(), 0);
    let table = wake(&mut machine, 1).expect("a table");
    let inside = markets.iter().find(|market| market.ticker == table.rows[4].ticker).expect("a market");
    let outside = markets.iter().find(|market| table.rows.iter().all(|row| row.ticker != market.ticker)).expect("one");
    let millis = |millis| NOON + TimeSpan::from_millis(millis);
    assert_eq!(machine.step(millis(1_001), book(outside, 71, 1_001)), []);
    assert_eq!(machine.step(millis(1_002), Input::Markets(markets.clone())), []);
    assert_eq!(machine.step(millis(1_003), book(inside, 72, 1_003)), [], "markets changed, so a table comes first");
    // Ages are counted from noon, when spot and index came last.
    let mut machine = self::machine(markets.clone(), 0);
    wake(&mut machine, 3);
    assert_eq!(machine.step(millis(3_050), book(inside, 72, 3_050)), [], "the index is older than three seconds");
}

#[test]
fn a_print_of_the_index_is_not_kept_waiting_by_a_table_of_a_moment_ago() {
    let mut machine = machine(hour(), 0);
    wake(&mut machine, 1);
    let millis = |millis| NOON + TimeSpan::from_millis(millis);
    assert_eq!(tables(machine.step(millis(1_020), spot(1))).len(), 0);
    assert_eq!(tables(machine.step(millis(1_021), print(1))).len(), 1);
}

proptest! {
    #[test]
    fn the_chance_of_yes_never_rises_with_the_strike(seconds in 0_i64..599) {
        let table = table(hour(), seconds);
        let chances: Vec<_> = table.rows.iter().filter_map(|row| row.yes).map(Probability::get).collect();
        prop_assert_eq!(chances.len(), 21);
        prop_assert!(chances.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", chances);
    }
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let inputs = [Input::Markets(hour()), books(&hour(), 0), spot(0), print(0), momentum(0), Input::Wake];
    let outputs = [Output::Strikes(Box::new(table(hour(), 0)))];
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}
