//! `rec replay day`: every machine of a desk is fed its own journal again.

use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};

use clap::Args;
use rec_config::Sources;
use rec_replay::day::{DayReport, Difference, LinkReport, MachineReport, verify_day};

use super::{
    say::{say, say_json},
    table::columns,
};

/// Characters that are shown around the first one that differs.
const AROUND: usize = 200;

/// `rec replay day`.
#[derive(Debug, Clone, Args)]
pub struct DayArgs {
    /// Compare what each machine says with what it said, byte for byte. There is no other use yet.
    #[arg(long, required = true)]
    pub verify: bool,
    /// The folder of the journals instead of the one in the state directory.
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Machines replayed at a time; the result is the same with any number. As many as there are processors unless
    /// given.
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<NonZeroUsize>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs `rec replay day`. It fails when a machine says something else, was told what nobody said, or a file is damaged;
/// gaps and killed processes are only said.
///
/// # Errors
/// When there are no journals, or they cannot be read.
pub fn run(args: DayArgs, sources: &Sources) -> anyhow::Result<ExitCode> {
    let folder = match args.from {
        Some(folder) => folder,
        None => {
            let config = rec_config::load(sources).map_err(|report| anyhow::anyhow!("{report:?}"))?.config;
            config.state_dir.join(rec_runtime::journal::tee::FOLDER)
        }
    };
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let report = verify_day(&folder, threads)?;
    if args.json {
        say_json(&report)?;
    } else {
        say(&text(&report));
    }
    Ok(if report.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(report: &DayReport) -> String {
    let rows: Vec<_> = report.machines.iter().map(of_machine).collect();
    let links: Vec<_> = report.links.iter().map(of_link).collect();
    let mut parts = vec![columns(&rows, &[]), columns(&links, &[])];
    for machine in &report.machines {
        parts.extend(machine.damages.iter().map(|damage| format!("{}: {damage}", machine.machine)));
        for gap in &machine.gaps {
            parts.push(format!("{}: {} input(s) after number {} are missing", machine.machine, gap.inputs, gap.after));
        }
        for file in &machine.unclosed {
            parts.push(format!("{}: {} was not closed: killed, running, or cut", machine.machine, file.display()));
        }
        parts.extend(machine.first_difference.as_ref().map(|first| of_difference(&machine.machine, first)));
    }
    parts.push(if report.is_same() { "the same, byte for byte".to_owned() } else { "NOT THE SAME".to_owned() });
    parts.join("\n\n")
}

fn of_machine(machine: &MachineReport) -> [String; 7] {
    let verdict = match (machine.differences, machine.damages.is_empty()) {
        (0, true) => "same".to_owned(),
        (0, false) => "DAMAGED".to_owned(),
        (differences, _) => format!("{differences} DIFFER"),
    };
    [
        machine.machine.clone(),
        format!("{} inputs", machine.inputs),
        format!("{} outputs", machine.outputs),
        format!("{} segments, {} lives, {} bytes", machine.segments, machine.lives, machine.bytes),
        format!("{} gaps", machine.gaps.len()),
        format!("{} unverified", machine.unverified),
        verdict,
    ]
}

fn of_link(link: &LinkReport) -> [String; 5] {
    let lost = match (link.lost, link.lossy) {
        (None, _) => "each kept once".to_owned(),
        (Some(lost), true) => format!("{lost} lost, as may be"),
        (Some(lost), false) => format!("{lost} under way at an end, {} missing", link.missing),
    };
    let verdict = match (link.fits(), link.incomplete) {
        (true, false) => "fits",
        (true, true) => "has gaps",
        (false, _) => "DOES NOT FIT",
    };
    [
        format!("{} -> {}", link.from, link.to),
        format!("{} said", link.said),
        format!("{} told", link.told),
        format!("{lost}, {} unexplained", link.unexplained),
        verdict.to_owned(),
    ]
}

fn of_difference(machine: &str, first: &Difference) -> String {
    let Difference { file, sequence, at, part, recorded, replayed } = first;
    let same = recorded.chars().zip(replayed.chars()).take_while(|(one, other)| one == other).count();
    let from = same.saturating_sub(AROUND / 2);
    let excerpt = |text: &str| text.chars().skip(from).take(AROUND).collect::<String>();
    let skipped = if from > 0 { format!(" (both from character {from})") } else { String::new() };
    format!(
        "{machine}: the first difference is in the {part:?} of input {sequence} at {at}, in {}{skipped}\n  recorded: \
         {}\n  replayed: {}",
        file.display(),
        excerpt(recorded),
        excerpt(replayed),
    )
}
