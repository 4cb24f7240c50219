//! The I/O around [`rec_engine::Driver`]: inputs from a channel, wake-ups in market time, outputs to a handler.

use rec_domain::Timestamp;
use rec_engine::{Driver, Journal, Machine};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    Clocks,
    metric::QueueDepth,
    turning::{self, Turning},
};

/// Does what a machine wants done.
///
/// Implemented for closures `FnMut(Timestamp, Vec<M::Output>) -> anyhow::Result<()>`; a type of its own can wait
/// for I/O and give the machine inputs in return.
pub trait Effects<M: Machine>: Send {
    /// Carries out `outputs`, which the machine gave at `now`, in order. Inputs in the result (such as the outcome of a
    /// commit) are fed to the machine before anything that waits. The machine is not stepped meanwhile, so whatever
    /// takes long belongs into a task that sends its outcome into the machine's channel. Never wait here for room in
    /// that channel: nobody empties it meanwhile.
    ///
    /// # Errors
    /// An error ends the drive and with it the service.
    fn act(
        &mut self,
        now: Timestamp,
        outputs: Vec<M::Output>,
    ) -> impl Future<Output = anyhow::Result<Vec<M::Input>>> + Send;
}

impl<M, F> Effects<M> for F
where
    M: Machine,
    M::Input: Send,
    M::Output: Send,
    F: FnMut(Timestamp, Vec<M::Output>) -> anyhow::Result<()> + Send,
{
    async fn act(&mut self, now: Timestamp, outputs: Vec<M::Output>) -> anyhow::Result<Vec<M::Input>> {
        self(now, outputs).map(|()| Vec::new())
    }
}

