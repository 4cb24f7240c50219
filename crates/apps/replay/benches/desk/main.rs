//! What the desk's machines cost, without I/O: `cargo bench -p rec-replay --bench desk`.
//!
//! - `market`: a busy hour, its frames, and the three machines between a frame and a decision.
//! - `money`: fills that are booked, and a large account that is compared.
//! - `frame_to_decision`: the work up to a decision held against merely parsing the frame. Runs last, prints the ratio, and fails
//!   when it is above four.

mod frame_to_decision;
mod market;
mod money;

fn main() -> std::process::ExitCode {
    divan::main();
    frame_to_decision::report()
}
