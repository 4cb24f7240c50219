//! The two clocks. Only this file reads the system's clock.
//!
//! Market time ([`MarketClock`]) may run faster than real time: close times, freshness, cooldowns, signature
//! timestamps. Wall time never does: network deadlines, backoff, the lease, health; use `tokio::time` for those and
//! [`Clocks::wall_now`] where an instant has to be written down.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rec_domain::{Clock, TimeSpan, Timestamp};
use tracing::warn;

/// A step of the wall clock against the running time that is worth halting for.
pub const WORST_STEP: TimeSpan = TimeSpan::from_millis(250);

/// How often it is looked for.
pub const LOOK_AT_WALL_EVERY: Duration = Duration::from_secs(1);

/// The longest that [`Clocks::sleep_until_market`] sleeps before it looks at the clock again.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The time of day. Injected, so that a test can step it.
pub trait WallClock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;
}

/// The system's time of day.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemWall;

impl WallClock for SystemWall {
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp::from_micros(micros)
    }
}

/// The system's time of day, moved by so many milliseconds.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Default)]
pub struct SteppedWall(pub std::sync::atomic::AtomicI64);

#[cfg(any(test, feature = "testing"))]
impl WallClock for SteppedWall {
    fn now(&self) -> Timestamp {
        SystemWall.now() + TimeSpan::from_millis(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }
}

/// Both times at one moment, to notice afterwards whether the time of day has stepped since; see [`Clocks::mark`].
#[derive(Debug, Clone, Copy)]
pub struct ClockMark {
    wall: Timestamp,
    running: Instant,
}

/// Where market time is anchored.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    market: Timestamp,
    wall: Timestamp,
    running: Instant,
}

/// How much slower market time in real time goes while it is ahead of the time of day.
const CATCHING_UP: f64 = 0.5;

/// Market time. It runs with the machine's running time and never goes back: a step of the wall clock does not move
/// it. One in real time that is ahead of the time of day goes at half speed until the two meet.
#[derive(Debug)]
pub struct MarketClock {
    speed: f64,
    follows_wall: bool,
    anchor: Mutex<Anchor>,
}

impl MarketClock {
    /// A clock that shows the time of day `wall`, at the time of day `wall`.
    #[must_use]
    pub fn real_time(wall: Timestamp) -> Self {
        Self::anchored(wall, wall, 1.0, true)
    }

    /// A clock that showed `market_origin` at the time of day `wall_origin` and goes `speed` times as fast as time;
    /// `wall` is the time of day now. Processes with the same three values agree.
    #[must_use]
    pub fn accelerated(market_origin: Timestamp, wall_origin: Timestamp, speed: f64, wall: Timestamp) -> Self {
        let market = market_origin + scaled(wall.since(wall_origin), speed);
        Self::anchored(market, wall, speed, false)
    }

    fn anchored(market: Timestamp, wall: Timestamp, speed: f64, follows_wall: bool) -> Self {
        assert!(speed.is_finite() && speed > 0.0, "the configuration allows positive speeds only, not {speed}");
        Self { speed, follows_wall, anchor: Mutex::new(Anchor { market, wall, running: Instant::now() }) }
    }

    /// Seconds of market time in one second.
    #[must_use]
    pub const fn speed(&self) -> f64 {
        self.speed
    }

    /// Market time at an instant of the running time.
    #[must_use]
    pub fn at(&self, instant: Instant) -> Timestamp {
        self.since(&self.anchor(), instant)
    }

    /// Market time at `instant`, as it goes since `anchor`.
    fn since(&self, anchor: &Anchor, instant: Instant) -> Timestamp {
        let elapsed = span(instant.saturating_duration_since(anchor.running));
        if !self.follows_wall {
            return anchor.market + scaled(elapsed, self.speed);
        }
        (anchor.wall + elapsed).max(anchor.market + scaled(elapsed, CATCHING_UP))
    }