/// Feeds a machine until `shutdown` or until every sender of `inputs` is gone, and gives its driver back.
///
/// The channel is the machine's queue: its bound is the bound, and whoever sends decides what a full one means (wait
/// with `send`, drop with `try_send`); the most that ever waited is a metric, see [`QueueDepth`]. The driver's own queue
/// only holds what [`Effects::act`] returns.
///
/// # Errors
/// The first error of `effects`; or when it returns more inputs at once than the driver's queue holds.
pub async fn drive<M, J, E>(
    mut driver: Driver<M, J>,
    mut inputs: mpsc::Receiver<M::Input>,
    clocks: Clocks,
    shutdown: CancellationToken,
    mut effects: E,
) -> anyhow::Result<Driver<M, J>>
where
    M: Machine,
    J: Journal<M>,
    E: Effects<M>,
{
    let mut depth = QueueDepth::new(M::NAME, inputs.max_capacity());
    let turning = Turning::new(M::NAME);
    let mut idle = tokio::time::interval(turning::EVERY);
    idle.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turning.turn();
        while let Some(outputs) = driver.step(clocks.now()) {
            turning.turn();
            if !outputs.is_empty() {
                for input in effects.act(clocks.now(), outputs).await? {
                    driver.offer(input)?;
                }
            }
            // A machine that always wants to be woken again must not keep its inputs waiting or the process running.
            if driver.queued() == 0 {
                break;
            }
        }
        let wakeup = driver.next_wakeup();
        let woken = async {
            match wakeup {
                Some(at) => clocks.sleep_until_market(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return Ok(driver),
            input = inputs.recv() => match input {
                Some(input) => {
                    depth.note(inputs.len() + 1);
                    driver.offer(input)?;
                }
                None => return Ok(driver),
            },
            () = woken => tokio::task::yield_now().await,
            _ = idle.tick() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use rec_domain::TimeSpan;
    use rec_engine::{JournalEntry, NoJournal};
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::clock::{MarketClock, SystemWall, WallClock};

    /// Doubles what it is told and says zero every minute.
    #[derive(Serialize, Deserialize)]
    struct Doubler {
        next: Timestamp,
    }

    impl Machine for Doubler {
        type Input = i64;
        type Output = i64;
        const NAME: &'static str = "doubler";

        fn wake() -> i64 {
            0
        }

        fn step(&mut self, now: Timestamp, input: i64) -> Vec<i64> {
            if now >= self.next {
                self.next = now + TimeSpan::from_minutes(1);
            }
            vec![input * 2]
        }

        fn next_wakeup(&self) -> Option<Timestamp> {
            Some(self.next)
        }
    }

    fn fast() -> Clocks {
        let now = SystemWall.now();
        Clocks::new(MarketClock::accelerated(now, now, 10_000.0, now), Arc::new(SystemWall))
    }

    #[tokio::test]
    async fn inputs_are_stepped_in_order_and_wake_ups_come_by_themselves() {
        let clocks = fast();
        let driver = Driver::new(Doubler { next: clocks.now() + TimeSpan::from_minutes(1) }, Vec::new(), 4);
        let (sender, inputs) = mpsc::channel(4);
        let shutdown = CancellationToken::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let effects = {
            let (seen, shutdown) = (Arc::clone(&seen), shutdown.clone());
            move |_now: Timestamp, outputs: Vec<i64>| {
                let mut seen = seen.lock().expect("no panic");
                seen.extend(outputs);
                if seen.iter().filter(|output| **output == 0).count() == 2 {
                    shutdown.cancel();
                }
                Ok(())
            }
        };
        sender.send(1).await.expect("room");
        sender.send(2).await.expect("room");
        let mut driver = drive(driver, inputs, clocks, shutdown, effects).await.expect("no effect fails");
        let seen: Vec<i64> = seen.lock().expect("no panic").iter().copied().filter(|output| *output != 0).collect();
        assert_eq!(seen, [2, 4]);
        let consumed: Vec<&JournalEntry<i64>> = driver.journal_mut().iter().collect();
        assert!(consumed.windows(2).all(|pair| pair[0].at <= pair[1].at), "market time never goes back");
    }

    struct Echo(Vec<i64>);

    impl Effects<Doubler> for Echo {
        async fn act(&mut self, _now: Timestamp, outputs: Vec<i64>) -> anyhow::Result<Vec<i64>> {
            self.0.extend(&outputs);
            anyhow::ensure!(!outputs.contains(&16), "sixteen");
            Ok(outputs.into_iter().filter(|output| *output != 0).collect())
        }
    }

    #[tokio::test]
    async fn what_an_effect_returns_is_fed_first_and_its_error_ends_the_drive() {
        let clocks = fast();
        let driver = Driver::new(Doubler { next: clocks.now() + TimeSpan::from_minutes(60) }, NoJournal, 4);
        let (sender, inputs) = mpsc::channel(4);
        sender.send(1).await.expect("room");
        sender.send(100).await.expect("room");
        let error = drive(driver, inputs, clocks, CancellationToken::new(), Echo(Vec::new())).await.err();
        assert_eq!(error.expect("it fails at the fourth doubling").to_string(), "sixteen");
    }

    #[tokio::test]
    async fn it_ends_when_nobody_can_feed_it_any_more() {
        let clocks = fast();
        let driver = Driver::new(Doubler { next: clocks.now() + TimeSpan::from_minutes(60) }, NoJournal, 4);
        let (sender, inputs) = mpsc::channel::<i64>(4);
        drop(sender);
        let ended = drive(driver, inputs, clocks, CancellationToken::new(), |_, _| Ok(())).await.expect("in order");
        assert_eq!(ended.sequence(), 0);
    }

    /// Hangs at the number seven.
    struct Hangs;

    impl Effects<Doubler> for Hangs {
        async fn act(&mut self, _now: Timestamp, outputs: Vec<i64>) -> anyhow::Result<Vec<i64>> {
            if outputs.contains(&14) {
                std::future::pending::<()>().await;
            }
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn a_loop_whose_work_hangs_stands_still_until_it_ends() {
        let driver = Driver::new(Doubler { next: Timestamp::from_micros(i64::MAX) }, NoJournal, 4);
        let (sender, inputs) = mpsc::channel(4);
        let task = tokio::spawn(drive(driver, inputs, fast(), CancellationToken::new(), Hangs));
        sender.send(7).await.expect("room");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        // The loops of other tests are idle, and turn.
        while !turning::standing_still(3 * turning::EVERY).contains(&Doubler::NAME) {
            assert!(std::time::Instant::now() < deadline, "it turns although its work hangs");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        task.abort();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
        assert!(!turning::standing_still(3 * turning::EVERY).contains(&Doubler::NAME));
    }
}
