//! The environment of the foreign client.

use std::path::PathBuf;

/// Its Python, as `tests/foreign/prepare` makes it beside the test's own build; none where nobody made it.
pub(crate) fn of_the_foreign_client() -> Option<PathBuf> {
    let test = std::env::current_exe().expect("a test knows its own file");
    let target = test.ancestors().nth(3).expect("tests stand in <target>/<profile>/deps");
    let python = target.join("foreign/venv/bin/python");
    if python.exists() {
        return Some(python);
    }
    let missing = "there is no foreign client; tests/foreign/prepare makes one (it asks for packages)";
    assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "{missing}");
    eprintln!("SKIPPED: {missing}");
    None
}
