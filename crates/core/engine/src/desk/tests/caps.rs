//! Limits: what counts for them, that they are only ever lowered, and that exposure never passes one.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rec_domain::{
    book::{BookTop, Level, Top},
    caps::{Amount, Cap, RiskCaps},
    risk_view::{EXITS_ALARM, RiskView},
};

use super::*;

impl Bench {
    fn risk(&self) -> RiskView {
        self.desk.books().risk_view(&DeskConfig::default(), self.now)
    }

    /// Tells the desk what YES is bid now in a market.
    fn bid(&mut self, ticker: &str, yes_cents: i64) {
        let level = |cents| Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(100) };
        let top = Some(Top { bid: Some(level(yes_cents)), ask: Some(level(yes_cents + 1)) });
        let (observed_at, received_at) = (self.now, self.now);
        let tops = vec![BookTop { ticker: MarketTicker::new(ticker), top, observed_at, received_at }];
        self.tell(DeskInput::Tops { tops });
    }

    /// Buys YES at 93 cents with all that belongs to it.
    fn bought(&mut self, name: &str, contracts: i64) -> (IntentId, TradeId) {
        let (intent, trade) = self.open(name, self.wanted(Side::Yes, contracts)).expect("admitted");
        self.acknowledge(intent, contracts);
        self.fill(name, intent, BookSide::Bid, 93, contracts);
        (intent, trade)
    }

    fn tighten(&mut self, name: &str, cap: Cap, amount: &str) -> DeskReply {
        let caps = BTreeMap::from([(cap, cap.amount(amount).expect("an amount"))]);
        self.ask(name, DeskCommand::TightenCaps { caps, reason: "careful".to_owned() }).expect("an answer")
    }

    fn other(&self, contracts: i64) -> OpenRequest {
        OpenRequest { ticker: MarketTicker::new(OTHER), ..self.wanted(Side::Yes, contracts) }
    }
}

fn with(change: impl Fn(&mut RiskCaps)) -> DeskConfig {
    let mut config = DeskConfig::default();
    change(&mut config.caps);
    config
}

#[test]
fn a_days_loss_is_what_is_realised_and_what_is_open_at_the_bid() {
    let mut bench = Bench::ready_with(with(|caps| caps.daily_loss = Money::from_dollars(5)));
    bench.bought("a", 20);
    bench.bid(MARKET, 90);
    // Bought for 18.60 and a fee of 0.0912, worth 18.00 now.
    assert_eq!(bench.risk().day_result.to_string(), "-0.6912");
    bench.bid(MARKET, 69);
    assert_eq!(bench.risk().day_result.to_string(), "-4.8912");
    bench.bid(MARKET, 68);
    assert_eq!(bench.open("b", bench.other(1)), Err(RefusalCode::DailyLoss));
    bench.bid(MARKET, 92);
    assert!(bench.open("c", bench.other(1)).is_ok(), "what is not lost for good may come back");
}

#[test]
fn a_bid_that_is_missing_or_old_counts_as_nothing_and_this_is_said() {
    let mut bench = Bench::ready_with(with(|caps| caps.daily_loss = Money::from_dollars(5)));
    bench.bought("a", 20);
    let refused = |bench: &mut Bench, name: &str| {
        let reply = bench.ask(name, DeskCommand::Open(bench.other(1)));
        let Some(DeskReply::Refused(refusal)) = reply else { panic!("{name}: {reply:?}") };
        assert_eq!(refusal.code, RefusalCode::DailyLoss);
        assert!(refusal.message.contains("what was bought for 18.60 counts as nothing"), "{}", refusal.message);
    };
    refused(&mut bench, "never seen");
    bench.bid(MARKET, 92);
    bench.now += TimeSpan::from_seconds(4);
    refused(&mut bench, "four seconds old");
    bench.bid(MARKET, 92);
    assert!(bench.open("fresh", bench.other(1)).is_ok());
}

#[test]
fn after_the_close_the_last_bid_stands_until_the_result_is_booked() {
    let mut bench = Bench::ready();
    bench.bought("a", 20);
    bench.now = close_time() - TimeSpan::from_seconds(1);
    bench.bid(MARKET, 99);
    bench.now = close_time();
    bench.later(600);
    assert_eq!(bench.risk().equity.expect("compared").at_bid.to_string(), "19.80");
    bench.report(settlement("yes", 20, 0, 20));
    let equity = bench.risk().equity.expect("compared");
    assert_eq!((equity.at_bid, equity.cash), (Money::ZERO, bench.cash()));
}

