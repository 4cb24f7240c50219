//! What goes wrong in a simulation, and how often.

use std::{collections::BTreeMap, fmt, str::FromStr};

use rec_model::CounterRng;
use serde::Serialize;

/// One thing that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A process ends between two steps, and starts again.
    Crash,
    /// It ends again while it starts.
    CrashWhileStarting,
    /// A process stands still for a minute, as under SIGSTOP.
    Stopped,
    /// The executor stands still for a minute between claim and send.
    StoppedBeforeSend,
    /// Another desk takes the lease while something is under way.
    LeaseLost,
    /// A commit certainly did not happen.
    CommitFailed,
    /// Nobody hears what became of a commit; every second one happened.
    CommitUnknown,
    /// The disk takes seconds.
    SlowDisk,
    /// Nobody hears what became of a claim; every second one was made.
    ClaimFailed,
    /// An answer is not stored, as far as the executor knows; every second one is.
    RecordFailed,
    /// The inbox does not take what the account said.
    AppendFailed,
    /// A command, reply or hint between services never arrives.
    LostHint,
    /// It arrives twice.
    DoubledHint,
    /// An event on the bus or a frame of market data never arrives.
    LostEvent,
    /// It arrives twice.
    DoubledEvent,
    /// A request never reaches the exchange, and nobody can know.
    LostRequest,
    /// The exchange's answer never arrives.
    LostAnswer,
    /// A request arrives after whoever sent it gave it up.
    SlowRequest,
    /// The exchange's word on order, fill or group never arrives over the socket.
    LostReport,
    /// It arrives twice.
    DoubledReport,
    /// A page, a list or a body of candles cannot be read.
    ReadFailed,
    /// The connection for market data is gone for a while.
    LineDown,
    /// The time of day steps against the running time.
    ClockJump,
    /// The exchange's clock is seconds away from ours.
    ExchangeClock,
    /// The index is silent for half a minute.
    IndexGap,
    /// An event closes before its time.
    EarlyClose,
    /// A result comes up to half an hour later.
    LateResult,
    /// A result is disputed, and replaced later.
    Disputed,
    /// A result is replaced after it was told or paid.
    Amended,
    /// Trading pauses.
    TradingPause,
    /// The entry group trips by itself.
    GroupTripped,
    /// Somebody trades on the account outside the desk.
    ForeignOrder,
    /// His order rests, fills bit by bit, is changed, and is taken back or ends by itself.
    RestingOrder,
    /// Somebody pays money in, takes some out, or moves it to another shard or subaccount.
    MoneyMoved,
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rate {
    /// In this share of the occasions.
    Share(f64),
    /// So many times an hour, on average.
    Hourly(f64),
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 34] = [
        Self::Crash,
        Self::CrashWhileStarting,
        Self::Stopped,
        Self::StoppedBeforeSend,
        Self::LeaseLost,
        Self::CommitFailed,
        Self::CommitUnknown,
        Self::SlowDisk,
        Self::ClaimFailed,
        Self::RecordFailed,
        Self::AppendFailed,
        Self::LostHint,
        Self::DoubledHint,
        Self::LostEvent,
        Self::DoubledEvent,
        Self::LostRequest,
        Self::LostAnswer,
        Self::SlowRequest,
        Self::LostReport,
        Self::DoubledReport,
        Self::ReadFailed,
        Self::LineDown,
        Self::ClockJump,
        Self::ExchangeClock,
        Self::IndexGap,
        Self::EarlyClose,
        Self::LateResult,
        Self::Disputed,
        Self::Amended,
        Self::TradingPause,
        Self::GroupTripped,
        Self::ForeignOrder,
        Self::RestingOrder,
        Self::MoneyMoved,
    ];

    /// How often it strikes when it is asked for.
    pub(super) const fn rate(self) -> Rate {
        match self {
            Self::Crash => Rate::Share(0.008),
            Self::CrashWhileStarting => Rate::Share(0.2),
            Self::Stopped => Rate::Hourly(0.5),
            Self::StoppedBeforeSend => Rate::Share(0.03),
            Self::LeaseLost => Rate::Hourly(0.7),
            Self::CommitFailed | Self::CommitUnknown => Rate::Share(0.015),
            Self::SlowDisk => Rate::Share(0.01),
            Self::ClaimFailed | Self::RecordFailed => Rate::Share(0.08),
            Self::AppendFailed => Rate::Share(0.005),
            Self::LostHint => Rate::Share(0.1),
            Self::DoubledHint => Rate::Share(0.05),
            Self::LostEvent | Self::DoubledEvent => Rate::Share(0.000_3),
            Self::LostRequest => Rate::Share(0.08),
            Self::LostAnswer | Self::SlowRequest => Rate::Share(0.12),
            Self::LostReport => Rate::Share(0.25),
            Self::DoubledReport => Rate::Share(0.1),
            Self::ReadFailed => Rate::Share(0.01),
            Self::LineDown => Rate::Hourly(1.0),
            Self::ClockJump | Self::ExchangeClock => Rate::Hourly(0.4),
            Self::IndexGap => Rate::Hourly(0.3),
            Self::EarlyClose => Rate::Hourly(0.15),
            Self::LateResult => Rate::Hourly(0.4),
            Self::Disputed | Self::Amended => Rate::Hourly(0.3),
            Self::TradingPause => Rate::Hourly(0.3),
            Self::GroupTripped => Rate::Hourly(0.3),
            Self::ForeignOrder | Self::RestingOrder => Rate::Hourly(4.0),
            Self::MoneyMoved => Rate::Hourly(3.0),
        }
    }

    /// Its name, as typed.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// The faults of a simulation: `none`, `rough` for all of them, or their names with commas between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<FaultKind>);

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Everything goes wrong now and then.
    #[must_use]
    pub fn rough() -> Self {
        Self(FaultKind::ALL.to_vec())
    }

    /// Whether a kind strikes.
    #[must_use]
    pub fn has(&self, kind: FaultKind) -> bool {
        self.0.contains(&kind)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("none"),
            kinds if kinds.len() == FaultKind::ALL.len() => f.write_str("rough"),
            kinds => f.write_str(&kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",")),
        }
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => return Ok(Self::none()),
            "rough" => return Ok(Self::rough()),
            _ => {}
        }
        let named = |name: &str| FaultKind::ALL.into_iter().find(|kind| kind.name() == name.trim());
        let kinds = text.split(',').map(|name| {
            named(name).ok_or_else(|| {
                let known: Vec<String> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
                format!("there is no fault \"{name}\"; there are none, rough, {}", known.join(", "))
            })
        });
        let mut kinds = kinds.collect::<Result<Vec<_>, _>>()?;
        kinds.sort_unstable();
        kinds.dedup();
        Ok(Self(kinds))
    }
}

