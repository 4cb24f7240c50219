//! Signatures made ahead, so that none is made between decision and wire.
//!
//! A few wait at any time. One is taken before the claim, whose time it gives, and leaves with the order; it is at most
//! [`OLDEST`] old when it is taken, is used once, and is not used when the time of day has stepped since it was made.
//! Where none is left a request is signed when it is sent, as cancels and calls on groups always are.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rec_domain::{IntentId, TimeSpan, Timestamp};
use rec_kalshi::rest::{Client, Signature, SignedAhead};
use rec_runtime::{Clocks, clock::ClockMark};
use tracing::warn;

/// How old a signature may be when it is taken, in market time (more where transport takes longer than that).
const OLDEST: TimeSpan = TimeSpan::from_seconds(2);
/// How old the exchange lets one be that reaches it. Half of that is left for claim and transport.
const ACCEPTED: TimeSpan = TimeSpan::from_seconds(5);
/// Signatures that wait: a burst of orders finds that many.
const WAITING: i64 = 4;
/// How often those that wait are looked at, in wall time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Signatures that wait, and those taken for intents that are being claimed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Signatures {
    client: Arc<Client>,
    clocks: Clocks,
    oldest: TimeSpan,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// The newest last.
    waiting: VecDeque<(SignedAhead, ClockMark)>,
    /// Bounded by the intents that are under way.
    taken: BTreeMap<IntentId, SignedAhead>,
}

impl Signatures {
    pub(crate) fn new(client: Arc<Client>, clocks: Clocks) -> Self {
        let half = TimeSpan::from_micros(clocks.limit(ACCEPTED).micros() / 2);
        let oldest = clocks.limit(OLDEST).min(half);
        Self { client, clocks, oldest, kept: Arc::default() }
    }

