//! The ticket of an order to close a trade by hand: what it fetches at least, at a limit that is always named.

use rec_domain::{Price, Side, TradeId, trade::Trade};

use super::{Age, Limits, Moment, Tone, format, opening::name_of, profit, trades::bid_and_fees};
use crate::live::Live;

/// The ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosingView {
    /// The trade's number.
    pub id: i64,
    /// The market in words.
    pub market: String,
    /// The market's ticker.
    pub ticker: String,
    /// The side that it holds.
    pub side: Side,
    /// Contracts held.
    pub held: String,
    /// Average price paid.
    pub entry: String,
    /// What selling fetches now.
    pub bid: Option<String>,
    /// How old the bid is.
    pub book_age: Option<Age>,
    /// Profit after fees at the bid.
    pub profit: Option<String>,
    /// The least to accept in cents, as in the field; empty where no fresh bid suggests one.
    pub limit: String,
    /// What it comes to at the limit; `None` while the field cannot be read or the fee is not known.
    pub worst: Option<LeastProceeds>,
    /// Why there is nothing to close.
    pub blocked: Option<&'static str>,
}

/// The least that a close brings if all of it is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeastProceeds {
    /// The limit.
    pub limit: String,
    /// Limit times contracts, less the dearest fee.
    pub proceeds: String,
    /// The fees in it.
    pub fees: String,
    /// What the trade has then won or lost in all.
    pub result: String,
    /// Its tone.
    pub tone: Tone,
}

impl ClosingView {
    /// The ticket for a trade that has not ended; `limit` in cents as typed.
    #[must_use]
    pub fn of(id: TradeId, limit: Option<&str>, live: &Live, limits: &Limits, now: Moment) -> Option<Self> {
        let desk = &live.desk.as_ref()?.value;
        let trade = desk.trades.iter().find(|trade| trade.id == id)?;
        let (bid, fees) = bid_and_fees(live, trade);
        let book_age = live.book(&trade.ticker).map(|book| Age::market(book.observed_at, limits.book, now));
        let limit = limit.map(str::to_owned).unwrap_or_else(|| {
            let fresh = bid.filter(|_| book_age.is_some_and(|age| !age.is_stale()));
            fresh.map(|bid| format::cents_field(below(bid, desk.settings.exit_step))).unwrap_or_default()
        });
        Some(Self {
            id: id.get(),
            market: name_of(live, &trade.ticker),
            ticker: trade.ticker.to_string(),
            side: trade.side,
            held: format::quantity(trade.held()),
            entry: trade.average_entry().map_or_else(|| format::NOTHING.to_owned(), format::cents),
            bid: bid.map(format::cents),
            book_age,
            profit: profit::after_fees(trade, bid, fees).map(format::signed_money),
            worst: format::parse_cents(&limit).and_then(|limit| least(trade, limit, live)),
            limit,
            blocked: blocked(trade, now),
        })
    }
}

/// One exit step below the bid, and never nothing.
fn below(bid: Price, step: Price) -> Price {
    (bid - step).max(Price::from_cents(1))
}

fn least(trade: &Trade, limit: Price, live: &Live) -> Option<LeastProceeds> {
    let held = trade.held();
    if !held.is_positive() || !limit.is_positive() || limit >= Price::ONE {
        return None;
    }
    // Selling at a price costs the fee of buying the other side at its complement.
    let fees = live.markets.get(&trade.ticker)?.fees.worst_case(limit.complement(), held)?;
    let proceeds = limit * held - fees;
    let result = trade.realised() + proceeds - trade.open_cost;
    Some(LeastProceeds {
        limit: format::cents(limit),
        proceeds: format::money(format::at_least(proceeds)),
        fees: format::fee(fees),
        result: format::signed_money(format::at_least(result)),
        tone: Tone::of_sign(result.micros().signum()),
    })
}

fn blocked(trade: &Trade, now: Moment) -> Option<&'static str> {
    if !trade.held().is_positive() {
        Some("This trade holds nothing")
    } else if now.market >= trade.close_time {
        Some("The market has closed: the trade is settled by its result")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::TimeSpan;

    use super::*;
    use crate::sample;

    fn ticket(limit: Option<&str>, now: Moment) -> ClosingView {
        ClosingView::of(TradeId::new(41), limit, &sample::live(), &sample::limits(), now).expect("an open trade")
    }

    #[test]
    fn a_close_says_what_it_brings_at_least() {
        let view = ticket(None, sample::moment());
        assert_eq!((view.bid.as_deref(), view.limit.as_str()), (Some("97¢"), "95"), "the bid less one exit step");
        let worst = view.worst.expect("known");
        // 10 x 0.95 - 0.0333 - 0.01; the entry's fee of 0.0333 is in the result.
        assert_eq!((worst.proceeds.as_str(), worst.fees.as_str()), ("$9.45", "$0.0433"));
        assert_eq!((worst.result.as_str(), worst.tone), ("−$0.08", Tone::Bad));
        assert_eq!(ticket(Some("x"), sample::moment()).worst, None);
    }

    #[test]
    fn on_an_old_book_the_operator_names_the_worst_price_himself() {
        let now = sample::moment();
        let later = Moment { market: now.market + TimeSpan::from_seconds(90), ..now };
        let view = ticket(None, later);
        assert_eq!((view.limit.as_str(), view.blocked), ("", None));
        assert!(ticket(Some("50"), later).worst.is_some());
        let live = sample::live();
        assert_eq!(ClosingView::of(TradeId::new(7), None, &live, &sample::limits(), now), None);
    }
}