#[test]
fn equity_far_below_its_peak_is_an_alarm_at_four_fifths_and_refuses_entries_at_the_cap() {
    let mut bench = Bench::ready_with(with(|caps| caps.drawdown = Money::from_dollars(10)));
    bench.later(1);
    bench.bought("a", 20);
    bench.bid(MARKET, 98);
    bench.later(1);
    let peak = bench.risk().peak.expect("known").equity;
    assert_eq!(peak.to_string(), "1000.9088", "it trails what is won, also what is not realised");
    bench.bid(MARKET, 59);
    bench.later(1);
    assert!(!bench.risk().drawdown_near, "7.80 of 10 dollars");
    bench.bid(MARKET, 58);
    bench.later(1);
    assert!(!bench.risk().drawdown_near, "not for a moment's sake");
    for _ in 0..5 {
        bench.bid(MARKET, 58);
        bench.later(1);
    }
    assert!(bench.risk().drawdown_near);
    assert_eq!(bench.said("below its peak"), 1, "said once");
    assert!(bench.open("b", bench.other(1)).is_ok(), "8.00 of 10 dollars warn and no more");
    bench.later(11);
    bench.bid(MARKET, 47);
    assert_eq!(bench.open("c", bench.wanted(Side::No, 1)), Err(RefusalCode::OppositeHeld));
    let second = OpenRequest { origin: Origin::Manual, ..bench.wanted(Side::Yes, 1) };
    assert_eq!(bench.open("d", second), Err(RefusalCode::Drawdown));
    let trade = *bench.desk.books().trades.keys().next().expect("held");
    assert!(bench.close("e", trade).is_ok(), "exits go on");
}

#[test]
fn deposits_and_withdrawals_move_the_peak_and_are_no_loss() {
    let mut bench = Bench::ready();
    bench.later(1);
    for (dollars, peak) in [(500, 1_500), (-1_200, 300)] {
        let mut books = bench.desk.books().clone();
        let config = DeskConfig::default();
        let mut draft = super::super::draft::Draft::new(books, &config, bench.now);
        let amount = Money::from_dollars(dollars);
        let lines = vec![(Account::Cash { exchange_index: SHARD }, amount), (Account::Capital, -amount)];
        let kind = if dollars > 0 { PostingKind::Deposit } else { PostingKind::Withdrawal };
        draft.post(kind, bench.now, None, None, "by the operator".to_owned(), lines);
        assert!(draft.rows.iter().any(|row| matches!(row, Row::EquityPeak(_))), "kept with the posting");
        books = draft.books;
        bench.desk = Desk::new(config, books);
        bench.later(1);
        let risk = bench.risk();
        assert_eq!((risk.peak.expect("known").equity, risk.drawdown), (Money::from_dollars(peak), Money::ZERO));
    }
}

#[test]
fn the_peak_is_stored_when_it_rises_but_not_at_every_tick() {
    let mut bench = Bench::ready();
    bench.bought("a", 20);
    let before = bench.commits.len();
    for cents in 60..99 {
        bench.bid(MARKET, cents);
        bench.later(1);
    }
    let stored = bench.commits[before..].iter().flat_map(|commit| &commit.rows);
    let stored: Vec<Money> = stored
        .filter_map(|row| match row {
            Row::EquityPeak(peak) => Some(peak.equity),
            _ => None,
        })
        .collect();
    assert!((1..=5).contains(&stored.len()), "{stored:?}");
    bench.bid(MARKET, 98);
    bench.later(10);
    assert_eq!(bench.desk.books().risk.stored_peak, bench.desk.books().risk.peak, "the highest is stored in the end");
}

