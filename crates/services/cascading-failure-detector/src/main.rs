//! The service as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::CascadingFailureDetector, rec_cascading_failure_detector::run)
}
