//! The ticket of an order to open by hand: what the desk knows is filled in, and the most that it can cost is said.

use rec_domain::{
    BookSide, MarketTicker, Money, Price, Quantity, Side, command::OpenRequest, fee::Liquidity, market::Market,
    strike_table::StrikeRow, trade::Origin,
};

use super::{Age, Limits, Moment, format};
use crate::live::Live;

/// The ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct OpeningView {
    /// The market.
    pub ticker: String,
    /// The strike in words, or the market's title.
    pub market: String,
    /// The side to buy.
    pub side: Side,
    /// When it closes, Eastern; `None` where the market is not known.
    pub closes: Option<String>,
    /// What buying the side costs now.
    pub ask: Option<String>,
    /// How old the book is.
    pub book_age: Option<Age>,
    /// Chance of the side.
    pub chance: Option<String>,
    /// Contracts, as in the field.
    pub contracts: String,
    /// The most contracts of one order, as in the field.
    pub most_contracts: String,
    /// The most to pay in cents, as in the field; empty where no fresh ask suggests one.
    pub limit: String,
    /// What it comes to; `None` while a field cannot be read or the fee is not known.
    pub worst: Option<WorstCase>,
    /// Why the desk would refuse it now.
    pub blocked: Option<String>,
}

/// The most that an order can cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorstCase {
    /// Contracts.
    pub contracts: String,
    /// Limit on the market's grid.
    pub limit: String,
    /// All of it: limit times contracts, and fees.
    pub cost: String,
    /// The fees in it.
    pub fees: String,
    /// What one contract costs at the limit with its fee, which is the chance from which it pays, in percent.
    pub break_even: String,
}

/// What the operator wants to buy.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The market.
    pub ticker: MarketTicker,
    /// The side.
    pub side: Side,
    /// Contracts as typed; what the strategy trades while nothing was typed.
    pub contracts: Option<String>,
    /// Limit in cents as typed; the ask and the strategy's slippage while nothing was typed.
    pub limit: Option<String>,
}

impl OpeningView {
    /// The ticket for what is wanted.
    #[must_use]
    pub fn of(wanted: &Wanted, live: &Live, limits: &Limits, now: Moment) -> Self {
        let side = wanted.side;
        let row = row_of(live, &wanted.ticker);
        let market = live.markets.get(&wanted.ticker);
        let desk = live.desk.as_ref().map(|desk| &desk.value);
        let book = live.book(&wanted.ticker);
        let book_age = book.map(|book| Age::market(book.observed_at, limits.book, now));
        let ask = book.and_then(|book| book.top).and_then(|top| top.ask_of(side)).map(|level| level.price);
        let contracts = wanted
            .contracts
            .clone()
            .unwrap_or_else(|| desk.map(|desk| format::contracts_field(desk.settings.contracts())).unwrap_or_default());
        let limit = wanted.limit.clone().unwrap_or_else(|| {
            let fresh = ask.filter(|_| book_age.is_some_and(|age| !age.is_stale()));
            let slippage = desk.map_or(Price::ZERO, |desk| desk.settings.entry_slippage);
            fresh.map(|ask| format::cents_field((ask + slippage).min(Price::from_cents(99)))).unwrap_or_default()
        });
        let typed = contracts.trim().parse::<Quantity>().ok().zip(format::parse_cents(&limit));
        Self {
            ticker: wanted.ticker.to_string(),
            market: name_of(live, &wanted.ticker),
            side,
            closes: market.map(|market| format::hour(market.close_time)),
            ask: ask.map(format::cents),
            book_age,
            chance: row.and_then(|row| row.probability(side)).map(format::percent),
            worst: market.zip(typed).and_then(|(market, (contracts, limit))| worst(market, side, contracts, limit)),
            contracts,
            most_contracts: desk.map(|desk| format::contracts_field(desk.caps.contracts_per_order)).unwrap_or_default(),
            limit,
            blocked: blocked(live, market, book_age, now),
        }
    }
}

/// The request that the ticket stands for, with what it was decided on.
#[must_use]
pub fn request(
    live: &Live,
    now: Moment,
    (ticker, side): (MarketTicker, Side),
    (quantity, limit): (Quantity, Price),
    reason: String,
) -> OpenRequest {
    let row = row_of(live, &ticker);
    let evidence = serde_json::json!({
        "table_at": live.strikes.as_ref().map(|table| table.at),
        "row": row,
        "book": live.book(&ticker),
        "spot": live.spot,
        "index": live.index,
    });
    OpenRequest {
        side,
        quantity,
        limit,
        origin: Origin::Manual,
        probability_percent: row.and_then(|row| row.probability(side)).map(rec_domain::Probability::percent),
        reason,
        decided_at: now.market,
        evidence: evidence.to_string(),
        ticker,
    }
}

