//! Promises of the desk, each shown on the machine alone: commits succeed or fail as the test says.

use rec_domain::{
    BookSide, ClientOrderId, DecisionId, DeskId, EventTicker, ExchangeIndex, FillId, IntentId, MarketTicker, Mode,
    Money, OrderGroupId, OrderId, Price, PriceGrid, Quantity, SeriesTicker, Side, TimeSpan, Timestamp, TradeId,
    UsdPrice,
    answer::{Answer, ClaimRefusal, NotSent, Outcome},
    command::{Adjustment, CloseRequest, DeskCommand, DeskReply, DeskRequest, OpenRequest},
    fee::{FeeSchedule, Liquidity},
    halt::HaltSource,
    intent::{Action, GroupRole, Intent},
    ledger::{Account, Posting, PostingKind},
    market::{Collateral, Market, MarketStatus, StrikeRule},
    order::OrderState,
    refusal::RefusalCode,
    report::{FillReport, GroupReport, OrderReport, PositionReport, Report, ReportedStatus, SettlementReport, Sweep},
    row::{Commit, Row},
    settings::AutomationSettings,
    trade::{Origin, TradeState},
};

mod adopting;
mod amending;
mod arming;
mod caps;
mod cases;
mod comparing;
mod control;
mod degraded;
mod flows;
mod graveyard;
mod lifecycle;
mod repeating;
mod wrong;

use super::{Books, Desk, DeskConfig, DeskInput, DeskOutput, Identity, machine::QUEUE_BOUND};
use crate::Machine;

const SHARD: ExchangeIndex = ExchangeIndex::new(2);
const MARKET: &str = "KXBTCD-26SEP2315-T83999.99";
const OTHER: &str = "KXBTCD-26SEP2315-T84099.99";
const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn close_time() -> Timestamp {
    START + TimeSpan::from_minutes(10)
}

fn market(ticker: &str) -> Market {
    Market {
        ticker: MarketTicker::new(ticker),
        event: EventTicker::new("KXBTCD-26SEP2315"),
        series: SeriesTicker::new("KXBTCD"),
        title: "above".to_owned(),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(UsdPrice::from_cents(8_399_999))),
        open_time: START - TimeSpan::from_minutes(50),
        close_time: close_time(),
        grid: PriceGrid::linear_cent(),
        exchange_index: SHARD,
        volume: Quantity::from_contracts(5_000),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    }
}

/// A desk whose commits a test lets happen, fail or stay unknown.
struct Bench {
    desk: Desk,
    now: Timestamp,
    commits: Vec<Commit>,
    outputs: Vec<DeskOutput>,
    report: i64,
    answer: i64,
    /// Commits happen by themselves.
    committing: bool,
}

impl Bench {
    /// A desk that has its groups and was found to agree with the exchange on 1,000 dollars.
    fn ready() -> Self {
        Self::ready_with(DeskConfig::default())
    }

    fn ready_with(config: DeskConfig) -> Self {
        let mut bench = Self::bare(config);
        bench.tell(DeskInput::Markets { markets: vec![market(MARKET), market(OTHER)] });
        bench.tell(DeskInput::Wake);
        for (number, intent) in bench.intents().into_iter().enumerate() {
            let group = OrderGroupId::new(format!("group-{number}"));
            bench.answer(intent.id, Outcome::GroupCreated { group });
        }
        bench.sweep(&[], Money::from_dollars(1_000));
        bench.outputs.clear();
        bench
    }

    fn bare(config: DeskConfig) -> Self {
        let identity = Identity { desk: DeskId::from_bits(7), mode: Mode::Twin, epoch: 3 };
        let settings = AutomationSettings { auto_entry: true, auto_stop: true, ..AutomationSettings::default() };
        let books = Books::new(identity, settings, START);
        let desk = Desk::new(config, books);
        Self { desk, now: START, commits: vec![], outputs: vec![], report: 0, answer: 0, committing: true }
    }

