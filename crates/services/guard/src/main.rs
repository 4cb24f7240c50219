//! The service as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::Guard, rec_guard::run)
}
