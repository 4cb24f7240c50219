//! The machine itself.

use rec_domain::{TimeSpan, Timestamp, report::Report};
use serde::{Deserialize, Serialize};

use super::{
    Config, FetchNumber, Input, Output,
    sweep::{Next, Reading, Rows},
};
use crate::Machine;

/// Reads the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountMachine {
    config: Config,
    reading: Option<Reading>,
    /// When the next sweep begins.
    next_sweep_at: Timestamp,
    /// No sweep begins before this.
    not_before: Timestamp,
    /// The exchange's `as_of` of the last complete sweep.
    complete_as_of: Option<Timestamp>,
    /// When the last complete sweep ended.
    completed_at: Option<Timestamp>,
    /// Failed sweeps in a row.
    failures: u32,
    pages_asked: FetchNumber,
    /// The next sweep reads what money came, went or moved.
    flows_wanted: bool,
    /// When a sweep that read it last began.
    flows_read_at: Option<Timestamp>,
}

impl AccountMachine {
    /// With nothing read yet: the first sweep reads everything.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            reading: None,
            next_sweep_at: Timestamp::default(),
            not_before: Timestamp::default(),
            complete_as_of: None,
            completed_at: None,
            failures: 0,
            pages_asked: 0,
            flows_wanted: true,
            flows_read_at: None,
        }
    }

    /// When the last complete sweep ended.
    #[must_use]
    pub const fn completed_at(&self) -> Option<Timestamp> {
        self.completed_at
    }

    fn want_sweep(&mut self, now: Timestamp) {
        self.next_sweep_at = self.next_sweep_at.min(now);
    }

    fn begin(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let since = self.complete_as_of.map(|as_of| as_of - self.config.margin);
        self.not_before = now + self.config.sweep_gap;
        self.next_sweep_at = now + self.config.sweep_every;
        let due = self.flows_read_at.is_none_or(|at| now.since(at) >= self.config.flows_every);
        let flows = std::mem::take(&mut self.flows_wanted) || due;
        let reading = Reading::new(now, since, flows);
        self.ask(now, reading, None, out);
    }

    fn ask(&mut self, now: Timestamp, mut reading: Reading, cursor: Option<String>, out: &mut Vec<Output>) {
        self.pages_asked += 1;
        (reading.number, reading.asked_at) = (self.pages_asked, now);
        out.push(Output::Fetch { number: reading.number, list: reading.list(), cursor, since: reading.since() });
        self.reading = Some(reading);
    }

    fn give_up(&mut self, now: Timestamp, reason: String, out: &mut Vec<Output>) {
        self.reading = None;
        // Whatever it would have read is read by the next one.
        self.flows_wanted = true;
        let factor = 1_i64 << self.failures.min(16);
        let pause = TimeSpan::from_micros(self.config.retry_after.micros().saturating_mul(factor));
        self.failures += 1;
        self.not_before = self.not_before.max(now + pause.min(self.config.retry_most));
        self.want_sweep(now);
        out.push(Output::SweepFailed { reason });
    }

    fn take_page(
        &mut self,
        now: Timestamp,
        number: FetchNumber,
        rows: Rows,
        next: Option<String>,
        out: &mut Vec<Output>,
    ) {
        // An answer that nobody waits for belongs to a sweep that was given up.
        let Some(mut reading) = self.reading.take_if(|reading| reading.number == number) else { return };
        let (mut reports, next) = match reading.take(rows, next, self.config.pages_most) {
            Ok(taken) => taken,
            Err(reason) => return self.give_up(now, reason, out),
        };
        match next {
            Next::Page(_list, cursor) => {
                append(reports, out);
                self.ask(now, reading, cursor, out);
            }
            Next::Complete(sweep) => {
                self.failures = 0;
                self.complete_as_of = Some(sweep.as_of);
                self.completed_at = Some(now);
                if sweep.flows {
                    self.flows_read_at = Some(sweep.started_at);
                }
                reports.push(Report::Sweep(sweep));
                append(reports, out);
            }
        }
    }
}

fn append(reports: Vec<Report>, out: &mut Vec<Output>) {
    if !reports.is_empty() {
        out.push(Output::Append { reports });
    }
}

impl Machine for AccountMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "account";

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            // What happened while nothing was subscribed is read now; a sweep under way may have begun too early.
            Input::Connected | Input::Hint => {
                self.flows_wanted = true;
                self.want_sweep(now);
            }
            // Reading goes on: it does not need the WebSocket.
            Input::Disconnected | Input::Wake => {}
            Input::Reports { reports } => append(reports, &mut out),
            Input::Page { number, items, next, unreadable } => {
                self.take_page(now, number, Rows { items, unreadable }, next, &mut out);
            }
            Input::FetchFailed { number } => {
                if let Some(reading) = self.reading.take_if(|reading| reading.number == number) {
                    self.give_up(now, format!("a page of {:?} could not be read", reading.list()), &mut out);
                }
            }
            Input::AppendFailed => {
                // What was lost is not known, so everything is read again.
                self.complete_as_of = None;
                self.give_up(now, "the inbox did not take what was read".to_owned(), &mut out);
            }
        }
        if let Some(reading) = self.reading.take_if(|reading| now >= reading.asked_at + self.config.page_within) {
            self.give_up(now, format!("a page of {:?} did not come", reading.list()), &mut out);
        }
        if self.reading.is_none() && now >= self.next_sweep_at && now >= self.not_before {
            self.begin(now, &mut out);
        }
        out
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        Some(match &self.reading {
            Some(reading) => reading.asked_at + self.config.page_within,
            None => self.next_sweep_at.max(self.not_before),
        })
    }
}