    fn tell(&mut self, input: DeskInput) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for output in self.desk.step(self.now, input) {
                if let DeskOutput::Commit(commit) = &output {
                    self.commits.push(commit.clone());
                    if self.committing {
                        inputs.push(DeskInput::Committed { number: commit.number });
                    }
                }
                self.outputs.push(output);
            }
        }
    }

    fn later(&mut self, seconds: i64) {
        self.now += TimeSpan::from_seconds(seconds);
        self.tell(DeskInput::Wake);
    }

    fn ask(&mut self, name: &str, command: DeskCommand) -> Option<DeskReply> {
        let decision = DecisionId::of(name);
        self.tell(DeskInput::Request(DeskRequest { decision, requester: "test".to_owned(), command }));
        self.reply(name)
    }

    fn reply(&self, name: &str) -> Option<DeskReply> {
        let wanted = DecisionId::of(name);
        self.outputs.iter().rev().find_map(|output| match output {
            DeskOutput::Reply { decision, reply } if *decision == wanted => Some(reply.clone()),
            _ => None,
        })
    }

    fn open(&mut self, name: &str, request: OpenRequest) -> Result<(IntentId, TradeId), RefusalCode> {
        match self.ask(name, DeskCommand::Open(request)).expect("an answer") {
            DeskReply::Accepted { intent, trade } => Ok((intent.expect("intent"), trade.expect("trade"))),
            DeskReply::Refused(refusal) => Err(refusal.code),
        }
    }

    fn close(&mut self, name: &str, trade: TradeId) -> Result<IntentId, RefusalCode> {
        let request = CloseRequest {
            trade,
            limit: Price::from_cents(40),
            origin: Origin::Auto,
            reason: "stop".to_owned(),
            decided_at: self.now,
        };
        match self.ask(name, DeskCommand::Close(request)).expect("an answer") {
            DeskReply::Accepted { intent, .. } => Ok(intent.expect("intent")),
            DeskReply::Refused(refusal) => Err(refusal.code),
        }
    }

    fn wanted(&self, side: Side, contracts: i64) -> OpenRequest {
        OpenRequest {
            ticker: MarketTicker::new(MARKET),
            side,
            quantity: Quantity::from_contracts(contracts),
            limit: Price::from_cents(95),
            origin: Origin::Auto,
            probability_percent: Some(97.0),
            reason: "edge".to_owned(),
            decided_at: self.now,
            evidence: "{}".to_owned(),
        }
    }

    fn answer(&mut self, intent: IntentId, outcome: Outcome) {
        self.answer += 1;
        let answer = Answer { intent, at: self.now, outcome };
        self.tell(DeskInput::Answer { number: self.answer, answer });
    }

    fn acknowledge(&mut self, intent: IntentId, filled: i64) {
        self.answer(
            intent,
            Outcome::Acknowledged {
                order: order_id(intent),
                filled: Quantity::from_contracts(filled),
                remaining: Quantity::ZERO,
                signed_at: self.now,
            },
        );
    }

    fn report(&mut self, report: Report) {
        self.report += 1;
        self.tell(DeskInput::Report { number: self.report, report });
    }

    fn fill(&mut self, name: &str, intent: IntentId, book_side: BookSide, yes_cents: i64, contracts: i64) {
        let fill = self.fill_of(name, order_id(intent), book_side, yes_cents, contracts);
        self.report(Report::Fill(fill));
    }

    fn fill_of(
        &self,
        name: &str,
        order_id: OrderId,
        book_side: BookSide,
        yes_cents: i64,
        contracts: i64,
    ) -> FillReport {
        let (price, quantity) = (Price::from_cents(yes_cents), Quantity::from_contracts(contracts));
        FillReport {
            fill_id: FillId::new(name),
            order_id,
            client_order_id: None,
            ticker: MarketTicker::new(MARKET),
            exchange_index: SHARD,
            book_side,
            price,
            quantity,
            fee: FeeSchedule::CRYPTO.fee(Liquidity::Taker, price, quantity),
            is_taker: true,
            at: self.now,
        }
    }

    fn sweep(&mut self, positions: &[(&str, i64)], cash: Money) {
        self.now += TimeSpan::from_seconds(10);
        let as_of = self.now;
        self.sweep_as_of(as_of, positions, cash);
    }

    fn sweep_as_of(&mut self, as_of: Timestamp, positions: &[(&str, i64)], cash: Money) {
        let positions = positions
            .iter()
            .map(|(ticker, contracts)| PositionReport {
                ticker: MarketTicker::new(*ticker),
                position: Quantity::from_contracts(*contracts),
            })
            .collect();
        let balances = vec![(SHARD, cash)];
        let started_at = self.now;
        self.report(Report::Sweep(Sweep { started_at, as_of, balances, positions, ..swept(started_at) }));
    }

    fn intents(&self) -> Vec<Intent> {
        let rows = self.commits.iter().flat_map(|commit| &commit.rows);
        rows.filter_map(|row| match row {
            Row::Intent(intent) => Some(intent.clone()),
            _ => None,
        })
        .collect()
    }

    fn orders_sent(&self) -> usize {
        self.intents().iter().filter(|intent| matches!(intent.action, Action::Place(_))).count()
    }

    fn state(&self, trade: TradeId) -> TradeState {
        let books = self.desk.books();
        books.trades.get(&trade).or_else(|| books.ended.get(&trade)).expect("known").state
    }

    fn cash(&self) -> Money {
        self.desk.books().cash(SHARD)
    }

    fn ledger_sum(&self) -> Money {
        self.desk.books().ledger.values().copied().sum()
    }
}

