//! Trades that have not ended.

use rec_domain::{
    Price, Side,
    desk_view::LateResult,
    fee::FeeSchedule,
    trade::{Origin, Trade, TradeState},
};

use super::{Age, Limits, Moment, Tone, format, opening::name_of, profit, strikes::Band};
use crate::live::Live;

/// What the panel of active trades shows.
#[derive(Debug, Clone, PartialEq)]
pub struct TradesView {
    /// Whether the desk has said anything yet.
    pub known: bool,
    /// The trades, by close and strike.
    pub rows: Vec<TradeRow>,
}

/// One trade.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeRow {
    /// Its number.
    pub id: i64,
    /// The strike in words, or the ticker where it is not known.
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
    pub bid_age: Option<Age>,
    /// Chance of its side.
    pub chance: Option<String>,
    /// The chance's band.
    pub band: Band,
    /// Profit after fees if sold at the bid.
    pub profit: Option<String>,
    /// Its tone.
    pub profit_tone: Tone,
    /// Where it is in its life.
    pub state: &'static str,
    /// The state's tone.
    pub state_tone: Tone,
    /// The state for people.
    pub state_words: String,
    /// Why it was entered.
    pub reason: String,
    /// Who began it.
    pub origin: &'static str,
    /// Whether the operator may close it now.
    pub can_close: bool,
}

impl TradesView {
    /// The panel of active trades.
    #[must_use]
    pub fn of(live: &Live, limits: &Limits, now: Moment) -> Self {
        let Some(desk) = &live.desk else { return Self { known: false, rows: Vec::new() } };
        let mut trades: Vec<&Trade> = desk.value.trades.iter().collect();
        trades.sort_by(|a, b| (a.close_time, &a.ticker, a.id).cmp(&(b.close_time, &b.ticker, b.id)));
        Self { known: true, rows: trades.into_iter().map(|trade| TradeRow::of(trade, live, limits, now)).collect() }
    }
}

/// What the book offers for `trade`, and the fee of its market.
#[must_use]
pub(super) fn bid_and_fees(live: &Live, trade: &Trade) -> (Option<Price>, Option<FeeSchedule>) {
    let bid = live
        .book(&trade.ticker)
        .and_then(|book| book.top)
        .and_then(|top| top.bid_of(trade.side))
        .map(|level| level.price);
    (bid, live.markets.get(&trade.ticker).map(|market| market.fees))
}

impl TradeRow {
    fn of(trade: &Trade, live: &Live, limits: &Limits, now: Moment) -> Self {
        let row = live.strikes.as_ref().and_then(|table| table.rows.iter().find(|row| row.ticker == trade.ticker));
        let (bid, fees) = bid_and_fees(live, trade);
        let chance = row.and_then(|row| row.probability(trade.side));
        let profit = profit::after_fees(trade, bid, fees);
        let late = live.desk.iter().flat_map(|desk| &desk.value.late_results).find(|late| late.trade == trade.id);
        let (state_words, state_tone) = state(trade, late);
        Self {
            id: trade.id.get(),
            market: name_of(live, &trade.ticker),
            ticker: trade.ticker.to_string(),
            side: trade.side,
            held: format::quantity(trade.held()),
            entry: trade.average_entry().map_or_else(|| format::NOTHING.to_owned(), format::cents),
            bid: bid.map(format::cents),
            bid_age: live.book(&trade.ticker).map(|book| Age::market(book.observed_at, limits.book, now)),
            chance: chance.map(format::percent),
            band: Band::of(chance.map(rec_domain::Probability::percent)),
            profit: profit.map(format::signed_money),
            profit_tone: profit.map_or(Tone::Calm, |profit| Tone::of_sign(profit.micros().signum())),
            state: trade.state.name(),
            state_tone,
            state_words,
            reason: trade.entry_reason.clone(),
            origin: match trade.origin {
                Origin::Auto => "auto",
                Origin::Manual => "manual",
                Origin::Foreign => "made elsewhere",
            },
            can_close: trade.state == TradeState::Open && trade.origin != Origin::Foreign && trade.held().is_positive(),
        }
    }
}

