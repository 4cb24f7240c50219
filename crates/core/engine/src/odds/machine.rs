//! The machine itself.

use std::{collections::BTreeMap, sync::Arc};

use rec_domain::{
    Fresh, MarketTicker, Side, Timestamp, UsdPrice,
    book::BookTop,
    index::SettlementWindow,
    market::{Market, MarketStatus},
    momentum::MomentumReading,
    strike_table::{StrikeRow, StrikeRows, StrikeTable},
};
use rec_model::{FingerprintSet, MomentumBucket, StrikeProbability, StrikeQuestion, probability_with_settlement};
use serde::{Deserialize, Serialize};

use super::{Config, Input, Output, present::Present, quote::quote};
use crate::{Machine, feed::PrintWindow};

/// Makes the strike table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OddsMachine {
    config: Config,
    fingerprints: Arc<FingerprintSet>,
    spot: Option<Fresh<UsdPrice>>,
    index: Option<Fresh<UsdPrice>>,
    prints: PrintWindow,
    momentum: Option<MomentumReading>,
    markets: Vec<Market>,
    tops: BTreeMap<MarketTicker, BookTop>,
    /// The last table's rows, until something changes that is no book.
    present: Option<Present>,
    changed: bool,
    /// Whether something changed that every chance depends on.
    prices_changed: bool,
    made_at: Option<Timestamp>,
}

/// A market that may have a row.
struct Candidate<'a> {
    strike: UsdPrice,
    /// Where it stands in the machine's list.
    place: usize,
    market: &'a Market,
}

impl Candidate<'_> {
    fn by_strike(&self, other: &Self) -> std::cmp::Ordering {
        (self.strike, &self.market.ticker).cmp(&(other.strike, &other.market.ticker))
    }
}

impl OddsMachine {
    /// With a model and nothing to apply it to.
    #[must_use]
    pub fn new(config: Config, fingerprints: Arc<FingerprintSet>) -> Self {
        Self {
            config,
            fingerprints,
            spot: None,
            index: None,
            prints: PrintWindow::default(),
            momentum: None,
            markets: Vec::new(),
            tops: BTreeMap::new(),
            present: None,
            changed: false,
            prices_changed: false,
            made_at: None,
        }
    }

    /// Takes an input, and gives the rows of the last table whose books it changed.
    fn take(&mut self, now: Timestamp, input: Input) -> Vec<StrikeRow> {
        let mut rows = Vec::new();
        match input {
            Input::Spot(spot) => {
                if self.spot.as_ref().is_none_or(|known| known.observed_at <= spot.observed_at) {
                    self.spot = Some(spot);
                }
            }
            Input::Index(print) => {
                self.prints.take(&print);
                if self.index.as_ref().is_none_or(|known| known.observed_at <= print.stamped_at) {
                    self.index = Some(Fresh {
                        value: print.value,
                        source: "index".to_owned(),
                        observed_at: print.stamped_at,
                        received_at: print.received_at,
                    });
                }
                self.prices_changed = true;
            }
            Input::Momentum(reading) => {
                self.momentum = Some(reading);
                self.prices_changed = true;
            }
            Input::Markets(markets) => {
                self.markets = markets;
                self.present = None;
                self.prices_changed = true;
                let markets = &self.markets;
                self.tops.retain(|ticker, _top| markets.iter().any(|market| market.ticker == *ticker));
            }
            Input::Books(tops) => rows = self.take_books(now, tops),
            Input::Wake => return rows,
        }
        self.changed = true;
        rows
    }

    /// Only the rows of these books are looked at again; their chances stay as they are until the next table.
    fn take_books(&mut self, now: Timestamp, tops: Vec<BookTop>) -> Vec<StrikeRow> {
        // Without fresh inputs there is no chance any more, which the next table says.
        let fresh = self.inputs(now).is_ok();
        let mut present = self.present.as_mut().filter(|present| fresh && present.is_open(now));
        let mut rows = Vec::new();
        for top in tops {
            if let Some(present) = &mut present {
                rows.extend(present.renew(now, &top, &self.markets, self.config.book_limit).cloned());
            }
            self.tops.insert(top.ticker.clone(), top);
        }
        rows
    }