/// A complete reading that found nothing.
fn swept(at: Timestamp) -> Sweep {
    Sweep {
        started_at: at,
        as_of: at,
        since: None,
        balances: vec![],
        positions: vec![],
        resting: vec![],
        reserved: vec![],
        flows: true,
    }
}

fn order_id(intent: IntentId) -> OrderId {
    OrderId::new(format!("order-of-{intent}"))
}

fn settlement(result: &str, yes: i64, no: i64, revenue_dollars: i64) -> Report {
    Report::Settlement(SettlementReport {
        ticker: MarketTicker::new(MARKET),
        event: EventTicker::new("KXBTCD-26SEP2315"),
        exchange_index: Some(SHARD),
        result: result.to_owned(),
        yes_count: Quantity::from_contracts(yes),
        yes_cost: Money::ZERO,
        no_count: Quantity::from_contracts(no),
        no_cost: Money::ZERO,
        revenue: Money::from_dollars(revenue_dollars),
        value: None,
        fee: Money::ZERO,
        settled_at: close_time() + TimeSpan::from_seconds(150),
    })
}

#[test]
fn a_trade_from_open_to_settled_to_the_cent() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    assert_eq!(bench.state(trade), TradeState::Opening);
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 91, 20);
    assert_eq!(bench.state(trade), TradeState::Open);
    // 20 x 0.91 and a fee of 0.1147 (the exchange's sub-cent rounding).
    assert_eq!(bench.cash().to_string(), "981.6853");
    bench.now = close_time();
    bench.later(1);
    assert_eq!(bench.state(trade), TradeState::Expired);
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!(bench.state(trade), TradeState::Settled);
    assert_eq!(bench.cash().to_string(), "1001.6853");
    assert_eq!(bench.desk.books().ended[&trade].realised().to_string(), "1.6853");
    assert_eq!(bench.ledger_sum(), Money::ZERO);
    bench.sweep(&[], bench.cash());
    assert!(bench.desk.books().reconciliation.as_ref().expect("compared").is_clean());
}

