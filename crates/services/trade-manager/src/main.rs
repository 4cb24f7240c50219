//! trade-manager as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::TradeManager, rec_trade_manager::run)
}