    /// How long the wall takes from now until market time is `target`, at least: longer while market time waits for a
    /// time of day that was set back. Zero when it is past.
    #[must_use]
    pub fn wall_until(&self, target: Timestamp) -> Duration {
        let left = target.since(self.now());
        Duration::try_from_secs_f64(left.as_seconds_f64() / self.speed).unwrap_or(Duration::ZERO)
    }

    /// How far the time of day has moved away from the running time since the clock was anchored; positive when the
    /// time of day is ahead.
    fn step(&self, wall: Timestamp, instant: Instant) -> TimeSpan {
        let anchor = self.anchor();
        wall.since(anchor.wall) - span(instant.saturating_duration_since(anchor.running))
    }

    /// Accepts the present time of day: steps are measured from here. A clock in real time also takes it over, unless
    /// that would mean going back: then it goes slower until the time of day has come up.
    fn accept(&self, wall: Timestamp, instant: Instant) {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let market = self.since(&anchor, instant);
        *anchor = Anchor { market, wall, running: instant };
    }

    fn anchor(&self) -> Anchor {
        *self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for MarketClock {
    fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }
}

/// Both clocks. Cheap to clone.
#[derive(Clone)]
pub struct Clocks {
    /// Market time.
    pub market: Arc<MarketClock>,
    wall: Arc<dyn WallClock>,
}

impl fmt::Debug for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clocks").field("market", &self.market).finish_non_exhaustive()
    }
}

impl Clocks {
    /// Clocks as configured: the time of day, or market time that runs faster from a common origin. A speed without
    /// origins starts at the time of day now.
    #[must_use]
    pub fn of(config: &rec_config::ClockConfig) -> Self {
        let now = SystemWall.now();
        let market = match (config.market_origin, config.wall_origin) {
            (Some(market), wall) => MarketClock::accelerated(market, wall.unwrap_or(now), config.speed, now),
            (None, Some(wall)) => MarketClock::accelerated(wall, wall, config.speed, now),
            (None, None) if config.speed.to_bits() == 1.0_f64.to_bits() => MarketClock::real_time(now),
            (None, None) => MarketClock::accelerated(now, now, config.speed, now),
        };
        Self::new(market, Arc::new(SystemWall))
    }

    /// Clocks with a given market clock and time of day.
    #[must_use]
    pub fn new(market: MarketClock, wall: Arc<dyn WallClock>) -> Self {
        Self { market: Arc::new(market), wall }
    }