    /// The open markets of the event that closes next which have a strike, in ascending strike, with their places in
    /// the list.
    fn next_event(&self, now: Timestamp) -> Vec<Candidate<'_>> {
        let alive = |status: &MarketStatus| {
            matches!(status, MarketStatus::Active | MarketStatus::Initialized | MarketStatus::Inactive)
        };
        let open = |market: &&Market| alive(&market.status) && market.open_time <= now && now < market.close_time;
        let mut rows: Vec<_> = self
            .markets
            .iter()
            .enumerate()
            .filter(|(_place, market)| open(market))
            .filter_map(|(place, market)| Some(Candidate { strike: market.strike?.nominal_above()?, place, market }))
            .collect();
        let next = rows.iter().map(|row| (row.market.close_time, &row.market.event)).min();
        if let Some((close_time, event)) = next.map(|(close_time, event)| (close_time, event.clone())) {
            rows.retain(|row| row.market.close_time == close_time && row.market.event == event);
        }
        rows.sort_by(Candidate::by_strike);
        rows
    }

    /// The table, and where the markets of its rows stand in the list.
    fn table(&self, now: Timestamp) -> Option<(StrikeTable, Vec<usize>)> {
        let mut markets = self.next_event(now);
        let first = markets.first()?.market;
        let (event, close_time) = (first.event.clone(), first.close_time);
        let settlement = self.prints.settlement(close_time);
        let inputs = self.inputs(now);
        // Where there is no fresh index the rows are still those around the last known price, without numbers.
        let price = self.index.as_ref().or(self.spot.as_ref()).map(|price| price.value);
        let rows = price.map_or_else(Vec::new, |price| {
            let distance = |strike: UsdPrice| (price - strike).units().abs();
            markets.sort_by(|a, b| distance(a.strike).cmp(&distance(b.strike)).then_with(|| a.by_strike(b)));
            markets.truncate(self.config.strikes);
            markets.sort_by(Candidate::by_strike);
            let row = |Candidate { strike, market, .. }: &Candidate<'_>| {
                let chance = inputs.clone().and_then(|bucket| self.chance(now, price, *strike, bucket, &settlement));
                self.row(now, price, *strike, market, chance)
            };
            markets.iter().map(row).collect()
        });
        let places = markets.iter().map(|row| row.place).collect();
        let table = StrikeTable {
            at: now,
            event,
            close_time,
            spot: self.spot.clone(),
            index: self.index.clone(),
            settlement,
            momentum: self.momentum.clone(),
            rows,
        };
        Some((table, places))
    }

    /// The momentum bucket when everything that a chance needs is fresh, otherwise what is not.
    fn inputs(&self, now: Timestamp) -> Result<Option<MomentumBucket>, String> {
        let demand_fresh = |name: &str, value: &Option<Fresh<UsdPrice>>, limit| match value {
            None => Err(format!("there is no {name}")),
            Some(value) if value.age(now) > limit => {
                Err(format!("the {name} is {:.1} s old", value.age(now).as_seconds_f64()))
            }
            Some(_fresh) => Ok(()),
        };
        demand_fresh("index", &self.index, self.config.index_limit)?;
        demand_fresh("spot price", &self.spot, self.config.spot_limit)?;
        let Some(momentum) = &self.momentum else { return Err("there is no momentum".to_owned()) };
        let age = now.since(momentum.at);
        if age > self.config.momentum_limit {
            return Err(format!("momentum is {:.1} s old", age.as_seconds_f64()));
        }
        Ok(momentum.score_percent.and_then(MomentumBucket::from_score_percent))
    }

    fn chance(
        &self,
        now: Timestamp,
        price: UsdPrice,
        strike: UsdPrice,
        bucket: Option<MomentumBucket>,
        settlement: &SettlementWindow,
    ) -> Result<StrikeProbability, String> {
        let question = StrikeQuestion { price, strike, time_to_close: settlement.close_time.since(now), bucket };
        probability_with_settlement(&self.fingerprints, &question, settlement).map_err(|error| error.to_string())
    }

    fn row(
        &self,
        now: Timestamp,
        price: UsdPrice,
        strike: UsdPrice,
        market: &Market,
        chance: Result<StrikeProbability, String>,
    ) -> StrikeRow {
        let (chance, why_not) = match chance {
            Ok(chance) => (Some(chance), None),
            Err(why_not) => (None, Some(why_not)),
        };
        let distance = price - strike;
        let nearer = if distance.is_negative() { Side::No } else { Side::Yes };
        let mut row = StrikeRow {
            ticker: market.ticker.clone(),
            strike,
            buffer: if distance.is_negative() { -distance } else { distance },
            favoured: chance.map_or(nearer, |chance| chance.favoured),
            yes: chance.map(|chance| chance.yes),
            why_not,
            top: None,
            book_at: None,
            volume: market.volume,
            yes_edge: None,
            no_edge: None,
        };
        if let Some(book) = self.tops.get(&market.ticker) {
            quote(&mut row, now, book, market, self.config.book_limit);
        }
        row
    }

    fn due_at(&self) -> Timestamp {
        let Some(made_at) = self.made_at else { return Timestamp::default() };
        let gap = match (self.prices_changed, self.changed) {
            (true, _) => self.config.price_gap,
            (false, true) => self.config.least_gap,
            (false, false) => self.config.every,
        };
        made_at + gap
    }
}

impl Machine for OddsMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "odds";

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let rows = self.take(now, input);
        if now >= self.due_at() {
            (self.changed, self.prices_changed) = (false, false);
            self.made_at = Some(now);
            let table = self.table(now);
            self.present = table.as_ref().map(|(table, places)| Present::of(table, places));
            return table.map(|(table, _places)| Output::Strikes(Box::new(table))).into_iter().collect();
        }
        match &self.present {
            Some(present) if !rows.is_empty() => {
                vec![Output::Rows(StrikeRows { at: now, event: present.event().clone(), rows })]
            }
            _ => Vec::new(),
        }
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        Some(self.due_at())
    }
}
