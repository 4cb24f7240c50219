//! The strike table around the price.

use rec_domain::{
    Quantity, Side, UsdPrice,
    strike_table::{StrikeRow, StrikeTable},
    trade::TradeState,
};

use super::{Age, Limits, Moment, Tone, format, header::direction};
use crate::live::Live;

/// Rows shown on each side of the price.
const ROWS_EACH_SIDE: usize = 7;

/// What the strike table's panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct StrikesView {
    /// Rows in ascending strike, with the price between them.
    pub rows: Vec<StrikeLine>,
    /// How old the table is.
    pub age: Option<Age>,
    /// Strikes of the event that are too far away to be shown.
    pub hidden: usize,
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq)]
pub enum StrikeLine {
    /// A strike.
    Strike(Box<StrikeRowView>),
    /// Where the price stands between the strikes.
    Price {
        /// The price.
        price: String,
        /// Momentum as arrows.
        arrows: &'static str,
        /// Momentum in words.
        words: &'static str,
        /// Its tone.
        tone: Tone,
        /// How old the price is.
        age: Option<Age>,
    },
}

/// One strike.
#[derive(Debug, Clone, PartialEq)]
pub struct StrikeRowView {
    /// The market, which is the row's key.
    pub ticker: String,
    /// The strike.
    pub strike: String,
    /// Distance of the price in dollars.
    pub buffer: String,
    /// Distance of the price in percent of the price.
    pub buffer_percent: String,
    /// Chance of the favoured side.
    pub chance: Option<String>,
    /// Why there is no chance.
    pub why_not: Option<String>,
    /// The band of the chance.
    pub band: Band,
    /// The side that wins if the price stays.
    pub favoured: Side,
    /// What buying YES costs.
    pub yes_ask: String,
    /// What buying NO costs.
    pub no_ask: String,
    /// Edge of the favoured side after the fee, in points.
    pub edge: Option<String>,
    /// Its tone.
    pub edge_tone: Tone,
    /// The edge with its parts, for whoever asks.
    pub edge_parts: Option<String>,
    /// Contracts traded.
    pub volume: String,
    /// How old the book is.
    pub book_age: Option<Age>,
    /// What is held here, as `YES 10`.
    pub held: Option<String>,
}

/// The band of a chance, by the operator's own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// 98 % and above.
    UltraSafe,
    /// 95 % and above.
    Safe,
    /// 80 % and above.
    Caution,
    /// Below 80 %.
    Risk,
    /// Not known.
    Unknown,
}

impl Band {
    /// The band of a chance in percent.
    #[must_use]
    pub fn of(percent: Option<f64>) -> Self {
        match percent {
            None => Self::Unknown,
            Some(percent) if percent >= 98.0 => Self::UltraSafe,
            Some(percent) if percent >= 95.0 => Self::Safe,
            Some(percent) if percent >= 80.0 => Self::Caution,
            Some(_) => Self::Risk,
        }
    }

    /// The class in the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::UltraSafe => "band-98",
            Self::Safe => "band-95",
            Self::Caution => "band-80",
            Self::Risk => "band-0",
            Self::Unknown => "band-none",
        }
    }

    /// The band in words, so that the colour is not alone.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::UltraSafe => "98 % and above",
            Self::Safe => "95 % and above",
            Self::Caution => "80 % and above",
            Self::Risk => "below 80 %",
            Self::Unknown => "not known",
        }
    }
}

impl StrikesView {
    /// The strike table's panel.
    #[must_use]
    pub fn of(live: &Live, limits: &Limits, now: Moment) -> Self {
        let Some(table) = &live.strikes else { return Self { rows: Vec::new(), age: None, hidden: 0 } };
        let price = price_of(live, table);
        // Strikes up to the price lie before it.
        let below = price.map_or(table.rows.len(), |price| table.rows.partition_point(|row| row.strike <= price));
        let middle = if price.is_some() { below } else { table.rows.len() / 2 };
        let first = middle.saturating_sub(ROWS_EACH_SIDE);
        let last = (middle + ROWS_EACH_SIDE).min(table.rows.len());
        let score = live.momentum.as_ref().and_then(|reading| reading.score_percent).map(|score| score * 100.0);
        let (arrows, words, tone) = direction(score);
        let age = live.spot.as_ref().map(|spot| Age::market(spot.observed_at.min(spot.received_at), limits.price, now));
        let mut rows = Vec::with_capacity(last - first + 1);
        for (position, row) in table.rows.iter().enumerate().take(last).skip(first) {
            if let (true, Some(price)) = (position == below, price) {
                rows.push(StrikeLine::Price { price: format::usd(price), arrows, words, tone, age });
            }
            rows.push(StrikeLine::Strike(Box::new(StrikeRowView::of(row, price, live, limits, now))));
        }
        if let (true, Some(price)) = (below == last, price) {
            rows.push(StrikeLine::Price { price: format::usd(price), arrows, words, tone, age });
        }
        Self {
            rows,
            age: Some(Age::market(table.at, limits.strike_table, now)),
            hidden: table.rows.len() - (last - first),
        }
    }
}

