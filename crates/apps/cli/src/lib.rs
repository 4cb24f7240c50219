//! The `rec` command: what can be said to the desk on a command line.
//!
//! - [`args`]: what can be typed. [`commands`]: configuration, database, model, replay, lint.
//! - [`demo`]: the whole desk on a simulated exchange. [`up`]: the whole desk. [`twin`]: the exchange alone.
//! - [`prepare`]: what the services of a desk in several processes stand on.
//! - [`whole_desk`]: services, guard and database together. [`kept_cluster`]: its private Postgres, kept running.
//! - [`mirror`]: what feeds a twin that shows another exchange.
//! - [`safety`]: halt, arm, kill, flatten.
//! - [`status`]: the health of a desk that runs.

pub mod args;
mod asking;
pub mod commands;
pub mod demo;
#[cfg(test)]
mod documented;
mod durations;
pub mod guard_process;
pub mod kept_cluster;
pub mod keys;
pub mod lint;
pub mod mirror;
pub mod model_set;
pub mod prepare;
pub mod safety;
mod say;
pub mod services;
pub mod state_dir;
pub mod status;
pub mod steps;
pub mod twin;
pub mod twin_conditions;
pub mod twin_world;
pub mod up;
pub mod whole_desk;

mod run_main;

pub use run_main::main;