/// Throws the dice for faults and counts what struck.
#[derive(Debug)]
pub(super) struct Fate {
    dice: CounterRng,
    /// Occasions until the next fault of a kind; `None` where it never strikes.
    occasions: Vec<Option<u64>>,
    struck: BTreeMap<FaultKind, u64>,
    calm: bool,
}

impl Fate {
    pub(super) fn new(seed: u64, faults: &Faults) -> Self {
        let mut fate =
            Self { dice: CounterRng::new(seed, 77), occasions: Vec::new(), struck: BTreeMap::new(), calm: false };
        for kind in FaultKind::ALL {
            let next = faults.has(kind).then(|| fate.occasions_until(kind));
            fate.occasions.push(next);
        }
        fate
    }

    /// From now on nothing goes wrong.
    pub(super) const fn calm_down(&mut self) {
        self.calm = true;
    }

    pub(super) const fn is_calm(&self) -> bool {
        self.calm
    }

    /// Whether a fault of this kind strikes at this occasion.
    pub(super) fn strikes(&mut self, kind: FaultKind) -> bool {
        let place = kind as usize;
        let Some(left) = self.occasions[place].filter(|_| !self.calm) else { return false };
        if left > 0 {
            self.occasions[place] = Some(left - 1);
            return false;
        }
        self.occasions[place] = Some(self.occasions_until(kind));
        *self.struck.entry(kind).or_default() += 1;
        true
    }

    /// Occasions before the next fault: geometrically distributed, so that a throw is needed only when one strikes.
    /// For hourly faults an occasion is a second.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^53")]
    fn occasions_until(&mut self, kind: FaultKind) -> u64 {
        let chance = match kind.rate() {
            Rate::Share(share) => share,
            Rate::Hourly(times) => times / 3_600.0,
        };
        let uniform = 1.0 - self.dice.uniform();
        (libm::log(uniform) / libm::log1p(-chance)) as u64
    }

    /// Uniform among `low..=high`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small ranges")]
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + ((high - low + 1) as f64 * self.dice.uniform()) as i64
    }

    /// Heads or tails.
    pub(super) fn even(&mut self) -> bool {
        self.dice.next_u64() & 1 == 0
    }

    /// Whether something of this chance happens.
    pub(super) fn chance(&mut self, chance: f64) -> bool {
        self.dice.uniform() < chance
    }

    /// Notes a fault that struck by other dice.
    pub(super) fn note(&mut self, kind: FaultKind) {
        *self.struck.entry(kind).or_default() += 1;
    }

    pub(super) const fn struck(&self) -> &BTreeMap<FaultKind, u64> {
        &self.struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_their_order_and_are_read_as_they_are_written() {
        for (place, kind) in FaultKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(kind.name().parse::<Faults>(), Ok(Faults(vec![kind])));
        }
        assert_eq!("rough".parse::<Faults>().expect("known").to_string(), "rough");
        assert_eq!("crash,lost-hint".parse::<Faults>().expect("known").to_string(), "crash,lost-hint");
        assert!("crash,earthquake".parse::<Faults>().expect_err("unknown").contains("earthquake"));
    }

    #[test]
    fn a_fault_strikes_as_often_as_its_rate_says_and_never_in_calm() {
        let mut fate = Fate::new(1, &"lost-hint".parse().expect("known"));
        let struck = (0..100_000).filter(|_| fate.strikes(FaultKind::LostHint)).count();
        assert!((9_000..11_500).contains(&struck), "{struck}");
        assert!(!(0..10_000).any(|_| fate.strikes(FaultKind::Crash)), "it was not asked for");
        fate.calm_down();
        assert!(!(0..10_000).any(|_| fate.strikes(FaultKind::LostHint)));
    }
}
