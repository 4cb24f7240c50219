//! What a desk with the shipped settings and a model of its own would buy in this world.

use std::collections::BTreeSet;

use rec_domain::{BookSide, Quantity, Side, TimeSpan, Timestamp};

use crate::core::{Twin, TwinConfig, path::minute_history};

/// The predecessor's momentum: periods in minutes and weights.
const MOMENTUM: [(usize, f64); 6] = [(1, 0.30), (2, 0.25), (3, 0.20), (4, 0.15), (15, 0.05), (30, 0.05)];

/// The chance, by a model, that the price ends beyond a strike `percent` away after `seconds`.
type Tail = Box<dyn Fn(f64, f64) -> f64>;

/// Tails counted in the made-up past while momentum was small: by minutes and hundredths of a percent.
fn learned() -> Tail {
    let from = Timestamp::from_seconds(1_600_000_000);
    let closes: Vec<f64> = minute_history(99, from, 120_000).map(|bar| bar.close.as_f64()).collect();
    let mut counts = vec![vec![0.0; 201]; 16];
    let mut total = 0.0;
    for at in 30..closes.len() - 16 {
        let moved = |from: usize, to: usize| 100.0 * (closes[to] / closes[from] - 1.0);
        let score: f64 = MOMENTUM.iter().map(|(minutes, weight)| weight * moved(at - minutes, at)).sum();
        if score.abs() > 0.10 {
            continue;
        }
        total += 2.0;
        for (minutes, row) in counts.iter_mut().enumerate().skip(1) {
            let size = libm::floor(moved(at, at + minutes).abs() * 100.0);
            row.iter_mut().zip(0_u32..).take_while(|(_, x)| f64::from(*x) <= size).for_each(|(cell, _)| *cell += 1.0);
        }
    }
    Box::new(move |percent, seconds| {
        let row = &counts[nearest(seconds / 60.0).clamp(1, 15)];
        row[nearest(percent * 100.0).min(200)] / total
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn nearest(value: f64) -> usize {
    libm::round(value) as usize
}

/// A random walk of a volatility in percent per square root of a minute.
fn walk(volatility: f64) -> Tail {
    Box::new(move |percent, seconds| {
        let deviation = volatility * (seconds / 60.0).sqrt();
        0.5 * libm::erfc(percent / deviation / std::f64::consts::SQRT_2)
    })
}

/// What the desk would buy in the last quarter of an hour, by ticker and side.
fn entries(twin: &mut Twin, hour: i64, tail: &Tail) -> BTreeSet<(String, Side)> {
    let close = twin.config().start + TimeSpan::from_minutes(60 * (hour + 1));
    let mut bought = BTreeSet::new();
    for left in (60..=450).rev().map(|half| half * 2) {
        twin.advance_quietly(close - TimeSpan::from_seconds(left));
        let spot = twin.point(crate::core::Asset::Bitcoin).spot.as_f64();
        let traded = |market: &&crate::core::market::Market| {
            market.close == close && market.volume >= Quantity::from_contracts(1_000)
        };
        for market in twin.markets.values().filter(traded) {
            let strike = market.strike.anchor().expect("known") + 0.01;
            let (side, against) = if strike < spot { (Side::Yes, BookSide::Ask) } else { (Side::No, BookSide::Bid) };
            let Some((price, _)) = market.book.best(against) else { continue };
            let ask = side.convert_price(price).points();
            let distance = 100.0 * (spot - strike).abs() / spot;
            let chance = 100.0 * (1.0 - tail(distance, TimeSpan::from_seconds(left).as_seconds_f64()));
            if chance >= 95.0 && ask <= 98.0 && chance - ask >= 0.25 {
                bought.insert((market.name.ticker.to_string(), side));
            }
        }
    }
    bought
}

#[test]
fn a_desk_buys_in_the_first_hour_whatever_its_model_of_volatility() {
    let models = [("learned", learned()), ("0.03 %", walk(0.03)), ("0.045 %", walk(0.045)), ("0.06 %", walk(0.06))];
    for (name, tail) in models {
        let (mut sides, mut sizes) = (BTreeSet::new(), Vec::new());
        for seed in 1..=4 {
            let bought = entries(&mut Twin::new(TwinConfig::demo(seed)), 0, &tail);
            sizes.push(bought.len());
            assert!(bought.len() >= 2, "{name}, seed {seed}: {bought:?}");
            sides.extend(bought.into_iter().map(|(_, side)| side));
        }
        println!("{name}: {sizes:?} strikes and sides by seed");
        assert_eq!(sides.len(), 2, "{name}: YES and NO over time");
    }
}

#[test]
fn a_desk_buys_in_later_hours_too_unless_momentum_pauses_it() {
    let tail = learned();
    let mut calm_hours = 0;
    for seed in 1..=2 {
        let mut twin = Twin::new(TwinConfig::demo(seed));
        for hour in 1..4 {
            let bought = entries(&mut twin, hour, &tail);
            let closes: Vec<f64> = twin.spot.minutes().map(|bar| bar.close.as_f64()).collect();
            let last = closes.len() - 1;
            let spike = (last - 33..=last).any(|at| {
                let moved = |minutes: usize| 100.0 * (closes[at] / closes[at - minutes] - 1.0);
                let score: f64 = MOMENTUM.iter().map(|(minutes, weight)| weight * moved(*minutes)).sum();
                score.abs() >= 0.30
            });
            calm_hours += usize::from(!spike);
            assert!(spike || !bought.is_empty(), "seed {seed}, hour {hour}");
        }
    }
    assert!(calm_hours >= 3, "{calm_hours} hours without a spike");
}
