//! The life of an order: what it is now and what is learned of it give what it is next. `docs/LIFECYCLE.md` shows the
//! whole of it, and a test holds the page to this file.

use rec_domain::order::{Order, OrderState};

use super::draft::Draft;

/// What is learned of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderInput {
    /// The exchange took it, and it rests.
    Rests,
    /// The exchange took it, and all of it is filled.
    FilledAtOnce,
    /// The exchange took it, and what was not filled is gone.
    EndedAtOnce,
    /// The exchange has an order of this identity already (409).
    AlreadyThere,
    /// No answer, or none that can be read.
    NoAnswer,
    /// The exchange refused it.
    Refused,
    /// It certainly never left.
    NotSent,
    /// Refused or not sent, although the exchange has shown it before.
    Denied,
    /// A report shows it resting.
    SeenResting,
    /// A report shows all of it filled.
    SeenFilled,
    /// A report shows it ended with less.
    SeenEnded,
    /// A report shows it in a state that this version does not know.
    SeenOtherwise,
    /// The fill that completes it is booked.
    FillCompletes,
    /// A fill that leaves a rest is booked.
    FillLeavesRest,
    /// A complete reading, long enough after its last signature, does not have it.
    ProvenAbsent,
}

/// What else is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderEffect {
    /// The account is read completely, soon.
    Look,
    /// A person is told.
    Alarm,
}

/// Where an order goes from `state` by `input`, and what else is done.
pub(super) const fn next(state: OrderState, input: OrderInput) -> (OrderState, &'static [OrderEffect]) {
    use OrderEffect::{Alarm, Look};
    use OrderInput as In;
    use OrderState::{Absent, Canceled, Executed, Rejected, Unknown, Working};
    // It was taken for never having been, and is there.
    let alarmed: &[OrderEffect] = if matches!(state, Rejected | Absent) { &[Alarm] } else { &[] };
    match input {
        In::Rests | In::SeenResting => match state {
            Executed | Canceled => (state, &[]),
            _ => (Working, alarmed),
        },
        In::FilledAtOnce | In::SeenFilled | In::FillCompletes => (Executed, alarmed),
        In::EndedAtOnce | In::SeenEnded => match state {
            Executed => (Executed, &[]),
            _ => (Canceled, alarmed),
        },
        In::FillLeavesRest => match state {
            Rejected | Absent => (Canceled, alarmed),
            _ => (state, &[]),
        },
        In::SeenOtherwise => match state {
            Rejected | Absent => (Unknown, &[Alarm, Look]),
            _ => (state, &[]),
        },
        In::AlreadyThere | In::NoAnswer => match state {
            OrderState::Intended => (Unknown, &[Look]),
            _ => (state, &[Look]),
        },
        In::Refused if !state.is_final() => (Rejected, &[]),
        In::NotSent if !state.is_final() => (Absent, &[]),
        In::Refused | In::NotSent => (state, &[]),
        In::Denied => (state, &[Alarm]),
        In::ProvenAbsent => match state {
            Unknown => (Absent, &[]),
            _ => (state, &[]),
        },
    }
}

impl Draft<'_> {
    /// Moves an order on by what was learned of it, and does what follows; `words` tell a person what it was.
    pub(super) fn advance(&mut self, order: &mut Order, input: OrderInput, words: &str) {
        let (state, effects) = next(order.state, input);
        for effect in effects {
            match effect {
                OrderEffect::Look => self.after.push(super::DeskOutput::RequestSweep),
                OrderEffect::Alarm => {
                    self.alarm(format!("order {} was taken for {}, but {words}", order.intent, order.state.name()));
                }
            }
        }
        order.state = state;
    }
}
