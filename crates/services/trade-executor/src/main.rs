//! trade-executor as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::TradeExecutor, rec_trade_executor::run)
}
