//! The three keys of the exchange, before a desk is armed: each may do what it is for, none may move money.

use std::{sync::Arc, time::Duration};

use rec_config::{Config, ExchangeKey};
use rec_domain::{ExchangeIndex, Mode, OrderGroupId, TimeSpan};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig, ExchangeClock, WriteFailure},
    rows::ApiKeyRow,
};
use rec_runtime::Clocks;

use super::doctor::{Finding, State};

/// How often a key is tried again, a second apart, while the exchange says that there were too many requests.
const BUSY_TRIES: u32 = 5;
const ANOTHER_KEY: &str = "make the key anew at the exchange and name its files in exchange.*";

/// A twin that is further away than this goes by another time on purpose, as the demo's does.
const ANOTHER_TIME: TimeSpan = TimeSpan::from_minutes(1);

/// Whether the exchange is that far ahead or behind.
fn is_far(ahead: Option<TimeSpan>) -> bool {
    ahead.is_some_and(|ahead| ahead > ANOTHER_TIME || ahead < TimeSpan::ZERO - ANOTHER_TIME)
}

/// What cannot be looked at with signatures of another time than the twin's.
fn of_another_time(name: &'static str) -> Finding {
    let found = "NOT LOOKED AT: the twin's time is not the time of day, so that it takes no signature from here";
    let remedy = "nothing to do for a demo; elsewhere give the desk's own --set clock.speed, clock.market_origin and \
                  clock.wall_origin";
    Finding { name, state: State::NotLookedAt, found: found.to_owned(), remedy }
}

/// The keys with what each is called here, and whether it has to trade.
const fn named(config: &Config) -> [(&'static str, &ExchangeKey, bool); 3] {
    let exchange = &config.exchange;
    [
        ("key to read", &exchange.read, false),
        ("key to trade", &exchange.write, true),
        ("key of the guard", &exchange.guard, true),
    ]
}

/// Whether each key is taken by the exchange and may do what it is for and no more, and where the exchange's clock is.
pub(super) async fn keys(config: &Config, clocks: &Clocks) -> Vec<Finding> {
    let clock = Arc::new(ExchangeClock::default());
    let mut findings = Vec::new();
    for (name, key, trades) in named(config) {
        let found = key_works(config, key, trades, clocks, &clock).await;
        findings.push(Finding::of(name, found, ANOTHER_KEY));
    }
    findings.push(Finding::of("transfers", no_key_transfers(config, clocks, &clock).await, ANOTHER_KEY));
    let limit = config.exchange.max_clock_distance;
    let ahead = clock.take_ahead();
    if config.mode == Mode::Twin && is_far(ahead) {
        let refused = |finding: &Finding| finding.found.contains("timestamp");
        let seen = |finding| if refused(&finding) { of_another_time(finding.name) } else { finding };
        findings = findings.into_iter().map(seen).collect();
        findings.push(of_another_time("clock"));
        return findings;
    }
    let found = match ahead {
        None => Err("the exchange did not say its time".to_owned()),
        Some(ahead) if ahead <= limit && ahead >= TimeSpan::ZERO - limit => {
            Ok(format!("within {limit} of the exchange's"))
        }
        Some(ahead) => {
            Err(format!("at least {:+.3} s from the exchange's, {limit} are allowed", ahead.as_seconds_f64()))
        }
    };
    findings.push(Finding::of("clock", found, "start systemd-timesyncd or chrony; docs/OPERATIONS.md, clock_jumped"));
    findings
}

/// A key of scope trade is asked to trip a group that there is not; one to read must not even get as far.
async fn key_works(
    config: &Config,
    key: &ExchangeKey,
    trades: bool,
    clocks: &Clocks,
    clock: &Arc<ExchangeClock>,
) -> Result<String, String> {
    let client = client(config, key, clocks, clock).map_err(|error| format!("{error:#}"))?;
    client.account_limits().await.map_err(|error| error.to_string())?;
    let nowhere = OrderGroupId::new(uuid::Uuid::nil().to_string());
    let mut tried = client.trigger_order_group(&nowhere, ExchangeIndex::new(0), clocks.now()).await;
    for _ in 0..BUSY_TRIES {
        if !matches!(tried, Err(WriteFailure::RateLimited)) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        tried = client.trigger_order_group(&nowhere, ExchangeIndex::new(0), clocks.now()).await;
    }
    match (trades, tried) {
        (true, Err(WriteFailure::NotFound)) => Ok("reads and trades".to_owned()),
        (false, Err(WriteFailure::Rejected(refusal))) if refusal.status == 403 => {
            Ok("reads and cannot trade".to_owned())
        }
        (false, Err(WriteFailure::NotFound) | Ok(())) => Err("it may trade, and has to read only".to_owned()),
        (_, Err(failure)) => Err(failure.to_string()),
        (true, Ok(())) => Err("the exchange tripped a group that there is not".to_owned()),
    }
}

fn client(config: &Config, key: &ExchangeKey, clocks: &Clocks, clock: &Arc<ExchangeClock>) -> anyhow::Result<Client> {
    let credential = key.read()?;
    let signer = Arc::new(Signer::new(credential.key_id, PrivateKey::from_pem(credential.pem.expose())?));
    let base = ClientConfig::new(&config.exchange.rest_url);
    let config = ClientConfig { exchange_clock: Some(Arc::clone(clock)), ..base };
    Ok(Client::new(config, Some(signer), Arc::new(clocks.clone()))?)
}

/// Whether the exchange says of each key that it cannot move money.
async fn no_key_transfers(config: &Config, clocks: &Clocks, clock: &Arc<ExchangeClock>) -> Result<String, String> {
    let client = client(config, &config.exchange.read, clocks, clock).map_err(|error| format!("{error:#}"))?;
    let listed = client.api_keys().await.map_err(|error| error.to_string())?;
    for (name, key, _) in named(config) {
        let id = key.read().map_err(|error| error.to_string())?.key_id;
        cannot_transfer(name, &id, &listed)?;
    }
    Ok("no key moves money".to_owned())
}

fn cannot_transfer(name: &str, id: &str, listed: &[ApiKeyRow]) -> Result<(), String> {
    match listed.iter().find(|row| row.id == id) {
        None => Err(format!("the exchange does not list the {name}, so that nobody knows what it may do")),
        Some(row) if row.may_transfer() => Err(format!("the {name} may move money, and has to trade only")),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_moves_money_or_is_not_listed_is_a_fault() {
        let listed: Vec<ApiKeyRow> = [("a", "write::trade"), ("b", "write::transfer"), ("c", "write")]
            .map(|(id, scope)| ApiKeyRow {
                id: id.to_owned(),
                name: String::new(),
                scopes: vec!["read".to_owned(), scope.to_owned()],
                subaccount: None,
            })
            .into();
        assert_eq!(cannot_transfer("key to trade", "a", &listed), Ok(()));
        for (id, why) in [("b", "may move money"), ("c", "may move money"), ("d", "does not list")] {
            assert!(cannot_transfer("key to trade", id, &listed).expect_err(id).contains(why), "{id}");
        }
    }
}
