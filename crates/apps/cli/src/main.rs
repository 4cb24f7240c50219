//! The `rec` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    rec_cli::main()
}