#[test]
fn opening_no_is_an_ask_at_the_complement_and_closing_it_a_bid() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::No, 10)).expect("admitted");
    bench.acknowledge(intent, 10);
    bench.fill("f1", intent, BookSide::Ask, 8, 10);
    let closing = bench.close("c", trade).expect("accepted");
    bench.acknowledge(closing, 10);
    bench.fill("f2", closing, BookSide::Bid, 20, 10);
    let specs: Vec<_> = bench
        .intents()
        .into_iter()
        .filter_map(|intent| match intent.action {
            Action::Place(spec) => Some((spec.book_side, spec.price, spec.reduce_only)),
            _ => None,
        })
        .collect();
    assert_eq!(specs[0], (BookSide::Ask, Price::from_cents(5), false));
    assert_eq!(specs[1], (BookSide::Bid, Price::from_cents(60), true));
    assert_eq!(bench.state(trade), TradeState::Closed);
    let ended = &bench.desk.books().ended[&trade];
    // Bought at 92 for 9.20, sold at 80 for 8.00, fees 0.0516 + 0.1120.
    assert_eq!(ended.realised().to_string(), "-1.3636");
    assert_eq!(bench.cash(), Money::from_dollars(1_000) + ended.realised());
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn nothing_changes_before_the_commit_is_known_to_have_happened() {
    let mut bench = Bench::ready();
    bench.committing = false;
    assert!(bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20))).is_none());
    assert!(bench.desk.books().trades.is_empty());
    let dispatched = |bench: &Bench| bench.outputs.iter().any(|o| matches!(o, DeskOutput::Dispatch { .. }));
    assert!(!dispatched(&bench));
    let number = bench.commits.last().expect("commit").number;
    bench.tell(DeskInput::Committed { number });
    assert!(dispatched(&bench));
    assert_eq!(bench.desk.books().trades.len(), 1);
}

#[test]
fn a_failed_commit_is_tried_again_and_an_old_request_is_then_refused() {
    let mut bench = Bench::ready();
    bench.committing = false;
    bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    let number = bench.commits.last().expect("commit").number;
    bench.tell(DeskInput::CommitFailed { number, for_ever: false, reason: "down".to_owned() });
    bench.committing = true;
    bench.later(30);
    let Some(DeskReply::Refused(refusal)) = bench.reply("a") else { panic!("refused") };
    assert_eq!(refusal.code, RefusalCode::TooLate);
    assert!(!bench.outputs.iter().any(|o| matches!(o, DeskOutput::Dispatch { .. })));
}

#[test]
fn an_unknown_commit_holds_everything_until_it_is_resolved() {
    let mut bench = Bench::ready();
    bench.committing = false;
    bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    let number = bench.commits.last().expect("commit").number;
    bench.tell(DeskInput::CommitUnknown { number, reason: "connection lost".to_owned() });
    assert!(bench.outputs.contains(&DeskOutput::Resolve { number }));
    let before = bench.commits.len();
    bench.later(5);
    assert_eq!(bench.commits.len(), before, "nothing is committed meanwhile");
    bench.tell(DeskInput::Committed { number });
    assert!(matches!(bench.reply("a"), Some(DeskReply::Accepted { .. })));
}

#[test]
fn what_waits_for_a_commit_is_bounded() {
    let mut bench = Bench::ready();
    bench.committing = false;
    bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    for number in 0..=QUEUE_BOUND {
        bench.tell(DeskInput::ExchangeClock { ahead: TimeSpan::ZERO });
        bench.tell(DeskInput::Adopt { orders: vec![] });
        bench.ask(&format!("{number}"), DeskCommand::Compare);
    }
    assert_eq!(bench.desk.waiting(), QUEUE_BOUND);
}

#[test]
fn the_same_request_twice_gets_the_first_answer_and_sends_once() {
    let mut bench = Bench::ready();
    let first = bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    let sent = bench.orders_sent();
    let second = bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    assert_eq!(first, second);
    assert_eq!(bench.orders_sent(), sent);
}

#[test]
fn one_strike_is_never_bought_again_while_its_order_is_unconfirmed() {
    let mut bench = Bench::ready();
    let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    for second in 0..52 {
        bench.later(1);
        let refused = bench.open(&format!("again {second}"), bench.wanted(Side::Yes, 20));
        assert_eq!(refused, Err(RefusalCode::AlreadyTraded));
    }
    bench.answer(intent, Outcome::Unknown { reason: "timeout".to_owned(), signed_at: bench.now });
    assert_eq!(bench.open("b", bench.wanted(Side::Yes, 20)), Err(RefusalCode::UnknownOrder));
    assert_eq!(bench.orders_sent(), 1);
}

