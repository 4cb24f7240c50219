//! The queue, the batch and the commit in flight.

use std::{collections::VecDeque, sync::Arc};

use rec_domain::{
    DecisionId, TimeSpan, Timestamp,
    command::{DeskCommand, DeskReply, DeskRequest},
    halt::HaltSource,
    market::{Market, MarketLifecycle},
    refusal::{Refusal, RefusalCode},
    row::{Commit, Row},
};
use serde::{Deserialize, Serialize};

use super::{DeskConfig, DeskInput, DeskOutput, books::Books, draft::Draft};
use crate::{KeptOutputs, Machine};

/// Inputs that may wait for the commit in flight. What the database has to give, reports and answers, is held back by
/// whoever reads it there.
pub const QUEUE_BOUND: usize = 4_096;
/// Inputs that one commit takes.
const BATCH: usize = 64;
/// How often the machine looks at the time.
const TICK: TimeSpan = TimeSpan::from_millis(250);
/// How long a market stays known after its close, for settlements.
const REMEMBERED_MARKET: TimeSpan = TimeSpan::from_minutes(120);

/// The `desk` machine.
#[derive(Debug, Serialize, Deserialize)]
pub struct Desk {
    pub(super) config: DeskConfig,
    pub(super) books: Books,
    waiting: VecDeque<DeskInput>,
    in_flight: Option<InFlight>,
    /// Inputs of the next commit; one by one after a failure that can never succeed.
    batch: usize,
    retry_at: Option<Timestamp>,
    published_at: Option<Timestamp>,
    next_tick: Timestamp,
    stopped: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct InFlight {
    number: i64,
    inputs: Vec<DeskInput>,
    books: Books,
    after: Vec<DeskOutput>,
    resolving: bool,
}

impl Desk {
    /// A desk with the books that the database has. What was counted under another revision of the limits is forgotten.
    #[must_use]
    pub fn new(config: DeskConfig, mut books: Books) -> Self {
        books.risk.forget_other_revisions(config.risk_revision);
        Self {
            config,
            books,
            waiting: VecDeque::new(),
            in_flight: None,
            batch: BATCH,
            retry_at: None,
            published_at: None,
            next_tick: Timestamp::from_micros(0),
            stopped: false,
        }
    }

    /// The committed books.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// Inputs that wait for the commit in flight.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a commit is in flight.
    #[must_use]
    pub const fn is_committing(&self) -> bool {
        self.in_flight.is_some()
    }

    fn take(&mut self, now: Timestamp, input: DeskInput, outputs: &mut Vec<DeskOutput>) {
        match input {
            DeskInput::Committed { number } => self.committed(number, outputs),
            DeskInput::CommitFailed { number, for_ever, reason } => {
                self.failed(now, number, for_ever, &reason, outputs)
            }
            DeskInput::CommitUnknown { number, reason } => self.unknown(number, &reason, outputs),
            DeskInput::Markets { markets } => self.set_markets(now, markets),
            DeskInput::Lifecycle(change) => self.change_market(&change),
            DeskInput::Tops { tops } => self.books.take_tops(tops),
            DeskInput::Wake => {
                self.next_tick = now + TICK;
                if !matches!(self.waiting.back(), Some(DeskInput::Wake)) {
                    self.waiting.push_back(DeskInput::Wake);
                }
            }
            DeskInput::Request(request) if self.waiting.len() >= QUEUE_BOUND => {
                let message = format!("{QUEUE_BOUND} inputs wait for the database");
                let reply = DeskReply::Refused(Refusal::new(RefusalCode::NotLeading, message));
                outputs.push(DeskOutput::Reply { decision: request.decision, reply });
            }
            // Both are told again before long.
            DeskInput::Adopt { .. } | DeskInput::ExchangeClock { .. } if self.waiting.len() >= QUEUE_BOUND => {}
            input => self.waiting.push_back(input),
        }
    }

    /// Handles what waits, until a commit is in flight or nothing is left.
    fn work(&mut self, now: Timestamp, outputs: &mut Vec<DeskOutput>) {
        while self.in_flight.is_none() && !self.waiting.is_empty() && self.retry_at.is_none_or(|at| at <= now) {
            self.retry_at = None;
            let count = self.waiting.len().min(self.batch);
            let inputs: Vec<DeskInput> = self.waiting.drain(..count).collect();
            let mut draft = Draft::new(self.books.clone(), &self.config, now);
            draft.turn_day();
            let cursors = draft.books.cursors;
            for input in &inputs {
                handle(&mut draft, input);
            }
            if draft.books.cursors != cursors {
                draft.rows.push(Row::Cursors(draft.books.cursors));
            }
            let Draft { mut books, rows, after, .. } = draft;
            if rows.is_empty() {
                self.books = books;
                outputs.extend(after);
                continue;
            }
            let number = self.books.last_commit + 1;
            books.last_commit = number;
            let commit = Commit {
                number,
                epoch: self.books.identity.epoch,
                at: now,
                inputs: inputs.iter().map(journalled).collect(),
                rows,
            };
            self.in_flight = Some(InFlight { number, inputs, books, after, resolving: false });
            outputs.push(DeskOutput::Commit(commit));
        }
    }

