//! `rec flatten`: closes every trade of a desk that runs, and with `--emergency` every position of the account without
//! it.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use rec_config::{Config, Sources};
use rec_domain::{
    Price,
    command::{DeskCommand, FlattenRequest},
    desk_view::DeskView,
    trade::{Origin, Trade, TradeState},
};
use rec_runtime::Clocks;

use super::emergency;
use crate::{
    asking::{Desk, reason},
    durations, run_main, say,
};

/// Between two requests, of wall time.
const AGAIN: Duration = Duration::from_millis(500);

/// Options of `rec flatten`.
#[derive(Debug, Clone, Args)]
pub struct FlattenArgs {
    /// Why, for the record.
    #[arg(long, value_parser = reason)]
    reason: String,
    /// The least to accept for a contract, in dollars: an order takes whatever bid is better
    #[arg(long, value_name = "PRICE", default_value = "0.01", value_parser = price)]
    worst_price: Price,
    /// How long it tries, of wall time.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = durations::parse)]
    within: Duration,
    /// Without desk and database: trips the entry groups, reads the account's positions, whoever opened them, and sells
    /// them with the key on this machine. What was sent is kept in a journal, from which it goes on when it is started
    /// again, and from which the desk takes it over.
    #[arg(long)]
    emergency: bool,
}

fn price(text: &str) -> Result<Price, String> {
    let price: Price = text.parse().map_err(|error| format!("{error}"))?;
    if price.is_positive() && price < Price::ONE { Ok(price) } else { Err("it must lie between 0 and 1 dollar".into()) }
}

/// Runs `rec flatten`. The exit code is 1 when something is still held, or being bought, at the end.
///
/// # Errors
/// When no desk answers; in an emergency, when there is no usable key or the journal cannot be written.
pub async fn run(args: FlattenArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let config = run_main::load(&sources)?;
    let left = if args.emergency {
        let wanted = emergency::Wanted { reason: args.reason, worst: args.worst_price, within: args.within };
        emergency::flatten(&config, &wanted).await?
    } else {
        through_the_desk(&config, &args).await?
    };
    Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Asks until nothing is held and nothing is being bought; how many trades are not so far at the end.
async fn through_the_desk(config: &Config, args: &FlattenArgs) -> anyhow::Result<usize> {
    let desk = Desk::patient(config)?;
    let clocks = Clocks::of(&config.clock);
    let mut last = unfinished(&desk.view().await?);
    say::say(&format!("entries are being halted and {} trades closed at {} or better", last.len(), args.worst_price));
    let began = Instant::now();
    loop {
        let flatten = FlattenRequest { limit: args.worst_price, reason: args.reason.clone(), decided_at: clocks.now() };
        desk.ask(DeskCommand::Flatten(flatten)).await?;
        tokio::time::sleep(AGAIN).await;
        let present = unfinished(&desk.view().await.context("asked, and then it could not be looked at")?);
        for trade in last.iter().filter(|trade| !present.iter().any(|other| other.id == trade.id)) {
            say::say(&format!("trade {}  {} {}  closed", trade.id, trade.ticker, trade.side));
        }
        last = present;
        if last.is_empty() {
            say::say("nothing is held; entries stay halted until you resume");
            return Ok(0);
        }
        if began.elapsed() >= args.within {
            for trade in &last {
                let (id, ticker, side, held) = (trade.id, &trade.ticker, trade.side, trade.held());
                say::complain(&format!("trade {id}  {ticker} {side}  still {} and holds {held}", trade.state.name()));
            }
            return Ok(last.len());
        }
    }
}

fn unfinished(view: &DeskView) -> Vec<Trade> {
    view.trades.iter().filter(|trade| may_hold(trade)).cloned().collect()
}

/// Whether a trade of this desk holds something, or may yet: an order to open that left before the halt may fill after it.
fn may_hold(trade: &Trade) -> bool {
    trade.origin != Origin::Foreign && (trade.held().is_positive() || trade.state == TradeState::Opening)
}

#[cfg(test)]
mod tests {
    use rec_domain::{EventTicker, ExchangeIndex, MarketTicker, Quantity, Side, Timestamp, TradeId, trade::NewTrade};

    use super::*;

    #[test]
    fn an_entry_that_may_still_fill_is_waited_for_and_what_others_hold_is_not() {
        let trade = |origin, state, contracts| Trade {
            state,
            entered: Quantity::from_contracts(contracts),
            ..Trade::opened(NewTrade {
                id: TradeId::new(1),
                origin,
                ticker: MarketTicker::new("T"),
                event: EventTicker::new("E"),
                exchange_index: ExchangeIndex::new(2),
                side: Side::Yes,
                close_time: Timestamp::from_seconds(9),
                entry_probability_percent: None,
                entry_reason: String::new(),
                created_at: Timestamp::from_seconds(1),
            })
        };
        assert!(may_hold(&trade(Origin::Manual, TradeState::Opening, 0)));
        assert!(may_hold(&trade(Origin::Auto, TradeState::Closing, 1)));
        assert!(!may_hold(&trade(Origin::Auto, TradeState::Unfilled, 0)));
        assert!(!may_hold(&trade(Origin::Foreign, TradeState::Open, 1)));
    }

    #[test]
    fn a_worst_price_lies_between_nothing_and_a_dollar() {
        assert_eq!(price("0.01"), Ok(Price::from_cents(1)));
        for wrong in ["0", "1", "1.5", "-0.2", "cheap", ""] {
            assert!(price(wrong).is_err(), "{wrong}");
        }
    }
}