#[test]
fn exits_are_never_refused_by_a_cap_and_many_of_them_are_an_alarm() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.bought("a", 40);
    for cap in Cap::ALL {
        bench.tighten(&format!("none {cap}"), *cap, "0");
    }
    assert_eq!(bench.open("b", bench.other(1)), Err(RefusalCode::ContractsPerOrder));
    for number in 1..=EXITS_ALARM + 1 {
        let closing = bench.close(&format!("close {number}"), trade).expect("never refused");
        bench.acknowledge(closing, 0);
        let many = bench.said("orders to close within a minute");
        assert_eq!(many, usize::from(number >= EXITS_ALARM), "{number}");
    }
    assert_eq!(bench.risk().exits_last_minute, EXITS_ALARM + 1);
    bench.later(61);
    assert_eq!(bench.risk().exits_last_minute, 0);
}

#[test]
fn caps_are_lowered_and_never_raised_while_the_desk_runs() {
    let mut bench = Bench::ready();
    assert!(matches!(bench.tighten("a", Cap::OpenTrades, "3"), DeskReply::Accepted { .. }));
    assert!(matches!(bench.tighten("b", Cap::DailyLoss, "50.00"), DeskReply::Accepted { .. }));
    for (name, cap, amount) in [
        ("raised", Cap::OpenTrades, "4"),
        ("the same", Cap::OpenTrades, "3"),
        ("as configured", Cap::DailyLoss, "100.00"),
        ("above", Cap::MoneyPerDay, "1000.01"),
        ("no limit", Cap::MoneyPerDay, "-1.00"),
    ] {
        let DeskReply::Refused(refusal) = bench.tighten(name, cap, amount) else { panic!("{name}") };
        assert_eq!(refusal.code, RefusalCode::NotTighter, "{name}");
    }
    let books = bench.desk.books();
    let in_force = books.caps(&RiskCaps::default());
    assert_eq!(in_force, RiskCaps { open_trades: 3, daily_loss: Money::from_dollars(50), ..RiskCaps::default() });
    let lower = RiskCaps { open_trades: 2, ..RiskCaps::default() };
    assert_eq!(books.caps(&lower).open_trades, 2, "the lower of both holds");
    let rows: Vec<&Row> = bench.commits.iter().flat_map(|commit| &commit.rows).collect();
    assert_eq!(rows.iter().filter(|row| matches!(row, Row::Tightened(_))).count(), 2);
    assert_eq!(
        rows.iter().filter(|row| matches!(row, Row::Audit { action, .. } if action == "tighten_caps")).count(),
        7
    );
    assert!(bench.open("c", bench.wanted(Side::Yes, 1)).is_ok());
}

#[test]
fn lowered_caps_and_the_peak_outlive_a_start_and_end_with_another_revision_of_the_configuration() {
    let mut bench = Bench::ready();
    bench.later(1);
    bench.tighten("a", Cap::OpenTrades, "3");
    bench.bought("b", 20);
    let peak = bench.risk().peak;
    for (risk_revision, open_trades, kept) in [(1, 3, true), (2, 10, false)] {
        let config = DeskConfig { risk_revision, ..DeskConfig::default() };
        let desk = Desk::new(config.clone(), bench.desk.books().clone());
        assert_eq!(desk.books().caps(&config.caps).open_trades, open_trades);
        assert_eq!(desk.books().risk.peak, peak.filter(|_| kept));
        bench.desk = desk;
    }
    bench.bid(MARKET, 90);
    bench.later(1);
    let equity = bench.risk().equity.expect("counted anew").total();
    assert_eq!(bench.risk().peak.map(|peak| (peak.equity, peak.revision)), Some((equity, 2)));
}