    fn committed(&mut self, number: i64, outputs: &mut Vec<DeskOutput>) {
        let Some(done) = self.in_flight.take_if(|flight| flight.number == number) else { return };
        // Market data came in meanwhile; it is not part of what was committed.
        let (markets, tops) = (Arc::clone(&self.books.markets), Arc::clone(&self.books.risk.tops));
        self.books = done.books;
        self.books.markets = markets;
        self.books.risk.tops = tops;
        self.batch = BATCH;
        outputs.extend(done.after);
        self.published_at = None;
    }

    fn failed(&mut self, now: Timestamp, number: i64, for_ever: bool, reason: &str, outputs: &mut Vec<DeskOutput>) {
        let Some(mut done) = self.in_flight.take_if(|flight| flight.number == number) else { return };
        outputs.push(DeskOutput::Alarm { message: format!("commit {number} failed: {reason}") });
        if for_ever && done.inputs.len() == 1 {
            // This one input can never be committed. A request is refused; a fact must not be passed over.
            match done.inputs.remove(0) {
                DeskInput::Request(request) => {
                    let refusal = Refusal::new(RefusalCode::NotLeading, format!("it cannot be stored: {reason}"));
                    outputs.push(DeskOutput::Reply { decision: request.decision, reply: DeskReply::Refused(refusal) });
                }
                _ => {
                    self.stopped = true;
                    outputs.push(DeskOutput::Stop { reason: format!("a fact cannot be stored: {reason}") });
                }
            }
            return;
        }
        self.batch = if for_ever { 1 } else { BATCH };
        for input in done.inputs.into_iter().rev() {
            self.waiting.push_front(input);
        }
        if !for_ever {
            self.retry_at = Some(now + self.config.retry_after);
        }
    }

    fn unknown(&mut self, number: i64, reason: &str, outputs: &mut Vec<DeskOutput>) {
        let Some(flight) = self.in_flight.as_mut().filter(|flight| flight.number == number) else { return };
        if !flight.resolving {
            flight.resolving = true;
            outputs.push(DeskOutput::Alarm {
                message: format!("nobody knows whether commit {number} happened: {reason}"),
            });
            outputs.push(DeskOutput::Resolve { number });
        }
    }

    fn set_markets(&mut self, now: Timestamp, markets: Vec<Market>) {
        let known = Arc::make_mut(&mut self.books.markets);
        let trades = &self.books.trades;
        known.retain(|ticker, market| {
            market.close_time + REMEMBERED_MARKET > now || trades.values().any(|trade| trade.ticker == *ticker)
        });
        known.extend(markets.into_iter().map(|market| (market.ticker.clone(), market)));
    }

    fn change_market(&mut self, change: &MarketLifecycle) {
        let known = Arc::make_mut(&mut self.books.markets);
        if let Some(market) = known.get_mut(&change.ticker) {
            market.take(&change.change);
        }
    }

    fn publish(&mut self, now: Timestamp, outputs: &mut Vec<DeskOutput>) {
        if self.published_at.is_none_or(|at| now.since(at) >= self.config.view_interval) {
            self.published_at = Some(now);
            outputs.push(DeskOutput::Publish(Box::new(self.books.view(&self.config, now))));
        }
    }
}

impl Machine for Desk {
    type Input = DeskInput;
    type Output = DeskOutput;
    const NAME: &'static str = "desk";
    const OUTPUTS: KeptOutputs = KeptOutputs::Full;

    fn wake() -> DeskInput {
        DeskInput::Wake
    }

