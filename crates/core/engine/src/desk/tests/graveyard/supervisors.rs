//! Supervisors that look at a desk as they do in a running one: at its view, at prices that a test says, and with their
//! own clockwork.

use rec_domain::{
    Fresh, Probability,
    book::{BookTop, Level, Top},
    index::SettlementWindow,
    momentum::MomentumReading,
    strike_table::{Edge, StrikeRow, StrikeTable},
};

use super::*;
use crate::{
    entry::{self, EntryMachine},
    exit::{self, ExitMachine},
};

/// Prices as both supervisors see them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// Chance of YES in percent.
    pub(super) yes_percent: f64,
    /// What is bid for YES, in cents; one more is asked.
    pub(super) bid_cents: i64,
}

impl Scene {
    fn top(self) -> Top {
        let level = |cents| Some(Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(500) });
        Top { bid: level(self.bid_cents), ask: level(self.bid_cents + 1) }
    }

    fn books(self, now: Timestamp) -> Vec<BookTop> {
        let ticker = MarketTicker::new(MARKET);
        vec![BookTop { ticker, top: Some(self.top()), observed_at: now, received_at: now }]
    }

    fn table(self, now: Timestamp) -> StrikeTable {
        let price = || {
            let value = UsdPrice::from_cents(8_410_000);
            Some(Fresh { value, source: "test".to_owned(), observed_at: now, received_at: now })
        };
        let ask = Price::from_cents(self.bid_cents + 1);
        let fee = FeeSchedule::CRYPTO.fee(Liquidity::Taker, ask, Quantity::from_contracts(1)).expect("known");
        let gross_points = self.yes_percent - ask.points();
        let row = StrikeRow {
            ticker: MarketTicker::new(MARKET),
            strike: UsdPrice::from_cents(8_399_999),
            buffer: UsdPrice::from_cents(10_001),
            favoured: Side::Yes,
            yes: Probability::from_percent(self.yes_percent),
            why_not: None,
            top: Some(self.top()),
            book_at: Some(now),
            volume: Quantity::from_contracts(5_000),
            yes_edge: Some(Edge { gross_points, net_points: gross_points - 1.0, fee }),
            no_edge: None,
        };
        StrikeTable {
            at: now,
            event: EventTicker::new("KXBTCD-26SEP2315"),
            close_time: close_time(),
            spot: price(),
            index: price(),
            settlement: SettlementWindow { close_time: close_time(), known: 0, mean: None },
            momentum: None,
            rows: vec![row],
        }
    }
}

fn calm(now: Timestamp) -> MomentumReading {
    MomentumReading { at: now, score_percent: Some(0.0), deltas_percent: [None; 6] }
}

fn view(bench: &Bench) -> Box<rec_domain::desk_view::DeskView> {
    Box::new(bench.desk.books().view(&DeskConfig::default(), bench.now))
}

/// Asks the desk and gives what it said, if it said anything yet.
fn ask(bench: &mut Bench, request: DeskRequest) -> Option<DeskReply> {
    let wanted = request.decision;
    bench.tell(DeskInput::Request(request));
    bench.outputs.iter().rev().find_map(|output| match output {
        DeskOutput::Reply { decision, reply } if *decision == wanted => Some(reply.clone()),
        _ => None,
    })
}

/// active-trade-supervisor.
pub(super) struct ExitSupervisor(ExitMachine);

impl ExitSupervisor {
    /// As it is after its start, without any memory.
    pub(super) fn new() -> Self {
        Self(ExitMachine::new(exit::Config::default()))
    }

    /// Looks at the desk as it is and asks for what it wants; how often it asked.
    pub(super) fn look(&mut self, bench: &mut Bench, scene: Scene) -> usize {
        let seen = view(bench);
        self.look_at(bench, scene, seen)
    }

    /// The same with a view that may be older.
    pub(super) fn look_at(
        &mut self,
        bench: &mut Bench,
        scene: Scene,
        seen: Box<rec_domain::desk_view::DeskView>,
    ) -> usize {
        let now = bench.now;
        let inputs = [
            exit::Input::Desk(seen),
            exit::Input::Books(scene.books(now)),
            exit::Input::Momentum(calm(now)),
            exit::Input::Strikes(Box::new(scene.table(now))),
        ];
        let outputs: Vec<exit::Output> = inputs.into_iter().flat_map(|input| self.0.step(now, input)).collect();
        let mut asked = 0;
        for output in outputs {
            if let exit::Output::Request(request) = output {
                asked += 1;
                let decision = request.decision;
                if let Some(reply) = ask(bench, *request) {
                    self.0.step(now, exit::Input::Reply { decision, reply });
                }
            }
        }
        asked
    }
}

/// auto-entry-supervisor.
pub(super) struct EntrySupervisor(EntryMachine);

impl EntrySupervisor {
    /// As it is after its start, without any memory.
    pub(super) fn new() -> Self {
        Self(EntryMachine::new(entry::Config::default()))
    }

    /// Looks at the desk as it is and asks for what it wants; how often it asked.
    pub(super) fn look(&mut self, bench: &mut Bench, scene: Scene) -> usize {
        let now = bench.now;
        let inputs = [
            entry::Input::Desk(view(bench)),
            entry::Input::Markets(vec![market(MARKET)]),
            entry::Input::Momentum(calm(now)),
            entry::Input::Strikes(Box::new(scene.table(now))),
        ];
        let outputs: Vec<entry::Output> = inputs.into_iter().flat_map(|input| self.0.step(now, input)).collect();
        let mut asked = 0;
        for output in outputs {
            if let entry::Output::Request(request) = output {
                asked += 1;
                let decision = request.decision;
                if let Some(reply) = ask(bench, *request) {
                    self.0.step(now, entry::Input::Reply { decision, reply });
                }
            }
        }
        asked
    }
}
