//! Whether there is a Postgres to run desks with.

use rec_store::cluster::{Binaries, SearchPlaces};

/// Whether the server programs are there. Their absence is said, and with `REC_TEST_REQUIRE=1` it is a failure.
pub(crate) fn is_there() -> bool {
    let Err(error) = Binaries::first(&SearchPlaces::of_machine()) else { return true };
    assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "{error}");
    println!("SKIPPED: {error}");
    false
}
