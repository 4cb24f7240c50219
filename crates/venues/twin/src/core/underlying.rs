//! One asset: its walk, and the prints of its index.

use std::collections::VecDeque;

use rec_domain::{TimeSpan, Timestamp, UsdPrice};

use crate::core::{
    exchange::push_bounded,
    output::{IndexPrint, SteadyPrint},
    path::{PathPoint, PricePath},
    series::Asset,
};

/// How long after the second that it is stamped with a print of the index is passed on.
pub(crate) const INDEX_DELAY: TimeSpan = TimeSpan::from_millis(53);
/// The same for the prints of five a second.
pub(crate) const STEADY_DELAY: TimeSpan = TimeSpan::from_millis(37);
/// Prints of the index that are kept: two hours.
pub(crate) const PRINTS_KEPT: usize = 7_200;
/// Prints in a second of the faster channel.
pub(crate) const STEADY_A_SECOND: i64 = 5;

/// The walk as it stands, one second of what comes, and what the index was.
#[derive(Debug, Clone)]
pub(crate) struct Underlying {
    pub(crate) asset: Asset,
    /// One second ahead of `point`, so that what lies between two seconds is known.
    path: PricePath,
    pub(crate) point: PathPoint,
    next: PathPoint,
    expected_volatility: f64,
    pub(crate) prints: VecDeque<IndexPrint>,
    /// Until here nothing of the index is passed on.
    pub(crate) silent_until: Option<Timestamp>,
}

impl Underlying {
    /// An asset whose past begins at `past`; `remember` takes each of its seconds up to the one before `start`.
    pub(crate) fn new(asset: Asset, mut path: PricePath, seconds: i64, mut remember: impl FnMut(PathPoint)) -> Self {
        let mut prints = VecDeque::with_capacity(PRINTS_KEPT + 1);
        for _ in 0..seconds {
            let point = path.step(1);
            remember(point);
            push_bounded(&mut prints, print_of(asset, point), PRINTS_KEPT);
        }
        let (point, expected_volatility) = (path.point(), path.expected_volatility());
        let next = path.step(1);
        Self { asset, path, point, next, expected_volatility, prints, silent_until: None }
    }

    /// Moves on by a second, and notes its print unless the index is silent.
    pub(crate) fn step(&mut self) {
        self.point = self.next;
        self.expected_volatility = self.path.expected_volatility();
        self.next = self.path.step(1);
        if !self.is_silent(self.point.at) {
            push_bounded(&mut self.prints, print_of(self.asset, self.point), PRINTS_KEPT);
        }
    }

    /// Whether nothing of the index is passed on at an instant.
    pub(crate) fn is_silent(&self, at: Timestamp) -> bool {
        self.silent_until.is_some_and(|until| at < until)
    }

    /// What makers take for the volatility until a close.
    pub(crate) const fn expected_volatility(&self) -> f64 {
        self.expected_volatility
    }

    /// The index at the `part`-th fifth of the second that began last.
    pub(crate) fn steady(&self, part: i64) -> SteadyPrint {
        let (from, to) = (self.point.index.units(), self.next.index.units());
        let stamped = self.point.at + TimeSpan::from_millis(part * 1_000 / STEADY_A_SECOND);
        let value = between(from, to, part);
        SteadyPrint { asset: self.asset, stamped, value, received: stamped + STEADY_DELAY }
    }

    /// The prints of five a second that belong to the kept ones from `from` to before `until`.
    pub(crate) fn history(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, UsdPrice)> {
        let following = self.prints.iter().skip(1).map(Some).chain([None]);
        self.prints
            .iter()
            .zip(following)
            .flat_map(|(print, next)| {
                let second = TimeSpan::from_seconds(1);
                let next = next.filter(|next| next.stamped.since(print.stamped) == second);
                let parts = if next.is_some() { STEADY_A_SECOND } else { 1 };
                (0..parts).map(move |part| {
                    let to = next.map_or(print.value, |next| next.value);
                    let at = print.stamped + TimeSpan::from_millis(part * 1_000 / STEADY_A_SECOND);
                    (at, between(print.value.units(), to.units(), part))
                })
            })
            .filter(move |(at, _)| from <= *at && *at < until)
    }

    /// The mean of the sixty prints before `close`, rounded half up; `None` unless all sixty are known.
    pub(crate) fn mean_before(&self, close: Timestamp) -> Option<UsdPrice> {
        let first = close - TimeSpan::from_seconds(60);
        let window: Vec<UsdPrice> = self
            .prints
            .iter()
            .filter(|print| first <= print.stamped && print.stamped < close)
            .map(|print| print.value)
            .collect();
        (window.len() == 60).then(|| UsdPrice::mean_half_up_to_cents(&window)).flatten()
    }
}

/// A price on the way from one to another, in whole cents.
fn between(from: i64, to: i64, part: i64) -> UsdPrice {
    const CENT: i64 = 10_000;
    UsdPrice::from_cents((from + (to - from) * part / STEADY_A_SECOND).div_euclid(CENT))
}

fn print_of(asset: Asset, point: PathPoint) -> IndexPrint {
    IndexPrint { asset, stamped: point.at, value: point.index, received: point.at + INDEX_DELAY }
}
