//! Which programs there are, and their build.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The units of a desk in the order of their start: name and program.
pub type Layout = &'static [(&'static str, &'static str)];

/// The default of a server.
pub const SIX_UNITS: Layout = &[
    ("guard", "rec-guard"),
    ("desk", "rec-desk"),
    ("executor", "rec-trade-executor"),
    ("account", "rec-kalshi-account-sync"),
    ("web", "rec-main-app"),
    ("monitor", "rec-monitor"),
];

/// Each service by itself.
pub const THIRTEEN_UNITS: Layout = &[
    ("guard", "rec-guard"),
    ("price-watchdog", "rec-price-watchdog"),
    ("kalshi-api-watchdog", "rec-kalshi-api-watchdog"),
    ("unified-production-coordinator", "rec-unified-production-coordinator"),
    ("trade-manager", "rec-trade-manager"),
    ("trade-executor", "rec-trade-executor"),
    ("kalshi-account-sync", "rec-kalshi-account-sync"),
    ("db-poller", "rec-db-poller"),
    ("active-trade-supervisor", "rec-active-trade-supervisor"),
    ("auto-entry-supervisor", "rec-auto-entry-supervisor"),
    ("main-app", "rec-main-app"),
    ("system-monitor", "rec-system-monitor"),
    ("cascading-failure-detector", "rec-cascading-failure-detector"),
];

/// A built program of this checkout, with the profile of the test and beside it. The first call builds all of them at
/// once: only Cargo knows whether they are up to date.
pub(super) fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).join(name)
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.ancestors().nth(2).expect("tests stand in <target>/<profile>/deps");
    let target = folder.parent().expect("the profile's folder stands in the target folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package stands in the workspace");
    let units = SIX_UNITS.iter().chain(THIRTEEN_UNITS).map(|(_, program)| *program);
    let packages = ["rec-cli"].into_iter().chain(units);
    let build = packages.fold(
        escargot::CargoBuild::new().manifest_path(workspace.join("Cargo.toml")).target_dir(target).args([
            "--bins",
            "--profile",
            profile,
        ]),
        escargot::CargoBuild::package,
    );
    for message in build.exec().expect("Cargo runs") {
        message.expect("the programs build");
    }
    folder.to_owned()
}
