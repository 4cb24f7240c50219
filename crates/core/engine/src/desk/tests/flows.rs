//! Money that comes, goes or moves: posted by itself as far as the exchange says, and never won or lost.

use rec_domain::flow::{FlowKind, FlowReport, FlowStage, Place};

use super::*;

const FIRST: ExchangeIndex = ExchangeIndex::new(0);

impl Bench {
    fn flow(&mut self, kind: FlowKind, from: Place, to: Place, dollars: i64, stage: FlowStage) {
        self.now += TimeSpan::from_seconds(1);
        let (amount, at) = (Money::from_dollars(dollars), self.now);
        let flow = FlowReport { id: "1".to_owned(), kind, from, to, amount, fee: Money::ZERO, stage, at };
        self.report(Report::Flow(flow));
    }

    fn deposit(&mut self, dollars: i64, stage: FlowStage) {
        self.flow(FlowKind::Deposit, Place::World, Place::Shard(SHARD), dollars, stage);
    }

    /// A complete reading, ten seconds later, of these balances in dollars.
    fn balances(&mut self, balances: &[(ExchangeIndex, i64)]) {
        self.now += TimeSpan::from_seconds(10);
        let balances = balances.iter().map(|(shard, dollars)| (*shard, Money::from_dollars(*dollars))).collect();
        self.report(Report::Sweep(Sweep { balances, ..swept(self.now) }));
    }

    /// The desk in another process, with what the database has.
    fn started_again(mut self) -> Self {
        let mut books = self.desk.books().clone();
        books.unplaced.clear();
        books.recover_unplaced(self.now);
        self.desk = Desk::new(DeskConfig::default(), books);
        self
    }

    pub(super) fn is_clean(&self) -> bool {
        self.desk.books().reconciliation.as_ref().expect("compared").is_clean()
    }

    fn balance(&self, account: &Account) -> Money {
        self.desk.books().ledger.get(account).copied().unwrap_or_default()
    }

    fn kinds(&self) -> Vec<PostingKind> {
        let rows = self.commits.iter().flat_map(|commit| &commit.rows);
        let kinds = rows.filter_map(|row| if let Row::Posting(posting) = row { Some(posting.kind) } else { None });
        kinds.filter(|kind| *kind != PostingKind::Opening).collect()
    }

    pub(super) fn adjust(&mut self, requester: &str, name: &str, adjustment: Adjustment) -> Result<(), RefusalCode> {
        let decision = DecisionId::of(name);
        let command = DeskCommand::Adjust(adjustment);
        self.tell(DeskInput::Request(DeskRequest { decision, requester: requester.to_owned(), command }));
        match self.reply(name).expect("an answer") {
            DeskReply::Accepted { .. } => Ok(()),
            DeskReply::Refused(refusal) => Err(refusal.code),
        }
    }
}

#[test]
fn a_deposit_is_posted_once_when_it_is_applied_and_is_no_profit() {
    let mut bench = Bench::ready();
    bench.deposit(50, FlowStage::Pending);
    assert_eq!(bench.cash(), Money::from_dollars(1_000), "it has not arrived");
    bench.deposit(50, FlowStage::Done);
    bench.deposit(50, FlowStage::Done);
    assert_eq!(bench.cash(), Money::from_dollars(1_050));
    assert_eq!((bench.kinds(), bench.ledger_sum()), (vec![PostingKind::Deposit], Money::ZERO));
    assert_eq!(bench.desk.books().realised_today, Money::ZERO);
    assert_eq!(bench.balance(&Account::Result), Money::ZERO);
    bench.balances(&[(SHARD, 1_050)]);
    assert!(bench.is_clean());
}

#[test]
fn a_withdrawal_is_posted_and_is_no_loss() {
    let mut bench = Bench::ready();
    bench.flow(FlowKind::Withdrawal, Place::Shard(SHARD), Place::World, 400, FlowStage::Done);
    assert_eq!(bench.cash(), Money::from_dollars(600));
    assert_eq!(bench.balance(&Account::Capital), Money::from_dollars(-600));
    assert_eq!(bench.desk.books().realised_today, Money::ZERO);
    bench.balances(&[(SHARD, 600)]);
    assert!(bench.is_clean());
}

#[test]
fn a_deposit_that_is_returned_is_taken_back() {
    let mut bench = Bench::ready();
    bench.deposit(50, FlowStage::Done);
    bench.deposit(50, FlowStage::Undone);
    assert_eq!(bench.cash(), Money::from_dollars(1_000));
    assert_eq!(bench.kinds(), [PostingKind::Deposit, PostingKind::Reversal]);
    assert_eq!(bench.ledger_sum(), Money::ZERO);
}

