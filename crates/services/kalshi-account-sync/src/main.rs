//! kalshi-account-sync as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::KalshiAccountSync, rec_kalshi_account_sync::run)
}
