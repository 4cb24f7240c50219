//! The `failure` machine: halts entries while a service that the desk needs is not healthy.
//!
//! It is level-triggered: it knows what is wanted (halted or not), sees what is in force, and asks for the
//! difference. It changes no switch of the operator and clears no halt but its own.

use rec_domain::{
    DecisionId, Service, TimeSpan, Timestamp,
    command::{DeskCommand, DeskRequest},
    halt::HaltSource,
    health::HealthReport,
};
use serde::{Deserialize, Serialize};

use crate::{KeptOutputs, Machine};

/// The limits of the machine, in the time that it is given: whoever builds it turns wall time into market time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureLimits {
    /// Services without which nothing is to be entered.
    pub needed: Vec<Service>,
    /// How long something must be wrong without interruption before entries are halted.
    pub halt_after: TimeSpan,
    /// How long everything must be well without interruption before the halt is cleared.
    pub resume_after: TimeSpan,
    /// How long after the last report system-monitor counts as failed.
    pub silence: TimeSpan,
    /// How long after a request without effect it is made again.
    pub retry: TimeSpan,
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum FailureInput {
    /// Time has passed.
    Wake,
    /// What system-monitor saw.
    Report {
        /// The report.
        report: HealthReport,
    },
    /// Whether the desk has a halt from this source in force.
    InForce {
        /// Whether.
        halted: bool,
    },
    /// What became of a request.
    Answer {
        /// The request.
        decision: DecisionId,
        /// How it was answered.
        answer: FailureAnswer,
    },
}

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureAnswer {
    /// Committed.
    Accepted,
    /// Refused: another decision is needed.
    Refused,
    /// No answer: the same decision is asked again.
    None,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum FailureOutput {
    /// Ask trade-manager, and say what it answered.
    Request {
        /// What to ask.
        request: DeskRequest,
    },
}

/// A request that has been made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    decision: DecisionId,
    halt: bool,
    reason: String,
    at: Timestamp,
}

/// Halts entries while the desk is failing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    limits: FailureLimits,
    /// When the last report came, or when the machine was first told anything.
    heard_at: Option<Timestamp>,
    bad_since: Option<Timestamp>,
    good_since: Option<Timestamp>,
    reason: String,
    wanted: Option<bool>,
    in_force: Option<bool>,
    asked: Option<Asked>,
    attempts: u64,
}

impl Failure {
    /// A machine that knows nothing yet: it neither halts nor resumes before it has watched for as long as each takes.
    #[must_use]
    pub const fn new(limits: FailureLimits) -> Self {
        Self {
            limits,
            heard_at: None,
            bad_since: None,
            good_since: None,
            reason: String::new(),
            wanted: None,
            in_force: None,
            asked: None,
            attempts: 0,
        }
    }

    /// Whether entries should be halted; `None` while that is not known.
    #[must_use]
    pub const fn wanted(&self) -> Option<bool> {
        self.wanted
    }

    fn take_report(&mut self, now: Timestamp, report: &HealthReport) {
        self.heard_at = Some(now);
        let failing: Vec<String> = self
            .limits
            .needed
            .iter()
            .filter_map(|service| match report.services.iter().find(|health| health.service == *service) {
                Some(health) if health.healthy => None,
                Some(health) => Some(format!("{service}: {}", health.complaint().unwrap_or_default())),
                None => Some(format!("{service}: not reported")),
            })
            .collect();
        if failing.is_empty() {
            self.bad_since = None;
            self.good_since.get_or_insert(now);
        } else {
            self.mark_bad(now, failing.join("; "));
        }
    }

    fn mark_bad(&mut self, now: Timestamp, reason: String) {
        self.good_since = None;
        self.bad_since.get_or_insert(now);
        self.reason = reason;
    }

    fn silent_at(&self) -> Option<Timestamp> {
        self.heard_at.map(|heard| heard + self.limits.silence)
    }

    fn decide(&mut self, now: Timestamp) {
        if self.silent_at().is_some_and(|at| at <= now) {
            self.mark_bad(now, format!("{}: no report", Service::SystemMonitor));
        }
        if self.bad_since.is_some_and(|since| since + self.limits.halt_after <= now) {
            self.wanted = Some(true);
        }
        if self.good_since.is_some_and(|since| since + self.limits.resume_after <= now) {
            self.wanted = Some(false);
        }
    }

    /// The difference between what is wanted and what is in force.
    fn difference(&self) -> Option<bool> {
        self.wanted.filter(|wanted| self.in_force != Some(*wanted))
    }

