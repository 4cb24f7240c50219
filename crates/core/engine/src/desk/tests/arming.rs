//! Where money is real, nothing is opened without an arming; and what ends one.

use rec_domain::{
    arming::{ArmRequest, Arming, Binding, Factor, OneTimeCode},
    command::FlattenRequest,
};

use super::*;

/// The step that codes are of in these tests.
const STEP: i64 = 59_666_666;

fn binding() -> Binding {
    Binding { configuration: "hash".to_owned(), release: "1 build".to_owned(), boot: "boot".to_owned() }
}

fn config() -> DeskConfig {
    DeskConfig { binding: binding(), ..DeskConfig::default() }
}

fn request(factor: Factor) -> ArmRequest {
    let duration = TimeSpan::from_minutes(480);
    ArmRequest { duration, reason: "the week begins".to_owned(), take_over: false, factor }
}

fn right(step: i64) -> ArmRequest {
    request(Factor::Right { step })
}

impl Bench {
    /// As [`Bench::ready`], where arming is needed.
    fn ready_for_money() -> Self {
        let mut bench = Self::bare(config());
        bench.desk.books.identity.mode = Mode::Demo;
        bench.make_ready();
        bench
    }

    /// As [`Bench::ready`] in any mode, armed where that is needed.
    pub(super) fn ready_in(mode: Mode) -> Self {
        if !mode.needs_arming() {
            return Self::ready();
        }
        let mut bench = Self::ready_for_money();
        bench.arm("arm", right(STEP)).expect("armed");
        bench
    }

    fn arm(&mut self, name: &str, request: ArmRequest) -> Result<(), RefusalCode> {
        match self.ask(name, DeskCommand::Arm(request)).expect("an answer") {
            DeskReply::Accepted { .. } => Ok(()),
            DeskReply::Refused(refusal) => Err(refusal.code),
        }
    }

    fn is_armed(&self) -> bool {
        self.desk.books().armed(self.now)
    }

    fn opens(&mut self, name: &str) -> Result<(), RefusalCode> {
        let wanted = self.wanted(Side::Yes, 20);
        self.open(name, wanted).map(|_| ())
    }

    fn arming(&self) -> Arming {
        self.desk.books().arming.clone().expect("armed")
    }

    fn ended(&self) -> Option<String> {
        let rows = self.commits.iter().flat_map(|commit| &commit.rows);
        rows.filter_map(|row| match row {
            Row::Disarmed { reason } => Some(reason.clone()),
            _ => None,
        })
        .next_back()
    }

    /// The desk that begins anew from what was committed, after a crash or an end in order.
    fn begun_anew(&self, after_crash: bool, config: DeskConfig) -> Self {
        let old = self.desk.books();
        let identity = Identity { epoch: old.identity.epoch + 1, ..old.identity };
        let mut books = old.clone();
        books.identity = identity;
        (books.ready, books.arming_reviewed, books.after_crash) = (false, false, after_crash);
        (books.last_commit, books.last_intent) = (0, 0);
        let mut bench = Self::bare(config.clone());
        bench.desk = Desk::new(config, books);
        (bench.now, bench.report, bench.answer) = (self.now, self.report, self.answer);
        bench
    }
}

#[test]
fn only_an_armed_desk_opens_where_money_is_real_and_a_disarmed_one_still_closes() {
    let mut bench = Bench::ready_for_money();
    assert_eq!(bench.opens("a"), Err(RefusalCode::Disarmed));
    bench.arm("arm", right(STEP)).expect("armed");
    let wanted = bench.wanted(Side::Yes, 20);
    let (intent, trade) = bench.open("b", wanted).expect("opened");
    bench.acknowledge(intent, 20);
    bench.fill("f", intent, BookSide::Bid, 95, 20);
    bench.ask("disarm", DeskCommand::Disarm { reason: "enough".to_owned() });
    assert!(!bench.is_armed());
    bench.later(20);
    assert_eq!(bench.opens("c"), Err(RefusalCode::Disarmed));
    bench.close("d", trade).expect("closing needs no arming");
}

#[test]
fn an_arming_ends_with_its_time() {
    let mut bench = Bench::ready_for_money();
    bench.arm("arm", ArmRequest { duration: TimeSpan::from_minutes(1), ..right(STEP) }).expect("armed");
    bench.later(59);
    assert!(bench.is_armed());
    bench.now += TimeSpan::from_seconds(1);
    assert!(!bench.is_armed(), "before anything wakes the machine");
    bench.later(0);
    assert_eq!(bench.ended().as_deref(), Some("its time was over"));
}

