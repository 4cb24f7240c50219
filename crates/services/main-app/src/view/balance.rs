//! Cash, exposure, profit, and whether ledger and exchange agree.

use rec_domain::{Money, reconciliation::Compared};

use super::{Age, Limits, Moment, Tone, format, profit, trades::bid_and_fees};
use crate::live::Live;

/// What the balance panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct BalanceView {
    /// Cash of all shards; `None` while the desk has not said anything.
    pub cash: Option<String>,
    /// Cash by shard, when there is more than one.
    pub shards: Vec<(String, String)>,
    /// Worst-case loss of everything open and under way.
    pub exposure: String,
    /// Realised profit of the Eastern day after fees.
    pub today: String,
    /// Its tone.
    pub today_tone: Tone,
    /// Profit of what is open if it were sold at the bid, after fees; `None` while a bid is missing.
    pub open: Option<String>,
    /// Its tone.
    pub open_tone: Tone,
    /// Whether books and exchange agree.
    pub books: BooksView,
    /// How old the desk's word is.
    pub age: Option<Age>,
}

/// The last comparison of books and exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct BooksView {
    /// The result's tone.
    pub tone: Tone,
    /// A sign beside the colour.
    pub sign: &'static str,
    /// The result in words.
    pub words: String,
    /// When it was made, Eastern.
    pub compared_at: Option<String>,
    /// What differs.
    pub differences: Vec<String>,
    /// In milliseconds of market time, for the browser.
    pub at_ms: Option<i64>,
    /// How long ago it was made.
    pub ago: Option<String>,
}

impl BalanceView {
    /// The balance panel.
    #[must_use]
    pub fn of(live: &Live, now: Moment) -> Self {
        let desk = live.desk.as_ref();
        let view = desk.map(|desk| &desk.value);
        let amount = |amount: Option<Money>| amount.map_or_else(|| format::NOTHING.to_owned(), format::money);
        let today = view.map(|view| view.realised_today);
        let open = view.and_then(|view| {
            let mut sum = Money::ZERO;
            for trade in &view.trades {
                let (bid, fees) = bid_and_fees(live, trade);
                sum += profit::after_fees(trade, bid, fees)? - trade.realised();
            }
            Some(sum)
        });
        let tone = |amount: Option<Money>| amount.map_or(Tone::Calm, |amount| Tone::of_sign(amount.micros().signum()));
        Self {
            cash: view.map(|view| format::money(view.cash.values().copied().sum())),
            shards: view
                .filter(|view| view.cash.len() > 1)
                .map(|view| view.cash.iter().map(|(shard, cash)| (shard.to_string(), format::money(*cash))).collect())
                .unwrap_or_default(),
            exposure: amount(view.map(|view| view.exposure)),
            today: today.map_or_else(|| format::NOTHING.to_owned(), format::signed_money),
            today_tone: tone(today),
            open: open.map(format::signed_money),
            open_tone: tone(open),
            books: BooksView::of(live, now),
            age: desk.map(|desk| Age::wall(desk.received_at, Limits::DESK_WALL, now)),
        }
    }
}

impl BooksView {
    fn of(live: &Live, now: Moment) -> Self {
        let Some(comparison) = live.desk.as_ref().and_then(|desk| desk.value.reconciliation.as_ref()) else {
            return Self {
                tone: Tone::Warn,
                sign: "?",
                words: "Ledger and exchange have not been compared yet".to_owned(),
                compared_at: None,
                differences: Vec::new(),
                at_ms: None,
                ago: None,
            };
        };
        let (tone, sign, words) = if comparison.is_clean() {
            (Tone::Good, "✓", "Ledger and exchange agree to the cent".to_owned())
        } else {
            let count = comparison.differences.len();
            (
                Tone::Bad,
                "✗",
                format!("Ledger and exchange differ in {count} {}", if count == 1 { "thing" } else { "things" }),
            )
        };
        Self {
            tone,
            sign,
            words,
            compared_at: Some(format::instant(comparison.at, now.market)),
            differences: comparison
                .differences
                .iter()
                .map(|difference| {
                    let what = match difference.compared {
                        Compared::Cash => "cash of shard",
                        Compared::Position => "position in",
                        Compared::Order => "order",
                        Compared::Fill => "fill",
                        Compared::Settlement => "settlement of",
                    };
                    format!("{what} {}: ours {}, theirs {}", difference.subject, difference.ours, difference.theirs)
                })
                .collect(),
            at_ms: Some(comparison.at.millis()),
            ago: Some(format::age(now.market.since(comparison.at))),
        }
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::reconciliation::Difference;

    use super::*;
    use crate::sample;

    #[test]
    fn books_that_agree_are_green_and_a_difference_is_named() {
        let mut live = sample::live();
        let books = BalanceView::of(&live, sample::moment()).books;
        assert_eq!((books.tone, books.sign), (Tone::Good, "✓"));
        let desk = &mut live.desk.as_mut().expect("desk").value;
        desk.reconciliation.as_mut().expect("comparison").differences.push(Difference {
            compared: Compared::Cash,
            subject: "0".to_owned(),
            ours: "10.00".to_owned(),
            theirs: "9.00".to_owned(),
        });
        let books = BalanceView::of(&live, sample::moment()).books;
        assert_eq!((books.tone, books.sign), (Tone::Bad, "✗"));
        assert_eq!(books.differences, ["cash of shard 0: ours 10.00, theirs 9.00"]);
        live.desk.as_mut().expect("desk").value.reconciliation = None;
        assert_eq!(BalanceView::of(&live, sample::moment()).books.tone, Tone::Warn);
    }

    #[test]
    fn open_profit_is_not_guessed_while_a_bid_is_missing() {
        let mut live = sample::live();
        assert!(BalanceView::of(&live, sample::moment()).open.is_some());
        live.books.clear();
        assert_eq!(BalanceView::of(&live, sample::moment()).open, None);
    }
}
