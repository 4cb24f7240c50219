//! The unit `desk` as a process.

fn main() -> std::process::ExitCode {
    rec_runtime::main_of(rec_desk::SERVICES)
}