    fn act(&mut self, now: Timestamp) -> Option<FailureOutput> {
        let halt = self.difference()?;
        let retry = self.limits.retry;
        let same = self.asked.as_ref().filter(|asked| asked.halt == halt);
        if same.is_some_and(|asked| asked.at + retry > now) {
            return None;
        }
        let (decision, reason) = match same {
            Some(asked) => (asked.decision, asked.reason.clone()),
            None => {
                self.attempts += 1;
                let facts = format!("failure {halt} {} {}", now.micros(), self.attempts);
                let reason = if halt { self.reason.clone() } else { "every needed service is healthy".to_owned() };
                (DecisionId::of(&facts), reason)
            }
        };
        self.asked = Some(Asked { decision, halt, reason: reason.clone(), at: now });
        let source = HaltSource::Failure;
        let command = if halt { DeskCommand::Halt { source, reason } } else { DeskCommand::Resume { source, reason } };
        let requester = Service::CascadingFailureDetector.name().to_owned();
        Some(FailureOutput::Request { request: DeskRequest { decision, requester, command } })
    }
}

impl Machine for Failure {
    type Input = FailureInput;
    type Output = FailureOutput;

    const NAME: &'static str = "failure";
    const OUTPUTS: KeptOutputs = KeptOutputs::Full;

    fn wake() -> FailureInput {
        FailureInput::Wake
    }

    fn step(&mut self, now: Timestamp, input: FailureInput) -> Vec<FailureOutput> {
        self.heard_at.get_or_insert(now);
        match input {
            FailureInput::Wake => {}
            FailureInput::Report { report } => self.take_report(now, &report),
            FailureInput::InForce { halted } => {
                self.in_force = Some(halted);
                if self.asked.as_ref().is_some_and(|asked| asked.halt == halted) {
                    self.asked = None;
                }
            }
            FailureInput::Answer { decision, answer } => {
                if let Some(asked) = self.asked.take_if(|asked| asked.decision == decision) {
                    match answer {
                        FailureAnswer::Accepted => self.in_force = Some(asked.halt),
                        // The refused decision is spent; the next one waits its time.
                        FailureAnswer::Refused => {
                            self.attempts += 1;
                            let facts = format!("failure {} {} {}", asked.halt, now.micros(), self.attempts);
                            self.asked = Some(Asked { decision: DecisionId::of(&facts), ..asked });
                        }
                        FailureAnswer::None => self.asked = Some(asked),
                    }
                }
            }
        }
        self.decide(now);
        self.act(now).into_iter().collect()
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let Some(heard_at) = self.heard_at else {
            // Whoever starts it is told nothing by a system-monitor that is dead: silence counts from the first step.
            return Some(Timestamp::from_micros(i64::MIN));
        };
        let silent = (self.bad_since.is_none()).then_some(heard_at + self.limits.silence);
        let halt = self.bad_since.filter(|_| self.wanted != Some(true)).map(|since| since + self.limits.halt_after);
        let resume =
            self.good_since.filter(|_| self.wanted != Some(false)).map(|since| since + self.limits.resume_after);
        let retry = self
            .difference()
            .and_then(|halt| self.asked.as_ref().filter(|asked| asked.halt == halt))
            .map(|asked| asked.at + self.limits.retry);
        [silent, halt, resume, retry].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::health::ServiceHealth;

    use super::*;
    use crate::{Driver, NoJournal};

    const NEEDED: [Service; 2] = [Service::TradeManager, Service::PriceWatchdog];

    fn machine() -> Failure {
        Failure::new(FailureLimits {
            needed: NEEDED.to_vec(),
            halt_after: TimeSpan::from_seconds(2),
            resume_after: TimeSpan::from_seconds(5),
            silence: TimeSpan::from_seconds(3),
            retry: TimeSpan::from_seconds(1),
        })
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000 + seconds)
    }

    fn report(seconds: i64, failing: Option<Service>) -> FailureInput {
        let services = NEEDED
            .iter()
            .map(|service| ServiceHealth { service: *service, healthy: Some(*service) != failing, checks: Vec::new() })
            .collect();
        FailureInput::Report { report: HealthReport { at: at(seconds), services } }
    }

    fn request(outputs: Vec<FailureOutput>) -> Option<DeskRequest> {
        outputs.into_iter().next().map(|FailureOutput::Request { request }| request)
    }

