//! unified-production-coordinator as a process of its own.

fn main() -> std::process::ExitCode {
    rec_runtime::main(rec_domain::Service::UnifiedProductionCoordinator, rec_unified_production_coordinator::run)
}
