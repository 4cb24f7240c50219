//! Every row of the checklist of portability names a command that proves it, and that command is there.

use std::path::Path;

use super::{SourceFile, root_of, text_files};

const PAGE: &str = "docs/PORTABILITY_CHECKLIST.md";

/// What is wrong with a command that a row names; `None` when there is such a thing.
fn wrong(command: &str, files: &[SourceFile]) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["rec", "lint", "portability"] => None,
        ["cargo", "test", "-p", package, rest @ ..] => {
            let name = format!("name = \"{package}\"");
            let is_package = files.iter().any(|file| file.path.ends_with("Cargo.toml") && file.text.contains(&name));
            let filter = rest.iter().rev().find(|word| !word.starts_with('-') && **word != "e2e");
            let is_there = filter.is_none_or(|filter| {
                let (module, function) = (format!("/{filter}"), format!("fn {filter}"));
                files.iter().any(|file| {
                    file.path.ends_with(".rs")
                        && (file.path.contains(&format!("{module}.rs")) || file.path.contains(&format!("{module}/")))
                        || file.text.contains(&function)
                })
            });
            (!is_package || !is_there).then(|| format!("{command}: there is no such package or test"))
        }
        [script, steps @ ..] if script.starts_with("tests/") || script.starts_with(".ci/") => {
            let Some(file) = files.iter().find(|file| file.path == *script) else {
                return Some(format!("{script} is not there"));
            };
            // A script's arguments are steps where it has any.
            let has_steps = file.text.contains("\nstep_");
            let missing = steps.iter().find(|step| has_steps && !file.text.contains(&format!("\nstep_{step}() {{")));
            missing.map(|step| format!("{script} has no step {step}"))
        }
        _ => Some(format!("{command} is no command that proves anything")),
    }
}

/// What is wrong with the page.
fn faults(page: &str, files: &[SourceFile]) -> Vec<String> {
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| finding ") && !line.starts_with("| ---"));
    let mut faults = Vec::new();
    for row in rows {
        let proof = row.trim().trim_matches('|').rsplit(" | ").next().unwrap_or_default();
        let commands: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        if commands.is_empty() && !proof.contains("](") {
            faults.push(format!("{row}: names no proof"));
        }
        faults.extend(commands.into_iter().filter_map(|command| wrong(command, files)));
    }
    faults
}

#[test]
fn a_row_without_a_proof_and_a_proof_that_is_gone_are_found() {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let files = [
        file("tests/x/run", "\nstep_boot() {\n}"),
        file("crates/a/Cargo.toml", "name = \"rec-a\""),
        file("crates/a/src/health.rs", "fn it_is_well() {}"),
    ];
    let page = |proof: &str| format!("| finding | what | proof |\n| --- | --- | --- |\n| a | b | {proof} |\n");
    for good in ["`tests/x/run boot`", "`rec lint portability`; `cargo test -p rec-a health`", "[elsewhere](X.md)"] {
        assert_eq!(faults(&page(good), &files), [""; 0], "{good}");
    }
    for bad in ["`tests/x/run gone`", "`tests/y/run`", "`cargo test -p rec-b`", "`cargo test -p rec-a gone`", "by hand"]
    {
        assert_eq!(faults(&page(bad), &files).len(), 1, "{bad}");
    }
}

#[test]
fn every_finding_of_the_checklist_names_a_proof_that_is_there() {
    let Ok(root) = root_of(Path::new(env!("CARGO_MANIFEST_DIR"))) else {
        assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "no git checkout");
        println!("SKIPPED: these sources are in no git checkout");
        return;
    };
    let files = text_files(&root).expect("listed and read");
    let page = files.iter().find(|file| file.path == PAGE).expect("the page");
    let faults = faults(&page.text, &files);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