    /// Feeds a report a second and gives the commands with the second at which each was asked. What is asked is done.
    fn run(
        machine: &mut Failure,
        seconds: std::ops::Range<i64>,
        failing: impl Fn(i64) -> Option<Service>,
    ) -> Vec<(i64, bool)> {
        let mut commands = Vec::new();
        for second in seconds {
            let Some(request) = request(machine.step(at(second), report(second, failing(second)))) else { continue };
            commands.push((second, matches!(request.command, DeskCommand::Halt { .. })));
            let answer = FailureInput::Answer { decision: request.decision, answer: FailureAnswer::Accepted };
            assert!(machine.step(at(second), answer).is_empty());
        }
        commands
    }

    #[test]
    fn a_lasting_failure_halts_once_and_lasting_health_resumes_once() {
        let mut machine = machine();
        machine.step(at(0), FailureInput::InForce { halted: false });
        let failing = |second| (10..20).contains(&second).then_some(Service::PriceWatchdog);
        assert_eq!(run(&mut machine, 0..40, failing), [(12, true), (25, false)]);
    }

    #[test]
    fn a_blip_halts_nothing_and_a_moment_of_health_clears_nothing() {
        let mut machine = machine();
        machine.step(at(0), FailureInput::InForce { halted: false });
        let blips = |second: i64| (second % 3 == 0).then_some(Service::PriceWatchdog);
        assert_eq!(run(&mut machine, 0..30, blips), []);
        let failing = |second| (second != 44).then_some(Service::TradeManager);
        assert_eq!(run(&mut machine, 40..60, failing), [(42, true)]);
    }

    #[test]
    fn a_silent_system_monitor_is_a_failure_even_if_it_never_spoke() {
        let mut driver = Driver::new(machine(), NoJournal, 4);
        let mut halted_at = None;
        for second in 0..10 {
            while let Some(outputs) = driver.step(at(second)) {
                if let Some(request) = request(outputs) {
                    halted_at.get_or_insert(second);
                    let DeskCommand::Halt { source, reason } = request.command else { unreachable!("a halt") };
                    assert_eq!((source, reason.as_str()), (HaltSource::Failure, "system-monitor: no report"));
                }
            }
        }
        assert_eq!(halted_at, Some(5), "three seconds of silence, then two of failure");
    }

    #[test]
    fn a_halt_that_outlived_its_detector_is_cleared_by_the_next_one() {
        let mut machine = machine();
        machine.step(at(0), FailureInput::InForce { halted: true });
        assert_eq!(run(&mut machine, 0..10, |_| None), [(5, false)]);
    }

    #[test]
    fn an_unanswered_request_is_repeated_as_it_was_and_a_refused_one_is_made_anew() {
        let mut machine = machine();
        machine.step(at(0), FailureInput::InForce { halted: false });
        let bad = |second| report(second, Some(Service::TradeManager));
        assert!(machine.step(at(0), bad(0)).is_empty());
        let first = request(machine.step(at(2), bad(2))).expect("asks");
        assert!(machine.step(at(2), bad(2)).is_empty(), "not twice at a time");
        let none = FailureInput::Answer { decision: first.decision, answer: FailureAnswer::None };
        assert!(machine.step(at(2), none).is_empty());
        assert_eq!(machine.next_wakeup(), Some(at(3)));
        let second = request(machine.step(at(3), FailureInput::Wake)).expect("asks again");
        assert_eq!(second, first);
        let refused = FailureInput::Answer { decision: second.decision, answer: FailureAnswer::Refused };
        assert!(machine.step(at(3), refused).is_empty());
        let third = request(machine.step(at(4), FailureInput::Wake)).expect("asks anew");
        assert_ne!(third.decision, first.decision);
    }

    #[test]
    fn a_halt_that_somebody_lost_is_raised_again() {
        let mut machine = machine();
        machine.step(at(0), FailureInput::InForce { halted: false });
        assert_eq!(run(&mut machine, 0..5, |_| Some(Service::TradeManager)), [(2, true)]);
        let again = request(machine.step(at(6), FailureInput::InForce { halted: false }));
        assert!(matches!(again.expect("asks again").command, DeskCommand::Halt { .. }));
    }

    #[test]
    fn it_never_wakes_without_end() {
        let mut driver = Driver::new(machine(), NoJournal, 4);
        for second in 0..60 {
            let mut steps = 0;
            while driver.step(at(second)).is_some() {
                steps += 1;
                assert!(steps < 10, "second {second}");
            }
        }
    }
}
