//! Pages that promise behaviour name the tests that show it, and those tests exist.

use std::{collections::BTreeSet, path::Path};

use super::{SourceFile, root_of, text_files};

/// The pages with tables whose last column names tests: every row of these names one.
const TABLES: [&str; 4] = ["docs/WRONG_INPUT.md", "docs/LIFECYCLE.md", GRAVEYARD, GUARDS];
const GRAVEYARD: &str = "docs/GRAVEYARD.md";
const GUARDS: &str = "docs/GUARDS.md";
/// Pages that name tests in their text.
const PAGES: [&str; 7] =
    [TABLES[0], TABLES[1], GRAVEYARD, GUARDS, "docs/FAULTS.md", "docs/HEALTH.md", "docs/OPERATIONS.md"];
/// What `tests/guards/run` reads.
const GUARDS_LIST: &str = "tests/guards/list";
/// A list that is longer is not read.
const MOST_GUARDS: usize = 25;
/// A word of a page with so many underscores is the name of a test, unless it is one of a metric.
const UNDERSCORES: usize = 4;

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The functions of a source file.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next())
}

/// What a page says of tests that is not so.
fn untrue(page: &SourceFile, tests: &BTreeSet<&str>) -> Vec<String> {
    let mut untrue = Vec::new();
    let mut in_table = false;
    for (line, number) in page.text.lines().zip(1..) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split(" | ").collect();
        let names_tests = line.ends_with("| test |") || line.ends_with("| tests |");
        let heading = names_tests || line.starts_with("| ---");
        in_table = line.starts_with('|') && (in_table || names_tests);
        let is_row = TABLES.contains(&page.path.as_str()) && in_table && cells.len() > 1;
        let in_last: Vec<&str> = cells.last().into_iter().flat_map(|cell| quoted(cell)).collect();
        if is_row && !heading && in_last.is_empty() {
            untrue.push(format!("{}:{number} names no test", page.path));
        }
        let long = quoted(line).filter(|word| word.matches('_').count() >= UNDERSCORES);
        let is_name =
            |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let is_test = |word: &&str| is_name(word) && !word.starts_with("rec_");
        let names: BTreeSet<&str> =
            long.filter(is_test).chain(in_last.iter().copied().filter(|_| is_row && !heading)).collect();
        untrue.extend(
            names
                .into_iter()
                .filter(|name| !tests.contains(name))
                .map(|name| format!("{}:{number}: {name} is no test", page.path)),
        );
    }
    untrue
}

fn source(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_page_that_names_a_test_that_is_gone_and_a_row_without_one_are_found() {
    let code = "#[test]\nfn this_is_a_test_of_something() {}\nasync fn short() {}";
    let tests = functions(code).collect();
    let page = "| what | tests |\n| --- | --- |\n| a | `this_is_a_test_of_something`, `short` |\n| b | `gone` |\n| c | none |\n";
    let found = untrue(&source(TABLES[0], page), &tests);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("gone is no test") && found[1].contains("names no test"), "{found:?}");
    let text = source("docs/FAULTS.md", "`this_is_a_test_that_is_gone` and `three_under_scores`");
    assert_eq!(untrue(&text, &tests).len(), 1);
}

#[test]
fn every_test_that_a_page_names_exists() {
    let Ok(root) = root_of(Path::new(env!("CARGO_MANIFEST_DIR"))) else {
        assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "no git checkout");
        println!("SKIPPED: these sources are in no git checkout");
        return;
    };
    let files = text_files(&root).expect("listed and read");
    let code = files.iter().filter(|file| file.path.ends_with(".rs"));
    let tests: BTreeSet<&str> = code.flat_map(|file| functions(&file.text)).collect();
    for name in PAGES {
        let page = files.iter().find(|file| file.path == name).unwrap_or_else(|| panic!("there is no {name}"));
        let untrue = untrue(page, &tests);
        assert!(untrue.is_empty(), "{}", untrue.join("\n"));
    }
}

/// The guards of a page, each with its test: what stands before the colon of a row, and in its last column.
fn guards_of_page(text: &str) -> Vec<(&str, &str)> {
    let rows =
        text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what ") && !line.contains("---"));
    rows.filter_map(|row| Some((row[2..].split_once(':')?.0, quoted(row).last()?))).collect()
}

/// The same of the list that the script reads.
fn guards_of_list(text: &str) -> Vec<(&str, &str)> {
    let names = text.lines().filter_map(|line| line.strip_prefix("guard "));
    let tests = text.lines().filter_map(|line| line.strip_prefix("test ")?.rsplit(' ').next());
    names.zip(tests).collect()
}

#[test]
fn the_page_of_guards_and_the_list_that_takes_them_away_are_the_same() {
    let list = "# no guard\nguard a\nfile f\nchange s/x/y/\ntest rec-x of_a\n\nguard b\ntest rec-y of_b\n";
    let page = "| what is guarded | without it | test |\n| --- | --- | --- |\n| a: first | it | `of_a` |\n| b: second | it | `of_b` |\n";
    assert_eq!(guards_of_page(page), [("a", "of_a"), ("b", "of_b")]);
    assert_eq!(guards_of_list(list), guards_of_page(page));
    let Ok(root) = root_of(Path::new(env!("CARGO_MANIFEST_DIR"))) else {
        assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "no git checkout");
        println!("SKIPPED: these sources are in no git checkout");
        return;
    };
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_else(|_| panic!("there is no {name}"));
    let (page, list) = (read(GUARDS), read(GUARDS_LIST));
    assert_eq!(guards_of_page(&page), guards_of_list(&list));
    assert!(guards_of_list(&list).len() <= MOST_GUARDS, "more than {MOST_GUARDS}: a list that is longer is not read");
}
