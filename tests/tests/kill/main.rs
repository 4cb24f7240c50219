//! Processes of a desk are killed at twenty random moments, and one stands still for a minute, while orders are opened
//! and closed as fast as the risk gate lets them and the exchange misbehaves. After each of them the books agree with
//! the exchange and the ledger's chain is whole.
//!
//! It takes some minutes and is no part of `cargo test --workspace`: `cargo test -p rec-e2e --test kill`.
//! `REC_TEST_SEED` chooses other moments and `REC_TEST_ROUNDS` how many there are; `.ci/run kill` runs three.

mod load;

use std::time::Duration;

use rec_domain::halt::HaltSource;
use rec_e2e::{
    dice::Dice,
    split::{SIX_UNITS, SplitDesk},
};
use serde_json::{Value, json};

use load::Load;

/// Rounds unless told otherwise: twenty kills, and one process that stands still.
const ROUNDS: u64 = 21;
/// How long a process stands still: longer than the guard is patient and the lease lasts.
const STILL: Duration = Duration::from_secs(60);

#[tokio::test]
async fn whatever_is_killed_under_load_and_faults_reconciliation_is_clean_and_the_ledger_whole() {
    let seed = number("REC_TEST_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let rounds = number("REC_TEST_ROUNDS").unwrap_or(ROUNDS);
    println!("REC_TEST_SEED={seed} REC_TEST_ROUNDS={rounds} does it again");
    let mut dice = Dice::new(seed);
    let Some(mut desk) = SplitDesk::start_on(SIX_UNITS, &["--control"]).await else { return };
    desk.until_healthy().await;
    let load = Load::begin(&desk, dice.next());

    let stands_still = dice.below(rounds);
    for round in 0..rounds {
        let unit = SIX_UNITS[usize::try_from(dice.below(6)).expect("a small number")].0;
        let fault = fault(&mut dice);
        tokio::time::sleep(Duration::from_millis(500 + dice.below(3_000))).await;
        desk.inject(&fault).await;
        tokio::time::sleep(Duration::from_millis(dice.below(1_500))).await;
        if round == stands_still {
            println!("round {round}: {unit} stands still for {STILL:?}, with {fault}");
            desk.pause(unit);
            tokio::time::sleep(STILL).await;
            desk.go_on(unit);
        } else {
            println!("round {round}: {unit} is killed, with {fault}");
            desk.restart(unit).await;
        }
        tokio::time::sleep(Duration::from_millis(dice.below(1_500))).await;
        desk.inject(&json!("clear")).await;
        desk.inject(&json!({"read_lag": {"ms": 360}})).await;
        desk.until_healthy().await;
        load.wait();
        desk.until_clean().await;
        load.go_on();
        // A minute without a heartbeat trips the entry group; a person looks, and lets the desk go on.
        for source in desk.halts().await.into_iter().filter(|source| *source == HaltSource::OrderGroup) {
            desk.resume(source).await;
        }
    }

    let orders = load.end().await;
    println!("{orders:?}");
    assert!(orders.opened >= rounds && orders.closed > 0, "hardly any load: {orders:?}");
    desk.end_with_everything_in_order().await;
}

/// What goes wrong with the exchange meanwhile.
fn fault(dice: &mut Dice) -> Value {
    let to_orders = |effect| json!({"answers": {"requests": {"method": "POST", "path": "portfolio/events/orders"}, "effect": effect, "next": 1}});
    let of_frames = |effect| json!({"frames": {"effect": effect, "per_mille": 50, "for_ms": 2_000, "seed": 11}});
    match dice.below(9) {
        0 => to_orders(json!("lost")),
        1 => to_orders(json!({"bad_gateway": {"accepted": true}})),
        2 => to_orders(json!({"bad_gateway": {"accepted": false}})),
        3 => to_orders(json!({"late": {"by_ms": 8_000}})),
        4 => of_frames(json!("lost")),
        5 => of_frames(json!("doubled")),
        6 => of_frames(json!("corrupt")),
        7 => json!({"read_lag": {"ms": 10_000}}),
        _ => json!("reset"),
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_error| panic!("{variable} is no number")))
}