    fn step(&mut self, now: Timestamp, input: DeskInput) -> Vec<DeskOutput> {
        let mut outputs = Vec::new();
        if self.stopped {
            return outputs;
        }
        self.take(now, input, &mut outputs);
        self.work(now, &mut outputs);
        self.publish(now, &mut outputs);
        outputs
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        (!self.stopped).then_some(self.next_tick)
    }
}

/// An input as it stands beside its effects: reports and answers by number, since they are stored already.
fn journalled(input: &DeskInput) -> String {
    match input {
        DeskInput::Report { number, .. } => format!("{{\"input\":\"report\",\"number\":{number}}}"),
        DeskInput::Answer { number, .. } => format!("{{\"input\":\"answer\",\"number\":{number}}}"),
        other => serde_json::to_string(other).unwrap_or_else(|error| format!("{{\"unwritable\":\"{error}\"}}")),
    }
}

fn handle(draft: &mut Draft<'_>, input: &DeskInput) {
    match input {
        DeskInput::Request(request) => handle_request(draft, request),
        DeskInput::Report { number, report } => {
            if *number > draft.books.cursors.report {
                draft.books.cursors.report = *number;
                draft.report(report);
            }
        }
        DeskInput::Answer { number, answer } => {
            if *number > draft.books.cursors.answer {
                draft.books.cursors.answer = *number;
                draft.answer(answer);
            }
        }
        DeskInput::Wake => {
            draft.watch_equity();
            draft.forget_ended();
            draft.ensure_groups();
            draft.repeat_unknown_closes();
            draft.trust_the_clock_again();
            draft.look_after_arming();
            draft.follow_close_times();
            let closed: Vec<_> = draft
                .books
                .trades
                .values()
                .filter(|trade| trade.close_time <= draft.now)
                .map(|trade| trade.id)
                .collect();
            for trade in closed {
                draft.refresh_trade(trade);
            }
            draft.say_what_is_late();
        }
        DeskInput::Adopt { orders } => orders.iter().for_each(|order| draft.adopt(order)),
        DeskInput::ClockStepped { step } => draft.clock_stepped(*step),
        DeskInput::ExchangeClock { ahead } => draft.exchange_clock(*ahead),
        DeskInput::Committed { .. }
        | DeskInput::CommitFailed { .. }
        | DeskInput::CommitUnknown { .. }
        | DeskInput::Markets { .. }
        | DeskInput::Tops { .. }
        | DeskInput::Lifecycle(_) => {}
    }
}

fn handle_request(draft: &mut Draft<'_>, request: &DeskRequest) {
    let DeskRequest { decision, requester, command } = request;
    if let Some(reply) = draft.books.earlier_reply(*decision).cloned() {
        draft.after.push(DeskOutput::Reply { decision: *decision, reply });
        return;
    }
    match command {
        DeskCommand::Open(open) => draft.open(*decision, requester, open.clone()),
        DeskCommand::Close(close) => draft.close(*decision, requester, close.clone()),
        DeskCommand::Halt { source, reason } => {
            draft.halt(*source, reason.clone());
            accept(draft, *decision, requester);
        }
        DeskCommand::Resume { source: HaltSource::OrderGroup, reason } => match draft.reset_groups(*decision, reason) {
            Ok(()) => accept(draft, *decision, requester),
            Err(refusal) => draft.reply(*decision, requester, DeskReply::Refused(refusal)),
        },
        DeskCommand::Resume { source: HaltSource::Reconciliation, reason } => {
            match draft.clear_reconciliation(requester, reason) {
                Ok(()) => accept(draft, *decision, requester),
                Err(refusal) => draft.reply(*decision, requester, DeskReply::Refused(refusal)),
            }
        }
        DeskCommand::Compare => {
            // Nothing is decided, so no answer is kept.
            let reply = DeskReply::Accepted { intent: None, trade: None };
            draft.after.extend([DeskOutput::RequestSweep, DeskOutput::Reply { decision: *decision, reply }]);
        }
        DeskCommand::Adjust(adjustment) => {
            let reply = draft.adjust(requester, adjustment);
            draft.reply(*decision, requester, reply);
        }
        DeskCommand::Resume { source, reason } => {
            draft.resume(*source, reason.clone());
            accept(draft, *decision, requester);
        }
        DeskCommand::TightenCaps { caps, reason } => match draft.tighten_caps(caps, reason) {
            Ok(()) => accept(draft, *decision, requester),
            Err(refusal) => draft.reply(*decision, requester, DeskReply::Refused(refusal)),
        },
        DeskCommand::Arm(arm) => draft.arm(*decision, requester, arm),
        DeskCommand::Disarm { reason } => {
            draft.disarm(reason.clone());
            accept(draft, *decision, requester);
        }
        DeskCommand::Flatten(flatten) => draft.flatten(*decision, requester, flatten),
        DeskCommand::SetAutomation { settings, replaces } => {
            draft.set_automation(*decision, requester, settings, replaces.as_deref());
        }
        DeskCommand::NoteRefusals { refusals } => draft.note_refusals(*decision, refusals),
    }
    draft.audit(request);
}

fn accept(draft: &mut Draft<'_>, decision: DecisionId, requester: &str) {
    draft.reply(decision, requester, DeskReply::Accepted { intent: None, trade: None });
}
