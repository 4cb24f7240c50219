//! `rec kill`: nothing is opened any more, whatever still runs.
//!
//! It needs neither the database nor the desk. The guard is asked first, since it has the key and knows the groups;
//! where it does not answer or does not get it done, the groups that it remembered are tripped from here. Beside that
//! the desk is told to halt, if it can be reached. Exits are never touched, unless every group of the account is asked
//! for.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use rec_api::guard::{self, EntryGroup, GroupWord, Remembered, socket_path};
use rec_config::{Config, Sources};
use rec_domain::{ExchangeIndex, command::DeskCommand, halt::HaltSource};
use rec_guard::exchange::{Exchange, Trip};
use rec_kalshi::rows::OrderGroup;
use rec_runtime::Clocks;
use tokio::task::JoinSet;

use crate::{
    asking::{Desk, reason},
    run_main, say,
};

/// How long the desk may take to take the halt.
const DESK_WITHIN: Duration = Duration::from_secs(2);
/// How long the guard may take to trip every group before it is done from here as well, which does no harm.
const GUARD_TRIPS_WITHIN: Duration = Duration::from_secs(8);
/// After an attempt from here that did not work; longer after each.
const PAUSE: Duration = Duration::from_millis(250);
/// Attempts from here for each group.
const ATTEMPTS: u32 = 10;

/// Options of `rec kill`.
#[derive(Debug, Clone, Args)]
pub struct KillArgs {
    /// Why, for the record.
    #[arg(long, value_parser = reason, default_value = "kill")]
    reason: String,
    /// Trip every order group of the account, those for exits and of other programs included: for when nobody remembers
    /// which are for entries. Nothing can be closed in them until they are reset.
    #[arg(long)]
    all_groups: bool,
}