    /// Market time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.market.now()
    }

    /// The time of day.
    #[must_use]
    pub fn wall_now(&self) -> Timestamp {
        self.wall.now()
    }

    /// A limit in market time that also covers transport: at least one second of wall time.
    #[must_use]
    pub fn limit(&self, limit: TimeSpan) -> TimeSpan {
        limit.at_least(scaled(TimeSpan::from_seconds(1), self.market.speed()))
    }

    /// What passes of market time in `wall` of wall time; for machines that are given market time and decide on what
    /// happens in wall time, such as health.
    #[must_use]
    pub fn in_market(&self, wall: Duration) -> TimeSpan {
        scaled(span(wall), self.market.speed())
    }

    /// How much wall time `span` of market time takes; zero when it is negative.
    #[must_use]
    pub fn in_wall(&self, span: TimeSpan) -> Duration {
        Duration::try_from_secs_f64(span.as_seconds_f64() / self.market.speed()).unwrap_or(Duration::ZERO)
    }

    /// Sleeps until market time is `target`; returns at once when it is past.
    pub async fn sleep_until_market(&self, target: Timestamp) {
        loop {
            let left = self.market.wall_until(target);
            if left.is_zero() {
                // Less than a clock tick may be left, which a sleep of zero would spin over.
                if self.now() >= target {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            } else {
                tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
            }
        }
    }

    /// How far the time of day has stepped against the running time (also by a suspend of the machine) since start or
    /// the last [`Clocks::accept_wall`]; `None` while that is at most [`WORST_STEP`]. Whoever gets one halts entries
    /// and drops prepared signatures.
    #[must_use]
    pub fn wall_step(&self) -> Option<TimeSpan> {
        let step = self.market.step(self.wall.now(), Instant::now());
        (step.micros().abs() > WORST_STEP.micros()).then_some(step)
    }

    /// Marks the present moment.
    #[must_use]
    pub fn mark(&self) -> ClockMark {
        ClockMark { wall: self.wall.now(), running: Instant::now() }
    }

    /// Whether the time of day has stepped by more than [`WORST_STEP`] since `mark`, whoever has accepted it meanwhile.
    #[must_use]
    pub fn stepped_since(&self, mark: &ClockMark) -> bool {
        let step = self.wall.now().since(mark.wall) - span(mark.running.elapsed());
        step.micros().abs() > WORST_STEP.micros()
    }

    /// A step of the time of day, once: it is accepted, so that the next one is seen.
    pub fn take_wall_step(&self) -> Option<TimeSpan> {
        // Twice, since a pause between reading the two clocks looks like a step.
        self.wall_step()?;
        let step = self.wall_step()?;
        self.accept_wall();
        Some(step)
    }

    /// Follows the steps of the time of day, for ever. Without it a process that outlives one would sign by a time that
    /// the exchange refuses. Where trade-manager leads it does the same itself, and halts entries for it.
    pub async fn follow_wall(&self) {
        loop {
            if let Some(step) = self.take_wall_step() {
                warn!(%step, "the time of day stepped against the running time");
            }
            tokio::time::sleep(LOOK_AT_WALL_EVERY).await;
        }
    }

    /// Accepts the present time of day after a step: real-time market clocks follow it, forward at once, and back by going
    /// slower.
    pub fn accept_wall(&self) {
        self.market.accept(self.wall.now(), Instant::now());
    }
}

impl Clock for Clocks {
    fn now(&self) -> Timestamp {
        self.market.now()
    }
}

