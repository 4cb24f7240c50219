//! The pure step loop around a machine: a bounded queue, one input at a time, and a tee of everything consumed.
//!
//! `runtime` wraps it with sockets and timers, `replay` with simulated ones; neither decides anything.

use std::collections::VecDeque;

use rec_domain::Timestamp;
use thiserror::Error;

use crate::{Journal, JournalEntry, Machine};

/// The queue has no room: whoever offered must slow down or drop, and say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the queue of machine {machine} is full at {capacity} inputs")]
pub struct Full {
    /// The machine.
    pub machine: &'static str,
    /// Inputs that the queue holds.
    pub capacity: usize,
}

/// Feeds one machine.
#[derive(Debug)]
pub struct Driver<M: Machine, J> {
    machine: M,
    journal: J,
    queue: VecDeque<M::Input>,
    capacity: usize,
    sequence: u64,
    last: Timestamp,
}

impl<M: Machine, J: Journal<M>> Driver<M, J> {
    /// A driver whose queue holds up to `capacity` inputs.
    pub fn new(machine: M, journal: J, capacity: usize) -> Self {
        Self { machine, journal, queue: VecDeque::new(), capacity, sequence: 0, last: Timestamp::from_micros(i64::MIN) }
    }

    /// Queues an input.
    ///
    /// # Errors
    /// When the queue is full; the input is not taken.
    pub fn offer(&mut self, input: M::Input) -> Result<(), Full> {
        if self.queue.len() >= self.capacity {
            return Err(Full { machine: M::NAME, capacity: self.capacity });
        }
        self.queue.push_back(input);
        Ok(())
    }

    /// Steps the machine with the oldest queued input, or wakes it when it is due; `None` when there is nothing to do.
    ///
    /// A machine never sees time go back: an instant before the last one is taken as the last one.
    pub fn step(&mut self, now: Timestamp) -> Option<Vec<M::Output>> {
        let now = now.max(self.last);
        let due = || self.machine.next_wakeup().is_some_and(|at| at <= now);
        let input = match self.queue.pop_front() {
            Some(input) => input,
            None if due() => M::wake(),
            None => return None,
        };
        self.last = now;
        self.sequence += 1;
        let entry = JournalEntry { sequence: self.sequence, at: now, input };
        self.journal.consumed(&self.machine, &entry);
        let outputs = self.machine.step(now, entry.input);
        self.journal.said(&outputs);
        Some(outputs)
    }

    /// When the machine wants to be woken.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.machine.next_wakeup()
    }

    /// Inputs that wait.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Inputs consumed so far.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The machine, to look at.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The journal.
    pub const fn journal_mut(&mut self) -> &mut J {
        &mut self.journal
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    /// Adds up what it is told and wants to be woken every ten microseconds.
    #[derive(Default, Serialize, Deserialize)]
    struct Adder {
        sum: i64,
        next: i64,
    }

    impl Machine for Adder {
        type Input = i64;
        type Output = i64;
        const NAME: &'static str = "adder";

        fn wake() -> i64 {
            0
        }

        fn step(&mut self, now: Timestamp, input: i64) -> Vec<i64> {
            self.sum += input;
            self.next = now.micros() + 10;
            vec![self.sum]
        }

        fn next_wakeup(&self) -> Option<Timestamp> {
            Some(Timestamp::from_micros(self.next))
        }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn queued_inputs_come_first_and_in_order_and_all_are_journalled() {
        let mut driver = Driver::new(Adder { sum: 0, next: 100 }, Vec::new(), 2);
        driver.offer(1).expect("room");
        driver.offer(2).expect("room");
        assert_eq!(driver.offer(3), Err(Full { machine: "adder", capacity: 2 }));
        assert_eq!(driver.step(at(1)), Some(vec![1]));
        assert_eq!(driver.step(at(2)), Some(vec![3]));
        assert_eq!(driver.step(at(3)), None);
        assert_eq!(driver.step(at(12)), Some(vec![3]), "woken ten microseconds after the last step");
        let entries: Vec<_> = driver.journal_mut().iter().map(|e| (e.sequence, e.at.micros(), e.input)).collect();
        assert_eq!(entries, [(1, 1, 1), (2, 2, 2), (3, 12, 0)]);
    }

    #[test]
    fn time_never_goes_back() {
        let mut driver = Driver::new(Adder { sum: 0, next: 1_000 }, Vec::new(), 2);
        driver.offer(1).expect("room");
        driver.step(at(50));
        driver.offer(1).expect("room");
        driver.step(at(40));
        assert_eq!(driver.journal_mut()[1].at, at(50));
    }

    #[test]
    fn a_journal_replays_to_the_same_outputs() {
        let mut driver = Driver::new(Adder::default(), Vec::new(), 8);
        let mut outputs = Vec::new();
        for (instant, input) in [(5, 3), (6, -1), (30, 4)] {
            driver.offer(input).expect("room");
            outputs.push(driver.step(at(instant)).expect("input"));
        }
        let mut again = Adder::default();
        let replayed: Vec<_> = driver.journal_mut().iter().map(|entry| again.step(entry.at, entry.input)).collect();
        assert_eq!(outputs, replayed);
    }
}