#[test]
fn what_moved_before_the_ledger_was_opened_is_part_of_what_it_was_opened_with() {
    let mut bench = Bench::bare(DeskConfig::default());
    bench.deposit(1_000, FlowStage::Done);
    bench.balances(&[(SHARD, 1_000)]);
    assert_eq!(bench.cash(), Money::from_dollars(1_000), "once");
    let first = bench.now;
    bench.now += TimeSpan::from_seconds(60);
    let old = FlowReport {
        id: "told late".to_owned(),
        kind: FlowKind::Deposit,
        from: Place::World,
        to: Place::Shard(SHARD),
        amount: Money::from_dollars(7),
        fee: Money::ZERO,
        stage: FlowStage::Done,
        at: first - TimeSpan::from_minutes(60),
    };
    bench.report(Report::Flow(old));
    assert_eq!(bench.cash(), Money::from_dollars(1_000));
}

#[test]
fn capital_that_was_all_taken_out_does_not_open_the_ledger_again() {
    let mut bench = Bench::ready();
    bench.flow(FlowKind::Withdrawal, Place::Shard(SHARD), Place::World, 1_000, FlowStage::Done);
    assert_eq!(bench.balance(&Account::Capital), Money::ZERO);
    bench.balances(&[(SHARD, 30)]);
    assert!(!bench.is_clean(), "thirty dollars that nobody brought are no opening balance");
    assert_eq!(bench.cash(), Money::ZERO);
}

#[test]
fn a_transfer_between_shards_is_in_transit_until_it_arrives() {
    let mut bench = Bench::ready();
    let transfer = |bench: &mut Bench, stage| {
        bench.flow(FlowKind::Transfer, Place::Shard(SHARD), Place::Shard(FIRST), 300, stage);
    };
    transfer(&mut bench, FlowStage::Pending);
    assert_eq!((bench.cash(), bench.balance(&Account::Transit)), (Money::from_dollars(700), Money::from_dollars(300)));
    bench.balances(&[(FIRST, 0), (SHARD, 700)]);
    assert!(bench.is_clean(), "it has left and not arrived");
    transfer(&mut bench, FlowStage::Done);
    assert_eq!(bench.balance(&Account::Transit), Money::ZERO);
    bench.balances(&[(FIRST, 300), (SHARD, 700)]);
    assert!(bench.is_clean());
    assert_eq!((bench.kinds(), bench.ledger_sum()), (vec![PostingKind::Transfer; 2], Money::ZERO));
}

#[test]
fn a_transfer_to_another_subaccount_leaves_the_desk_and_is_no_loss() {
    let mut bench = Bench::ready();
    bench.flow(FlowKind::Transfer, Place::Shard(SHARD), Place::Subaccount(3), 300, FlowStage::Done);
    bench.balances(&[(SHARD, 700)]);
    assert!(bench.is_clean());
    assert_eq!(bench.balance(&Account::Subaccount { subaccount: 3 }), Money::from_dollars(300));
    let rows = bench.commits.iter().flat_map(|commit| &commit.rows);
    let moved: Money = rows.filter_map(|row| if let Row::Posting(p) = row { Some(p.brought_in()) } else { None }).sum();
    assert_eq!(moved, Money::from_dollars(700), "opened with 1,000, of which 300 were taken out");
    assert_eq!(bench.desk.books().realised_today, Money::ZERO);
}

#[test]
fn interest_is_no_capital_whether_the_exchange_lists_it_or_the_operator_explains_it() {
    let mut bench = Bench::ready();
    bench.flow(FlowKind::Interest, Place::World, Place::Shard(SHARD), 2, FlowStage::Done);
    assert_eq!(bench.balance(&Account::Interest), Money::from_dollars(-2));
    bench.balances(&[(SHARD, 1_005)]);
    bench.balances(&[(SHARD, 1_005)]);
    let amount = Money::from_dollars(3);
    let adjustment = Adjustment { exchange_index: SHARD, amount, interest: true, reason: "October".to_owned() };
    assert_eq!(bench.adjust("operator", "a", adjustment), Ok(()));
    assert_eq!(bench.balance(&Account::Interest), Money::from_dollars(-5));
    assert_eq!(bench.kinds(), [PostingKind::Interest; 2]);
    assert_eq!(bench.balance(&Account::Capital), Money::from_dollars(-1_000));
}

