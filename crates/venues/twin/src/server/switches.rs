//! Faults on request, for tests in the same process.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::watch;

use crate::core::Channel;

/// The faults that a test can switch on. All are off at the start.
#[derive(Debug)]
pub struct TwinSwitches {
    silent: [AtomicBool; Channel::ALL.len()],
    drop_frames: [AtomicU32; Channel::ALL.len()],
    drop_answers: AtomicU32,
    held: watch::Sender<bool>,
    down: watch::Sender<bool>,
}

impl Default for TwinSwitches {
    fn default() -> Self {
        Self {
            silent: std::array::from_fn(|_| AtomicBool::new(false)),
            drop_frames: std::array::from_fn(|_| AtomicU32::new(0)),
            drop_answers: AtomicU32::new(0),
            held: watch::Sender::new(false),
            down: watch::Sender::new(false),
        }
    }
}

impl TwinSwitches {
    /// Sends nothing on a channel, or sends again. Numbers are counted on, so that a gap remains.
    pub fn silence(&self, channel: Channel, silent: bool) {
        self.silent[place(channel)].store(silent, Ordering::SeqCst);
    }

    /// Drops the next frame of a channel, once: on the first connection that would get one.
    pub fn drop_next_frame(&self, channel: Channel) {
        self.drop_frames[place(channel)].fetch_add(1, Ordering::SeqCst);
    }

    /// Accepts the next order and cuts the connection instead of answering.
    pub fn drop_next_answer(&self) {
        self.drop_answers.fetch_add(1, Ordering::SeqCst);
    }

    /// Accepts orders but holds their answers until `release_answers`.
    pub fn hold_answers(&self) {
        self.held.send_replace(true);
    }

    /// Sends the held answers.
    pub fn release_answers(&self) {
        self.held.send_replace(false);
    }

    /// Takes both venues down: connections are cut and new ones are closed at once. Market time goes on.
    pub fn take_down(&self) {
        self.down.send_replace(true);
    }

    /// Brings both venues up again.
    pub fn bring_up(&self) {
        self.down.send_replace(false);
    }

    pub(crate) fn is_down(&self) -> bool {
        *self.down.borrow()
    }

    /// Waits until the venues are down.
    pub(crate) async fn until_down(&self) {
        let mut down = self.down.subscribe();
        // The sender lives as long as this, so waiting cannot fail.
        let _ = down.wait_for(|down| *down).await;
    }

    /// Waits until answers are no longer held.
    pub(crate) async fn until_released(&self) {
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| !*held).await;
    }

    /// Whether the next answer to an order is to be dropped; asking uses it up.
    pub(crate) fn takes_answer(&self) -> bool {
        use_up(&self.drop_answers)
    }

    /// Whether a frame of a channel may be sent; asking uses up a wanted drop.
    pub(crate) fn passes(&self, channel: Option<Channel>) -> bool {
        let Some(channel) = channel else { return true };
        !self.silent[place(channel)].load(Ordering::SeqCst) && !use_up(&self.drop_frames[place(channel)])
    }
}

fn place(channel: Channel) -> usize {
    Channel::ALL.iter().position(|known| *known == channel).unwrap_or(0)
}

fn use_up(counter: &AtomicU32) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1)).is_ok()
}
