//! The inbox that the database keeps: each fact once, and of a settlement the last word.

use std::collections::{BTreeMap, HashSet, VecDeque};

use rec_domain::{MarketTicker, Timestamp, report::Report};

/// Consumed reports that are kept.
const KEPT: usize = 1_024;

/// Reports of the exchange in the order in which they came, numbered from one.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    reports: VecDeque<Report>,
    /// Reports that are not kept any more.
    dropped: usize,
    keys: HashSet<String>,
    /// Number and key of the last word on a market that was paid at an instant.
    words: BTreeMap<(MarketTicker, Timestamp), (i64, String)>,
}

impl Inbox {
    /// Appends what is not there yet. A settlement that was said before is news when another word came since, unless
    /// both are said at once.
    pub(super) fn append(&mut self, reports: Vec<Report>) {
        let said: HashSet<String> = reports.iter().map(Report::key).collect();
        let mut words = Vec::new();
        for report in reports {
            let key = report.key();
            let about = match &report {
                Report::Settlement(report) => Some((report.ticker.clone(), report.settled_at)),
                _ => None,
            };
            let stored = match about.as_ref().and_then(|about| self.words.get(about)) {
                Some((_, last)) if *last == key => continue,
                Some((number, last)) if !said.contains(last) => format!("{key} after {number}"),
                _ => key.clone(),
            };
            if self.keys.insert(stored) {
                self.reports.push_back(report);
                words.extend(about.map(|about| (about, (self.last(), key))));
            }
        }
        self.words.extend(words);
    }

    /// Number of the last report.
    pub(super) fn last(&self) -> i64 {
        i64::try_from(self.dropped + self.reports.len()).unwrap_or(i64::MAX)
    }

    /// Reports after the one numbered `after`, in order.
    pub(super) fn after(&self, after: i64) -> impl Iterator<Item = (i64, &Report)> {
        let from = usize::try_from(after).unwrap_or(0).saturating_sub(self.dropped);
        (after + 1..).zip(self.reports.iter().skip(from))
    }

    /// Forgets what was consumed long ago; it is not asked for again.
    pub(super) fn forget_consumed(&mut self, consumed: i64) {
        let consumed = usize::try_from(consumed).unwrap_or(0);
        while self.dropped + KEPT < consumed {
            let _consumed = self.reports.pop_front();
            self.dropped += 1;
        }
    }

    /// Forgets keys that nobody will ask for again, so that a long simulation stays small: a key is needed only while
    /// what it names can still be read, and sweeps name themselves by their instant.
    pub(super) fn forget_keys(&mut self) {
        self.keys.retain(|key| !key.starts_with("sweep:"));
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{EventTicker, Money, Quantity, report::SettlementReport};

    use super::*;

    fn word(result: &str) -> Report {
        Report::Settlement(SettlementReport {
            ticker: MarketTicker::new("M"),
            event: EventTicker::new("E"),
            exchange_index: None,
            result: result.to_owned(),
            yes_count: Quantity::ZERO,
            yes_cost: Money::ZERO,
            no_count: Quantity::ZERO,
            no_cost: Money::ZERO,
            revenue: Money::ZERO,
            value: None,
            fee: Money::ZERO,
            settled_at: Timestamp::from_seconds(0),
        })
    }

    /// The same words as in the store's test of the same rule, and how many of each time are news.
    #[test]
    fn of_a_settlement_the_last_word_counts_as_in_the_database() {
        let mut inbox = Inbox::default();
        for (words, news) in [
            (&["yes"][..], 1),
            (&["yes"], 0),
            (&["no"], 1),
            (&["no"], 0),
            (&["yes"], 1),
            (&["yes"], 0),
            (&["no"], 1),
            (&["yes", "no"], 0),
            (&["no", "yes"], 0),
        ] {
            let before = inbox.last();
            inbox.append(words.iter().map(|result| word(result)).collect());
            assert_eq!(inbox.last() - before, news, "{words:?}");
        }
    }
}
