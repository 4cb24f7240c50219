//! Price, index, momentum and the time to the close.

use rec_domain::{Timestamp, momentum::MomentumReading};

use super::{Age, Limits, Moment, Tone, format};
use crate::live::Live;

/// What the head of the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderView {
    /// The event in words, as `BTC at 15:00 EDT`.
    pub title: String,
    /// The event's ticker.
    pub ticker: Option<String>,
    /// The spot price.
    pub spot: Quote,
    /// The settlement index.
    pub index: Quote,
    /// Momentum.
    pub momentum: MomentumView,
    /// The close.
    pub close: Option<CloseView>,
    /// The prints of the settlement minute that are known, while there are any.
    pub settlement: Option<String>,
}

/// A price of the underlying.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// What it is, and who says so.
    pub source: String,
    /// The price; `None` while there is none.
    pub price: Option<String>,
    /// Its age.
    pub age: Option<Age>,
}

/// Momentum.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentumView {
    /// Score times 100 with sign.
    pub score: String,
    /// One to three arrows; empty where there is no score.
    pub arrows: &'static str,
    /// The same in words, for screen readers.
    pub words: &'static str,
    /// Its tone.
    pub tone: Tone,
    /// The moves of which it is made.
    pub deltas: Vec<DeltaBar>,
    /// Its age.
    pub age: Option<Age>,
}

/// One of the moves as a bar that grows from the middle line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaBar {
    /// The period, as `4m`.
    pub label: String,
    /// The move times 100 with sign.
    pub value: String,
    /// Where the bar begins, in units of the drawing.
    pub x: i64,
    /// Its upper end.
    pub y: i64,
    /// Its height.
    pub height: i64,
    /// Its tone.
    pub tone: Tone,
}

/// When the event closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseView {
    /// The close in milliseconds of market time, for the browser.
    pub at_ms: i64,
    /// The time left.
    pub left: String,
    /// `soon`, `near`, `final` or empty: under 15, 5 and 3 minutes.
    pub urgency: &'static str,
    /// The close in words.
    pub at: String,
}

impl HeaderView {
    /// The head of the page.
    #[must_use]
    pub fn of(live: &Live, underlying: &str, limits: &Limits, now: Moment) -> Self {
        let table = live.strikes.as_ref();
        let close_time = table.map(|table| table.close_time);
        Self {
            title: close_time.map_or_else(
                || format!("{underlying}: no open event"),
                |close| format!("{underlying} price at {}", format::hour(close)),
            ),
            ticker: table.map(|table| table.event.to_string()),
            spot: Quote {
                source: live.spot.as_ref().map_or_else(|| "spot".to_owned(), |spot| format!("spot, {}", spot.source)),
                price: live.spot.as_ref().map(|spot| format::usd(spot.value)),
                age: live
                    .spot
                    .as_ref()
                    .map(|spot| Age::market(spot.observed_at.min(spot.received_at), limits.price, now)),
            },
            index: Quote {
                source: "index".to_owned(),
                price: live.index.map(|print| format::usd(print.value)),
                age: live.index.map(|print| Age::market(print.stamped_at.min(print.received_at), limits.index, now)),
            },
            momentum: MomentumView::of(live.momentum.as_ref(), limits, now),
            close: close_time.map(|close| CloseView::of(close, now)),
            settlement: table.filter(|table| table.settlement.known > 0).and_then(|table| {
                let mean = format::usd(table.settlement.mean?);
                Some(format!("settlement minute: {} of 60 prints, mean {mean}", table.settlement.known))
            }),
        }
    }
}

impl CloseView {
    fn of(close: Timestamp, now: Moment) -> Self {
        let left = close.since(now.market);
        Self {
            at_ms: close.millis(),
            left: format::countdown(left),
            urgency: match left.seconds() {
                ..=180 => "final",
                181..=300 => "near",
                301..=900 => "soon",
                _ => "",
            },
            at: format::hour(close),
        }
    }
}

