//! Instants of the domain and of the database: microseconds both, so nothing is lost.

use chrono::{DateTime, Utc};
use rec_domain::{TimeSpan, Timestamp};
use sqlx::postgres::types::PgInterval;

/// As the database takes it. Instants that it cannot hold (hundreds of thousands of years away) become its limits.
pub(crate) fn to_db(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.micros()).unwrap_or(if at.micros() < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

/// As the domain has it.
pub(crate) fn from_db(at: DateTime<Utc>) -> Timestamp {
    Timestamp::from_micros(at.timestamp_micros())
}

/// The same for an instant that may be missing.
pub(crate) fn opt_to_db(at: Option<Timestamp>) -> Option<DateTime<Utc>> {
    at.map(to_db)
}

/// The same for an instant that may be missing.
pub(crate) fn opt_from_db(at: Option<DateTime<Utc>>) -> Option<Timestamp> {
    at.map(from_db)
}

/// A span as the database takes it.
pub(crate) const fn interval(span: TimeSpan) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: span.micros() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn there_and_back_is_the_same(micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let at = Timestamp::from_micros(micros);
            prop_assert_eq!(from_db(to_db(at)), at);
        }
    }
}