#[test]
fn a_trade_has_one_closer_at_a_time() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 40)).expect("admitted");
    bench.acknowledge(intent, 40);
    bench.fill("f1", intent, BookSide::Bid, 93, 40);
    let closing = bench.close("c1", trade).expect("accepted");
    assert_eq!(bench.close("c2", trade), Err(RefusalCode::AlreadyClosing));
    bench.acknowledge(closing, 40);
    assert_eq!(bench.close("c3", trade), Err(RefusalCode::AlreadyClosing), "its fills are not booked yet");
    bench.fill("f2", closing, BookSide::Ask, 42, 40);
    assert_eq!(bench.close("c4", trade), Err(RefusalCode::NoSuchTrade));
    assert_eq!(bench.orders_sent(), 2);
    assert_eq!(bench.desk.books().net_position(&MarketTicker::new(MARKET)), Quantity::ZERO);
}

#[test]
fn an_unknown_order_keeps_its_exposure_until_its_absence_is_proven() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let signed_at = bench.now;
    bench.answer(intent, Outcome::Unknown { reason: "timeout".to_owned(), signed_at });
    let exposure = bench.desk.books().exposure(|_| true);
    assert!(exposure > Money::from_dollars(19));
    bench.now += TimeSpan::from_seconds(600);
    bench.sweep_as_of(signed_at + TimeSpan::from_seconds(34), &[], Money::from_dollars(1_000));
    assert_eq!(bench.desk.books().orders[&intent].state, OrderState::Unknown, "no timer retires an order");
    assert_eq!(bench.desk.books().exposure(|_| true), exposure);
    bench.sweep_as_of(signed_at + TimeSpan::from_seconds(36), &[], Money::from_dollars(1_000));
    assert_eq!(bench.desk.books().orders[&intent].state, OrderState::Absent);
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    assert_eq!(bench.desk.books().exposure(|_| true), Money::ZERO);
}

#[test]
fn an_unknown_order_that_landed_is_found_by_its_own_identity() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.answer(intent, Outcome::Unknown { reason: "timeout".to_owned(), signed_at: bench.now });
    // The list of fills does not carry the order's own identity: it waits for the list of orders.
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    assert_eq!(bench.state(trade), TradeState::Opening);
    bench.report(Report::Order(OrderReport {
        order_id: order_id(intent),
        client_order_id: Some(intent.client_order_id()),
        ticker: MarketTicker::new(MARKET),
        exchange_index: SHARD,
        book_side: BookSide::Bid,
        price: Price::from_cents(95),
        status: ReportedStatus::Executed,
        initial: Quantity::from_contracts(20),
        filled: Quantity::from_contracts(20),
        remaining: Quantity::ZERO,
        updated_at: bench.now,
    }));
    assert_eq!(bench.state(trade), TradeState::Open);
    assert_eq!(bench.desk.books().trades[&trade].held(), Quantity::from_contracts(20));
}

#[test]
fn a_fill_before_the_acknowledgement_and_one_read_twice_are_booked_once() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let mut fill = bench.fill_of("f1", order_id(intent), BookSide::Bid, 93, 20);
    fill.client_order_id = Some(intent.client_order_id());
    bench.report(Report::Fill(fill));
    assert_eq!(bench.state(trade), TradeState::Open);
    bench.acknowledge(intent, 20);
    let cash = bench.cash();
    // The inbox takes a fill once; a number that was consumed is not consumed again either.
    let repeated = Report::Fill(bench.fill_of("f1", order_id(intent), BookSide::Bid, 93, 20));
    let number = bench.report;
    bench.tell(DeskInput::Report { number, report: repeated });
    assert_eq!(bench.cash(), cash);
}

#[test]
fn a_fill_after_the_order_was_said_to_have_ended_is_still_booked() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 0);
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    bench.fill("late", intent, BookSide::Bid, 93, 20);
    let books = bench.desk.books();
    assert_eq!(books.net_position(&MarketTicker::new(MARKET)), Quantity::from_contracts(20));
    assert_eq!(books.trades[&trade].held(), Quantity::from_contracts(20));
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn a_refused_claim_and_a_rejection_end_the_trade_without_a_position() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    let refusal = ClaimRefusal::StaleEpoch;
    bench.answer(intent, Outcome::NotSent { reason: NotSent::Claim { refusal } });
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    bench.later(11);
    let (intent, trade) = bench.open("b", bench.wanted(Side::Yes, 20)).expect("nothing was ever held there");
    let code = "insufficient_balance".to_owned();
    bench.answer(intent, Outcome::Rejected { status: 400, code, message: String::new() });
    assert_eq!(bench.state(trade), TradeState::Unfilled);
    assert_eq!(bench.desk.books().exposure(|_| true), Money::ZERO);
}