#[test]
fn a_movement_in_a_state_that_nobody_knows_posts_nothing_and_is_said() {
    let mut bench = Bench::ready();
    bench.deposit(50, FlowStage::Done);
    bench.deposit(50, FlowStage::Other("frozen".to_owned()));
    assert_eq!(bench.cash(), Money::from_dollars(1_050), "what was posted is not taken back for it");
    assert!(bench.said("frozen") > 0);
}

#[test]
fn a_deposit_that_met_another_shard_than_it_was_booked_on_is_placed_there_once_seen_twice() {
    let mut bench = Bench::ready();
    bench.flow(FlowKind::Deposit, Place::World, Place::Shard(FIRST), 50, FlowStage::Done);
    bench.balances(&[(FIRST, 0), (SHARD, 1_050)]);
    assert!(!bench.is_clean() && bench.kinds() == [PostingKind::Deposit], "seen once");
    bench.balances(&[(FIRST, 0), (SHARD, 1_050)]);
    assert!(bench.is_clean() && !bench.is_halted_for_its_books());
    assert_eq!(bench.kinds(), [PostingKind::Deposit, PostingKind::Transfer]);
    assert_eq!(bench.said("50.00 that the books had on shard 0 are on shard 2"), 1, "{:?}", bench.outputs);
    assert_eq!((bench.cash(), bench.ledger_sum()), (Money::from_dollars(1_050), Money::ZERO));
}

#[test]
fn after_a_start_only_what_moved_since_books_and_exchange_agreed_is_placed_on_another_shard() {
    let (booked, moved) = ([(FIRST, 50), (SHARD, 1_000)], [(FIRST, 30), (SHARD, 1_020)]);
    // How long after the deposit it was compared, what was found before the start, and whether 20 dollars that are on
    // another shard after it are taken for a part of the deposit.
    for (seconds, found, placed) in
        [(600, &[booked][..], false), (600, &[booked, moved], false), (10, &[booked], true), (600, &[moved], true)]
    {
        let mut bench = Bench::ready();
        bench.flow(FlowKind::Deposit, Place::World, Place::Shard(FIRST), 50, FlowStage::Done);
        bench.later(seconds);
        for balances in found {
            bench.balances(balances);
        }
        let mut bench = bench.started_again();
        bench.balances(&moved);
        bench.balances(&moved);
        assert_eq!((bench.is_clean(), bench.is_halted_for_its_books()), (placed, !placed), "{found:?} {seconds}");
        assert_eq!(bench.said("met another shard"), usize::from(placed));
    }
}

#[test]
fn of_two_movements_the_one_that_met_another_shard_is_placed_there() {
    let mut bench = Bench::ready();
    let mut moved = |id: &str, kind, from, to, dollars| {
        bench.now += TimeSpan::from_seconds(1);
        let (amount, fee, at) = (Money::from_dollars(dollars), Money::ZERO, bench.now);
        let id = id.to_owned();
        bench.report(Report::Flow(FlowReport { id, kind, from, to, amount, fee, stage: FlowStage::Done, at }));
    };
    let booked = Place::Shard(FIRST);
    moved("to the first", FlowKind::Deposit, Place::World, booked, 70);
    moved("to the other", FlowKind::Deposit, Place::World, booked, 50);
    moved("from the other", FlowKind::Withdrawal, booked, Place::World, 20);
    bench.balances(&[(FIRST, 70), (SHARD, 1_030)]);
    bench.balances(&[(FIRST, 70), (SHARD, 1_030)]);
    assert!(bench.is_clean() && !bench.is_halted_for_its_books());
    assert_eq!((bench.cash(), bench.ledger_sum()), (Money::from_dollars(1_030), Money::ZERO));
    // That more was moved than came or went is not explained by them.
    let mut bench = Bench::ready();
    bench.flow(FlowKind::Deposit, Place::World, Place::Shard(FIRST), 50, FlowStage::Done);
    bench.balances(&[(FIRST, -1), (SHARD, 1_051)]);
    bench.balances(&[(FIRST, -1), (SHARD, 1_051)]);
    assert!(bench.is_halted_for_its_books());
}

#[test]
fn what_a_resting_order_binds_is_not_free_while_an_order_is_under_way() {
    let mut bench = Bench::ready();
    bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.now += TimeSpan::from_seconds(10);
    let reserved = vec![(SHARD, Money::from_dollars(40))];
    bench.report(Report::Sweep(Sweep { reserved, ..swept(bench.now) }));
    assert_eq!(bench.cash(), Money::from_dollars(960));
    assert_eq!(bench.kinds(), [PostingKind::Reserve]);
}