    /// Replaces what was used and what grows old, for ever.
    pub(crate) async fn keep(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let this = self.clone();
            // An RSA signature holds a thread for a millisecond.
            if tokio::task::spawn_blocking(move || this.replace()).await.is_err() {
                warn!("signing ahead broke off");
            }
        }
    }

    fn replace(&self) {
        let half = TimeSpan::from_micros(self.oldest.micros() / 2);
        let missing = {
            let mut kept = self.lock();
            kept.waiting.retain(|(ahead, mark)| self.is_usable(ahead, mark, half));
            WAITING - i64::try_from(kept.waiting.len()).unwrap_or(WAITING)
        };
        let (now, mark) = (self.clocks.now(), self.clocks.mark());
        // Each has a millisecond of its own: with an Ed25519 key the same one would be the same signature.
        for earlier in (0..missing).rev() {
            match self.client.sign_order_ahead(now - TimeSpan::from_millis(earlier)) {
                Ok(ahead) => self.lock().waiting.push_back((ahead, mark)),
                Err(error) => return warn!(%error, "no order can be signed ahead"),
            }
        }
    }

    /// Takes a signature for `intent` and gives its time; the present, where there is none.
    pub(crate) fn take(&self, intent: IntentId) -> Timestamp {
        let mut kept = self.lock();
        while let Some((ahead, mark)) = kept.waiting.pop_back() {
            if self.is_usable(&ahead, &mark, self.oldest) {
                let signed_at = ahead.signed_at();
                kept.taken.insert(intent, ahead);
                return signed_at;
            }
        }
        self.clocks.now()
    }

    /// What `intent` is sent with, having been claimed with the time `signed_at`.
    pub(crate) fn of(&self, intent: IntentId, signed_at: Timestamp) -> Signature {
        match self.lock().taken.remove(&intent).filter(|ahead| ahead.signed_at() == signed_at) {
            Some(ahead) => Signature::Ahead(ahead),
            None => Signature::At(signed_at),
        }
    }

    /// `intent` is not sent.
    pub(crate) fn forget(&self, intent: IntentId) {
        self.lock().taken.remove(&intent);
    }

    fn is_usable(&self, ahead: &SignedAhead, mark: &ClockMark, oldest: TimeSpan) -> bool {
        self.clocks.now().since(ahead.signed_at()) <= oldest && !self.clocks.stepped_since(mark)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use rec_domain::DeskId;
    use rec_kalshi::{PrivateKey, Signer, rest::ClientConfig};
    use rec_runtime::{
        MarketClock,
        clock::{SteppedWall, WallClock as _},
    };
    use rec_twin::server::{ApiKey, Scope};

    use super::*;

    fn signatures(speed: f64) -> (Signatures, Arc<SteppedWall>) {
        let wall = Arc::new(SteppedWall::default());
        let now = wall.now();
        let clocks = Clocks::new(MarketClock::accelerated(now, now, speed, now), Arc::<SteppedWall>::clone(&wall));
        let (_key, pem) = ApiKey::generate_ed25519("key", Scope::Write).expect("randomness");
        let signer = Signer::new("key", PrivateKey::from_pem(pem.expose()).expect("a key"));
        let config = ClientConfig::new("http://127.0.0.1:9/trade-api/v2");
        let client = Client::new(config, Some(Arc::new(signer)), clocks.market.clone()).expect("a client");
        let signatures = Signatures::new(Arc::new(client), clocks);
        signatures.replace();
        (signatures, wall)
    }

    fn intent(number: u32) -> IntentId {
        IntentId::new(DeskId::from_bits(1), 1, number)
    }

    fn is_ahead(signature: &Signature) -> bool {
        matches!(signature, Signature::Ahead(_))
    }

    #[test]
    fn each_is_used_once_and_no_two_have_the_same_time() {
        let (signatures, _wall) = signatures(1.0);
        let mut times: Vec<i64> = Vec::new();
        for number in 0..4 {
            let signed_at = signatures.take(intent(number));
            assert!(is_ahead(&signatures.of(intent(number), signed_at)), "{number}");
            assert!(!is_ahead(&signatures.of(intent(number), signed_at)), "a second time");
            times.push(signed_at.millis());
        }
        times.sort_unstable();
        times.dedup();
        assert_eq!(times.len(), 4);
        let signed_at = signatures.take(intent(4));
        assert!(!is_ahead(&signatures.of(intent(4), signed_at)), "there were four");
        signatures.replace();
        let signed_at = signatures.take(intent(5));
        signatures.forget(intent(5));
        assert!(!is_ahead(&signatures.of(intent(5), signed_at)), "it was given up");
    }

    #[test]
    fn one_taken_for_an_earlier_claim_of_the_intent_is_not_sent_with_the_time_of_a_later_one() {
        let (signatures, _wall) = signatures(1.0);
        let signed_at = signatures.take(intent(1));
        assert!(!is_ahead(&signatures.of(intent(1), signed_at + TimeSpan::from_millis(7))));
    }

    #[test]
    fn none_is_used_after_a_step_of_the_time_of_day() {
        let (signatures, wall) = signatures(1.0);
        wall.0.store(-400, Ordering::Relaxed);
        signatures.clocks.accept_wall();
        let signed_at = signatures.take(intent(1));
        assert!(!is_ahead(&signatures.of(intent(1), signed_at)));
    }

    #[test]
    fn none_is_used_that_is_too_old() {
        assert_eq!(signatures(1.0).0.oldest, TimeSpan::from_seconds(2));
        // A thousand seconds of market time are one of the wall's, half of which is the limit then.
        let (signatures, _wall) = signatures(1_000.0);
        assert_eq!(signatures.oldest, TimeSpan::from_seconds(500));
        let made_at = signatures.clocks.now();
        while signatures.clocks.now().since(made_at) <= signatures.oldest {
            std::thread::yield_now();
        }
        let signed_at = signatures.take(intent(1));
        assert!(signed_at > made_at && !is_ahead(&signatures.of(intent(1), signed_at)));
    }
}
