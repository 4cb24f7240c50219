//! What the desk believes about prices: momentum, the fingerprints learned from history, and the chance of
//! a strike that follows from them; also how an event settles and how good past chances were.
//!
//! No I/O, no clock, no threads. Transcendental functions come from `libm` and sums keep a fixed order, so
//! that the same inputs give the same bytes on every machine.
//!
//! The way through the crate: [`MomentumHistory`] turns prices into a score and [`MomentumBucket`];
//! [`FingerprintSet`] (read by [`fingerprint_csv`] or made by [`learn()`]) holds a [`Grid`] for each bucket;
//! [`plain_probability`] and [`probability_with_settlement`] read it, [`strike_table_rows`] does so for many
//! strikes at once.

pub mod bucket;
pub mod calibration;
pub mod fingerprint;
pub mod fingerprint_csv;
pub mod grid;
pub mod history;
pub mod learn;
pub mod momentum;
pub mod prng;
pub mod probability;
pub mod settle;
pub mod settlement_average;
pub mod settlement_vectors;
pub mod synthetic;
pub mod table;
mod tally;
mod thresholds;

pub use bucket::MomentumBucket;
pub use calibration::{Calibration, CalibrationReport, ReliabilityBin};
pub use fingerprint::{Fingerprint, FingerprintError, FingerprintSet, Support};
pub use grid::{Direction, Grid, GridError};
pub use history::MinuteClose;
pub use learn::{LearnError, LearnSettings, learn};
pub use momentum::{MomentumHistory, PriceRejected, weighted_score};
pub use prng::CounterRng;
pub use probability::{ProbabilityError, StrikeProbability, StrikeQuestion, plain_probability};
pub use settle::{SettleError, settlement_value};
pub use settlement_average::probability_with_settlement;
pub use settlement_vectors::{SettlementCheck, SettlementVector, VectorError, read_settlement_vectors};
pub use synthetic::SyntheticMarket;
pub use table::{StrikeRow, TableError, strike_table_rows};
