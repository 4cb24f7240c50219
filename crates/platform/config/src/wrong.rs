//! Configuration that is wrong in every place: each fault is named, and nothing panics. `docs/WRONG_INPUT.md` names
//! these tests.

use std::path::PathBuf;

use proptest::prelude::*;

use crate::{Sources, load, schema::Schema};

/// Variables of each kind of value.
const VARIABLES: [&str; 6] =
    ["REC_DB_PORT", "REC_BIND_HOST", "REC_MAIN_PORT", "REC_KALSHI_BASE_URL", "REC_STATE_DIR", "REC_ACCOUNT_MODE"];

fn sources(text: &str) -> Sources {
    let file = PathBuf::from("/op/.config/rec/config.local.toml");
    Sources {
        env: [("HOME".into(), "/op".into())].into(),
        files: Some([(file, text.to_owned())].into()),
        ..Sources::default()
    }
}

/// The report of a text that has to have faults.
fn report(text: &str) -> String {
    load(&sources(text)).map(|_| ()).expect_err(text).report(false)
}

#[test]
fn a_number_with_a_sign_too_many_digits_or_a_fraction_is_named_with_its_line() {
    for (section, key) in [
        ("net", "port_base"),
        ("risk", "open_trades"),
        ("risk", "contracts_per_order"),
        ("risk", "money_per_market"),
        ("automation", "cooldown_seconds"),
        ("automation", "max_ask"),
        ("freshness", "price_seconds"),
    ] {
        // Spans may have fractions.
        let fraction = if section == "freshness" { "-0.5" } else { "1.0000000001" };
        for wrong in [fraction, "-1", "99999999999999999999", "nan", "inf", "true", "[]", "{}", "\"1e99\"", "\"\""] {
            let report = report(&format!("[{section}]\n{key} = {wrong}\n"));
            assert!(report.contains("config.local.toml:2"), "{section}.{key} = {wrong}: {report}");
        }
    }
}

#[test]
fn a_key_or_a_section_that_stands_twice_is_named() {
    for text in ["mode = \"twin\"\nmode = \"prod\"\n", "[risk]\nopen_trades = 3\n[risk]\nopen_trades = 4\n"] {
        assert!(report(text).contains("config.local.toml"), "{text}");
    }
}

#[test]
fn a_configuration_without_end_is_a_fault_and_no_overflow() {
    let deep = format!("mode = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let tables = format!("a{} = 1", ".a".repeat(50_000));
    let late = format!("\nmode = \"{}\", # text\n", "x".repeat(100_000));
    for text in [deep, tables, "[".repeat(50_000), late] {
        assert!(report(&text).len() < 250_000, "a text is quoted once at most");
    }
    let mut by_variable = sources("");
    by_variable.env.insert("REC_DB_PORT".into(), "9".repeat(100_000).into());
    assert!(load(&by_variable).expect_err("no port").report(false).contains("REC_DB_PORT"));
}

#[test]
fn of_a_text_without_a_sound_line_only_the_first_faults_are_told() {
    let unknown = |line: usize| format!("k{line} = 1\n");
    let sections = |line: usize| format!("[s{line}]\nk = 1\n");
    let no_toml = |line: usize| format!("{line} {line}\n");
    for text in [&unknown as &dyn Fn(usize) -> String, &sections, &no_toml] {
        let text: String = (0..5_000).map(text).collect();
        let errors = load(&sources(&text)).map(|_| ()).expect_err("faults");
        assert!((90..=110).contains(&errors.problems().len()), "{}", errors.problems().len());
    }
}

#[test]
fn a_section_in_double_brackets_is_said_to_be_one() {
    assert!(report("[[net]]\nport_base = 1\n").contains("write [net]"));
}

#[test]
fn a_file_that_does_not_end_is_read_up_to_a_bound() {
    let endless = std::path::Path::new("/dev/zero");
    if endless.exists() {
        assert!(crate::sources::read_bounded(endless).expect_err("endless").to_string().contains("megabyte"));
    }
}

proptest! {
    #[test]
    fn no_text_of_a_configuration_panics(text in "(\\PC|\n){0,200}") {
        if let Err(errors) = load(&sources(&text)) {
            let _any_report = errors.report(false);
        }
    }

    #[test]
    fn no_value_of_any_setting_panics(number in any::<prop::sample::Index>(), value in "(\\PC|\n){0,40}") {
        let names: Vec<&str> = Schema::bundled().names().collect();
        let key: &str = number.get::<&str>(&names);
        let text = format!("{key} = {value}\n");
        let with_file = load(&sources(&text));
        let with_option = load(&sources("").with("--set", key, value));
        for errors in [with_file, with_option].into_iter().filter_map(Result::err) {
            let _any_report = errors.report(false);
        }
    }

    #[test]
    fn no_value_of_any_variable_panics(number in 0..VARIABLES.len(), value in "\\PC{0,40}") {
        let mut sources = sources("");
        sources.env.insert(VARIABLES[number].into(), value.into());
        if let Err(errors) = load(&sources) {
            let _any_report = errors.report(false);
        }
    }
}
