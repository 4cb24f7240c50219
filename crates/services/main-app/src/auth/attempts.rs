//! How many wrong log-ins an address may make in a minute. Bounded: the address that was quiet for longest is
//! forgotten first.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long wrong log-ins count, of wall time.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered.
const ADDRESSES: usize = 1_024;

/// Wrong log-ins by address.
#[derive(Debug)]
pub struct Attempts {
    most: u32,
    seen: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Instant,
    wrong: u32,
}

impl Attempts {
    /// Allows `most` wrong log-ins of an address in a minute.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { most, seen: Mutex::default() }
    }

    /// Counts an attempt before it is made, so that many at once do not slip through together.
    ///
    /// # Errors
    /// How long the address has to wait, when it used its attempts up.
    pub fn take(&self, address: IpAddr) -> Result<(), Duration> {
        self.take_at(address, Instant::now())
    }

    /// Takes back what [`Attempts::take`] counted: the log-in was right.
    pub fn give_back(&self, address: IpAddr) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = seen.get_mut(&network(address)) {
            window.wrong = window.wrong.saturating_sub(1);
        }
    }

    fn take_at(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, window| now.saturating_duration_since(window.began) < WINDOW);
        let address = network(address);
        if seen.len() >= ADDRESSES
            && !seen.contains_key(&address)
            && let Some(oldest) = seen.iter().min_by_key(|(_, window)| window.began).map(|(address, _)| *address)
        {
            seen.remove(&oldest);
        }
        let window = seen.entry(address).or_insert(Window { began: now, wrong: 0 });
        if window.wrong >= self.most {
            return Err(WINDOW.saturating_sub(now.saturating_duration_since(window.began)));
        }
        window.wrong += 1;
        Ok(())
    }
}

/// The address, or of IPv6 its network: one subscriber has 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_last_attempt_an_address_waits_for_the_rest_of_the_minute() {
        let attempts = Attempts::new(2);
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let start = Instant::now();
        assert_eq!(attempts.take_at(here, start), Ok(()));
        assert_eq!(attempts.take_at(here, start), Ok(()));
        assert_eq!(attempts.take_at(here, start + Duration::from_secs(20)), Err(Duration::from_secs(40)));
        assert_eq!(attempts.take_at(there, start), Ok(()), "another address is not held up");
        assert_eq!(attempts.take_at(here, start + Duration::from_secs(60)), Ok(()));
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let attempts = Attempts::new(1);
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, last]);
        assert!(attempts.take(address(1)).is_ok());
        assert!(attempts.take(address(2)).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::new(1);
        for number in 0..5_000_u32 {
            let _counted = attempts.take(IpAddr::from(number.to_be_bytes()));
        }
        assert!(attempts.seen.lock().expect("lock").len() <= ADDRESSES);
    }
}