#[test]
fn cash_that_moves_between_shards_without_being_listed_is_a_difference_on_both() {
    let mut bench = Bench::ready();
    bench.balances(&[(FIRST, 100), (SHARD, 900)]);
    bench.balances(&[(FIRST, 100), (SHARD, 900)]);
    assert!(bench.is_halted_for_its_books() && bench.kinds().is_empty(), "nothing is adjusted away");
}

#[test]
fn a_difference_of_cash_counts_only_when_what_moved_was_read_too() {
    let mut bench = Bench::ready();
    for _ in 0..4 {
        bench.now += TimeSpan::from_seconds(10);
        let balances = vec![(SHARD, Money::from_dollars(1_050))];
        bench.report(Report::Sweep(Sweep { balances, flows: false, ..swept(bench.now) }));
    }
    assert!(!bench.is_halted_for_its_books(), "a deposit may not have been read yet");
    assert!(bench.outputs.iter().any(|output| matches!(output, DeskOutput::RequestSweep)));
    bench.balances(&[(SHARD, 1_050)]);
    assert!(bench.is_halted_for_its_books());
}

#[test]
fn cash_that_a_hands_resting_order_binds_is_reserved_and_no_difference() {
    let mut bench = Bench::ready();
    let resting = |bench: &mut Bench, bound: i64, free: i64| {
        bench.now += TimeSpan::from_seconds(10);
        let balances = vec![(SHARD, Money::from_dollars(free))];
        let reserved = vec![(SHARD, Money::from_dollars(bound))];
        let resting = vec![OrderId::new("by hand")];
        bench.report(Report::Sweep(Sweep { balances, reserved, resting, ..swept(bench.now) }));
    };
    resting(&mut bench, 40, 960);
    assert!(bench.is_clean());
    assert_eq!(bench.balance(&Account::Reserved { exchange_index: SHARD }), Money::from_dollars(40));
    assert_eq!(bench.cash(), Money::from_dollars(960), "what is bound cannot be spent");
    bench.balances(&[(SHARD, 1_000)]);
    assert!(bench.is_clean());
    assert_eq!((bench.kinds(), bench.ledger_sum()), (vec![PostingKind::Reserve, PostingKind::Release], Money::ZERO));
}

#[test]
fn an_adjustment_is_the_operators_and_explains_what_the_last_comparison_found_and_nothing_else() {
    let mut bench = Bench::ready();
    let explained = |cents: i64| Adjustment {
        exchange_index: SHARD,
        amount: Money::from_cents(cents),
        interest: false,
        reason: "a fee that was paid by hand".to_owned(),
    };
    assert_eq!(bench.adjust("operator", "none is needed", explained(-500)), Err(RefusalCode::Adjustment));
    bench.balances(&[(SHARD, 995)]);
    bench.balances(&[(SHARD, 995)]);
    assert!(bench.is_halted_for_its_books());
    for (name, cents) in [("too much", -501), ("the wrong way", 500), ("nothing", 0)] {
        assert_eq!(bench.adjust("operator", name, explained(cents)), Err(RefusalCode::Adjustment), "{name}");
    }
    let unsaid = Adjustment { reason: " ".to_owned(), ..explained(-500) };
    assert_eq!(bench.adjust("operator", "without a reason", unsaid), Err(RefusalCode::Adjustment));
    let elsewhere = Adjustment { exchange_index: FIRST, ..explained(-500) };
    assert_eq!(bench.adjust("operator", "another shard", elsewhere), Err(RefusalCode::Adjustment));
    assert_eq!(bench.adjust("auto-entry-supervisor", "a service", explained(-500)), Err(RefusalCode::Adjustment));
    assert_eq!(bench.adjust("operator", "right", explained(-500)), Ok(()));
    assert_eq!((bench.cash(), bench.ledger_sum()), (Money::from_dollars(995), Money::ZERO));
    assert_eq!(bench.balance(&Account::Adjustment), Money::from_dollars(5));
    assert_eq!(bench.adjust("operator", "again", explained(-500)), Err(RefusalCode::Adjustment), "the books changed");
    let audited = bench.commits.iter().flat_map(|commit| &commit.rows).any(|row| {
        matches!(row, Row::Audit { actor, action, detail }
            if actor == "operator" && action == "adjust" && detail.contains("paid by hand"))
    });
    assert!(audited);
    bench.balances(&[(SHARD, 995)]);
    assert!(bench.is_clean() && !bench.is_halted_for_its_books());
}