#[test]
fn re_entry_is_refused_after_a_trade_unless_it_is_allowed() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    let closing = bench.close("c", trade).expect("accepted");
    bench.acknowledge(closing, 20);
    bench.fill("f2", closing, BookSide::Ask, 90, 20);
    bench.later(30);
    assert_eq!(bench.open("b", bench.wanted(Side::Yes, 20)), Err(RefusalCode::AlreadyTraded));
    let settings = AutomationSettings { allow_re_entry: true, ..bench.desk.books().settings.clone() };
    bench.ask("s", DeskCommand::SetAutomation { settings, replaces: None });
    assert!(bench.open("d", bench.wanted(Side::Yes, 20)).is_ok());
}

#[test]
fn settings_replace_only_those_that_were_seen_and_never_grow_above_a_cap() {
    let mut bench = Bench::ready();
    let seen = bench.desk.books().settings.clone();
    let cap = rec_domain::caps::RiskCaps::default().contracts_per_order;
    let mine = AutomationSettings { min_probability_percent: 97.0, ..seen.clone() };
    let set = |settings: &AutomationSettings, replaces: &AutomationSettings| DeskCommand::SetAutomation {
        settings: settings.clone(),
        replaces: Some(Box::new(replaces.clone())),
    };
    bench.ask("a", set(&mine, &seen));
    assert_eq!(bench.desk.books().settings, mine);
    let other = AutomationSettings { min_volume: Quantity::ZERO, ..seen.clone() };
    bench.ask("b", set(&other, &seen));
    assert_eq!(bench.desk.books().settings, mine, "what the other one saw is no longer in force");
    let large = AutomationSettings { position_size: cap, multiplier: 2, ..mine.clone() };
    bench.ask("c", set(&large, &mine));
    assert_eq!(bench.desk.books().settings, mine, "twice the cap");
    let full = AutomationSettings { position_size: cap, ..mine.clone() };
    bench.ask("d", set(&full, &mine));
    assert_eq!(bench.desk.books().settings, full);
}

#[test]
fn a_halt_stops_entries_and_never_exits() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    let halt = DeskCommand::Halt { source: HaltSource::Operator, reason: "lunch".to_owned() };
    bench.ask("h", halt);
    let other = OpenRequest { ticker: MarketTicker::new(OTHER), ..bench.wanted(Side::Yes, 1) };
    assert_eq!(bench.open("b", other.clone()), Err(RefusalCode::Halted));
    assert!(bench.close("c", trade).is_ok());
    let resume = DeskCommand::Resume { source: HaltSource::Operator, reason: "back".to_owned() };
    bench.ask("r", resume);
    assert!(bench.open("d", OpenRequest { decided_at: bench.now, ..other }).is_ok());
    assert!(bench.desk.books().settings.auto_entry, "a halt never touches the operator's switches");
}

