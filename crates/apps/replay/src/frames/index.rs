//! One settlement index through the desk's feed machine.

use rec_domain::{TimeSpan, Timestamp};
use rec_engine::{
    Machine,
    feed::{Config, FeedMachine, Input, Output},
};
use rec_kalshi::ws::{IndexTick, IndexValue};

use super::report::{IndexState, Print};

/// After so long a pause of a recording the next print is news and no jump, as to a desk that was started anew.
const PAUSE: TimeSpan = TimeSpan::from_minutes(1);

/// One index. The machine's time is that of the newest print.
#[derive(Debug)]
pub(super) struct Index {
    name: String,
    machine: FeedMachine,
    now: Timestamp,
    prints: Vec<Print>,
    ticks: Vec<Print>,
}

impl Index {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            machine: FeedMachine::new(Config::default()),
            now: Timestamp::default(),
            prints: Vec::new(),
            ticks: Vec::new(),
        }
    }

    /// Takes a print; says why when the machine does not let it pass.
    pub(super) fn print(&mut self, value: &IndexValue) -> Result<(), &'static str> {
        if value.stamped_at.since(self.now) > PAUSE {
            self.machine = FeedMachine::new(Config::default());
        }
        let before = self.machine.counters();
        let taken = self.prints.len();
        self.now = self.now.max(value.stamped_at);
        let input = Input::Index { stamped_at: value.stamped_at, value: value.value };
        for output in self.machine.step(self.now, input) {
            if let Output::Index(print) = output {
                self.prints.push(Print { stamped_at: print.stamped_at, value: print.value });
            }
        }
        let after = self.machine.counters();
        if self.prints.len() > taken {
            Ok(())
        } else if after.held_back > before.held_back {
            Err("the feed machine holds it back as a jump that nothing confirmed when it came")
        } else {
            Err("the feed machine knows its second already, or it is too old")
        }
    }

    pub(super) fn tick(&mut self, tick: &IndexTick) {
        self.ticks.push(Print { stamped_at: tick.stamped_at, value: tick.value });
    }

    pub(super) fn state(self) -> IndexState {
        IndexState { index: self.name, prints: self.prints, ticks: self.ticks }
    }
}