#[test]
fn each_admission_and_refusal_carries_every_cap_and_what_it_was_decided_on() {
    let mut bench = Bench::ready_with(with(|caps| caps.money_per_market = Money::from_dollars(20)));
    let evidence = r#"{"table_at":1,"row":"a strike"}"#.to_owned();
    let request =
        |bench: &Bench, contracts| OpenRequest { evidence: evidence.clone(), ..bench.wanted(Side::Yes, contracts) };
    bench.open("a", request(&bench, 20)).expect("admitted");
    let (intent, checks, kept) = bench
        .commits
        .iter()
        .flat_map(|commit| &commit.rows)
        .find_map(|row| match row {
            Row::Admitted { intent, checks, evidence, .. } => Some((*intent, checks.clone(), evidence.clone())),
            _ => None,
        })
        .expect("kept");
    assert!(bench.desk.books().orders.contains_key(&intent) && kept == evidence);
    assert_eq!(checks.iter().map(|check| check.cap).collect::<Vec<_>>(), Cap::ALL);
    assert!(checks.iter().all(|check| check.holds()));
    let other = OpenRequest { ticker: MarketTicker::new(OTHER), ..request(&bench, 21) };
    assert_eq!(bench.open("b", other), Err(RefusalCode::MoneyPerMarket));
    let (checks, kept) = bench
        .commits
        .iter()
        .flat_map(|commit| &commit.rows)
        .find_map(|row| match row {
            Row::Refused { checks, evidence, .. } => Some((checks.clone(), evidence.clone())),
            _ => None,
        })
        .expect("kept");
    assert_eq!(kept, evidence);
    let broken: Vec<Cap> = checks.iter().filter(|check| !check.holds()).map(|check| check.cap).collect();
    assert_eq!(broken, [Cap::MoneyPerMarket]);
    assert_eq!(bench.risk().refusals, [(RefusalCode::MoneyPerMarket, 1)]);
}

#[test]
fn a_new_day_begins_its_sums_and_counters_anew() {
    let mut bench = Bench::ready_with(with(|caps| caps.contracts_per_order = Quantity::from_contracts(1)));
    assert!(bench.open("a", bench.wanted(Side::Yes, 2)).is_err());
    assert_eq!(bench.risk().refusals.len(), 1);
    bench.later(24 * 3_600);
    let risk = bench.risk();
    assert_eq!((risk.refusals.len(), risk.day_result), (0, Money::ZERO));
}

/// Something that may happen to a desk.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody wants to buy: market, side, contracts, limit in cents, whether by hand.
    Open(bool, bool, i64, i64, bool),
    /// The oldest order that has no answer yet gets one: how much fills, of a hundred; nothing known when negative.
    Answer(i64),
    /// The fills of what was acknowledged are booked.
    Book,
    /// Somebody wants to close the oldest trade.
    Close,
    /// The exchange's books are read, with what is on them.
    Bid(i64),
    /// A cap is lowered.
    Tighten(usize, i64),
    /// Seconds pass.
    Later(i64),
    /// The desk starts again with what is committed.
    Start,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), any::<bool>(), 1..60_i64, 5..99_i64, any::<bool>())
            .prop_map(|(other, no, contracts, cents, by_hand)| Step::Open(other, no, contracts, cents, by_hand)),
        4 => (-40..=100_i64).prop_map(Step::Answer),
        3 => Just(Step::Book),
        1 => Just(Step::Close),
        2 => (1..98_i64).prop_map(Step::Bid),
        1 => (0..Cap::ALL.len(), 1..100_i64).prop_map(|(cap, percent)| Step::Tighten(cap, percent)),
        2 => (1..30_i64).prop_map(Step::Later),
        1 => Just(Step::Start),
    ]
}

/// What the exchange has acknowledged and the desk has not booked.
struct Acknowledged {
    intent: IntentId,
    book_side: BookSide,
    price: Price,
    ticker: MarketTicker,
    quantity: Quantity,
}

struct Fate {
    bench: Bench,
    number: u32,
    unanswered: Vec<IntentId>,
    acknowledged: Vec<Acknowledged>,
}

