//! active-trade-supervisor as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::ActiveTradeSupervisor, rec_active_trade_supervisor::run)
}
