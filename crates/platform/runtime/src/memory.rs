//! What the allocator gives back to the system.

/// Has every large buffer given back as soon as it is free.
///
/// glibc raises its limit for that each time a larger buffer is freed, up to 32 MiB, and then keeps such holes: a process
/// that now and then writes a machine's whole state would seem to grow for hours. A limit that is set stays. Other
/// allocators have no such habit.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_back_large_buffers() {
    /// In bytes; what is smaller is kept for the next.
    const LARGE: i32 = 256 << 10;
    #[expect(unsafe_code, reason = "nothing else sets it but the environment of whoever starts the process")]
    // SAFETY: it sets two numbers, before any other thread has been started.
    let _is_a_hint = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

/// Has every large buffer given back as soon as it is free, which only glibc has to be told.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back_large_buffers() {}
