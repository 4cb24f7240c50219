//! The frames of one connection on their way out, where the faults of frames hit them.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{Faults, FrameEffect};
use crate::core::{Channel, Frame, Session};

/// Frames that a slow reader may be behind before the exchange drops it.
const BACKLOG: usize = 32_768;

/// The sending end of one connection.
#[derive(Debug)]
pub(in crate::server) struct Outlet {
    sender: mpsc::Sender<String>,
    /// Frames that come late, by channel, with the instant at which they are due. What follows on the channel waits.
    late: BTreeMap<Channel, VecDeque<(Instant, String)>>,
    /// A frame that lets the next one of its channel go first.
    swapped: BTreeMap<Channel, String>,
}

impl Outlet {
    /// Both ends.
    pub(in crate::server) fn channel() -> (Self, mpsc::Receiver<String>) {
        let (sender, received) = mpsc::channel(BACKLOG);
        (Self { sender, late: BTreeMap::new(), swapped: BTreeMap::new() }, received)
    }

    /// Sends frames; `false` when the connection is gone or too far behind.
    pub(in crate::server) fn offer(&mut self, faults: &Faults, frames: Vec<Frame>) -> bool {
        if frames.is_empty() {
            return true;
        }
        let now = Instant::now();
        frames.into_iter().all(|frame| match faults.on_frame(frame.channel, now) {
            None => self.pass(frame.channel, frame.text, now),
            Some(FrameEffect::Lost) => true,
            Some(FrameEffect::Doubled) => {
                self.pass(frame.channel, frame.text.clone(), now) && self.pass(frame.channel, frame.text, now)
            }
            Some(FrameEffect::Reordered) => match frame.channel {
                Some(channel) => match self.swapped.insert(channel, frame.text) {
                    Some(earlier) => self.pass(Some(channel), earlier, now),
                    None => true,
                },
                None => self.send(frame.text),
            },
            Some(FrameEffect::Delayed { by_ms }) => match frame.channel {
                Some(channel) => self.postpone(channel, now + Duration::from_millis(by_ms), frame.text),
                None => self.send(frame.text),
            },
            Some(FrameEffect::Corrupt) => self.pass(frame.channel, half(&frame.text), now),
        })
    }

    /// Sends late frames that are due; `false` when the connection is gone or too far behind.
    pub(in crate::server) fn flush(&mut self, now: Instant) -> bool {
        let mut due = Vec::new();
        for late in self.late.values_mut() {
            while late.front().is_some_and(|(at, _)| *at <= now) {
                due.extend(late.pop_front().map(|(_, text)| text));
            }
        }
        self.late.retain(|_, late| !late.is_empty());
        due.into_iter().all(|text| self.send(text))
    }

    /// Sends a frame behind whatever its channel still waits for, and after it one that let it go first.
    fn pass(&mut self, channel: Option<Channel>, text: String, now: Instant) -> bool {
        let Some(channel) = channel else { return self.send(text) };
        let swapped = self.swapped.remove(&channel);
        std::iter::once(text).chain(swapped).all(|text| match self.late.contains_key(&channel) {
            true => self.postpone(channel, now, text),
            false => self.send(text),
        })
    }

    fn postpone(&mut self, channel: Channel, due: Instant, text: String) -> bool {
        let late = self.late.entry(channel).or_default();
        let due = late.back().map_or(due, |(last, _)| due.max(*last));
        late.push_back((due, text));
        late.len() <= BACKLOG
    }

    fn send(&self, text: String) -> bool {
        // One place is kept for the frame that says why the connection ends.
        if self.sender.capacity() <= 1 {
            let _ = self.sender.try_send(Session::overflow().text);
            return false;
        }
        self.sender.try_send(text).is_ok()
    }
}

/// The first half of a frame.
fn half(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Fault, FrameFault},
        *,
    };

    fn frame(text: &str) -> Frame {
        Frame { channel: Some(Channel::OrderbookDelta), text: text.to_owned() }
    }

    /// What arrives of the frames 1 to 5 while a fault is in force, at once and after a second.
    fn sent(fault: FrameFault) -> (Vec<String>, Vec<String>) {
        let faults = Faults::default();
        faults.inject(&Fault::Frames(fault));
        let (mut outlet, mut received) = Outlet::channel();
        let mut all = || std::iter::from_fn(|| received.try_recv().ok()).collect::<Vec<_>>();
        for text in ["1.", "2.", "3.", "4.", "5."] {
            assert!(outlet.offer(&faults, vec![frame(text)]));
        }
        let at_once = all();
        assert!(outlet.flush(Instant::now() + Duration::from_secs(1)));
        (at_once, all())
    }

    #[test]
    fn each_effect_does_what_it_says() {
        let once = |effect| FrameFault { next: Some(1), ..FrameFault::every(Channel::OrderbookDelta, effect) };
        let none: [&str; 0] = [];
        for (effect, at_once, later) in [
            (FrameEffect::Lost, &["2.", "3.", "4.", "5."][..], &none[..]),
            (FrameEffect::Doubled, &["1.", "1.", "2.", "3.", "4.", "5."], &none),
            (FrameEffect::Reordered, &["2.", "1.", "3.", "4.", "5."], &none),
            (FrameEffect::Delayed { by_ms: 500 }, &none, &["1.", "2.", "3.", "4.", "5."]),
            (FrameEffect::Corrupt, &["1", "2.", "3.", "4.", "5."], &none),
        ] {
            let (first, second) = sent(once(effect));
            assert_eq!(
                (first, second),
                (
                    at_once.iter().map(|text| (*text).to_owned()).collect(),
                    later.iter().map(|text| (*text).to_owned()).collect()
                ),
                "{effect:?}"
            );
        }
    }

    #[test]
    fn other_channels_pass_and_a_seed_hits_the_same_frames_again() {
        let elsewhere = FrameFault::every(Channel::Fill, FrameEffect::Lost);
        assert_eq!(sent(elsewhere).0.len(), 5);
        let chance = |seed| FrameFault {
            per_mille: Some(500),
            seed,
            ..FrameFault::every(Channel::OrderbookDelta, FrameEffect::Lost)
        };
        let runs: Vec<_> = (0..20).map(|seed| sent(chance(seed)).0).collect();
        assert!(runs.iter().any(|run| *run != runs[0]), "seeds differ");
        assert_eq!(runs, (0..20).map(|seed| sent(chance(seed)).0).collect::<Vec<_>>());
    }

    #[test]
    fn a_fault_with_a_time_ends_by_itself() {
        let faults = Faults::default();
        faults.inject(&Fault::Frames(FrameFault {
            for_ms: Some(0),
            ..FrameFault::every(Channel::OrderbookDelta, FrameEffect::Lost)
        }));
        faults.inject(&Fault::Down { for_ms: Some(0) });
        assert!(faults.is_down());
        faults.expire(Instant::now());
        assert!(!faults.is_down());
        let (mut outlet, mut received) = Outlet::channel();
        assert!(outlet.offer(&faults, vec![frame("1.")]));
        assert_eq!(received.try_recv().ok().as_deref(), Some("1."));
    }
}
