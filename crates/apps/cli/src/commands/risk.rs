//! `rec risk`: the limits of a desk that runs, what is used of them, and lowering them.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::ensure;
use clap::{Args, Subcommand};
use rec_config::Sources;
use rec_domain::{
    caps::{Amount, Cap},
    command::{DeskCommand, DeskReply},
    eastern,
    risk_view::RiskView,
};

use super::{
    say::{complain, say, say_json},
    table::columns,
};
use crate::{
    asking::{Desk, reason},
    run_main,
};

/// `rec risk`.
#[derive(Debug, Clone, Args)]
pub struct RiskArgs {
    /// What is asked; without it, the limits are shown.
    #[command(subcommand)]
    pub command: Option<RiskCommand>,
    /// As JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be asked of the limits.
#[derive(Debug, Clone, Subcommand)]
pub enum RiskCommand {
    /// Lowers caps of the desk that runs. None is ever raised while it runs.
    ///
    /// What was lowered holds over restarts, until trade-manager starts with another risk.revision.
    Lower {
        /// Each as NAME=AMOUNT, as daily_loss=50.00; names as in `[risk]`.
        #[arg(required = true, value_name = "CAP=AMOUNT", value_parser = cap_and_amount)]
        caps: Vec<(Cap, Amount)>,
        /// Why; it stands in the audit.
        #[arg(long, value_parser = reason)]
        reason: String,
    },
}

/// Runs `rec risk`. The exit code is 1 when the desk refuses.
///
/// # Errors
/// When the configuration has faults or trade-manager does not answer.
pub async fn run(args: RiskArgs, sources: Sources) -> anyhow::Result<ExitCode> {
    let desk = Desk::patient(&run_main::load(&sources)?)?;
    match args.command {
        None => {
            let risk = desk.view().await?.risk;
            if args.json {
                say_json(&risk)?
            } else {
                say(&shown(&risk))
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(RiskCommand::Lower { caps, reason }) => {
            let reply = desk.reply(DeskCommand::TightenCaps { caps: each_once(caps)?, reason }).await?;
            if args.json {
                say_json(&reply)?;
            }
            match reply {
                DeskReply::Accepted { .. } if args.json => Ok(ExitCode::SUCCESS),
                DeskReply::Accepted { .. } => {
                    say("lowered");
                    Ok(ExitCode::SUCCESS)
                }
                DeskReply::Refused(refusal) => {
                    complain(&format!("refused: {refusal}"));
                    Ok(ExitCode::FAILURE)
                }
            }
        }
    }
}

/// The caps by name. One that is named twice is a mistake, and nobody knows which of the two is meant.
fn each_once(caps: Vec<(Cap, Amount)>) -> anyhow::Result<BTreeMap<Cap, Amount>> {
    let mut lower = BTreeMap::new();
    for (cap, amount) in caps {
        ensure!(lower.insert(cap, amount).is_none(), "{cap} is named twice");
    }
    Ok(lower)
}

fn cap_and_amount(text: &str) -> Result<(Cap, Amount), String> {
    let (name, amount) = text.split_once('=').ok_or_else(|| format!("{text}: write it as CAP=AMOUNT"))?;
    let known = || Cap::ALL.iter().map(|cap| cap.name()).collect::<Vec<_>>().join(", ");
    let cap = Cap::ALL.iter().copied().find(|cap| cap.name() == name);
    let cap = cap.ok_or_else(|| format!("there is no cap {name}; there are {}", known()))?;
    Ok((cap, cap.amount(amount)?))
}

/// Aligns a column at its decimal points: blanks follow what has fewer decimals than another row.
fn at_the_point(rows: &mut [[String; 5]], column: usize) {
    let decimals = |cell: &str| cell.find('.').map_or(0, |point| cell.len() - point);
    let most = rows.iter().map(|row| decimals(&row[column])).max().unwrap_or_default();
    for row in rows {
        let missing = most - decimals(&row[column]);
        row[column].extend(std::iter::repeat_n(' ', missing));
    }
}

fn shown(risk: &RiskView) -> String {
    let heading = ["cap", "used", "limit", "left", ""].map(str::to_owned);
    let rows = risk.caps.iter().map(|known| {
        let lowered = risk.tightened.as_ref().is_some_and(|tightening| tightening.caps.contains_key(&known.cap));
        let of = known.of.clone().unwrap_or_default();
        let note = [of, if lowered { "lowered".to_owned() } else { String::new() }];
        let note: Vec<String> = note.into_iter().filter(|part| !part.is_empty()).collect();
        let [used, limit, left] = [known.used, known.limit, known.headroom].map(|amount| amount.to_string());
        [known.cap.to_string(), used, limit, left, note.join(", ")]
    });
    let mut rows: Vec<[String; 5]> = rows.collect();
    for column in 1..=3 {
        at_the_point(&mut rows, column);
    }
    rows.insert(0, heading);
    let mut text = columns(&rows, &[1, 2, 3]);
    text += &format!("\n\ntoday {}, orders to close in the last minute {}", risk.day_result, risk.exits_last_minute);
    match (&risk.equity, &risk.peak) {
        (Some(equity), Some(peak)) => {
            text += &format!("\nequity {} = cash {} + at the bid {}", equity.total(), equity.cash, equity.at_bid);
            if !equity.without_bid.is_zero() {
                text += &format!("; what cost {} has no fresh bid and counts as nothing", equity.without_bid);
            }
            text +=
                &format!("\npeak {} at {}, drawdown {}", peak.equity, eastern::date_and_clock(peak.at), risk.drawdown);
        }
        _ => text += "\nbooks and exchange have not been compared yet",
    }
    if let Some(tightening) = &risk.tightened {
        text += &format!("\nlowered at {}: {}", eastern::date_and_clock(tightening.at), tightening.reason);
    }
    if !risk.refusals.is_empty() {
        let mut refusals = risk.refusals.clone();
        refusals.sort_by_key(|(code, times)| (std::cmp::Reverse(*times), *code));
        text += "\n\nrefused today";
        for (code, times) in refusals {
            text += &format!("\n  {code:<22} {times:>8}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rec_domain::{
        Money, Timestamp,
        caps::{EquityPeak, Tightening},
        refusal::RefusalCode,
        risk_view::{CapUse, Equity},
    };

    use super::*;

    #[test]
    fn a_cap_is_named_as_in_the_configuration_and_its_amount_has_its_unit() {
        assert_eq!(cap_and_amount("open_trades=3"), Ok((Cap::OpenTrades, Amount::Count(3))));
        let fifty = Amount::Dollars(Money::from_dollars(50));
        assert_eq!(cap_and_amount("daily_loss=50.00"), Ok((Cap::DailyLoss, fifty)));
        for wrong in ["daily_loss", "daily_los=5", "open_trades=2.5", "daily_loss=much"] {
            assert!(cap_and_amount(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cap_that_is_named_twice_is_lowered_to_neither() {
        let (three, four) = ((Cap::OpenTrades, Amount::Count(3)), (Cap::OpenTrades, Amount::Count(4)));
        assert_eq!(each_once(vec![three]).expect("once"), BTreeMap::from([three]));
        assert!(each_once(vec![three, four]).expect_err("twice").to_string().contains("open_trades"));
    }

    #[test]
    fn limits_are_shown_with_what_is_used_and_what_refused() {
        let dollars = |dollars| Amount::Dollars(Money::from_dollars(dollars));
        let half = |tenths_of_cents: i64| Amount::Dollars(Money::from_micros(tenths_of_cents * 1_000));
        let at = Timestamp::from_seconds(1_790_000_000);
        let limit = dollars(100);
        let market = Some("KXBTCD-26SEP2315-T83999.99".to_owned());
        let risk = RiskView {
            caps: vec![
                CapUse { cap: Cap::MoneyPerMarket, limit, used: dollars(19), headroom: dollars(81), of: market },
                CapUse { cap: Cap::DailyLoss, limit, used: dollars(3), headroom: dollars(97), of: None },
                CapUse { cap: Cap::MoneyPerDay, limit, used: half(5_875), headroom: half(94_125), of: None },
                CapUse {
                    cap: Cap::OpenTrades,
                    limit: Amount::Count(10),
                    used: Amount::Count(6),
                    headroom: Amount::Count(4),
                    of: None,
                },
            ],
            tightened: Some(Tightening {
                at,
                caps: BTreeMap::from([(Cap::DailyLoss, limit)]),
                reason: "a bad day".to_owned(),
                revision: 1,
            }),
            equity: Some(Equity {
                cash: Money::from_dollars(980),
                at_bid: Money::from_dollars(17),
                without_bid: Money::from_dollars(2),
            }),
            peak: Some(EquityPeak { at, equity: Money::from_dollars(1_000), revision: 1 }),
            drawdown: Money::from_dollars(3),
            day_result: Money::from_dollars(-3),
            refusals: vec![(RefusalCode::Edge, 9), (RefusalCode::Drawdown, 12)],
            ..RiskView::default()
        };
        insta::assert_snapshot!(shown(&risk), @"
        cap                 used   limit    left
        money_per_market  19.00   100.00  81.00   KXBTCD-26SEP2315-T83999.99
        daily_loss         3.00   100.00  97.00   lowered
        money_per_day      5.875  100.00  94.125
        open_trades        6       10      4

        today -3.00, orders to close in the last minute 0
        equity 997.00 = cash 980.00 + at the bid 17.00; what cost 2.00 has no fresh bid and counts as nothing
        peak 1000.00 at 2026-09-21 10:13:20 EDT, drawdown 3.00
        lowered at 2026-09-21 10:13:20 EDT: a bad day

        refused today
          drawdown                     12
          edge                          9
        ");
    }
}