#[test]
fn arming_is_refused_for_each_thing_that_is_not_right() {
    let refused = |spoil: fn(&mut Bench, &mut ArmRequest)| {
        let mut bench = Bench::ready_for_money();
        let mut request = right(STEP);
        spoil(&mut bench, &mut request);
        let refused = bench.arm("arm", request).expect_err("refused");
        assert_eq!(bench.desk.books().arming, None);
        refused
    };
    assert_eq!(refused(|bench, _| bench.desk.books.identity.mode = Mode::Paper), RefusalCode::NothingToArm);
    assert_eq!(refused(|_, request| request.duration = TimeSpan::from_seconds(59)), RefusalCode::BadSettings);
    assert_eq!(refused(|_, request| request.duration = TimeSpan::from_minutes(1_441)), RefusalCode::BadSettings);
    assert_eq!(refused(|_, request| request.reason.clear()), RefusalCode::BadSettings);
    assert_eq!(refused(|bench, _| bench.desk.books.ready = false), RefusalCode::Unreconciled);
    let differ = |bench: &mut Bench, _: &mut ArmRequest| bench.sweep(&[(MARKET, 3)], Money::from_dollars(1_000));
    assert_eq!(refused(differ), RefusalCode::Unreconciled);
    let stepped = |bench: &mut Bench, _: &mut ArmRequest| {
        bench.tell(DeskInput::ClockStepped { step: TimeSpan::from_seconds(3) });
    };
    assert_eq!(refused(stepped), RefusalCode::Halted);
    assert_eq!(refused(|bench, _| bench.desk.books.groups.clear()), RefusalCode::OrderGroup);
    let tripped = |bench: &mut Bench, _: &mut ArmRequest| {
        bench.desk.books.groups.values_mut().for_each(|group| group.tripped = true);
    };
    assert_eq!(refused(tripped), RefusalCode::OrderGroup);
    let not_enrolled = Factor::NotEnrolled { why: "no file".to_owned() };
    for factor in [not_enrolled, Factor::Wrong, Factor::Code { code: OneTimeCode::new("287082") }] {
        let mut bench = Bench::ready_for_money();
        assert_eq!(bench.arm("arm", request(factor)), Err(RefusalCode::SecondFactor));
    }
}

#[test]
fn the_operators_own_halt_does_not_hinder_arming_and_holds_on() {
    let mut bench = Bench::ready_for_money();
    bench.ask("halt", DeskCommand::Halt { source: HaltSource::Operator, reason: "lunch".to_owned() });
    bench.arm("arm", right(STEP)).expect("armed");
    assert_eq!(bench.opens("a"), Err(RefusalCode::Halted));
}

#[test]
fn a_code_counts_once_and_neither_does_an_older_one() {
    let mut bench = Bench::ready_for_money();
    bench.arm("a", right(STEP)).expect("armed");
    assert_eq!(bench.arm("a", right(STEP)), Ok(()), "the same request gets the same answer");
    assert_eq!(bench.arm("b", right(STEP)), Err(RefusalCode::SecondFactor));
    assert_eq!(bench.arm("c", right(STEP - 1)), Err(RefusalCode::SecondFactor));
    assert_eq!(bench.arm("d", right(STEP + 1)), Ok(()));
    assert_eq!(bench.ended().as_deref(), Some("armed anew"));
}

#[test]
fn after_five_wrong_codes_no_code_is_looked_at_for_a_while() {
    let mut bench = Bench::ready_for_money();
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(bench.arm(name, request(Factor::Wrong)), Err(RefusalCode::SecondFactor));
    }
    assert_eq!(bench.arm("f", right(STEP)), Err(RefusalCode::TooManyCodes), "even a right one");
    bench.now += TimeSpan::from_minutes(15);
    assert_eq!(bench.arm("g", right(STEP)), Ok(()));
}

#[test]
fn an_arming_survives_a_crash_once_books_and_exchange_agree_again() {
    let mut bench = Bench::ready_for_money();
    bench.arm("arm", right(STEP)).expect("armed");
    let mut anew = bench.begun_anew(true, config());
    assert!(!anew.is_armed(), "before it was looked at");
    anew.later(1);
    assert!(anew.arming().unproven && !anew.is_armed());
    anew.make_ready();
    anew.later(1);
    assert!(anew.is_armed());
    assert_eq!(anew.opens("a"), Ok(()));
}

#[test]
fn an_arming_ends_when_books_and_exchange_disagree_after_a_crash() {
    let mut bench = Bench::ready_for_money();
    bench.arm("arm", right(STEP)).expect("armed");
    let mut anew = bench.begun_anew(true, config());
    anew.later(1);
    for _ in 0..2 {
        anew.sweep(&[(MARKET, 3)], Money::from_dollars(1_000));
    }
    anew.later(1);
    assert_eq!(anew.ended().as_deref(), Some("books and exchange did not agree after a crash"));
}

