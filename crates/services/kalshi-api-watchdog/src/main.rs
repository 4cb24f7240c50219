//! kalshi-api-watchdog as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::KalshiApiWatchdog, rec_kalshi_api_watchdog::run)
}
