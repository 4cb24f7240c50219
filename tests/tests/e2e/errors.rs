//! What goes wrong is named, with what to do about it, and nothing is lost by it.
//!
//! That no Postgres is installed cannot be had here, since it is looked for in the system's folders too; the case
//! `without_postgres_the_error_is_the_command_that_installs_it` of `rec-store` holds that error, and
//! `a_database_belongs_to_one_mode_and_account` the one about the database of another mode, in which no desk runs yet.

use std::{net::TcpListener, time::Duration};

use rustix::process::Signal;

use crate::support::{Place, finish};

/// Writes a configuration file into the place and gives its path.
fn file(place: &Place, text: &str) -> String {
    let file = place.folder().join("given config.toml");
    std::fs::write(&file, text).expect("our own folder");
    file.to_str().expect("text").to_owned()
}

#[tokio::test]
async fn faults_of_the_configuration_are_named_with_their_place() {
    let place = Place::for_commands();
    let files: [(&str, &[&str]); 3] = [
        ("mode = \"twin\"\n[risk]\nopen_traids = 3\n", &["risk.open_traids", "config.toml:3", "open_trades"]),
        ("[net]\nport_base = \"many\"\n", &["port_base", "config.toml:2", "number"]),
        ("mode = twin\n", &["config.toml:1"]),
    ];
    for (text, words) in files {
        let config = file(&place, text);
        for command in [&["config", "check"][..], &["demo"], &["status"]] {
            let mut arguments = command.to_vec();
            arguments.extend(["--config", &config]);
            finish(place.bare_command(&arguments)).await.assert_refused(words);
        }
    }
    let missing = place.run(&["config", "check", "--config", "/nowhere/rec.toml"]).await;
    missing.assert_refused(&["/nowhere/rec.toml"]);
}

#[tokio::test]
async fn faults_of_variables_and_options_are_named_with_what_was_meant() {
    let place = Place::for_commands();
    let mut command = place.command(&["config", "check"]);
    command.env("REC_DB_PROT", "5432").env("REC_LOG_FORMAT", "loud");
    finish(command).await.assert_refused(&["REC_DB_PROT", "REC_DB_PORT", "REC_LOG_FORMAT"]);
    place.run(&["config", "check", "--set", "risk.open_trades"]).await.assert_refused(&["KEY=VALUE"]);
    place.run(&["demo", "--speed", "100000"]).await.assert_refused(&["--speed", "between 1 and 200"]);
    place.run(&["demo", "--resume"]).await.assert_refused(&["no demo to resume", "without --resume"]);
    assert!(!place.state().join("postgres").exists(), "nothing was begun");
}

#[tokio::test]
async fn an_exported_database_url_is_ignored_and_this_is_said() {
    let place = Place::for_commands();
    let mut command = place.command(&["config", "check"]);
    command.env("DATABASE_URL", "postgresql://somebody@example.invalid/secret-word");
    let checked = finish(command).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.err.contains("DATABASE_URL") && checked.err.contains("is not read"), "{checked:?}");
    assert!(!format!("{checked:?}").contains("secret-word"), "{checked:?}");
}

#[tokio::test]
async fn a_mode_with_real_money_does_not_start_without_its_keys() {
    let place = Place::for_commands();
    let config = file(&place, "mode = \"prod\"\n");
    place.run(&["up", "--config", &config]).await.assert_refused(&[
        "prod",
        "three keys",
        "read.id",
        "REC_CREDENTIALS_PATH",
    ]);
    assert!(!place.state().exists(), "nothing was begun");
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_service_and_the_way_out() {
    let Some(place) = Place::for_a_desk().await else { return };
    let port = place.port("trade-manager").await;
    let taken = TcpListener::bind(("127.0.0.1", port)).expect("it was free");
    let refused = place.run(&["demo"]).await;
    refused.assert_refused(&["trade-manager", &port.to_string(), "--port-base"]);
    drop(taken);
}

#[tokio::test]
async fn a_second_desk_is_told_of_the_first_and_books_and_keys_are_not_taken_for_others() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut desk = place.start(&["demo"]);
    let _link = desk.link().await;
    let page = format!("http://127.0.0.1:{}", place.port_base);
    place.run(&["demo"]).await.assert_refused(&["already", &page, "--state-dir", "--port-base"]);
    desk.signal(Signal::KILL);
    desk.end(Duration::from_secs(10)).await;

    let key = place.state().join("credentials/twin/read.pem");
    let good = std::fs::read(&key).expect("the demo made it");
    std::fs::write(&key, "-----BEGIN PRIVATE KEY-----\nbm8ga2V5\n-----END PRIVATE KEY-----\n").expect("our own file");
    let refused = place.run(&["demo", "--resume"]).await;
    refused.assert_refused(&["read.pem", "neither an Ed25519 nor an RSA", "remove it"]);
    std::fs::write(&key, good).expect("our own file");

    let config = file(&place, "mode = \"paper\"\n");
    let refused = place.run(&["up", "--config", &config]).await;
    refused.assert_refused(&["twin", "paper"]);
    let reset = place.run(&["db", "reset", "--yes", "--config", &config]).await;
    reset.assert_refused(&["only a database of mode twin", "paper"]);

    let mut again = place.start(&["demo", "--resume", "--for", "1s", "--json"]);
    let (_, summary) = again.summary(Duration::from_secs(120)).await;
    assert_eq!(summary["ledger_agrees"], true, "nothing was lost: {summary:#}");
}
