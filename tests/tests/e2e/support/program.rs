//! The built `rec`.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The `rec` of this checkout, built with the profile of the test and beside it.
///
/// Cargo is asked each time a test binary runs: only it knows whether the program is up to date.
pub(crate) fn rec() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var_os("REC_TEST_PROGRAM").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let profile_folder = test.ancestors().nth(2).expect("tests stand in <target>/<profile>/deps");
    let target = profile_folder.parent().expect("the profile's folder stands in the target folder");
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package stands in the workspace");
    escargot::CargoBuild::new()
        .manifest_path(workspace.join("Cargo.toml"))
        .package("rec-cli")
        .bin("rec")
        .target_dir(target)
        .args(["--profile", profile])
        .run()
        .expect("rec builds")
        .path()
        .to_owned()
}
