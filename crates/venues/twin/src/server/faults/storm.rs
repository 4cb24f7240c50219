//! Faults without end from a seed: what a long run of the desk has to stand.
//!
//! Only what passes by itself is in a storm. A fault that needs a remedy (a gap of the index, cash that is gone, a
//! clock that is wrong) would end the trading, and with it what the storm is to show.

use std::time::Duration;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use rec_domain::TimeSpan;

use super::{AnswerEffect, AnswerFault, Fault, FrameEffect, FrameFault, Requests};
use crate::core::{self, Channel, Twin};

/// Longest wall time between two faults.
const PAUSE_MOST_MS: u64 = 8_000;
/// Shortest wall time between two faults.
const PAUSE_LEAST_MS: u64 = 500;

/// The faults of a seed. The n-th fault is the same in every run, but for the names of what is listed at its time.
#[derive(Debug, Clone)]
pub(in crate::server) struct Storm {
    dice: ChaCha8Rng,
}

impl Storm {
    pub(in crate::server) fn of(seed: u64) -> Self {
        Self { dice: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Wall time until the next fault.
    pub(in crate::server) fn pause(&mut self) -> Duration {
        Duration::from_millis(self.between(PAUSE_LEAST_MS, PAUSE_MOST_MS))
    }

    /// The next fault.
    pub(in crate::server) fn next(&mut self, twin: &Twin) -> Fault {
        // All of them are drawn each time, so that what is listed does not change what comes after.
        let (kind, effect, channel) = (self.between(0, 99), self.between(0, 4), self.between(0, 9));
        let (span, count, seed) = (self.between(200, 4_000), self.between(1, 4), self.dice.next_u64());
        let next = u32::try_from(count).ok();
        let answers = |requests, effect| Fault::Answers(AnswerFault { requests, effect, next, for_ms: Some(10_000) });
        match kind {
            0..40 => {
                let effect = match effect {
                    0 => FrameEffect::Lost,
                    1 => FrameEffect::Doubled,
                    2 => FrameEffect::Reordered,
                    3 => FrameEffect::Delayed { by_ms: span },
                    _ => FrameEffect::Corrupt,
                };
                let channel = usize::try_from(channel).ok().and_then(|place| Channel::ALL.get(place).copied());
                let per_mille = Some(if matches!(effect, FrameEffect::Delayed { .. }) { 20 } else { 100 });
                Fault::Frames(FrameFault { channel, effect, next: None, per_mille, for_ms: Some(span), seed })
            }
            40..48 => Fault::Frames(FrameFault {
                channel: None,
                effect: FrameEffect::Lost,
                next: None,
                per_mille: None,
                for_ms: Some(span),
                seed,
            }),
            48..56 => Fault::Reset,
            56..60 => Fault::Down { for_ms: Some(span) },
            60..66 => answers(Requests::orders(), AnswerEffect::Lost),
            66..70 => answers(Requests::orders(), AnswerEffect::Late { by_ms: 6_000 }),
            70..74 => answers(Requests::orders(), AnswerEffect::BadGateway { accepted: true }),
            74..78 => answers(Requests::orders(), AnswerEffect::TooManyRequests),
            78..84 => answers(Requests::reads("portfolio"), AnswerEffect::Short),
            84..88 => answers(Requests::reads("portfolio/positions"), AnswerEffect::Empty),
            88..92 => answers(Requests::default(), AnswerEffect::BadGateway { accepted: false }),
            92..95 => answers(Requests::reads(""), AnswerEffect::TooManyRequests),
            95..97 => Fault::ReadLag { ms: i64::try_from(span * 5).unwrap_or(0) },
            _ => open_event(twin).map_or(Fault::Reset, |event_ticker| {
                Fault::World(match count {
                    1 | 2 => core::Fault::ResultLate { event_ticker, by: TimeSpan::from_seconds(120) },
                    _ => core::Fault::TradingPause { lasts: TimeSpan::from_seconds(60) },
                })
            }),
        }
    }

    /// Uniform among `low..=high`; the bias of the remainder does not matter here.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.dice.next_u64() % (high - low + 1)
    }
}

/// The event that closes next.
fn open_event(twin: &Twin) -> Option<String> {
    let open = twin.listed().map(|(event, _)| event).filter(|event| event.close > twin.now());
    open.min_by_key(|event| event.close).map(|event| event.ticker.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::TwinConfig;

    #[test]
    fn a_seed_gives_the_same_faults_again_and_all_kinds_in_time() {
        let twin = Twin::new(TwinConfig::demo(1));
        let run = |seed| {
            let mut storm = Storm::of(seed);
            (0..300).map(|_| (storm.pause(), storm.next(&twin))).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let faults: Vec<Fault> = run(7).into_iter().map(|(_, fault)| fault).collect();
        let has = |is: fn(&Fault) -> bool| faults.iter().any(is);
        assert!(has(|fault| matches!(fault, Fault::Frames(_))) && has(|fault| matches!(fault, Fault::Answers(_))));
        assert!(has(|fault| matches!(fault, Fault::Reset)) && has(|fault| matches!(fault, Fault::Down { .. })));
        assert!(has(|fault| matches!(fault, Fault::World(_))) && has(|fault| matches!(fault, Fault::ReadLag { .. })));
    }
}
