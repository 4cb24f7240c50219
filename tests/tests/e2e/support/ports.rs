//! Ports that nobody uses.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

/// Ports that a desk with its twin may take.
const WIDTH: u16 = 40;

/// A base for `--port-base` with all its ports free; none is given twice.
pub(crate) fn free_base() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(25_000);
    for _ in 0..300 {
        let base = NEXT.fetch_add(100, Ordering::Relaxed);
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if (base..base + WIDTH).all(free) {
            return base;
        }
    }
    panic!("no {WIDTH} ports in a row are free");
}