#[test]
fn an_arming_ends_with_an_end_in_order_another_boot_release_or_configuration() {
    let mut bench = Bench::ready_for_money();
    bench.arm("arm", right(STEP)).expect("armed");
    let with = |binding: Binding| DeskConfig { binding, ..config() };
    let cases = [
        (false, config(), "the desk was ended in order"),
        (true, with(Binding { boot: "another".to_owned(), ..binding() }), "the machine was started anew"),
        (true, with(Binding { release: "2".to_owned(), ..binding() }), "another release was started"),
        (true, with(Binding { configuration: "x".to_owned(), ..binding() }), "the configuration was changed"),
    ];
    for (after_crash, config, why) in cases {
        let mut anew = bench.begun_anew(after_crash, config);
        anew.make_ready();
        assert_eq!(anew.ended().as_deref(), Some(why));
        assert_eq!(anew.opens("a"), Err(RefusalCode::Disarmed));
    }
}

#[test]
fn a_second_crash_before_the_books_were_compared_and_the_third_in_ten_minutes_end_an_arming() {
    let mut bench = Bench::ready_for_money();
    bench.arm("arm", right(STEP)).expect("armed");
    let mut once = bench.begun_anew(true, config());
    once.later(1);
    let mut twice = once.begun_anew(true, config());
    twice.later(1);
    assert_eq!(twice.ended().as_deref(), Some("the desk crashed again before its books were compared"));

    let mut desk = bench;
    for crash in 1..=3 {
        desk = desk.begun_anew(true, config());
        desk.make_ready();
        desk.later(60);
        assert_eq!(desk.is_armed(), crash < 3, "crash {crash}");
    }
    assert_eq!(desk.ended().as_deref(), Some("the desk crashed three times within ten minutes"));

    let mut desk = Bench::ready_for_money();
    desk.arm("arm", right(STEP)).expect("armed");
    for _ in 1..=5 {
        desk = desk.begun_anew(true, config());
        desk.make_ready();
        desk.later(300);
        assert!(desk.is_armed(), "a crash every five minutes is borne");
    }
}

#[test]
fn while_another_desk_traded_on_the_account_arming_takes_it_over_or_is_refused() {
    let mut bench = Bench::ready_for_money();
    bench.report(order_of_desk(99, ReportedStatus::Executed, bench.now));
    bench.sweep(&[], Money::from_dollars(1_000));
    assert_eq!(bench.arm("a", right(STEP)), Err(RefusalCode::OtherDesk));
    bench.arm("b", ArmRequest { take_over: true, ..right(STEP) }).expect("taken over");
    assert_eq!(bench.opens("c"), Ok(()));
}

#[test]
fn flattening_halts_and_closes_what_this_desk_opened_and_is_repeated_until_nothing_is_held() {
    let mut bench = Bench::ready();
    let wanted = bench.wanted(Side::Yes, 20);
    let (intent, trade) = bench.open("a", wanted).expect("opened");
    bench.acknowledge(intent, 20);
    bench.fill("f", intent, BookSide::Bid, 95, 20);
    let foreign = bench.fill_of("g", OrderId::new("by hand"), BookSide::Ask, 40, 5);
    bench.report(Report::Fill(FillReport {
        client_order_id: Some(ClientOrderId::new("by hand")),
        ticker: MarketTicker::new(OTHER),
        ..foreign
    }));
    let before = bench.orders_sent();
    let flatten = |limit| FlattenRequest { limit, reason: "enough".to_owned(), decided_at: START };
    let worst = Price::from_cents(1);
    assert!(matches!(
        bench.ask("no price", DeskCommand::Flatten(flatten(Price::ZERO))),
        Some(DeskReply::Refused(refusal)) if refusal.code == RefusalCode::Price
    ));
    bench.ask("b", DeskCommand::Flatten(flatten(worst)));
    assert!(bench.desk.books().halts.contains_key(&HaltSource::Operator));
    assert_eq!(bench.orders_sent(), before + 1, "the trade made elsewhere is left");
    let sent = bench.intents().pop().expect("sent");
    let Action::Place(spec) = &sent.action else { panic!("{sent:?}") };
    assert!(spec.reduce_only && spec.limit() == worst && spec.quantity == Quantity::from_contracts(20));
    bench.ask("c", DeskCommand::Flatten(flatten(worst)));
    assert_eq!(bench.orders_sent(), before + 1, "while it is under way nothing is doubled");
    bench.acknowledge(sent.id, 15);
    bench.fill("h", sent.id, BookSide::Ask, 90, 15);
    bench.ask("d", DeskCommand::Flatten(flatten(worst)));
    assert_eq!(bench.orders_sent(), before + 2, "what is left is closed next");
    assert_eq!(bench.state(trade), TradeState::Closing);
}

#[test]
fn what_flattening_cannot_close_is_said() {
    let (mut bench, _, trade) = Bench::holding();
    bench.desk.books.groups.remove(&(SHARD, GroupRole::Exit));
    let flatten = FlattenRequest { limit: Price::from_cents(1), reason: "enough".to_owned(), decided_at: START };
    bench.ask("b", DeskCommand::Flatten(flatten));
    assert_eq!(bench.said(&format!("trade {trade} is not closed: the exit group of shard 2 is missing")), 1);
}