fn span(duration: Duration) -> TimeSpan {
    TimeSpan::from_micros(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// A span of wall time in market time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "spans of a process are far below 2^53 microseconds, and the cast saturates"
)]
fn scaled(wall: TimeSpan, speed: f64) -> TimeSpan {
    TimeSpan::from_micros((wall.micros() as f64 * speed).round() as i64)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    fn stepped(market: impl FnOnce(Timestamp) -> MarketClock) -> (Clocks, Arc<SteppedWall>) {
        let wall = Arc::new(SteppedWall::default());
        (Clocks::new(market(wall.now()), Arc::<SteppedWall>::clone(&wall)), wall)
    }

    #[test]
    fn processes_that_share_origin_and_speed_agree() {
        let (market, wall) = (Timestamp::from_seconds(1_000_000), Timestamp::from_seconds(500));
        let early = MarketClock::accelerated(market, wall, 30.0, wall + TimeSpan::from_seconds(1));
        let late = MarketClock::accelerated(market, wall, 30.0, wall + TimeSpan::from_seconds(61));
        let lead = late.anchor().market.since(early.anchor().market);
        assert_eq!(lead, TimeSpan::from_minutes(30));
        let later = early.anchor().running + Duration::from_secs(2);
        assert_eq!(early.at(later), market + TimeSpan::from_seconds(90));
    }

    #[test]
    fn a_step_of_the_wall_is_noticed_and_does_not_move_market_time() {
        let (clocks, wall) = stepped(MarketClock::real_time);
        assert_eq!(clocks.wall_step(), None);
        let before = clocks.now();
        wall.0.store(-10_000, Ordering::Relaxed);
        let step = clocks.wall_step().expect("ten seconds back");
        assert!((step.micros() + 10_000_000).abs() < 100_000, "{step}");
        assert!(clocks.now() >= before);
        clocks.accept_wall();
        assert_eq!(clocks.wall_step(), None);
        assert!(clocks.now() >= before, "never back");
        wall.0.store(20_000, Ordering::Relaxed);
        assert!(clocks.wall_step().is_some());
        clocks.accept_wall();
        assert!(clocks.now().since(before) >= TimeSpan::from_seconds(20), "a clock in real time follows forward");
        wall.0.store(20_200, Ordering::Relaxed);
        assert_eq!(clocks.wall_step(), None, "200 ms are not worth a halt");
    }

    #[test]
    fn after_a_step_back_market_time_never_goes_back_and_meets_the_time_of_day_again() {
        let start = Timestamp::from_seconds(1_000);
        let clock = MarketClock::real_time(start);
        let begun = clock.anchor().running;
        let after = |seconds| begun + Duration::from_secs(seconds);
        let seconds = TimeSpan::from_seconds;
        // A minute later the time of day is put back by twenty seconds.
        clock.accept(start + seconds(40), after(60));
        assert_eq!(clock.at(after(60)), start + seconds(60));
        assert_eq!(clock.at(after(80)), start + seconds(70), "half as fast");
        assert_eq!(clock.at(after(100)), start + seconds(80), "they meet");
        assert_eq!(clock.at(after(200)), start + seconds(180), "and go on together");
        // Put back again while it still catches up, and at last forward.
        clock.accept(start + seconds(170), after(200));
        clock.accept(start + seconds(166), after(204));
        assert_eq!(clock.at(after(204)), start + seconds(182));
        assert_eq!(clock.at(after(240)), start + seconds(202));
        clock.accept(start + seconds(300), after(240));
        assert_eq!(clock.at(after(250)), start + seconds(310));
    }

    #[test]
    fn a_step_is_seen_from_a_mark_before_it_also_when_it_was_accepted() {
        let (clocks, wall) = stepped(MarketClock::real_time);
        let before = clocks.mark();
        assert!(!clocks.stepped_since(&before));
        wall.0.store(-300, Ordering::Relaxed);
        clocks.accept_wall();
        assert!(clocks.stepped_since(&before));
        assert!(!clocks.stepped_since(&clocks.mark()));
    }

    #[test]
    fn an_accelerated_clock_goes_on_when_the_wall_steps() {
        let (clocks, wall) = stepped(|now| MarketClock::accelerated(now, now, 30.0, now));
        let before = clocks.now();
        wall.0.store(3_600_000, Ordering::Relaxed);
        clocks.accept_wall();
        assert!(clocks.now().since(before) < TimeSpan::from_minutes(10));
    }

    #[test]
    fn limits_leave_a_second_of_wall_time_for_transport() {
        let now = SystemWall.now();
        let fast = Clocks::new(MarketClock::accelerated(now, now, 30.0, now), Arc::new(SystemWall));
        assert_eq!(fast.limit(TimeSpan::from_seconds(3)), TimeSpan::from_seconds(30));
        assert_eq!(fast.limit(TimeSpan::from_seconds(45)), TimeSpan::from_seconds(45));
        let real = Clocks::new(MarketClock::real_time(now), Arc::new(SystemWall));
        assert_eq!(real.limit(TimeSpan::from_seconds(3)), TimeSpan::from_seconds(3));
    }

    #[tokio::test]
    async fn sleeping_in_market_time_takes_a_fraction_of_wall_time() {
        let now = SystemWall.now();
        let clocks = Clocks::new(MarketClock::accelerated(now, now, 10_000.0, now), Arc::new(SystemWall));
        let target = clocks.now() + TimeSpan::from_seconds(100);
        let started = Instant::now();
        clocks.sleep_until_market(target).await;
        assert!(clocks.now() >= target);
        assert!(started.elapsed() < Duration::from_secs(5));
        clocks.sleep_until_market(Timestamp::from_seconds(0)).await;
    }
}
