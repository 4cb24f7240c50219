//! Recorded data.
