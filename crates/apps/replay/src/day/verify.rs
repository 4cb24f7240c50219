//! One machine and its journal.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use rec_engine::{KeptOutputs, Machine};
use rec_recording::{
    self as recording, files,
    journal::{self, FORMAT, Head, Step},
    scan,
};
use serde_json::value::RawValue;

use super::{Difference, Gap, MachineReport, Part, links::Messages};

/// Replays the journal in `folder`, and gives the messages that the machine exchanged with others.
///
/// # Errors
/// When the folder cannot be read.
pub fn verify<M: Machine>(folder: &Path) -> io::Result<(MachineReport, Messages)> {
    let mut replay = Replay::<M> {
        report: MachineReport { machine: M::NAME.to_owned(), ..MachineReport::default() },
        messages: Messages::default(),
        life: String::new(),
        running: None,
        sequence: 0,
    };
    for file in files::list(folder)? {
        replay.report.bytes += fs::metadata(&file.path)?.len();
        replay.file(&file.path)?;
    }
    Ok((replay.report, replay.messages))
}

struct Replay<M> {
    report: MachineReport,
    messages: Messages,
    life: String,
    /// `None` until the next head, after something that hides the state.
    running: Option<M>,
    sequence: u64,
}

impl<M: Machine> Replay<M> {
    fn file(&mut self, file: &Path) -> io::Result<()> {
        let (mut closed, mut begun) = (false, false);
        for part in scan(file)? {
            match part {
                recording::Part::Closed => closed = true,
                recording::Part::Damage(damage) => {
                    // A process that was killed may leave half a block; the file then is one that was not closed.
                    if damage.kind != recording::DamageKind::Cut {
                        self.report.damages.push(damage.to_string());
                        self.running = None;
                    }
                    begun = true;
                }
                recording::Part::Lines { text, .. } => {
                    let text = String::from_utf8_lossy(&text);
                    for line in text.lines() {
                        if begun {
                            self.line(file, line);
                        } else {
                            self.begin(file, line);
                            begun = true;
                        }
                    }
                }
            }
        }
        if !closed {
            self.report.unclosed.push(file.to_owned());
        }
        Ok(())
    }

    /// The first line of a file.
    fn begin(&mut self, file: &Path, line: &str) {
        let before = self.running.take();
        let read = serde_json::from_str::<Head<Box<RawValue>>>(line).map_err(|error| error.to_string());
        let read = read.and_then(|head| match head.format {
            _ if head.journal != M::NAME => Err(format!("it is the journal of {}", head.journal)),
            FORMAT => serde_json::from_str::<M>(head.state.get())
                .map(|state| (head, state))
                .map_err(|error| error.to_string()),
            other => Err(format!("format {other} is not read by this release, which reads format {FORMAT}")),
        });
        let (head, state) = match read {
            Ok(read) => read,
            Err(error) => {
                return self.report.damages.push(format!("{}: its first line is no head: {error}", file.display()));
            }
        };
        self.report.segments += 1;
        if head.life != self.life {
            self.report.lives += 1;
            self.life.clone_from(&head.life);
        } else if head.sequence > self.sequence {
            let inputs = head.sequence - self.sequence;
            self.report.gaps.push(Gap { after: self.sequence, inputs });
        } else if let Some(before) = before {
            let replayed = serde_json::to_string(&before).unwrap_or_else(|error| error.to_string());
            if replayed != head.state.get() {
                let (sequence, at, recorded) = (head.sequence, head.at, head.state.get().to_owned());
                self.differ(Difference { file: file.to_owned(), sequence, at, part: Part::State, recorded, replayed });
            }
        }
        self.sequence = head.sequence;
        self.running = Some(state);
    }

    /// Every other line.
    fn line(&mut self, file: &Path, line: &str) {
        let step = match serde_json::from_str::<Step<'_>>(line) {
            Ok(step) => step,
            Err(error) => {
                self.running = None;
                let message = format!("{}: after input {} a line is no step: {error}", file.display(), self.sequence);
                return self.report.damages.push(message);
            }
        };
        if step.sequence > self.sequence + 1 && self.running.take().is_some() {
            self.report.gaps.push(Gap { after: self.sequence, inputs: step.sequence - self.sequence - 1 });
        }
        self.sequence = step.sequence;
        let life = self.report.lives;
        self.messages.told(M::NAME, life, step.at, step.input.get());
        let Some(mut machine) = self.running.take() else {
            self.report.unverified += 1;
            return;
        };
        let input = match serde_json::from_str::<M::Input>(step.input.get()) {
            Ok(input) => input,
            Err(error) => {
                let message = format!("{}: input {} cannot be read: {error}", file.display(), step.sequence);
                return self.report.damages.push(message);
            }
        };
        self.report.from.get_or_insert(step.at);
        self.report.to = Some(step.at);
        self.report.inputs += 1;
        let Ok(outputs) = catch_unwind(AssertUnwindSafe(|| machine.step(step.at, input))) else {
            if !step.unfinished {
                self.differ_at(file, &step, said(&step), "it panics".to_owned());
            }
            return;
        };
        self.running = Some(machine);
        self.report.outputs += outputs.len() as u64;
        let replayed = serde_json::to_string(&outputs).unwrap_or_else(|error| error.to_string());
        for output in serde_json::from_str::<Vec<&RawValue>>(&replayed).unwrap_or_default() {
            self.messages.said(M::NAME, life, step.at, output.get());
        }
        let same = match (outputs.is_empty(), M::OUTPUTS) {
            _ if step.unfinished => false,
            (true, _) => step.outputs.is_none() && step.digest.is_none(),
            (false, KeptOutputs::Full) => step.outputs.is_some_and(|outputs| outputs.get() == replayed),
            (false, KeptOutputs::Digest) => step.digest.as_ref() == Some(&journal::digest(replayed.as_bytes())),
        };
        if !same {
            self.differ_at(file, &step, said(&step), replayed);
        }
    }

    fn differ_at(&mut self, file: &Path, step: &Step<'_>, recorded: String, replayed: String) {
        let (file, sequence, at) = (file.to_owned(), step.sequence, step.at);
        self.differ(Difference { file, sequence, at, part: Part::Outputs, recorded, replayed });
    }

    fn differ(&mut self, difference: Difference) {
        self.report.differences += 1;
        self.report.first_difference.get_or_insert(difference);
    }
}

/// What the journal has of the outputs.
fn said(step: &Step<'_>) -> String {
    match (step.outputs, &step.digest) {
        _ if step.unfinished => "it panicked".to_owned(),
        (Some(outputs), _) => outputs.get().to_owned(),
        (None, Some(digest)) => format!("digest {digest}"),
        (None, None) => "[]".to_owned(),
    }
}
