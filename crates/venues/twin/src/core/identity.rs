//! Identities that the exchange gives: they look random and repeat with the seed.

use uuid::{Builder, Uuid};

/// What an identity names; two kinds never share one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Order = 1,
    Trade = 2,
    Market = 3,
    Group = 4,
    User = 5,
    Deposit = 6,
    Transfer = 7,
}

/// The `number`-th identity of a kind in the world of `seed`.
pub(crate) fn identity(seed: u64, kind: Kind, number: u64) -> Uuid {
    let base = mix(seed ^ mix(kind as u64));
    let (high, low) = (mix(base ^ number), mix(base.wrapping_add(0x5851_F42D_4C95_7F2D) ^ number));
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    Builder::from_random_bytes(bytes).into_uuid()
}

/// The finaliser of SplitMix64: a bijection on 64 bits.
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
