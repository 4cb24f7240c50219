//! `rec lint`: what is wrong with the files of a checkout as text, whatever they mean to a compiler.
//!
//! The portability lint looks for what ties the desk to one machine or one place: addresses, folders, passwords,
//! programs found by luck. [`check()`] is pure; [`portability`] feeds it with the files that git tracks. What is meant
//! to be there stands in `allowed.toml` with its reason, and an entry that allows nothing any more is an error.

mod address;
mod allowed;
mod check;
mod checkout;
mod credential;
mod finding;
mod folder;
mod kind;
mod program;
mod registry;
mod rule;
mod token;
mod variable;

#[cfg(test)]
mod named_tests;
#[cfg(test)]
mod portability_proofs;
#[cfg(test)]
mod tests;

pub use allowed::{Allowance, AllowedError, allowed_here, parse_allowed};
pub use check::{Report, check};
pub use checkout::{LintError, SourceFile, portability, root_of, text_files};
pub use finding::Finding;
pub use rule::Rule;
