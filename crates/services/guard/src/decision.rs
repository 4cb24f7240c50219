//! What the guard decides: a pure machine on wall time, given as the time since the guard began.

use std::{collections::BTreeMap, time::Duration};

use rec_api::guard::{EntryGroup, GroupWord, Heartbeat, Remembered};

/// The guard's limits, in wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    /// How long the desk may be silent.
    pub silence: Duration,
    /// How long after an attempt that did not work it is made again.
    pub retry: Duration,
    /// How long it lives after it tripped.
    pub linger: Duration,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self { silence: Duration::from_secs(15), retry: Duration::from_secs(2), linger: Duration::from_secs(600) }
    }
}

/// What the guard is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardInput {
    /// Time has passed.
    Tick,
    /// The desk lives.
    Heartbeat(Heartbeat),
    /// The desk of this epoch ended in order.
    Goodbye {
        /// The epoch.
        epoch: u32,
    },
    /// The operator wants the groups tripped now.
    Trip {
        /// Why.
        reason: String,
    },
    /// An attempt to trip a group has ended.
    Attempted {
        /// The group.
        group: EntryGroup,
        /// Whether the group was seen to be tripped; otherwise why not.
        outcome: Result<(), String>,
    },
}

/// What the guard wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardOutput {
    /// Trip a group, look whether it is, and tell.
    Trip(EntryGroup),
    /// Tell people.
    Alarm(String),
    /// End.
    Quit,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Nothing to guard: no heartbeat yet, or a goodbye.
    Disarmed,
    /// The desk lives.
    Watching { heard: Duration, groups: Vec<EntryGroup> },
    /// The desk is gone, or the operator wants it; each group until it is seen to be tripped.
    Tripping { since: Duration, by: Cause, groups: BTreeMap<EntryGroup, Progress> },
}

/// Why groups are tripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The desk was silent. Its end in order, or a newer one, makes up for that.
    Silence,
    /// The operator's word, which holds whatever becomes of the desk.
    Operator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// An attempt is due at this time.
    Due(Duration),
    /// An attempt is under way.
    UnderWay,
    /// It was seen to be tripped.
    Tripped,
}

/// The guard.
#[derive(Debug, Clone)]
pub struct Guard {
    limits: GuardLimits,
    known: Remembered,
    state: State,
    /// What became of the last trip.
    words: BTreeMap<EntryGroup, Result<(), Option<String>>>,
}

impl Guard {
    /// A guard that has heard nothing yet and trips nothing by itself. What it remembers of an earlier desk is for the
    /// operator's word only.
    #[must_use]
    pub const fn new(limits: GuardLimits, known: Remembered) -> Self {
        Self { limits, known, state: State::Disarmed, words: BTreeMap::new() }
    }

    /// What it knows of the last desk that it heard of.
    #[must_use]
    pub const fn known(&self) -> &Remembered {
        &self.known
    }

    /// What became of the last trip.
    #[must_use]
    pub fn words(&self) -> Vec<GroupWord> {
        let word = |(group, word): (&EntryGroup, &Result<(), Option<String>>)| GroupWord {
            group: group.clone(),
            tripped: word.is_ok(),
            why_not: word.clone().err().flatten(),
        };
        self.words.iter().map(word).collect()
    }

    /// Whether it is watching a desk that lives.
    #[must_use]
    pub const fn is_watching(&self) -> bool {
        matches!(self.state, State::Watching { .. })
    }

    /// Takes an input at `now` and says what is to be done.
    pub fn step(&mut self, now: Duration, input: GuardInput) -> Vec<GuardOutput> {
        let mut outputs = Vec::new();
        match input {
            GuardInput::Tick => {}
            // A message of an older epoch comes from a desk that has been replaced.
            GuardInput::Heartbeat(heartbeat) if heartbeat.epoch < self.known.epoch => {}
            GuardInput::Heartbeat(heartbeat) => self.heard(now, heartbeat, &mut outputs),
            GuardInput::Goodbye { epoch } if epoch < self.known.epoch => {}
            GuardInput::Goodbye { epoch } => {
                self.known.epoch = epoch;
                if self.unfinished() != Some(Cause::Operator) {
                    self.state = State::Disarmed;
                }
            }
            GuardInput::Trip { reason } => {
                let groups = self.known.groups.clone();
                self.trip(now, Cause::Operator, &reason, groups, &mut outputs);
            }
            GuardInput::Attempted { group, outcome } => self.attempted(now, &group, outcome, &mut outputs),
        }
        if let State::Watching { heard, groups } = &self.state
            && now.saturating_sub(*heard) >= self.limits.silence
        {
            let silence = format!("no heartbeat for {} s", self.limits.silence.as_secs());
            let groups = groups.clone();
            self.trip(now, Cause::Silence, &silence, groups, &mut outputs);
        }
        self.attempt(now, &mut outputs);
        outputs
    }

