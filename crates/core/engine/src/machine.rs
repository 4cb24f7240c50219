//! What a machine is.

use rec_domain::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

/// A state machine that decides.
///
/// Exactly one [`crate::Driver`] feeds it. Whatever it needs to know comes as input, also the passing of time, and
/// whatever it wants done leaves as output.
pub trait Machine {
    /// What it is told.
    type Input: Clone + Serialize + DeserializeOwned;
    /// What it wants done.
    type Output: Serialize;

    /// Its name in journals and in the topology.
    const NAME: &'static str;

    /// The input that says "it is now at least the instant that you wanted to be woken at".
    fn wake() -> Self::Input;

    /// Takes one input at `now` and says what is to be done, in order.
    fn step(&mut self, now: Timestamp, input: Self::Input) -> Vec<Self::Output>;

    /// When it wants to be woken if nothing happens before; `None` when it only reacts.
    fn next_wakeup(&self) -> Option<Timestamp>;
}
