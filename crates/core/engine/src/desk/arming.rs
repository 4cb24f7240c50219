//! Arming: what increases exposure may be sent only for a while after an operator's word, where money is real.
//!
//! An arming is bound to mode and account, since it stands in their database, and to configuration, release and boot:
//! a desk that starts under another one ends it, and so does one that was ended in order. A crash is survived when
//! books and exchange agree afterwards. Another crash before that, and the third within ten minutes, end it.

use rec_domain::{
    DecisionId, TimeSpan,
    arming::{ArmRequest, Arming, Factor, LONGEST, SHORTEST},
    command::DeskReply,
    halt::HaltSource,
    intent::GroupRole,
    outbox::DeskEvent,
    refusal::{Refusal, RefusalCode},
    row::Row,
};

use super::draft::Draft;

/// Crashes within this time are counted together.
const CRASHES_WITHIN: TimeSpan = TimeSpan::from_minutes(10);
/// So many of them end an arming.
const MOST_CRASHES: usize = 3;
/// Wrong codes within this time are counted together.
pub const CODES_WITHIN: TimeSpan = TimeSpan::from_minutes(15);
/// After so many of them no code is looked at.
const MOST_WRONG_CODES: usize = 5;

impl Draft<'_> {
    /// Arms, or refuses.
    pub(super) fn arm(&mut self, decision: DecisionId, requester: &str, request: &ArmRequest) {
        let reply = match self.may_arm(request).and_then(|()| self.second_factor(&request.factor)) {
            Ok(()) => {
                self.put_armed(requester, request);
                DeskReply::Accepted { intent: None, trade: None }
            }
            Err(refusal) => DeskReply::Refused(refusal),
        };
        self.reply(decision, requester, reply);
    }

    /// Ends the arming in force, if there is one.
    pub(super) fn disarm(&mut self, reason: String) {
        if self.books.arming.take().is_some() {
            self.rows.push(Row::Disarmed { reason: reason.clone() });
            self.event(DeskEvent::Disarmed { reason });
        }
    }

    /// Looks at the arming in force: what a start means for it, and whether its time is over.
    pub(super) fn look_after_arming(&mut self) {
        let first_look = !std::mem::replace(&mut self.books.arming_reviewed, true);
        let Some(arming) = self.books.arming.clone() else { return };
        if arming.until <= self.now {
            self.disarm("its time was over".to_owned());
        } else if first_look {
            self.begin_with(arming);
        } else if arming.unproven {
            let agree = self.books.reconciliation.as_ref().is_some_and(|last| last.is_clean());
            if self.books.halts.contains_key(&HaltSource::Reconciliation) {
                self.disarm_aloud("books and exchange did not agree after a crash");
            } else if self.books.ready && agree {
                self.keep_arming(Arming { unproven: false, ..arming });
            }
        }
    }

    /// An arming of the desk's life before this start.
    fn begin_with(&mut self, mut arming: Arming) {
        let (now, present) = (self.now, &self.config.binding);
        let changed = [
            (arming.binding.boot != present.boot, "the machine was started anew"),
            (arming.binding.release != present.release, "another release was started"),
            (arming.binding.configuration != present.configuration, "the configuration was changed"),
            (!self.books.after_crash, "the desk was ended in order"),
            (arming.unproven, "the desk crashed again before its books were compared"),
        ];
        if let Some((_, why)) = changed.into_iter().find(|(holds, _)| *holds) {
            return self.disarm_aloud(why);
        }
        arming.crashes.retain(|at| now.since(*at) < CRASHES_WITHIN);
        arming.crashes.push(now);
        if arming.crashes.len() >= MOST_CRASHES {
            return self.disarm_aloud("the desk crashed three times within ten minutes");
        }
        self.alarm("the desk crashed while armed; nothing is opened until books and exchange agree".to_owned());
        self.keep_arming(Arming { unproven: true, ..arming });
    }

    /// The first rule that forbids arming.
    fn may_arm(&self, request: &ArmRequest) -> Result<(), Refusal> {
        let books = &self.books;
        let refuse = |code: RefusalCode, message: String| Err(Refusal::new(code, message));
        if !books.identity.mode.needs_arming() {
            let message = format!("nothing needs arming in mode {}", books.identity.mode);
            return refuse(RefusalCode::NothingToArm, message);
        }
        if request.duration < SHORTEST || request.duration > LONGEST {
            let message = format!("{} is not between a minute and a day", request.duration);
            return refuse(RefusalCode::BadSettings, message);
        }
        if request.reason.trim().is_empty() {
            return refuse(RefusalCode::BadSettings, "a reason is needed".to_owned());
        }
        let agree = books.reconciliation.as_ref().is_some_and(|last| last.is_clean());
        if !books.ready || !agree {
            let message = "books and exchange have not been found to agree since the start".to_owned();
            return refuse(RefusalCode::Unreconciled, message);
        }
        if books.other_desk_at.is_some() && !request.take_over {
            let message = "another desk traded on this account; end it, or take the account over".to_owned();
            return refuse(RefusalCode::OtherDesk, message);
        }
        // The operator's own halt is a word of its own, and that for another desk is what the request takes over.
        let forgiven = |source: HaltSource| {
            source == HaltSource::Operator
                || source == HaltSource::Reconciliation && request.take_over && books.other_desk_at.is_some()
        };
        if let Some(halt) = books.halts.values().find(|halt| !forgiven(halt.source)) {
            return refuse(RefusalCode::Halted, format!("halted by {}: {}", halt.source, halt.reason));
        }
        let made = |role| books.groups.iter().any(|((_, known), group)| *known == role && !group.tripped);
        if !made(GroupRole::Entry) || !made(GroupRole::Exit) || books.groups.values().any(|group| group.tripped) {
            return refuse(RefusalCode::OrderGroup, "the order groups are missing or one has tripped".to_owned());
        }
        Ok(())
    }

    /// A code counts once, and none is looked at after several wrong ones.
    fn second_factor(&mut self, factor: &Factor) -> Result<(), Refusal> {
        let now = self.now;
        let refuse = |message: &str| Err(Refusal::new(RefusalCode::SecondFactor, message));
        self.books.wrong_codes.retain(|at| now.since(*at) < CODES_WITHIN);
        if self.books.wrong_codes.len() >= MOST_WRONG_CODES {
            let message = format!("{MOST_WRONG_CODES} wrong codes within {CODES_WITHIN}; wait");
            return Err(Refusal::new(RefusalCode::TooManyCodes, message));
        }
        let (step, refused) = match factor {
            Factor::NotEnrolled { why } => return refuse(&format!("no second factor is enrolled: {why}")),
            Factor::Right { step } if self.books.last_code.is_none_or(|last| *step > last) => (Some(*step), Ok(())),
            Factor::Right { .. } => (None, refuse("the code was used before; wait for the next one")),
            Factor::Wrong | Factor::Code { .. } => (None, refuse("the code is wrong")),
        };
        match step {
            Some(step) => self.books.last_code = Some(step),
            None => self.books.wrong_codes.push_back(now),
        }
        self.rows.push(Row::CodeTried { step });
        refused
    }

    fn put_armed(&mut self, requester: &str, request: &ArmRequest) {
        self.disarm("armed anew".to_owned());
        if self.books.other_desk_at.take().is_some() {
            self.resume(HaltSource::Reconciliation, "the operator took the account over".to_owned());
        }
        let until = self.now + request.duration;
        self.event(DeskEvent::Armed { until, reason: request.reason.clone() });
        self.keep_arming(Arming {
            since: self.now,
            until,
            requester: requester.to_owned(),
            reason: request.reason.clone(),
            binding: self.config.binding.clone(),
            crashes: Vec::new(),
            unproven: false,
        });
    }

    fn keep_arming(&mut self, arming: Arming) {
        self.rows.push(Row::Armed(arming.clone()));
        self.books.arming = Some(arming);
    }

    fn disarm_aloud(&mut self, why: &str) {
        self.alarm(format!("disarmed: {why}"));
        self.disarm(why.to_owned());
    }
}