    fn heard(&mut self, now: Duration, heartbeat: Heartbeat, outputs: &mut Vec<GuardOutput>) {
        let newer = heartbeat.epoch > self.known.epoch;
        let Heartbeat { epoch, groups: told, desk, .. } = heartbeat;
        // Before its groups exist a desk that begins anew knows none; those of the one before it are still there.
        let known = if told.is_empty() { std::mem::take(&mut self.known.groups) } else { told.clone() };
        self.known = Remembered { epoch, desk, groups: known };
        if matches!(self.state, State::Tripping { .. }) {
            // The same desk came back too late: what was begun is finished. A newer one has groups of its own to
            // look after and must not be tripped for the silence of the one before it.
            match self.unfinished() {
                Some(Cause::Operator) => return,
                Some(Cause::Silence) if !newer => return,
                _ => {}
            }
            outputs.push(GuardOutput::Alarm(
                "the desk is back; its tripped entry groups stay tripped until it resets them".to_owned(),
            ));
        }
        self.state = State::Watching { heard: now, groups: told };
    }

    /// Why groups are being tripped, while one of them is not seen to be.
    fn unfinished(&self) -> Option<Cause> {
        match &self.state {
            State::Tripping { by, groups, .. } => {
                groups.values().any(|progress| *progress != Progress::Tripped).then_some(*by)
            }
            State::Disarmed | State::Watching { .. } => None,
        }
    }

    fn trip(
        &mut self,
        now: Duration,
        cause: Cause,
        reason: &str,
        groups: Vec<EntryGroup>,
        outputs: &mut Vec<GuardOutput>,
    ) {
        if self.unfinished().is_some() {
            if let State::Tripping { by, .. } = &mut self.state
                && cause == Cause::Operator
            {
                *by = cause;
            }
            return;
        }
        let names: Vec<String> =
            groups.iter().map(|group| format!("{} on shard {}", group.group, group.exchange_index)).collect();
        outputs.push(GuardOutput::Alarm(format!(
            "{reason} in epoch {}: tripping {}",
            self.known.epoch,
            if names.is_empty() { "nothing, since there are no entry groups yet".to_owned() } else { names.join(", ") }
        )));
        self.words = groups.iter().map(|group| (group.clone(), Err(None))).collect();
        let groups = groups.into_iter().map(|group| (group, Progress::Due(now))).collect();
        self.state = State::Tripping { since: now, by: cause, groups };
    }

    fn attempted(
        &mut self,
        now: Duration,
        group: &EntryGroup,
        outcome: Result<(), String>,
        outputs: &mut Vec<GuardOutput>,
    ) {
        if let Some(word) = self.words.get_mut(group) {
            *word = outcome.clone().map_err(Some);
        }
        let State::Tripping { groups, .. } = &mut self.state else { return };
        let Some(progress) = groups.get_mut(group) else { return };
        let name = format!("{} on shard {}", group.group, group.exchange_index);
        match outcome {
            Ok(()) => {
                *progress = Progress::Tripped;
                outputs.push(GuardOutput::Alarm(format!("entry group {name} is tripped")));
            }
            Err(why) => {
                *progress = Progress::Due(now + self.limits.retry);
                outputs.push(GuardOutput::Alarm(format!("entry group {name} is not tripped yet: {why}")));
            }
        }
    }