impl MomentumView {
    /// Half the height of the bars' drawing.
    const HALF: f64 = 14.0;

    fn of(reading: Option<&MomentumReading>, limits: &Limits, now: Moment) -> Self {
        let score = reading.and_then(|reading| reading.score_percent).map(|score| score * 100.0);
        let (arrows, words, tone) = direction(score);
        let deltas = reading.map(|reading| reading.deltas_percent).unwrap_or_default();
        Self {
            score: score.map_or_else(|| format::NOTHING.to_owned(), |score| format::signed(score, 1)),
            arrows,
            words,
            tone,
            deltas: MomentumReading::PERIODS_MINUTES
                .iter()
                .zip(deltas)
                .zip(0_i64..)
                .map(|((minutes, delta), position)| DeltaBar::of(*minutes, delta, position))
                .collect(),
            age: reading.map(|reading| Age::market(reading.at, limits.index, now)),
        }
    }
}

impl DeltaBar {
    fn of(minutes: i64, delta: Option<f64>, position: i64) -> Self {
        // A move of a quarter of a percent fills the drawing.
        let scaled = delta.map_or(0.0, |delta| (delta * 100.0 / 25.0).clamp(-1.0, 1.0) * MomentumView::HALF);
        #[expect(clippy::cast_possible_truncation, reason = "at most the height of the drawing")]
        let size = scaled.abs().ceil() as i64;
        let middle = 15;
        let rises = delta.is_some_and(|delta| delta > 0.0);
        Self {
            label: format!("{minutes}m"),
            value: delta.map_or_else(|| format::NOTHING.to_owned(), |delta| format::signed(delta * 100.0, 1)),
            x: position * 12 + 2,
            y: if rises { middle - size } else { middle },
            height: size.max(1),
            tone: if size == 0 {
                Tone::Calm
            } else if rises {
                Tone::Good
            } else {
                Tone::Bad
            },
        }
    }
}

/// Arrows, words and tone of a score times 100.
#[must_use]
pub fn direction(score: Option<f64>) -> (&'static str, &'static str, Tone) {
    let Some(score) = score else { return ("", "momentum unknown", Tone::Calm) };
    match (score.abs(), score > 0.0) {
        (size, _) if size < 5.0 => ("→", "level", Tone::Calm),
        (size, true) if size < 10.0 => ("↑", "rising", Tone::Good),
        (size, true) if size < 20.0 => ("↑↑", "rising fast", Tone::Good),
        (_, true) => ("↑↑↑", "rising very fast", Tone::Good),
        (size, false) if size < 10.0 => ("↓", "falling", Tone::Bad),
        (size, false) if size < 20.0 => ("↓↓", "falling fast", Tone::Bad),
        (_, false) => ("↓↓↓", "falling very fast", Tone::Bad),
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::TimeSpan;

    use super::*;

    #[test]
    fn the_close_grows_urgent() {
        let close = Timestamp::from_seconds(3_600);
        let urgency = |left: i64| {
            let market = close - TimeSpan::from_seconds(left);
            CloseView::of(close, Moment { market, wall: market, speed: 1.0 }).urgency
        };
        assert_eq!(
            [urgency(901), urgency(900), urgency(300), urgency(180), urgency(-1)],
            ["", "soon", "near", "final", "final"]
        );
    }

    #[test]
    fn momentum_points_where_the_price_goes() {
        assert_eq!(direction(None), ("", "momentum unknown", Tone::Calm));
        assert_eq!(direction(Some(4.9)).0, "→");
        assert_eq!(direction(Some(12.0)).0, "↑↑");
        assert_eq!(direction(Some(-20.0)).0, "↓↓↓");
        let bar = DeltaBar::of(4, Some(-0.5), 3);
        assert_eq!((bar.y, bar.height, bar.tone), (15, 14, Tone::Bad));
    }
}
