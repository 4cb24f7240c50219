//! The unit `monitor` as a process.

fn main() -> std::process::ExitCode {
    rec_runtime::main_of(rec_monitor::SERVICES)
}