    /// Attempts that are due, while the guard lives.
    fn attempt(&mut self, now: Duration, outputs: &mut Vec<GuardOutput>) {
        let State::Tripping { since, groups, .. } = &mut self.state else { return };
        if now.saturating_sub(*since) >= self.limits.linger {
            let left: Vec<&str> = groups
                .iter()
                .filter(|(_, progress)| **progress != Progress::Tripped)
                .map(|(group, _)| group.group.as_str())
                .collect();
            if !left.is_empty() {
                outputs.push(GuardOutput::Alarm(format!("giving up on entry groups {}", left.join(", "))));
            }
            outputs.push(GuardOutput::Quit);
            self.state = State::Disarmed;
            return;
        }
        for (group, progress) in groups {
            if matches!(progress, Progress::Due(at) if *at <= now) {
                *progress = Progress::UnderWay;
                outputs.push(GuardOutput::Trip(group.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{ExchangeIndex, OrderGroupId, Timestamp};

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn group(shard: i32) -> EntryGroup {
        EntryGroup { exchange_index: ExchangeIndex::new(shard), group: OrderGroupId::new(format!("entry-{shard}")) }
    }

    fn beat(epoch: u32) -> GuardInput {
        let groups = vec![group(0), group(2)];
        GuardInput::Heartbeat(Heartbeat { epoch, groups, desk: None, at: Timestamp::from_seconds(0) })
    }

    fn trips(outputs: &[GuardOutput]) -> Vec<EntryGroup> {
        outputs
            .iter()
            .filter_map(|output| match output {
                GuardOutput::Trip(group) => Some(group.clone()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn fifteen_seconds_of_silence_trip_every_entry_group_and_fourteen_do_not() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        assert!(guard.step(at(0), beat(1)).is_empty());
        assert!(guard.step(at(10), beat(1)).is_empty());
        assert!(guard.step(at(24), GuardInput::Tick).is_empty());
        assert_eq!(trips(&guard.step(at(25), GuardInput::Tick)), [group(0), group(2)]);
        assert!(guard.step(at(26), GuardInput::Tick).is_empty(), "an attempt under way is not doubled");
    }

    #[test]
    fn without_a_desk_or_after_its_goodbye_nothing_is_tripped() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        assert!(guard.step(at(1_000), GuardInput::Tick).is_empty());
        guard.step(at(1_000), beat(3));
        assert!(guard.is_watching());
        guard.step(at(1_001), GuardInput::Goodbye { epoch: 3 });
        assert!(guard.step(at(2_000), GuardInput::Tick).is_empty());
    }

    #[test]
    fn what_did_not_work_is_tried_again_until_it_is_seen_to_have_worked_and_then_it_ends() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(1));
        guard.step(at(15), GuardInput::Tick);
        guard.step(at(16), GuardInput::Attempted { group: group(0), outcome: Ok(()) });
        guard.step(at(16), GuardInput::Attempted { group: group(2), outcome: Err("no answer".to_owned()) });
        assert!(trips(&guard.step(at(17), GuardInput::Tick)).is_empty());
        assert_eq!(trips(&guard.step(at(18), GuardInput::Tick)), [group(2)]);
        guard.step(at(19), GuardInput::Attempted { group: group(2), outcome: Ok(()) });
        assert!(guard.step(at(600), GuardInput::Tick).is_empty());
        assert_eq!(guard.step(at(615), GuardInput::Tick), [GuardOutput::Quit]);
    }

    #[test]
    fn attempts_are_bounded_when_the_exchange_stays_away() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(1));
        let mut attempts = 0;
        let mut quit = false;
        for second in 0..5_000 {
            let outputs = guard.step(at(second), GuardInput::Tick);
            quit |= outputs.contains(&GuardOutput::Quit);
            for group in trips(&outputs) {
                assert!(!quit);
                attempts += 1;
                guard.step(at(second), GuardInput::Attempted { group, outcome: Err("no answer".to_owned()) });
            }
        }
        assert!(quit && attempts <= 2 * 300, "{attempts}");
    }

    #[test]
    fn an_older_epoch_is_not_heard_and_a_newer_one_is_never_tripped_for_it() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(2));
        // A desk that was replaced neither keeps the guard calm nor disarms it.
        guard.step(at(10), beat(1));
        guard.step(at(11), GuardInput::Goodbye { epoch: 1 });
        assert_eq!(trips(&guard.step(at(15), GuardInput::Tick)).len(), 2);
        guard.step(at(16), beat(3));
        let failed = GuardInput::Attempted { group: group(0), outcome: Err("no answer".to_owned()) };
        guard.step(at(16), failed);
        assert!(trips(&guard.step(at(25), GuardInput::Tick)).is_empty());
        assert!(guard.is_watching());
    }

    #[test]
    fn the_same_desk_that_comes_back_too_late_is_tripped_all_the_same() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(2));
        guard.step(at(15), GuardInput::Tick);
        guard.step(at(16), beat(2));
        guard.step(at(16), GuardInput::Attempted { group: group(0), outcome: Err("no answer".to_owned()) });
        assert_eq!(trips(&guard.step(at(18), GuardInput::Tick)), [group(0)]);
        guard.step(at(19), GuardInput::Attempted { group: group(0), outcome: Ok(()) });
        guard.step(at(19), GuardInput::Attempted { group: group(2), outcome: Ok(()) });
        guard.step(at(20), beat(2));
        assert!(guard.is_watching());
    }

    #[test]
    fn the_operator_can_trip_at_once() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(2));
        assert_eq!(trips(&guard.step(at(1), GuardInput::Trip { reason: "kill".to_owned() })).len(), 2);
    }

    #[test]
    fn the_operators_kill_goes_on_when_the_desk_ends_in_order_or_a_newer_one_begins() {
        let failed = || GuardInput::Attempted { group: group(0), outcome: Err("no answer".to_owned()) };
        let kill = || GuardInput::Trip { reason: "kill".to_owned() };
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(2));
        guard.step(at(1), kill());
        guard.step(at(1), failed());
        guard.step(at(2), GuardInput::Goodbye { epoch: 2 });
        assert_eq!(trips(&guard.step(at(3), GuardInput::Tick)), [group(0)], "after a goodbye");
        guard.step(at(3), failed());
        guard.step(at(4), beat(3));
        assert_eq!(trips(&guard.step(at(5), GuardInput::Tick)), [group(0)], "and under a newer desk");
        for shard in [0, 2] {
            guard.step(at(6), GuardInput::Attempted { group: group(shard), outcome: Ok(()) });
        }
        guard.step(at(7), beat(3));
        assert!(guard.is_watching());

        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(2));
        guard.step(at(15), GuardInput::Tick);
        guard.step(at(15), failed());
        assert!(trips(&guard.step(at(16), kill())).is_empty(), "it is being done for its silence");
        guard.step(at(16), beat(3));
        assert_eq!(trips(&guard.step(at(17), GuardInput::Tick)), [group(0)], "and now for the operator");
    }

    #[test]
    fn what_is_remembered_is_tripped_on_the_operators_word_only() {
        let known = Remembered { epoch: 4, desk: None, groups: vec![group(0)] };
        let mut guard = Guard::new(GuardLimits::default(), known);
        assert!(guard.step(at(1_000), GuardInput::Tick).is_empty(), "no desk was heard of");
        assert_eq!(trips(&guard.step(at(1_001), GuardInput::Trip { reason: "kill".to_owned() })), [group(0)]);
        assert_eq!(guard.words(), [GroupWord { group: group(0), tripped: false, why_not: None }]);
        let failed = GuardInput::Attempted { group: group(0), outcome: Err("no answer".to_owned()) };
        guard.step(at(1_001), failed);
        assert_eq!(guard.words()[0].why_not.as_deref(), Some("no answer"));
        assert!(
            trips(&guard.step(at(1_001), GuardInput::Trip { reason: "kill".to_owned() })).is_empty(),
            "not doubled"
        );
        assert_eq!(trips(&guard.step(at(1_003), GuardInput::Tick)), [group(0)]);
        guard.step(at(1_003), GuardInput::Attempted { group: group(0), outcome: Ok(()) });
        assert!(guard.words()[0].tripped);
        assert_eq!(guard.step(at(1_603), GuardInput::Tick), [GuardOutput::Quit], "it ends in its time");
    }

    #[test]
    fn the_groups_are_remembered_after_a_goodbye_and_while_a_new_desk_has_none_yet() {
        let mut guard = Guard::new(GuardLimits::default(), Remembered::default());
        guard.step(at(0), beat(3));
        guard.step(at(1), GuardInput::Goodbye { epoch: 3 });
        assert_eq!(guard.known().groups, [group(0), group(2)]);
        let begins = Heartbeat { epoch: 4, groups: vec![], desk: None, at: Timestamp::from_seconds(0) };
        guard.step(at(2), GuardInput::Heartbeat(begins));
        assert_eq!((guard.known().epoch, guard.known().groups.len()), (4, 2));
        assert!(trips(&guard.step(at(17), GuardInput::Tick)).is_empty(), "silence trips only what the desk told");
    }
}