/// Runs `rec kill`. The exit code is 1 unless every group was seen to be tripped.
///
/// # Errors
/// When nobody knows the groups, or there is no usable key.
pub async fn run(args: KillArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let config = run_main::load(&sources)?;
    let all_tripped = kill(&config, &args.reason, args.all_groups).await?;
    Ok(if all_tripped { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Halts the desk and trips the groups, and says what it did; whether every group was seen to be tripped.
pub(super) async fn kill(config: &Config, reason: &str, all_groups: bool) -> anyhow::Result<bool> {
    let (halted, tripped) = tokio::join!(halt(config, reason), trip(config, reason, all_groups));
    match halted {
        Ok(()) => say::say("desk: entries are halted"),
        Err(why) => say::say(&format!("desk: not reached, which changes nothing: {why:#}")),
    }
    tripped
}

async fn halt(config: &Config, reason: &str) -> anyhow::Result<()> {
    let desk = Desk::of(config, DESK_WITHIN)?;
    let halt = DeskCommand::Halt { source: HaltSource::Operator, reason: reason.to_owned() };
    tokio::time::timeout(DESK_WITHIN, desk.ask(halt)).await.context("no answer in time")?
}

/// Whether every group was seen to be tripped.
async fn trip(config: &Config, reason: &str, all_groups: bool) -> anyhow::Result<bool> {
    if all_groups {
        let exchange = exchange(config)?;
        let groups = exchange.client().order_groups(None).await.context("the account's order groups cannot be read")?;
        return Ok(trip_from_here(&exchange, all_of(groups)?).await);
    }
    let words = trip_by_guard(config, reason).await;
    let left: Vec<EntryGroup> = words.iter().filter(|word| !word.tripped).map(|word| word.group.clone()).collect();
    if !words.is_empty() && left.is_empty() {
        return Ok(true);
    }
    let groups = if words.is_empty() { remembered(config)? } else { left };
    Ok(trip_from_here(&exchange(config)?, groups).await)
}

/// Every group of the account, of which there has to be one: that nothing was tripped must not look like success.
fn all_of(groups: Vec<OrderGroup>) -> anyhow::Result<Vec<EntryGroup>> {
    ensure!(!groups.is_empty(), "the account has no order groups: nothing was tripped");
    let group = |known: OrderGroup| EntryGroup {
        exchange_index: known.exchange_index.unwrap_or(ExchangeIndex::new(0)),
        group: known.id,
    };
    Ok(groups.into_iter().map(group).collect())
}

/// What the guard says of the groups, at the latest when its time is over; nothing when it does not answer.
async fn trip_by_guard(config: &Config, reason: &str) -> Vec<GroupWord> {
    let words =
        guard::trip(&socket_path(&config.state_dir), reason, GUARD_TRIPS_WITHIN).await.unwrap_or_else(|error| {
            say::say(&format!("guard: {error}"));
            Vec::new()
        });
    for GroupWord { group, tripped, why_not } in &words {
        let name = format!("entry group {} of shard {}", group.group, group.exchange_index);
        match (tripped, why_not) {
            (true, _) => say::say(&format!("guard: {name} is tripped")),
            (false, None) => say::say(&format!("guard: {name} is being tripped")),
            (false, Some(why)) => say::say(&format!("guard: {name} is not tripped yet: {why}")),
        }
    }
    words
}

fn remembered(config: &Config) -> anyhow::Result<Vec<EntryGroup>> {
    let file = Remembered::file(&config.state_dir);
    let known = Remembered::load(&config.state_dir).with_context(|| format!("{} cannot be read", file.display()))?;
    match known {
        Some(known) if !known.groups.is_empty() => Ok(known.groups),
        _ => bail!(
            "{} names no order groups: no desk ran here, or it is another --state-dir; --all-groups trips every group of \
             the account",
            file.display()
        ),
    }
}

/// The exchange with the guard's key, or else with the one that sends orders.
pub(super) fn exchange(config: &Config) -> anyhow::Result<Exchange> {
    let clocks = Clocks::of(&config.clock);
    Exchange::open(config, &config.exchange.guard, &clocks).or_else(|guard| {
        say::complain(&format!("the guard's key cannot be used ({guard:#}); trying the one for orders"));
        Exchange::open(config, &config.exchange.write, &clocks)
    })
}

/// Trips the groups from here, all at once: one for which the exchange does not answer makes no other wait.
async fn trip_from_here(exchange: &impl Trip, groups: Vec<EntryGroup>) -> bool {
    let mut tripping = JoinSet::new();
    for group in groups {
        let exchange = exchange.clone();
        tripping.spawn(async move { trip_group(&exchange, &group).await });
    }
    tripping.join_all().await.into_iter().all(|tripped| tripped)
}

/// Whether a group was seen to be tripped.
async fn trip_group(exchange: &impl Trip, group: &EntryGroup) -> bool {
    let name = format!("order group {} of shard {}", group.group, group.exchange_index);
    let mut attempt = 1;
    loop {
        match exchange.trip(group).await {
            Ok(()) => {
                say::say(&format!("exchange: {name} is tripped, and no order stands in it"));
                return true;
            }
            Err(why) if attempt < ATTEMPTS => {
                say::say(&format!("exchange: {name} is not tripped yet: {why}"));
                attempt += 1;
                tokio::time::sleep(PAUSE * attempt).await;
            }
            Err(why) => {
                say::complain(&format!("exchange: {name} could NOT be tripped: {why}"));
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rec_domain::OrderGroupId;
    use tokio::{sync::Notify, time::timeout};

    use super::*;

    /// An exchange that says nothing of the group `deaf`, and tells of the others.
    #[derive(Clone)]
    struct Deaf(Arc<Notify>);

    impl Trip for Deaf {
        async fn trip(&self, group: &EntryGroup) -> Result<(), String> {
            if group.group.as_str() == "deaf" {
                std::future::pending::<()>().await;
            }
            self.0.notify_one();
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_group_that_is_not_answered_for_keeps_no_other_from_being_tripped() {
        let tripped = Arc::new(Notify::new());
        let exchange = Deaf(Arc::clone(&tripped));
        let group = |id: &str| EntryGroup { exchange_index: ExchangeIndex::new(2), group: OrderGroupId::new(id) };
        let told = async {
            tokio::select! {
                _all = trip_from_here(&exchange, vec![group("deaf"), group("other")]) => panic!("one is not answered for"),
                () = tripped.notified() => {}
            }
        };
        timeout(Duration::from_secs(5), told).await.expect("the other is tripped");
    }

    #[test]
    fn an_account_without_groups_is_not_taken_for_one_whose_groups_are_tripped() {
        let refused = all_of(Vec::new()).expect_err("there is nothing to trip");
        assert!(refused.to_string().contains("nothing was tripped"), "{refused}");
        let id = OrderGroupId::new("g");
        let one = OrderGroup { id, exchange_index: None, limit: None, auto_cancel_enabled: true, orders: vec![] };
        assert_eq!(all_of(vec![one]).expect("one")[0].exchange_index, ExchangeIndex::new(0));
    }
}
