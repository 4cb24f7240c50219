//! A machine in its driver, with a journal that keeps one number.

use rec_domain::{Timestamp, book::BookTop, strike_table::StrikeRow};
use rec_engine::{
    Driver, Journal, JournalEntry, Machine,
    account::{self, AccountMachine},
    book::{self, BookMachine},
    desk::{Desk, DeskInput},
    entry::{self, EntryMachine},
    exit::{self, ExitMachine},
    feed::{self, FeedMachine},
    lifecycle::{self, LifecycleMachine},
    momentum::{self, MomentumMachine},
    odds::{self, OddsMachine},
    sender::{Sender, SenderInput},
};

use super::digest::Digest;

/// Inputs that may wait for a machine; each is taken as soon as it is there.
const QUEUE: usize = 4;

/// A machine that is driven.
pub(super) struct Seat<M: Machine> {
    driver: Driver<M, Tee>,
    /// When it wants to be woken.
    pub(super) wake_at: Option<Timestamp>,
}

/// Counts inputs and takes their digest.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tee {
    pub(super) inputs: u64,
    pub(super) digest: Digest,
}

impl<M: Told> Seat<M>
where
    M::Output: serde::Serialize,
{
    /// A machine that begins where the journal of an earlier one ended.
    pub(super) fn after(machine: M, tee: Tee) -> Self {
        let driver = Driver::new(machine, tee, QUEUE);
        let wake_at = driver.next_wakeup();
        Self { driver, wake_at }
    }

    /// Gives the machine an input; what it wants done.
    pub(super) fn tell(&mut self, now: Timestamp, input: M::Input) -> Vec<M::Output> {
        if self.driver.offer(input).is_err() {
            unreachable!("every input is taken before the next one comes");
        }
        self.step(now)
    }

    /// Wakes the machine, if it is due, and has it take what waits.
    pub(super) fn step(&mut self, now: Timestamp) -> Vec<M::Output> {
        let outputs = self.driver.step(now).unwrap_or_default();
        self.wake_at = self.driver.next_wakeup();
        outputs
    }

    pub(super) fn tee(&mut self) -> Tee {
        *self.driver.journal_mut()
    }
}

/// A machine whose inputs a digest can take.
pub(super) trait Told: Machine {
    /// Takes what tells one input from another. What decides on money is taken in full; of market data, which is much,
    /// what a decision can hang on.
    fn take(input: &Self::Input, digest: &mut Digest);
}

impl<M: Told> Journal<M> for Tee {
    fn consumed(&mut self, _machine: &M, entry: &JournalEntry<M::Input>) {
        self.inputs += 1;
        self.digest.take_signed(entry.at.micros());
        M::take(&entry.input, &mut self.digest);
    }

    fn said(&mut self, outputs: &[M::Output]) {
        self.digest.take(outputs.len() as u64);
    }
}

impl Told for Desk {
    fn take(input: &DeskInput, digest: &mut Digest) {
        match input {
            DeskInput::Markets { markets } => digest.take(markets.len() as u64),
            DeskInput::Tops { tops } => take_tops(tops, digest),
            DeskInput::Wake => {}
            other => digest.take_value(other),
        }
    }
}

impl Told for Sender {
    fn take(input: &SenderInput, digest: &mut Digest) {
        digest.take_value(input);
    }
}

impl Told for AccountMachine {
    fn take(input: &account::Input, digest: &mut Digest) {
        digest.take_value(input);
    }
}

impl Told for FeedMachine {
    fn take(input: &feed::Input, digest: &mut Digest) {
        match input {
            feed::Input::Spot { price, .. } => digest.take_signed(price.units()),
            feed::Input::Index { value, .. } => digest.take_signed(value.units()),
            feed::Input::Candles(candles) => digest.take(candles.len() as u64),
            feed::Input::CandlesFailed | feed::Input::Wake => {}
        }
    }
}

impl Told for MomentumMachine {
    fn take(input: &momentum::Input, digest: &mut Digest) {
        if let momentum::Input::Spot(spot) = input {
            digest.take_signed(spot.value.units());
        }
    }
}

impl Told for BookMachine {
    fn take(input: &book::Input, digest: &mut Digest) {
        match input {
            book::Input::Snapshot { seq, bids, asks, .. } => {
                digest.take(*seq);
                digest.take((bids.len() * 1_000 + asks.len()) as u64);
            }
            book::Input::Delta { seq, price, delta, .. } => {
                digest.take(*seq);
                digest.take_signed(price.units());
                digest.take_signed(delta.units());
            }
            _ => {}
        }
    }
}

impl Told for LifecycleMachine {
    fn take(input: &lifecycle::Input, digest: &mut Digest) {
        match input {
            lifecycle::Input::Fetched(markets) => digest.take(markets.len() as u64),
            lifecycle::Input::Lifecycle(change) => digest.take_text(change.ticker.as_str()),
            lifecycle::Input::Underlying(price) => digest.take_signed(price.units()),
            lifecycle::Input::FetchFailed | lifecycle::Input::Wake => {}
        }
    }
}

impl Told for OddsMachine {
    fn take(input: &odds::Input, digest: &mut Digest) {
        match input {
            odds::Input::Spot(spot) => digest.take_signed(spot.value.units()),
            odds::Input::Index(print) => digest.take_signed(print.value.units()),
            odds::Input::Books(tops) => take_tops(tops, digest),
            odds::Input::Momentum(reading) => digest.take(reading.score_percent.map_or(1, f64::to_bits)),
            odds::Input::Markets(markets) => digest.take(markets.len() as u64),
            odds::Input::Wake => {}
        }
    }
}

impl Told for EntryMachine {
    fn take(input: &entry::Input, digest: &mut Digest) {
        match input {
            entry::Input::Strikes(table) => take_rows(&table.rows, digest),
            entry::Input::Rows(rows) => take_rows(&rows.rows, digest),
            entry::Input::Desk(view) => digest.take_signed(view.exposure.micros()),
            entry::Input::Reply { reply, .. } => digest.take_value(reply),
            entry::Input::Momentum(_) | entry::Input::Markets(_) | entry::Input::Wake => {}
        }
    }
}

impl Told for ExitMachine {
    fn take(input: &exit::Input, digest: &mut Digest) {
        match input {
            exit::Input::Strikes(table) => take_rows(&table.rows, digest),
            exit::Input::Books(tops) => digest.take(tops.len() as u64),
            exit::Input::Desk(view) => digest.take(view.orders.len() as u64),
            exit::Input::Reply { reply, .. } => digest.take_value(reply),
            exit::Input::Momentum(_) | exit::Input::Wake => {}
        }
    }
}

fn take_tops(tops: &[BookTop], digest: &mut Digest) {
    for top in tops {
        let bid = top.top.and_then(|top| top.bid).map_or(-1, |level| level.price.units());
        let ask = top.top.and_then(|top| top.ask).map_or(-1, |level| level.price.units());
        digest.take_signed(bid * 100_000 + ask);
    }
}

fn take_rows(rows: &[StrikeRow], digest: &mut Digest) {
    for row in rows {
        digest.take_signed(row.strike.units());
        digest.take(row.yes.map_or(1, |yes| yes.get().to_bits()));
        digest.take(row.yes_edge.map_or(1, |edge| edge.net_points.to_bits()));
    }
}
