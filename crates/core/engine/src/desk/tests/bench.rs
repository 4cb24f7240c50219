//! What the tests stand on.

use super::*;

pub(super) const SHARD: ExchangeIndex = ExchangeIndex::new(2);
pub(super) const MARKET: &str = "KXBTCD-26SEP2315-T83999.99";
pub(super) const OTHER: &str = "KXBTCD-26SEP2315-T84099.99";
pub(super) const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

pub(super) fn close_time() -> Timestamp {
    START + TimeSpan::from_minutes(10)
}

pub(super) fn market(ticker: &str) -> Market {
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
pub(super) struct Bench {
    pub(super) desk: Desk,
    pub(super) now: Timestamp,
    pub(super) commits: Vec<Commit>,
    pub(super) outputs: Vec<DeskOutput>,
    pub(super) report: i64,
    pub(super) answer: i64,
    /// Commits happen by themselves.
    pub(super) committing: bool,
}

impl Bench {
    /// A desk that has its groups and was found to agree with the exchange on 1,000 dollars.
    pub(super) fn ready() -> Self {
        Self::ready_with(DeskConfig::default())
    }

    pub(super) fn ready_with(config: DeskConfig) -> Self {
        let mut bench = Self::bare(config);
        bench.make_ready();
        bench.outputs.clear();
        bench
    }

    /// A ready desk that holds 20 contracts of YES, bought at 91 cents.
    pub(super) fn holding() -> (Self, IntentId, TradeId) {
        let mut bench = Self::ready();
        let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
        bench.acknowledge(intent, 20);
        bench.fill("f1", intent, BookSide::Bid, 91, 20);
        bench.outputs.clear();
        (bench, intent, trade)
    }

    /// Makes its groups, and a comparison that finds 1,000 dollars.
    pub(super) fn make_ready(&mut self) {
        self.tell(DeskInput::Markets { markets: vec![market(MARKET), market(OTHER)] });
        self.tell(DeskInput::Wake);
        let groups: Vec<_> = self.desk.books().group_intents.keys().copied().collect();
        for (number, intent) in groups.into_iter().enumerate() {
            let group = OrderGroupId::new(format!("group-{number}"));
            self.answer(intent, Outcome::GroupCreated { group });
        }
        self.sweep(&[], Money::from_dollars(1_000));
    }

    pub(super) fn bare(config: DeskConfig) -> Self {
        let identity = Identity { desk: DeskId::from_bits(7), mode: Mode::Twin, epoch: 3 };
        let settings = AutomationSettings { auto_entry: true, auto_stop: true, ..AutomationSettings::default() };
        let books = Books::new(identity, settings, START);
        let desk = Desk::new(config, books);
        Self { desk, now: START, commits: vec![], outputs: vec![], report: 0, answer: 0, committing: true }
    }

    pub(super) fn tell(&mut self, input: DeskInput) {
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

    pub(super) fn later(&mut self, seconds: i64) {
        self.now += TimeSpan::from_seconds(seconds);
        self.tell(DeskInput::Wake);
    }

    pub(super) fn ask(&mut self, name: &str, command: DeskCommand) -> Option<DeskReply> {
        let decision = DecisionId::of(name);
        self.tell(DeskInput::Request(DeskRequest { decision, requester: "test".to_owned(), command }));
        self.reply(name)
    }

    pub(super) fn reply(&self, name: &str) -> Option<DeskReply> {
        let wanted = DecisionId::of(name);
        self.outputs.iter().rev().find_map(|output| match output {
            DeskOutput::Reply { decision, reply } if *decision == wanted => Some(reply.clone()),
            _ => None,
        })
    }

    pub(super) fn open(&mut self, name: &str, request: OpenRequest) -> Result<(IntentId, TradeId), RefusalCode> {
        match self.ask(name, DeskCommand::Open(request)).expect("an answer") {
            DeskReply::Accepted { intent, trade } => Ok((intent.expect("intent"), trade.expect("trade"))),
            DeskReply::Refused(refusal) => Err(refusal.code),
        }
    }

    pub(super) fn close(&mut self, name: &str, trade: TradeId) -> Result<IntentId, RefusalCode> {
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

    pub(super) fn wanted(&self, side: Side, contracts: i64) -> OpenRequest {
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

    pub(super) fn answer(&mut self, intent: IntentId, outcome: Outcome) {
        self.answer += 1;
        let answer = Answer { intent, at: self.now, outcome };
        self.tell(DeskInput::Answer { number: self.answer, answer });
    }

    pub(super) fn acknowledge(&mut self, intent: IntentId, filled: i64) {
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

    pub(super) fn report(&mut self, report: Report) {
        self.report += 1;
        self.tell(DeskInput::Report { number: self.report, report });
    }

    pub(super) fn fill(&mut self, name: &str, intent: IntentId, book_side: BookSide, yes_cents: i64, contracts: i64) {
        let fill = self.fill_of(name, order_id(intent), book_side, yes_cents, contracts);
        self.report(Report::Fill(fill));
    }

    pub(super) fn fill_of(
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

    /// The exchange shows an order of this desk, of which so many contracts are filled.
    pub(super) fn show(&mut self, intent: IntentId, status: ReportedStatus, filled: i64) {
        let spec = self.desk.books().orders[&intent].spec.clone();
        let filled = Quantity::from_contracts(filled);
        self.report(Report::Order(OrderReport {
            order_id: order_id(intent),
            client_order_id: Some(intent.client_order_id()),
            ticker: spec.ticker,
            exchange_index: spec.exchange_index,
            book_side: spec.book_side,
            price: spec.price,
            status,
            initial: spec.quantity,
            filled,
            remaining: spec.quantity - filled,
            created_at: None,
            updated_at: self.now,
        }));
    }

    pub(super) fn sweep(&mut self, positions: &[(&str, i64)], cash: Money) {
        self.now += TimeSpan::from_seconds(10);
        let as_of = self.now;
        self.sweep_as_of(as_of, positions, cash);
    }

    pub(super) fn sweep_as_of(&mut self, as_of: Timestamp, positions: &[(&str, i64)], cash: Money) {
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

    pub(super) fn intents(&self) -> Vec<Intent> {
        let rows = self.commits.iter().flat_map(|commit| &commit.rows);
        rows.filter_map(|row| match row {
            Row::Intent(intent) => Some(intent.clone()),
            _ => None,
        })
        .collect()
    }

    pub(super) fn orders_sent(&self) -> usize {
        self.intents().iter().filter(|intent| matches!(intent.action, Action::Place(_))).count()
    }

    pub(super) fn state(&self, trade: TradeId) -> TradeState {
        let books = self.desk.books();
        books.trades.get(&trade).or_else(|| books.ended.get(&trade)).expect("known").state
    }

    /// How many alarms had this in their words.
    pub(super) fn said(&self, words: &str) -> usize {
        let said = |output: &&DeskOutput| matches!(output, DeskOutput::Alarm { message } if message.contains(words));
        self.outputs.iter().filter(said).count()
    }

    pub(super) fn is_halted_for_its_books(&self) -> bool {
        self.desk.books().halts.contains_key(&HaltSource::Reconciliation)
    }

    pub(super) fn cash(&self) -> Money {
        self.desk.books().cash(SHARD)
    }

    pub(super) fn ledger_sum(&self) -> Money {
        self.desk.books().ledger.values().copied().sum()
    }
}

/// An order of the desk `bits` that changed at `at`.
pub(super) fn order_of_desk(bits: u32, status: ReportedStatus, at: Timestamp) -> Report {
    Report::Order(OrderReport {
        order_id: OrderId::new("theirs"),
        client_order_id: Some(IntentId::new(DeskId::from_bits(bits), 1, 1).client_order_id()),
        ticker: MarketTicker::new(MARKET),
        exchange_index: SHARD,
        book_side: BookSide::Bid,
        price: Price::from_cents(95),
        status,
        initial: Quantity::from_contracts(20),
        filled: Quantity::ZERO,
        remaining: Quantity::ZERO,
        created_at: None,
        updated_at: at,
    })
}

/// A complete reading that found nothing.
pub(super) fn swept(at: Timestamp) -> Sweep {
    Sweep {
        started_at: at,
        as_of: at,
        since: None,
        balances: vec![],
        positions: vec![],
        resting: vec![],
        reserved: vec![],
        flows: true,
        unreadable: vec![],
    }
}

pub(super) fn order_id(intent: IntentId) -> OrderId {
    OrderId::new(format!("order-of-{intent}"))
}

pub(super) fn settlement(result: &str, yes: i64, no: i64, revenue_dollars: i64) -> Report {
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