/// A market in words: its strike, or its title, or its ticker.
#[must_use]
pub fn name_of(live: &Live, ticker: &MarketTicker) -> String {
    row_of(live, ticker)
        .map(|row| format!("≥ {}", format::strike(row.strike)))
        .or_else(|| live.markets.get(ticker).map(|market| market.title.clone()))
        .unwrap_or_else(|| ticker.to_string())
}

fn row_of<'a>(live: &'a Live, ticker: &MarketTicker) -> Option<&'a StrikeRow> {
    live.strikes.as_ref()?.rows.iter().find(|row| row.ticker == *ticker)
}

/// As trade-manager's gate counts it: the limit on the grid, never worse than the one named, and the dearest fee.
fn worst(market: &Market, side: Side, contracts: Quantity, limit: Price) -> Option<WorstCase> {
    if !contracts.is_positive() || !limit.is_positive() || limit >= Price::ONE {
        return None;
    }
    let yes = side.convert_price(limit);
    let rounded = match side.opening_book_side() {
        BookSide::Bid => market.grid.round_down(yes),
        BookSide::Ask => market.grid.round_up(yes),
    };
    let limit = side.convert_price(rounded?);
    let fees = market.fees.worst_case(limit, contracts)?;
    let cost = limit * contracts + fees;
    Some(WorstCase {
        contracts: format::quantity(contracts),
        limit: format::cents(limit),
        cost: format::money(format::at_most(cost)),
        fees: format::fee(fees),
        break_even: break_even(limit * contracts + market.fees.fee(Liquidity::Taker, limit, contracts)?, contracts),
    })
}

/// Cost of one contract in cents, which is a chance in percent; upwards to a tenth.
fn break_even(cost: Money, contracts: Quantity) -> String {
    // micros / (units / 100) is micros a contract; 1,000 of them are a tenth of a cent.
    let tenths = (i128::from(cost.micros()) * 100).div_euclid(i128::from(contracts.units()) * 1_000) + 1;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn blocked(live: &Live, market: Option<&Market>, book: Option<Age>, now: Moment) -> Option<String> {
    let Some(desk) = live.desk.as_ref().map(|desk| &desk.value) else {
        return Some("There is no word from trade-manager".to_owned());
    };
    if let Some(halt) = desk.halts.first() {
        return Some(format!("Entries are halted: {}", halt.reason));
    }
    if !desk.ready {
        return Some("Books and exchange are being compared".to_owned());
    }
    if !market.is_some_and(|market| market.takes_orders(now.market)) {
        return Some("This market does not take orders now".to_owned());
    }
    match book {
        None => Some("The book of this market is not known".to_owned()),
        Some(age) if age.is_stale() => Some("The book of this market is stale".to_owned()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::TimeSpan;

    use super::*;
    use crate::sample;

    fn wanted(contracts: Option<&str>, limit: Option<&str>) -> Wanted {
        let ticker = MarketTicker::new("KXBTCD-26SEP2315-T117499.99");
        let own = |text: Option<&str>| text.map(str::to_owned);
        Wanted { ticker, side: Side::Yes, contracts: own(contracts), limit: own(limit) }
    }

    #[test]
    fn what_the_desk_knows_is_filled_in_and_the_worst_case_is_said() {
        let view = OpeningView::of(&wanted(None, None), &sample::live(), &sample::limits(), sample::moment());
        assert_eq!((view.market.as_str(), view.ask.as_deref()), ("≥ $117,500", Some("98¢")));
        assert_eq!((view.contracts.as_str(), view.limit.as_str()), ("1", "99"), "the ask and one cent of slippage");
        assert_eq!(view.blocked, None);
        let view =
            OpeningView::of(&wanted(Some("10"), Some("95")), &sample::live(), &sample::limits(), sample::moment());
        let worst = view.worst.expect("known");
        // 10 x 0.95, the fee at 50 cents, which is the dearest, and a cent for rounding.
        assert_eq!((worst.cost.as_str(), worst.fees.as_str()), ("$9.69", "$0.1850"));
        assert_eq!(worst.break_even, "95.4 %", "with the fee at the limit, 0.0333");
    }

    #[test]
    fn no_limit_is_suggested_on_an_old_book_and_nothing_is_said_of_what_cannot_be_read() {
        let now = sample::moment();
        let later = Moment { market: now.market + TimeSpan::from_seconds(90), ..now };
        let view = OpeningView::of(&wanted(None, None), &sample::live(), &sample::limits(), later);
        assert_eq!((view.limit.as_str(), view.worst), ("", None));
        assert_eq!(view.blocked.as_deref(), Some("The book of this market is stale"));
        for (contracts, limit) in [("0", "95"), ("x", "95"), ("1", "100"), ("1", "0")] {
            let wanted = wanted(Some(contracts), Some(limit));
            assert_eq!(OpeningView::of(&wanted, &sample::live(), &sample::limits(), now).worst, None);
        }
        let halted = OpeningView::of(&wanted(None, None), &sample::halted(), &sample::limits(), now);
        assert_eq!(halted.blocked.as_deref(), Some("Entries are halted: out for lunch"));
    }
}
