//! `rec sim`: whole desks in simulated time, seed after seed, with faults on every edge.

use std::{ops::RangeInclusive, process::ExitCode, str::FromStr, thread::available_parallelism, time::Instant};

use clap::Args;
use rec_domain::TimeSpan;
use rec_replay::sim::{Faults, SeedReport, SimConfig, Summary, model::of_a_normal_walk, run_seed, run_seeds};
use serde_json::json;

use super::say::{complain, say, say_json};

/// Lines of a failed seed's history that are shown.
const HISTORY: usize = 60;
/// How long the exchange has been open when a desk starts.
const OPENED_FOR: TimeSpan = TimeSpan::from_minutes(10);

/// `rec sim`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: rec sim --seeds 1..300 --hours 1 --faults rough\n\n\
    A seed that breaks an invariant is named with the line that plays it again; the exit code is 1 then.")]
pub struct SimArgs {
    /// The seeds, both ends included, or one seed.
    #[arg(long, value_name = "A..B", default_value = "1..20")]
    pub seeds: Seeds,
    /// Hours of market time of each seed.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=168))]
    pub hours: u16,
    /// What goes wrong: none, rough (everything now and then), or names of faults with commas between.
    #[arg(long, value_name = "FAULTS", default_value = "rough")]
    pub faults: Faults,
    /// Seeds that are played at a time; as many as there are processors where nothing is said.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print JSON: the sum, and a report of each seed.
    #[arg(long)]
    pub json: bool,
    /// Print everything that happens on the way of money.
    #[arg(long)]
    pub trace: bool,
}

/// Seeds from the first to the last, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeds(RangeInclusive<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<u64>().map_err(|error| format!("\"{text}\" is no seed: {error}"));
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(format!("there is no seed from {first} to {last}"));
        }
        Ok(Self(first..=last))
    }
}

/// Plays the seeds.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(args: SimArgs) -> anyhow::Result<ExitCode> {
    let SimArgs { seeds: Seeds(seeds), hours, faults, threads, json, trace } = args;
    let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let config = SimConfig {
        seed: 0,
        span: TimeSpan::from_minutes(60 * i64::from(hours)),
        faults,
        model: of_a_normal_walk()?,
        opened_for: OPENED_FOR,
        trace,
    };
    if !json {
        // A panic is a broken invariant and told as one.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let begun = Instant::now();
    let reports = run_seeds(seeds, &config, threads, |report| {
        if let Some(breach) = &report.breach {
            complain(&format!("seed {}: {}: {}", report.seed, breach.invariant, breach.what));
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let summary = Summary::of(&reports);
    let desk_hours = reports.len() as f64 * f64::from(hours);
    if json {
        say_json(&json!({
            "hours": hours, "threads": threads, "seconds": seconds, "desk_hours_per_minute": desk_hours / seconds * 60.0,
            "summary": summary, "seeds": reports,
        }))?;
    } else {
        reports.iter().for_each(tell_seed);
        tell(&summary, desk_hours, seconds, threads);
        if let Some(broken) = reports.iter().find(|report| report.breach.is_some()) {
            tell_failure(broken, &config, hours);
        }
    }
    Ok(if summary.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell_seed(report: &SeedReport) {
    report.history.iter().for_each(|line| say(line));
    say(&format!(
        "seed {:>5}  {}  {:>7} inputs {:>4} sent {:>4} fills {:>3} restarts {:>5} quiet points",
        report.seed, report.digest, report.inputs, report.sent, report.fills, report.restarts, report.quiet_points
    ));
}

fn tell(summary: &Summary, desk_hours: f64, seconds: f64, threads: usize) {
    say(&format!(
        "\n{} seeds, {desk_hours} desk-hours in {seconds:.1} s on {threads} threads: {:.0} desk-hours a minute",
        summary.seeds,
        desk_hours / seconds * 60.0
    ));
    say(&format!(
        "{:.0} inputs an hour, {} sent, {} fills, {} restarts, {} quiet points",
        summary.inputs as f64 / desk_hours,
        summary.sent,
        summary.fills,
        summary.restarts,
        summary.quiet_points
    ));
    let [orders, trades, halts] = summary.coverage.states();
    let coverage = &summary.coverage;
    for (name, (reached, all), steps) in [
        ("states of orders", orders, &coverage.orders),
        ("states of trades", trades, &coverage.trades),
        ("sources of halts", halts, &coverage.halts),
    ] {
        let steps: Vec<String> = steps.iter().map(|(step, times)| format!("{step} {times}")).collect();
        say(&format!("{reached} of {all} {name}, {} transitions: {}", steps.len(), steps.join(", ")));
    }
    for (name, counts) in
        [("armings", &coverage.armings), ("postings", &coverage.postings), ("orders that rest", &coverage.resting)]
    {
        let counts: Vec<String> = counts.iter().map(|(word, times)| format!("{word} {times}")).collect();
        say(&format!("{name}: {}", counts.join(", ")));
    }
    let faults: Vec<String> = summary.faults.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
    say(&format!("{} kinds of fault struck: {}", faults.len(), faults.join(", ")));
}

/// Plays the seed again with everything kept, and shows how it ended.
fn tell_failure(broken: &SeedReport, config: &SimConfig, hours: u16) {
    let again = run_seed(&SimConfig { seed: broken.seed, trace: true, ..config.clone() });
    let from = again.history.len().saturating_sub(HISTORY);
    complain(&format!("\nthe end of seed {}:", broken.seed));
    again.history[from..].iter().for_each(|line| complain(line));
    if let Some(breach) = &broken.breach {
        complain(&format!("{} {} is broken: {}", breach.at, breach.invariant, breach.what));
    }
    let same = if again.digest == broken.digest { "" } else { " (it did not play the same again!)" };
    complain(&format!("again: {}{same}", again_by(broken.seed, hours, &config.faults)));
}

/// The line that plays a seed again.
fn again_by(seed: u64, hours: u16, faults: &Faults) -> String {
    format!("rec sim --seeds {seed} --hours {hours} --faults {faults} --trace")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn typed(line: &str) -> Option<SimArgs> {
        match Cli::try_parse_from(line.split_whitespace()).ok()?.command {
            Command::Sim(args) => Some(args),
            _ => None,
        }
    }

    #[test]
    fn seeds_are_one_or_the_first_and_the_last() {
        let seeds = |text: &str| text.parse::<Seeds>().ok().map(|Seeds(seeds)| seeds.collect::<Vec<_>>());
        assert_eq!(seeds("3..5"), Some(vec![3, 4, 5]));
        assert_eq!(seeds("7"), Some(vec![7]));
        for wrong in ["5..3", "a..b", "1..", "-1", ""] {
            assert_eq!(seeds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_line_of_a_seed_that_failed_plays_that_seed_with_the_same_faults() {
        for faults in ["rough", "none", "crash,lease-lost"] {
            let Some(asked) = typed(&format!("rec sim --seeds 1..300 --hours 2 --faults {faults}")) else {
                panic!("{faults} are no faults")
            };
            let again = typed(&again_by(217, asked.hours, &asked.faults)).expect("it can be typed");
            assert_eq!((again.seeds, again.hours, again.trace), (Seeds(217..=217), 2, true));
            assert_eq!(again.faults.to_string(), asked.faults.to_string());
        }
    }
}