#[test]
fn each_cap_refuses_and_none_makes_a_request_smaller() {
    let with = |change: &dyn Fn(&mut DeskConfig)| {
        let mut config = DeskConfig::default();
        change(&mut config);
        Bench::ready_with(config)
    };
    type Change<'a> = &'a dyn Fn(&mut DeskConfig);
    let cases: [(Change<'_>, RefusalCode); 9] = [
        (&|c| c.caps.contracts_per_order = Quantity::from_contracts(19), RefusalCode::ContractsPerOrder),
        (&|c| c.caps.money_per_market = Money::from_dollars(19), RefusalCode::MoneyPerMarket),
        (&|c| c.caps.money_per_event = Money::from_dollars(19), RefusalCode::MoneyPerEvent),
        (&|c| c.caps.money_per_day = Money::from_dollars(19), RefusalCode::MoneyPerDay),
        (&|c| c.caps.money_per_account = Money::from_dollars(19), RefusalCode::MoneyPerAccount),
        (&|c| c.caps.open_trades = 0, RefusalCode::OpenTrades),
        (&|c| c.caps.orders_per_minute = 0, RefusalCode::OrdersPerMinute),
        (&|c| c.caps.daily_loss = Money::ZERO, RefusalCode::DailyLoss),
        (&|c| c.caps.drawdown = Money::ZERO, RefusalCode::Drawdown),
    ];
    for (change, code) in cases {
        let mut bench = with(change);
        assert_eq!(bench.open("a", bench.wanted(Side::Yes, 20)), Err(code));
        assert_eq!(bench.orders_sent(), 0);
    }
    let mut bench = with(&|_| {});
    assert!(bench.open("a", bench.wanted(Side::Yes, 20)).is_ok());
}

#[test]
fn the_other_side_of_a_held_market_is_refused() {
    let mut bench = Bench::ready();
    bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    assert_eq!(bench.open("b", bench.wanted(Side::No, 20)), Err(RefusalCode::OppositeHeld));
}

#[test]
fn a_difference_counts_only_when_seen_twice() {
    let mut bench = Bench::ready();
    bench.sweep(&[(MARKET, 5)], Money::from_dollars(1_000));
    assert!(bench.desk.books().halts.is_empty());
    bench.sweep(&[(MARKET, 5)], Money::from_dollars(1_000));
    assert!(bench.desk.books().halts.contains_key(&HaltSource::Reconciliation));
    assert_eq!(bench.desk.books().net_position(&MarketTicker::new(MARKET)), Quantity::ZERO, "compared, never copied");
    bench.sweep(&[], Money::from_dollars(1_000));
    assert!(bench.desk.books().halts.is_empty(), "a clean comparison clears its own halt");
}

#[test]
fn a_small_difference_of_cash_warns_and_a_large_one_halts() {
    for (cents, halted) in [(100_100, false), (100_101, true)] {
        let mut bench = Bench::ready();
        bench.sweep(&[], Money::from_cents(cents));
        bench.sweep(&[], Money::from_cents(cents));
        assert_eq!(!bench.desk.books().halts.is_empty(), halted, "{cents}");
        assert!(bench.outputs.iter().any(|output| matches!(output, DeskOutput::Alarm { .. })));
    }
}

#[test]
fn nothing_is_compared_while_an_order_is_under_way() {
    let mut bench = Bench::ready();
    let before = bench.desk.books().reconciliation.clone();
    bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.sweep(&[(MARKET, 20)], Money::from_dollars(980));
    assert_eq!(bench.desk.books().reconciliation, before);
}

#[test]
fn a_settlement_waits_for_the_fills_that_belong_before_it() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 20);
    bench.now = close_time();
    bench.report(settlement("yes", 20, 0, 20));
    assert_eq!(bench.state(trade), TradeState::Opening);
    bench.fill("f1", intent, BookSide::Bid, 93, 20);
    bench.sweep(&[], Money::from_dollars(1_000));
    assert_eq!(bench.state(trade), TradeState::Settled);
}

#[test]
fn a_hand_made_trade_is_booked_as_foreign_and_counts() {
    let mut bench = Bench::ready();
    let mut fill = bench.fill_of("f1", OrderId::new("by-hand"), BookSide::Bid, 50, 10);
    fill.client_order_id = Some(ClientOrderId::new("my-order"));
    bench.report(Report::Fill(fill));
    let trade = bench.desk.books().trades.values().next().expect("booked").clone();
    assert_eq!((trade.origin, trade.held()), (Origin::Foreign, Quantity::from_contracts(10)));
    assert_eq!(bench.desk.books().exposure(|_| true), Money::from_dollars(5));
}

#[test]
fn an_order_of_another_desk_on_the_account_halts_entries() {
    let mut bench = Bench::ready();
    let stranger = IntentId::new(DeskId::from_bits(8), 1, 1);
    bench.report(Report::Order(OrderReport {
        order_id: OrderId::new("theirs"),
        client_order_id: Some(stranger.client_order_id()),
        ticker: MarketTicker::new(MARKET),
        exchange_index: SHARD,
        book_side: BookSide::Bid,
        price: Price::from_cents(95),
        status: ReportedStatus::Resting,
        initial: Quantity::from_contracts(20),
        filled: Quantity::ZERO,
        remaining: Quantity::from_contracts(20),
        updated_at: bench.now,
    }));
    assert_eq!(bench.open("a", bench.wanted(Side::Yes, 1)), Err(RefusalCode::Halted));
}