fn state(trade: &Trade, late: Option<&LateResult>) -> (String, Tone) {
    match trade.state {
        TradeState::Opening => ("opening: the order is under way".to_owned(), Tone::Warn),
        TradeState::Open => ("open".to_owned(), Tone::Good),
        TradeState::Closing => {
            let why = trade.exit_reason.as_deref().unwrap_or("asked");
            (format!("closing ({why}), attempt {}", trade.exit_attempts.max(1)), Tone::Warn)
        }
        TradeState::Expired => match late {
            None => ("expired: the result is awaited".to_owned(), Tone::Calm),
            Some(LateResult { disputed: true, .. }) => ("expired: the result is disputed".to_owned(), Tone::Warn),
            Some(LateResult { disputed: false, .. }) => ("expired: the result is late".to_owned(), Tone::Warn),
        },
        TradeState::Closed | TradeState::Settled | TradeState::Unfilled => (trade.state.name().to_owned(), Tone::Calm),
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::TimeSpan;

    use super::*;
    use crate::sample;

    #[test]
    fn a_trade_shows_what_it_would_fetch_after_fees() {
        let view = TradesView::of(&sample::live(), &sample::limits(), sample::moment());
        let open = view.rows.iter().find(|row| row.id == 41).expect("sample trade");
        assert_eq!(open.market, "≥ $117,750");
        assert_eq!((open.entry.as_str(), open.bid.as_deref()), ("95¢", Some("97¢")));
        assert_eq!(open.profit.as_deref(), Some("+$0.15"));
        assert!(open.can_close);
    }

    #[test]
    fn without_a_book_there_is_no_profit_and_with_an_old_one_it_is_stale() {
        let mut live = sample::live();
        let ticker = live.desk.as_ref().expect("desk").value.trades[0].ticker.clone();
        let later = Moment { market: sample::moment().market + TimeSpan::from_seconds(60), ..sample::moment() };
        let view = TradesView::of(&live, &sample::limits(), later);
        assert!(
            view.rows.iter().find(|row| row.ticker == ticker.as_str()).expect("row").bid_age.expect("age").is_stale()
        );
        live.books.remove(&ticker);
        let view = TradesView::of(&live, &sample::limits(), sample::moment());
        let row = view.rows.iter().find(|row| row.ticker == ticker.as_str()).expect("row");
        assert_eq!((&row.bid, &row.profit), (&None, &None));
    }

    #[test]
    fn a_result_that_is_late_or_disputed_is_said_beside_its_trade() {
        let mut live = sample::live();
        let desk = &mut live.desk.as_mut().expect("desk").value;
        desk.trades[0].state = TradeState::Expired;
        let (trade, ticker) = (desk.trades[0].id, desk.trades[0].ticker.clone());
        let closed_at = desk.trades[0].close_time;
        for (disputed, words) in [(false, "late"), (true, "disputed")] {
            live.desk.as_mut().expect("desk").value.late_results =
                vec![LateResult { trade, ticker: ticker.clone(), closed_at, disputed }];
            let view = TradesView::of(&live, &sample::limits(), sample::moment());
            let row = view.rows.iter().find(|row| row.id == trade.get()).expect("sample trade");
            assert!(row.state_words.contains(words), "{}", row.state_words);
        }
    }

    #[test]
    fn only_an_open_trade_of_this_desk_can_be_closed() {
        let mut live = sample::live();
        let trades = &mut live.desk.as_mut().expect("desk").value.trades;
        trades[0].state = TradeState::Closing;
        trades[1].origin = Origin::Foreign;
        let view = TradesView::of(&live, &sample::limits(), sample::moment());
        assert!(view.rows.iter().all(|row| !row.can_close));
    }
}
