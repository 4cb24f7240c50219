//! Measured values that carry their age.

use serde::{Deserialize, Serialize};

use crate::{TimeSpan, Timestamp};

/// A measured value with its source and its times. Only a value whose age was checked may be used for an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fresh<T> {
    /// What was measured.
    pub value: T,
    /// Who said so, as `coinbase` or `brti`.
    pub source: String,
    /// When the source observed it.
    pub observed_at: Timestamp,
    /// When we received it.
    pub received_at: Timestamp,
}

impl<T> Fresh<T> {
    /// How old the value is: since it was received, or since it was observed where that is longer ago.
    pub fn age(&self, now: Timestamp) -> TimeSpan {
        now.since(self.received_at.min(self.observed_at))
    }

    /// The value, if it is not older than `limit`.
    pub fn within(&self, now: Timestamp, limit: TimeSpan) -> Option<&T> {
        (self.age(now) <= limit).then_some(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_observation_is_old_even_when_just_received() {
        let second = Timestamp::from_seconds;
        let value = Fresh { value: 1, source: "test".to_owned(), observed_at: second(10), received_at: second(20) };
        assert_eq!(value.age(second(21)), TimeSpan::from_seconds(11));
        assert_eq!(value.within(second(21), TimeSpan::from_seconds(3)), None);
        assert_eq!(value.within(second(12), TimeSpan::from_seconds(3)), Some(&1));
    }
}
