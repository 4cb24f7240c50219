//! price-watchdog as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::PriceWatchdog, rec_price_watchdog::run)
}
