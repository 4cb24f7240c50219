//! A client of the exchange that this project did not write, on the twin: what both sides of ours could get wrong
//! together shows here.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::support::{
    Place,
    place::{finish, finish_within},
    python,
};

/// The longest that a script may take: longer than what it waits for itself, so that it can say what did not come.
const SCRIPT_WITHIN: Duration = Duration::from_secs(240);

/// What `rec twin` says of itself when it listens.
struct Said {
    rest_url: String,
    ws_url: String,
    market_origin: String,
    wall_origin: String,
}

impl Said {
    fn read(text: &str) -> Option<Self> {
        let words_of = |name: &str| {
            let line = text.lines().find(|line| line.split_whitespace().next() == Some(name))?;
            Some(line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        let (exchange, desk) = (words_of("exchange")?, words_of("desk")?);
        let after = |option: &str| desk.iter().skip_while(|word| *word != option).nth(1).cloned();
        Some(Self {
            rest_url: exchange.get(1)?.clone(),
            ws_url: exchange.get(2)?.clone(),
            market_origin: after("--market-origin")?,
            wall_origin: after("--wall-origin")?,
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_we_did_not_write_logs_in_lists_orders_cancels_is_filled_and_hears_of_it() {
    let Some(python) = python::of_the_foreign_client() else { return };
    let said = on_a_twin(&python, "1", "round_trip.py", &[]).await;
    assert!(said.ends_with("round trip done \n"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twins_answers_and_frames_obey_the_exchanges_specification() {
    let Some(python) = python::of_the_foreign_client() else { return };
    let Some(folder) = shared("kalshi") else { return };
    let files = ["openapi-3.28.0.yaml", "asyncapi-2.0.0.yaml"].map(|name| folder.join(name));
    // An hour of the market passes in a minute, so that one closes and is paid while frames are read.
    let said = on_a_twin(&python, "60", "schema.py", &files).await;
    assert!(said.contains("obey the specification"), "{said}");
}

/// What a script says that ran to its good end on a twin of its own.
async fn on_a_twin(python: &Path, speed: &str, script: &str, more: &[PathBuf]) -> String {
    let place = Place::for_commands();
    let keys = keys_with_rsa(&place, python).await;
    let mut twin = place.start(&["twin", "--speed", speed]);
    let said = twin.await_said(Said::read).await;
    let mut command = Command::new(python);
    command
        .arg(script_file(script))
        .args([&said.rest_url, &said.ws_url])
        .arg(std::fs::read_to_string(keys.join("operator.id")).expect("the key's name"))
        .arg(keys.join("operator.pem"))
        .args([&said.market_origin, &said.wall_origin])
        .arg(speed)
        .args(more);
    let ended = finish_within(SCRIPT_WITHIN, command).await;
    assert_eq!(ended.code, Some(0), "{}\n{}\nthe twin:\n{}", ended.out, ended.err, twin.complained());
    ended.out
}

/// A folder of the recorded facts beside the checkout.
fn shared(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: {} is not there", folder.display());
    None
}

/// The folder of the twin's keys, with an RSA key of the operator's where the twin would make an Ed25519 one: the client
/// knows RSA only.
async fn keys_with_rsa(place: &Place, python: &Path) -> PathBuf {
    let keys = place.state().join("credentials/twin");
    std::fs::create_dir_all(&keys).expect("our own folder");
    std::fs::write(keys.join("operator.id"), "7f0a5c1e-2a0b-4c53-9d0e-5a6b7c8d9e0f").expect("our own folder");
    let mut make_key = Command::new(python);
    make_key.arg(script_file("rsa_key.py")).arg(keys.join("operator.pem"));
    let made = finish(make_key).await;
    assert_eq!(made.code, Some(0), "{}", made.err);
    keys
}

fn script_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign").join(name)
}
