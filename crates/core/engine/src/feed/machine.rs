//! The machine itself.

use rec_domain::{
    Fresh, TimeSpan, Timestamp, UsdPrice,
    index::{IndexPrint, SettlementWindow},
};
use serde::{Deserialize, Serialize};

use super::{
    Config, Counters, Input, Output, PrintWindow, Source,
    screen::{Sample, Screen},
};
use crate::Machine;

/// Whether a source is alive.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Liveness {
    limit: TimeSpan,
    last_at: Option<Timestamp>,
    since: Timestamp,
    stale: bool,
}

impl Liveness {
    const fn new(limit: TimeSpan) -> Self {
        Self { limit, last_at: None, since: Timestamp::from_micros(0), stale: false }
    }

    fn deadline(&self) -> Timestamp {
        self.last_at.unwrap_or(self.since) + self.limit
    }

    /// Says when the source fell silent or came back since the last time.
    fn change(&mut self, now: Timestamp, source: Source) -> Option<Output> {
        let stale = now > self.deadline();
        (stale != self.stale).then(|| {
            self.stale = stale;
            Output::Stale { source, stale, last_at: self.last_at }
        })
    }
}

/// The candles that momentum starts with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Candles {
    Wanted { at: Timestamp, attempts: u32 },
    Done,
}

/// Screens spot prices and index prints.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedMachine {
    config: Config,
    started: bool,
    spot: Screen,
    index: Screen,
    prints: PrintWindow,
    spot_liveness: Liveness,
    index_liveness: Liveness,
    /// The newest accepted spot price that is not published yet.
    unpublished: Option<Fresh<UsdPrice>>,
    next_spot_at: Timestamp,
    candles: Candles,
    counters: Counters,
}

impl FeedMachine {
    /// Without a value.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            started: false,
            spot: Screen::new(config.jump_percent, config.confirmations),
            index: Screen::new(config.jump_percent, config.confirmations),
            prints: PrintWindow::default(),
            spot_liveness: Liveness::new(config.spot_limit),
            index_liveness: Liveness::new(config.index_limit),
            unpublished: None,
            next_spot_at: Timestamp::default(),
            candles: Candles::Wanted { at: Timestamp::default(), attempts: 0 },
            counters: Counters::default(),
            config,
        }
    }

    /// What was not published, since the start.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// What is known of the settlement at `close_time`.
    #[must_use]
    pub fn settlement(&self, close_time: Timestamp) -> SettlementWindow {
        self.prints.settlement(close_time)
    }

    fn is_possible(&mut self, now: Timestamp, (at, value): Sample) -> bool {
        let possible = value.is_positive() && at <= now + self.config.future_limit;
        self.counters.impossible += u64::from(!possible);
        possible
    }

    fn take_spot(&mut self, now: Timestamp, sample: Sample) {
        if !self.is_possible(now, sample) {
            return;
        }
        if self.spot.newest().is_some_and(|newest| sample.0 < newest.0 || sample == newest) {
            self.counters.repeated_or_late += 1;
            return;
        }
        match self.spot.offer(sample).last() {
            Some((observed_at, value)) => {
                self.spot_liveness.last_at = Some(now);
                self.unpublished = Some(Fresh {
                    value: *value,
                    source: self.config.spot_source.clone(),
                    observed_at: *observed_at,
                    received_at: now,
                });
            }
            None => self.counters.held_back += 1,
        }
    }

    fn take_print(&mut self, now: Timestamp, sample: Sample, out: &mut Vec<Output>) {
        if !self.is_possible(now, sample) {
            return;
        }
        let (stamped_at, value) = sample;
        let newest = self.index.newest().map(|(at, _value)| at);
        if self.prints.knows(stamped_at) || newest == Some(stamped_at) {
            self.counters.repeated_or_late += 1;
            return;
        }
        // A print that comes late still belongs to its settlement; it is no news of the present.
        let late = newest.is_some_and(|newest| stamped_at < newest);
        let accepted = match (late, self.index.is_near_accepted(value)) {
            (true, true) => vec![sample],
            (true, false) => Vec::new(),
            (false, _near) => self.index.offer(sample),
        };
        if accepted.is_empty() {
            self.counters.held_back += 1;
        } else if !late {
            self.index_liveness.last_at = Some(now);
        }
        for (stamped_at, value) in accepted {
            let print = IndexPrint { stamped_at, value, received_at: now };
            if self.prints.take(&print) {
                out.push(Output::Index(print));
            } else {
                self.counters.repeated_or_late += 1;
            }
        }
    }

    fn pursue_candles(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let Candles::Wanted { at, attempts } = self.candles else { return };
        if now < at {
            return;
        }
        if attempts >= self.config.candle_attempts {
            // Momentum fills by itself within half an hour; until then it says what it lacks.
            self.candles = Candles::Done;
            return;
        }
        self.candles = Candles::Wanted { at: now + self.config.candle_retry, attempts: attempts + 1 };
        out.push(Output::FetchCandles { from: now - self.config.candles_back, to: now });
    }
}

impl Machine for FeedMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "feed";

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        if !self.started {
            self.started = true;
            self.spot_liveness.since = now;
            self.index_liveness.since = now;
        }
        match input {
            Input::Spot { price, observed_at } => self.take_spot(now, (observed_at, price)),
            Input::Index { stamped_at, value } => self.take_print(now, (stamped_at, value), &mut out),
            Input::Candles(candles) => {
                self.candles = Candles::Done;
                out.push(Output::Candles(candles));
            }
            // The next attempt is due anyway.
            Input::CandlesFailed | Input::Wake => {}
        }
        if now >= self.next_spot_at
            && let Some(spot) = self.unpublished.take()
        {
            self.next_spot_at = now + self.config.publish_spot_every;
            out.push(Output::Spot(spot));
        }
        self.pursue_candles(now, &mut out);
        out.extend(self.spot_liveness.change(now, Source::Spot));
        out.extend(self.index_liveness.change(now, Source::Index));
        out
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        if !self.started {
            return Some(Timestamp::default());
        }
        let spot = self.unpublished.is_some().then_some(self.next_spot_at);
        let candles = match self.candles {
            Candles::Wanted { at, .. } => Some(at),
            Candles::Done => None,
        };
        let staleness = [self.spot_liveness, self.index_liveness]
            .into_iter()
            .filter(|liveness| !liveness.stale)
            .map(|liveness| liveness.deadline() + TimeSpan::from_micros(1));
        spot.into_iter().chain(candles).chain(staleness).min()
    }
}