#[test]
fn before_the_first_clean_comparison_nothing_is_entered() {
    let mut bench = Bench::bare(DeskConfig::default());
    bench.tell(DeskInput::Markets { markets: vec![market(MARKET)] });
    bench.tell(DeskInput::Wake);
    assert_eq!(bench.open("a", bench.wanted(Side::Yes, 1)), Err(RefusalCode::Unreconciled));
}

#[test]
fn a_partial_fill_holds_what_was_filled_and_a_partial_close_leaves_the_rest() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.acknowledge(intent, 16);
    bench.fill("f1", intent, BookSide::Bid, 93, 10);
    bench.fill("f2", intent, BookSide::Bid, 94, 6);
    let closing = bench.close("c", trade).expect("accepted");
    bench.acknowledge(closing, 5);
    bench.fill("f3", closing, BookSide::Ask, 80, 5);
    assert_eq!(bench.state(trade), TradeState::Open);
    let held = bench.desk.books().trades[&trade].clone();
    assert_eq!((held.held(), held.exit_attempts), (Quantity::from_contracts(11), 1));
    let position = Account::Position { ticker: MarketTicker::new(MARKET), side: Side::Yes };
    assert_eq!(bench.desk.books().ledger[&position], held.open_cost);
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn the_halt_of_two_tripped_groups_ends_when_both_are_reset() {
    let mut bench = Bench::ready();
    for role in [GroupRole::Entry, GroupRole::Exit] {
        let group = bench.desk.books().groups[&(SHARD, role)].group.clone();
        bench.report(Report::Group(GroupReport { group, event: "triggered".to_owned(), at: bench.now }));
    }
    bench.sweep(&[], Money::from_dollars(1_000));
    bench.ask("r", DeskCommand::Resume { source: HaltSource::OrderGroup, reason: "looked at".to_owned() });
    let resets: Vec<IntentId> = bench.desk.books().group_intents.keys().copied().collect();
    let [one, other] = resets.as_slice() else { panic!("two resets: {resets:?}") };
    bench.answer(*one, Outcome::Done);
    assert!(bench.desk.books().halts.contains_key(&HaltSource::OrderGroup), "one of them is tripped still");
    bench.answer(*other, Outcome::Done);
    assert!(bench.desk.books().halts.is_empty());
}

#[test]
fn a_tripped_group_is_noticed_by_its_report_or_by_a_refused_order_and_halts_entries() {
    let by_report = |bench: &mut Bench| {
        let group = bench.desk.books().groups[&(SHARD, GroupRole::Entry)].group.clone();
        bench.report(Report::Group(GroupReport { group, event: "triggered".to_owned(), at: bench.now }));
    };
    let by_refusal = |bench: &mut Bench| {
        let (intent, _) = bench.open("a", bench.wanted(Side::Yes, 1)).expect("admitted");
        let code = "order_group_triggered".to_owned();
        bench.answer(intent, Outcome::Rejected { status: 400, code, message: String::new() });
    };
    for trip in [&by_report as &dyn Fn(&mut Bench), &by_refusal] {
        let mut bench = Bench::ready();
        trip(&mut bench);
        assert!(bench.desk.books().halts.contains_key(&HaltSource::OrderGroup));
        let other = OpenRequest { ticker: MarketTicker::new(OTHER), ..bench.wanted(Side::Yes, 1) };
        assert_eq!(bench.open("b", other), Err(RefusalCode::Halted));
        let resume = DeskCommand::Resume { source: HaltSource::OrderGroup, reason: "looked at".to_owned() };
        bench.sweep(&[], Money::from_dollars(1_000));
        bench.ask("r", resume);
        let reset = bench.intents().into_iter().rfind(|intent| matches!(intent.action, Action::ResetGroup { .. }));
        assert!(bench.desk.books().halts.contains_key(&HaltSource::OrderGroup), "until the exchange has done it");
        bench.answer(reset.expect("asked for").id, Outcome::Done);
        assert!(bench.desk.books().halts.is_empty());
    }
}