impl Fate {
    fn take(&mut self, step: &Step) {
        self.number += 1;
        let name = format!("step {}", self.number);
        let bench = &mut self.bench;
        match step {
            Step::Open(other, no, contracts, cents, by_hand) => {
                let request = OpenRequest {
                    ticker: MarketTicker::new(if *other { OTHER } else { MARKET }),
                    limit: Price::from_cents(*cents),
                    origin: if *by_hand { Origin::Manual } else { Origin::Auto },
                    ..bench.wanted(if *no { Side::No } else { Side::Yes }, *contracts)
                };
                if let Ok((intent, _)) = bench.open(&name, request) {
                    self.unanswered.push(intent);
                }
            }
            Step::Answer(percent) if !self.unanswered.is_empty() => {
                let intent = self.unanswered.remove(0);
                let spec = bench.desk.books().orders[&intent].spec.clone();
                if *percent < 0 {
                    let reason = "timeout".to_owned();
                    bench.answer(intent, Outcome::Unknown { reason, signed_at: bench.now });
                    return;
                }
                let filled = Quantity::from_units(spec.quantity.units() * percent / 100);
                bench.answer(
                    intent,
                    Outcome::Acknowledged {
                        order: order_id(intent),
                        filled,
                        remaining: Quantity::ZERO,
                        signed_at: bench.now,
                    },
                );
                if filled.is_positive() {
                    let (book_side, price, ticker) = (spec.book_side, spec.price, spec.ticker);
                    self.acknowledged.push(Acknowledged { intent, book_side, price, ticker, quantity: filled });
                }
            }
            Step::Book if !self.acknowledged.is_empty() => {
                let Acknowledged { intent, book_side, price, ticker, quantity } = self.acknowledged.remove(0);
                let base = bench.fill_of(&name, order_id(intent), book_side, 50, 1);
                let fee = FeeSchedule::CRYPTO.fee(Liquidity::Taker, price, quantity);
                bench.report(Report::Fill(FillReport { ticker, price, quantity, fee, ..base }));
            }
            Step::Close => {
                if let Some(trade) = bench.desk.books().trades.keys().next().copied()
                    && let Ok(intent) = bench.close(&name, trade)
                {
                    self.unanswered.push(intent);
                }
            }
            Step::Bid(cents) => {
                for ticker in [MARKET, OTHER] {
                    bench.bid(ticker, *cents);
                }
            }
            Step::Tighten(cap, percent) => {
                let cap = Cap::ALL[*cap];
                let amount = match bench.desk.books().caps(&RiskCaps::default()).limit(cap) {
                    Amount::Contracts(limit) => Amount::Contracts(Quantity::from_units(limit.units() * percent / 100)),
                    Amount::Dollars(limit) => Amount::Dollars(Money::from_micros(limit.micros() / 100 * percent)),
                    Amount::Count(limit) => Amount::Count(limit.saturating_sub(1)),
                };
                let caps = BTreeMap::from([(cap, amount)]);
                bench.ask(&name, DeskCommand::TightenCaps { caps, reason: "careful".to_owned() });
            }
            Step::Later(seconds) => bench.later(*seconds),
            Step::Start => bench.restart(),
            Step::Answer(_) | Step::Book => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A cap binds what is asked for after it was set: what was there when it was lowered may be above it, and then
    /// nothing is added.
    #[test]
    fn whatever_happens_exposure_never_passes_a_cap(steps in prop::collection::vec(step(), 1..80)) {
        let mut fate = Fate {
            bench: Bench::ready(),
            number: 0,
            unanswered: Vec::new(),
            acknowledged: Vec::new(),
        };
        let caps_of = |fate: &Fate| fate.bench.desk.books().caps(&RiskCaps::default());
        let used = |fate: &Fate, cap: Cap| match cap {
            Cap::ContractsPerOrder => {
                let entries = fate.bench.desk.books().orders.values().filter(|order| order.role == GroupRole::Entry);
                Amount::Contracts(entries.map(|order| order.spec.quantity).max().unwrap_or(Quantity::ZERO))
            }
            cap => {
                let equity = fate.bench.desk.books().equity(DeskConfig::default().book_limit, fate.bench.now);
                fate.bench.desk.books().used(cap, &equity, fate.bench.now).0
            }
        };
        // Losses happen to what is held; a cap on them stops entries and cannot stop prices.
        let exposures = Cap::ALL.iter().copied().filter(|cap| !matches!(cap, Cap::DailyLoss | Cap::Drawdown));
        let exposures: Vec<Cap> = exposures.collect();
        for step in &steps {
            let before: Vec<Amount> = exposures.iter().map(|cap| used(&fate, *cap)).collect();
            fate.take(step);
            let caps = caps_of(&fate);
            for (cap, before) in exposures.iter().zip(before) {
                let now = used(&fate, *cap);
                prop_assert!(
                    !now.is_above(caps.limit(*cap)) || !now.is_above(before),
                    "{cap}: {now} of {} after {step:?}", caps.limit(*cap)
                );
            }
            prop_assert_eq!(fate.bench.ledger_sum(), Money::ZERO);
        }
    }
}
