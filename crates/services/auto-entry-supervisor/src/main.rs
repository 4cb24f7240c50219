//! auto-entry-supervisor as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::AutoEntrySupervisor, rec_auto_entry_supervisor::run)
}
