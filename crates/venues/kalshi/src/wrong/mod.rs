//! What comes from the exchange and is wrong: every body and frame that the desk reads, spoiled in every place, and
//! sockets that carry what no exchange would send. `docs/WRONG_INPUT.md` names these tests.
//!
//! - [`spoil`]: how a good text is made a bad one. [`bodies`]: answers by HTTP. [`frames`]: frames of each channel.
//! - [`answers`]: answers to orders. [`sockets`]: sizes, encodings, lengths that lie.

mod answers;
mod bodies;
mod frames;
mod sockets;
mod spoil;
