//! Ports that nobody uses.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

/// The first base, and how many there are before the ports that the system itself gives away.
const FIRST: u16 = 20_000;
const SLOTS: u32 = 120;

/// Ports that a desk with its twin may take.
const WIDTH: u16 = 40;

/// A base for `--port-base` with all its ports free; none is given twice.
pub fn free_base() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..SLOTS {
        // Each process begins elsewhere: two that look at once find the same ports free.
        let slot = std::process::id().wrapping_mul(37).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % SLOTS;
        let base = FIRST + 100 * u16::try_from(slot).expect("a small number");
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if (base..base + WIDTH).all(free) {
            return base;
        }
    }
    panic!("no {WIDTH} ports in a row are free");
}
