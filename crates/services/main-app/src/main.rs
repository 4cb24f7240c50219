//! The service as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::MainApp, rec_main_app::run)
}
