//! The markets of a recording: as a recorded answer of the exchange describes them, or else as their names say.
//!
//! The desk never reads a ticker for truth. A recording of frames alone leaves nothing else, so what is taken from a
//! name is kept apart and said.

use std::collections::BTreeMap;

use rec_domain::{
    EventTicker, ExchangeIndex, MarketTicker, PriceGrid, Quantity, SeriesTicker, TimeSpan, Timestamp, UsdPrice,
    eastern::{self, EasternDay},
    fee::FeeSchedule,
    market::{Collateral, LifecycleChange, Market, MarketStatus, StrikeRule},
};

/// The markets known so far.
#[derive(Debug, Default)]
pub(super) struct Markets {
    known: BTreeMap<MarketTicker, Market>,
    assumed: usize,
}

impl Markets {
    pub(super) fn get(&self, ticker: &MarketTicker) -> Option<&Market> {
        self.known.get(ticker)
    }

    pub(super) fn all(&self) -> Vec<Market> {
        self.known.values().cloned().collect()
    }

    /// How many are known by their names only.
    pub(super) const fn assumed(&self) -> usize {
        self.assumed
    }

    /// Whether a market's volume was never said.
    pub(super) fn without_volume(&self) -> bool {
        self.known.values().any(|market| market.volume.is_zero())
    }

    /// Takes a market as the exchange described it.
    pub(super) fn describe(&mut self, market: Market) {
        self.known.insert(market.ticker.clone(), market);
    }

    /// Notes that a market was quoted at `at`: it was open then.
    pub(super) fn seen(&mut self, ticker: &MarketTicker, at: Timestamp, volume: Option<Quantity>) {
        if !self.known.contains_key(ticker) {
            let Some(market) = by_name(ticker) else { return };
            self.assumed += 1;
            self.known.insert(ticker.clone(), market);
        }
        let Some(market) = self.known.get_mut(ticker) else { return };
        if at < market.close_time {
            market.open_time = market.open_time.min(at);
        }
        market.volume = volume.unwrap_or(market.volume);
    }

    /// Takes news of a market's life.
    pub(super) fn change(&mut self, ticker: &MarketTicker, change: &LifecycleChange) {
        let Some(market) = self.known.get_mut(ticker) else { return };
        market.take(change);
    }
}

/// An "above" market by its name, as `KXBTCD-26SEP2516-T92799.99`: series, Eastern date and hour of the close, floor.
fn by_name(ticker: &MarketTicker) -> Option<Market> {
    let mut parts = ticker.as_str().splitn(3, '-');
    let (series, close, strike) = (parts.next()?, parts.next()?, parts.next()?);
    let floor: UsdPrice = strike.strip_prefix('T')?.parse().ok()?;
    let close_time = close_by_name(close)?;
    Some(Market {
        ticker: ticker.clone(),
        event: EventTicker::new(format!("{series}-{close}")),
        series: SeriesTicker::new(series),
        title: format!("above {floor}"),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::Greater(floor)),
        open_time: close_time - TimeSpan::from_minutes(60),
        close_time,
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(0),
        volume: Quantity::default(),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    })
}

/// `26SEP2516`: year, month, day and hour of the close, Eastern; with `26SEP251615` the minute too.
fn close_by_name(code: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let (month, number) = (code.get(2..5)?, |from: usize, to: usize| code.get(from..to)?.parse::<i8>().ok());
    let month = (1..).zip(MONTHS).find_map(|(number, name)| (name == month).then_some(number))?;
    let day = EasternDay { year: 2000 + i16::from(number(0, 2)?), month, day: number(5, 7)? };
    let minute = match code.len() {
        9 => 0,
        11 => number(9, 11)?,
        _ => return None,
    };
    eastern::instant(day, number(7, 9)?, minute, 0)
}