fn price_of(live: &Live, table: &StrikeTable) -> Option<UsdPrice> {
    live.spot.as_ref().or(table.spot.as_ref()).or(table.index.as_ref()).map(|price| price.value)
}

impl StrikeRowView {
    fn of(row: &StrikeRow, price: Option<UsdPrice>, live: &Live, limits: &Limits, now: Moment) -> Self {
        let chance = row.probability(row.favoured);
        let ask = |side| {
            row.top
                .and_then(|top| top.ask_of(side))
                .map_or_else(|| format::NOTHING.to_owned(), |level| format::cents(level.price))
        };
        let edge = row.edge(row.favoured);
        Self {
            ticker: row.ticker.to_string(),
            strike: format::strike(row.strike),
            buffer: format::distance(row.buffer),
            buffer_percent: price.map_or_else(
                || format::NOTHING.to_owned(),
                |price| format!("{:.2} %", 100.0 * row.buffer.as_f64() / price.as_f64()),
            ),
            chance: chance.map(format::percent),
            why_not: row.why_not.clone().filter(|_| chance.is_none()),
            band: Band::of(chance.map(rec_domain::Probability::percent)),
            favoured: row.favoured,
            yes_ask: ask(Side::Yes),
            no_ask: ask(Side::No),
            edge: edge.map(|edge| format::points(edge.net_points)),
            edge_tone: edge.map_or(Tone::Calm, |edge| if edge.net_points > 0.0 { Tone::Good } else { Tone::Calm }),
            edge_parts: edge.map(|edge| {
                format!("{} before the fee of {}", format::points(edge.gross_points), fee_in_cents(edge.fee))
            }),
            volume: format::quantity(Quantity::from_units(row.volume.units() / 100 * 100)),
            book_age: row.book_at.map(|at| Age::market(at, limits.book, now)),
            held: held(live, row),
        }
    }
}

fn fee_in_cents(fee: rec_domain::Money) -> String {
    let hundredths = (fee.micros() + 50) / 100;
    format!("{}.{:02}¢", hundredths / 100, hundredths % 100)
}

fn held(live: &Live, row: &StrikeRow) -> Option<String> {
    let trades = &live.desk.as_ref()?.value.trades;
    let mut parts: Vec<String> = Vec::new();
    for side in [Side::Yes, Side::No] {
        let here = trades.iter().filter(|trade| trade.ticker == row.ticker && trade.side == side);
        let (mut quantity, mut opening) = (Quantity::ZERO, false);
        for trade in here {
            quantity += trade.held();
            opening |= trade.state == TradeState::Opening;
        }
        let name = side.name().to_uppercase();
        if quantity.is_positive() {
            parts.push(format!("{name} {}", format::quantity(quantity)));
        } else if opening {
            parts.push(format!("{name} …"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn bands_begin_at_the_operators_limits() {
        let classes: Vec<_> =
            [None, Some(98.0), Some(97.99), Some(95.0), Some(80.0), Some(79.9)].map(|p| Band::of(p).class()).into();
        assert_eq!(classes, ["band-none", "band-98", "band-95", "band-95", "band-80", "band-0"]);
    }

    #[test]
    fn the_price_stands_between_the_strikes_that_it_lies_between() {
        let live = sample::live();
        let view = StrikesView::of(&live, &sample::limits(), sample::moment());
        let position = view.rows.iter().position(|row| matches!(row, StrikeLine::Price { .. })).expect("a price");
        let strike = |line: &StrikeLine| match line {
            StrikeLine::Strike(row) => row.strike.clone(),
            StrikeLine::Price { .. } => panic!("one price only"),
        };
        assert_eq!(
            (strike(&view.rows[position - 1]), strike(&view.rows[position + 1])),
            ("$118,000".into(), "$118,250".into())
        );
        assert_eq!(view.rows.len(), 2 * ROWS_EACH_SIDE + 1);
        assert!(view.hidden > 0);
    }

    #[test]
    fn a_price_beyond_every_strike_stands_at_the_end() {
        let mut live = sample::live();
        live.spot.as_mut().expect("spot").value = UsdPrice::from_cents(99_999_999);
        let view = StrikesView::of(&live, &sample::limits(), sample::moment());
        assert!(matches!(view.rows.last(), Some(StrikeLine::Price { .. })));
        live.spot.as_mut().expect("spot").value = UsdPrice::from_cents(1);
        let view = StrikesView::of(&live, &sample::limits(), sample::moment());
        assert!(matches!(view.rows.first(), Some(StrikeLine::Price { .. })));
    }

    #[test]
    fn what_is_held_is_marked() {
        let view = StrikesView::of(&sample::live(), &sample::limits(), sample::moment());
        let held: Vec<_> = view
            .rows
            .iter()
            .filter_map(|line| match line {
                StrikeLine::Strike(row) => row.held.clone(),
                StrikeLine::Price { .. } => None,
            })
            .collect();
        assert_eq!(held, ["YES 10", "NO 25"]);
    }
}
