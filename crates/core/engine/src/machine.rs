//! What a machine is.

use rec_domain::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// How a machine's outputs stand in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptOutputs {
    /// As they are.
    Full,
    /// As a digest for each step, since they follow from the inputs and are many.
    Digest,
}

/// A state machine that decides. It can be written down and read back at any time, as it is.
///
/// Exactly one [`crate::Driver`] feeds it. Whatever it needs to know comes as input, also the passing of time, and
/// whatever it wants done leaves as output.
pub trait Machine: Serialize + DeserializeOwned {
    /// What it is told.
    type Input: Clone + Serialize + DeserializeOwned;
    /// What it wants done.
    type Output: Serialize;

    /// Its name in journals and in the topology.
    const NAME: &'static str;

    /// How its outputs stand in its journal.
    const OUTPUTS: KeptOutputs = KeptOutputs::Digest;

    /// The input that says "it is now at least the instant that you wanted to be woken at".
    fn wake() -> Self::Input;

    /// Takes one input at `now` and says what is to be done, in order.
    fn step(&mut self, now: Timestamp, input: Self::Input) -> Vec<Self::Output>;

    /// When it wants to be woken if nothing happens before; `None` when it only reacts.
    fn next_wakeup(&self) -> Option<Timestamp>;
}
