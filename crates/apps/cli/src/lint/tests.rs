//! Planted violations, and what must not be taken for one.

use super::{Rule, SourceFile, allowed_here, check, parse_allowed, portability, root_of};

fn rules_of(file: &str, text: &str) -> Vec<(usize, Rule)> {
    let files = [SourceFile { path: file.to_owned(), text: text.to_owned() }];
    check(&files, &[]).findings.into_iter().map(|finding| (finding.line, finding.rule)).collect()
}

#[test]
fn every_rule_finds_what_is_planted() {
    let registry = format!("fetch https://static.{}.{}/x", "crates", "io");
    let cases: &[(Rule, &str, &str)] = &[
        (Rule::LanAddress, "a.json", r#"{ "host": "192.168.86.42" }"#),
        (Rule::LanAddress, "a.rs", "let host = \"10.0.0.7:3000\";"),
        (Rule::LanAddress, "a.md", "at 172.20.1.1."),
        (Rule::LanAddress, "a.rs", "host.starts_with(\"192.168.\")"),
        (Rule::LanAddress, "a.nix", "listen = \"fd12:3456::1\";"),
        (Rule::ServerAddress, "deploy.sh", "ssh root@137.184.12.9"),
        (Rule::WildcardBind, "a.rs", "bind(\"0.0.0.0:3000\")"),
        (Rule::WildcardBind, "a.rs", "bind((Ipv4Addr::UNSPECIFIED, 0))"),
        (Rule::WildcardBind, "a.toml", "bind = \"[::]:80\""),
        (Rule::HomeFolder, "a.py", "ROOT = '/home/eric/rec'"),
        (Rule::HomeFolder, "a.md", "open file:///Users/eric/rec"),
        (Rule::HomeFolder, "a.nix", "HOME = \"/root\";"),
        (Rule::DriveLetter, "a.rs", r#"let dir = "C:\\Users\\eric";"#),
        (Rule::DriveLetter, "a.md", "open D:/Trading/rec"),
        (Rule::MachinePath, "a.sh", "PATH=/usr/local/bin:$PATH"),
        (Rule::MachinePath, "a.rs", "Path::new(\"/tmp/rec.sock\")"),
        (Rule::MachinePath, "a.service", "ExecStart=/opt/rec/rec up"),
        (Rule::HomebrewPath, "a.sh", "exec /opt/homebrew/bin/supervisorctl status"),
        (Rule::RelativeProgram, "a.service", "ExecStart=venv/bin/python main.py"),
        (Rule::RelativeProgram, "a.conf", "command=python backend/main.py"),
        (Rule::RelativeProgram, "a.nix", "ExecStart = \"rec up\";"),
        (Rule::RelativeProgram, "a.sh", "REC_MODE=twin ./target/debug/rec up"),
        (Rule::RelativeProgram, "run", "#!/usr/bin/env bash\nx=$(./helper)"),
        (Rule::RelativeProgram, "a.rs", "Command::new(\"target/debug/rec\")"),
        (Rule::WorkingDirectory, "a.conf", "directory=."),
        (Rule::WorkingDirectory, "a.rs", "let here = std::env::current_dir()?;"),
        (Rule::RelativeFile, "a.conf", "stdout_logfile=logs/main_app.out.log"),
        (Rule::KillByName, "a.sh", "pkill -f main.py"),
        (Rule::KillByName, "a.sh", "kill $(pgrep -f main.py)"),
        (Rule::PackageRegistry, "a.md", &registry),
        (Rule::DefaultPassword, "a.rs", "password: \"postgres\","),
        (Rule::DefaultPassword, "a.sh", "psql \"${REC_DB_PASS:-rec_password}\" || PGPASSWORD=admin psql"),
        (Rule::DefaultPassword, "a.env", "REC_DB_PASS=tr0ub4dor"),
        (Rule::DefaultPassword, "a.rs", "let url = \"postgres://rec:rec@localhost/rec\";"),
        (Rule::ForeignVariable, "a.rs", "let host = std::env::var(\"POSTGRES_HOST\")?;"),
        (Rule::ForeignVariable, "a.py", "host = os.environ.get(\"TRADING_SYSTEM_HOST\")"),
        (Rule::ConfigurationWrite, "crates/platform/config/src/load.rs", "std::fs::write(path, text)?;"),
    ];
    for (rule, file, text) in cases {
        let found = rules_of(file, text);
        assert!(found.iter().any(|(_, other)| other == rule), "{rule} in {file}: {text}\nfound only {found:?}");
    }
    for rule in Rule::ALL {
        assert!(cases.iter().any(|(planted, ..)| planted == rule), "no planted {rule}");
    }
}

#[test]
fn what_is_no_violation_is_left_alone() {
    let cases = [
        ("a.toml", "bind_host = \"127.0.0.1\" # or 192.0.2.7, ::1, [::1]"),
        ("a.rs", "write!(f, \"HOME:\\n{}\", std::f64::consts::PI)"),
        ("a.rs", "let other = self::tests::fd::ad; let version = \"1.2.3\";"),
        ("a.rs", "Command::new(\"git\").current_dir(folder)"),
        ("a.rs", "route(\"/workspaces/{id}/home/x\", get(page)); \"https://example.org/tmp/x\""),
        ("a.rs", "password: Option<Secret>, password_file: PathBuf"),
        ("a.rs", "let peer = peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into());"),
        ("a.md", "set `REC_DB_PASS` or, better, `password_file`; see ~/ and <home>/home/"),
        (".env.example", "#REC_DB_PASS=\n#REC_DB_PASS_FILE=/run/secrets/rec-db"),
        ("a.toml", "password = \"credential:rec-db\""),
        ("a.service", "ExecStart=-/usr/bin/true\nWorkingDirectory=/var/lib/rec"),
        ("a.nix", "ExecStart = \"${rec}/bin/rec up\";\nExecStop = lib.getExe stop;"),
        ("a.sh", "#!/bin/sh\n# ./never run\ncd \"$root\" && \"$root/tests/run\" target/debug || exit 1"),
        ("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""),
        (
            "a.rs",
            "let own = env::var(\"REC_TEST_REQUIRE\"); let home = env::var_os(\"HOME\"); env!(\"CARGO_PKG_VERSION\");",
        ),
        ("crates/platform/config/src/init.rs", "let file = OpenOptions::new().create_new(true);"),
        ("a.md", "see HTTP:/ and https://example.org/A"),
        ("a.sh", "psql \"postgres://$user:$password@localhost/rec\""),
    ];
    for (file, text) in cases {
        assert_eq!(rules_of(file, text), [], "{file}: {text}");
    }
}

#[test]
fn a_finding_names_its_place_and_what_to_do_instead() {
    let files = [SourceFile { path: "docs/x.md".to_owned(), text: "first\nssh 10.1.2.3\n".to_owned() }];
    let report = check(&files, &[]);
    let text = report.to_string();
    assert!(text.starts_with("docs/x.md:2: lan-address: `10.1.2.3`: use loopback"), "{text}");
    assert!(text.ends_with("1 files, 1 findings, 0 unused allowances"), "{text}");
    assert!(!report.is_clean());
}

#[test]
fn an_allowance_covers_its_rule_file_and_lines_only() {
    let allowed = parse_allowed(
        "[[allow]]\nrule = \"lan-address\"\nfile = \"docs/\"\ncontains = \"example\"\nreason = \"shows a refusal\"\n",
    )
    .expect("valid");
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let covered = check(&[file("docs/x.md", "example 10.1.2.3")], &allowed);
    assert!(covered.is_clean(), "{covered}");
    for other in
        [file("docs/x.md", "10.1.2.3"), file("src/x.md", "example 10.1.2.3"), file("docs/x.md", "example 0.0.0.0")]
    {
        let report = check(std::slice::from_ref(&other), &allowed);
        assert_eq!((report.findings.len(), report.unused.len()), (1, 1), "{other:?}");
    }
}

#[test]
fn an_allowance_that_covers_nothing_is_an_error() {
    let allowed = allowed_here().expect("valid");
    let report = check(&[], &allowed);
    assert!(!report.is_clean());
    assert_eq!(report.unused, allowed);
    assert!(report.to_string().contains("allows nothing any more"));
}

#[test]
fn an_allowance_needs_a_known_rule_and_a_reason() {
    for (text, expected) in [
        ("[[allow]]\nrule = \"no-such-rule\"\nfile = \"x\"\nreason = \"y\"\n", "no-such-rule"),
        ("[[allow]]\nrule = \"lan-address\"\nfile = \"x\"\nreason = \" \"\n", "gives no reason"),
        ("[[allow]]\nrule = \"lan-address\"\nfile = \"x\"\nlines = \"1\"\nreason = \"y\"\n", "lines"),
    ] {
        let error = parse_allowed(text).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn rules_are_named_as_they_are_written() {
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).expect("a word"), rule.id());
    }
}

#[test]
fn this_project_is_clean() {
    let root = match root_of(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))) {
        Ok(root) if root.join("crates/apps/cli/src/lint/tests.rs").exists() => root,
        Ok(_) | Err(_) => {
            assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "no git checkout");
            println!("SKIPPED: these sources are in no git checkout");
            return;
        }
    };
    let report = portability(&root).expect("listed and read");
    assert!(report.is_clean(), "{report}");
}
