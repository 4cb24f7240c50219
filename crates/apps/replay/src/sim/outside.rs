//! What comes from outside the desk: the passing of seconds, the operator, and the exchange's own troubles.

use rec_domain::{
    DecisionId, Price, Quantity, Side, TimeSpan, UsdPrice,
    arming::{ArmRequest, Factor},
    command::{CloseRequest, DeskCommand, DeskRequest, OpenRequest},
    halt::HaltSource,
    intent::GroupRole,
    settings::AutomationSettings,
    trade::{Origin, TradeState},
};
use rec_engine::desk::DeskInput;
use rec_twin::core::{Fault, Mutation, market::Stage, output::LifecycleChange};

use super::{
    event::{Event, Mail, Process},
    fault::FaultKind,
    world::{Asker, World},
};

/// Of the results that are told, so many are doubted where faults are asked for.
const DOUBTED: f64 = 0.15;

impl World {
    pub(super) fn second(&mut self) {
        self.queue.put(self.now + TimeSpan::from_seconds(1), Event::Second);
        self.renew_lease();
        self.guard();
        if self.now.seconds() % 10 == 0 {
            self.ping();
        }
        if self.now.seconds() % 3_600 == 0 {
            self.memory.inbox.forget_keys();
        }
        if self.fate.is_calm() {
            return;
        }
        for kind in [
            FaultKind::Stopped,
            FaultKind::LeaseLost,
            FaultKind::LineDown,
            FaultKind::ClockJump,
            FaultKind::ExchangeClock,
            FaultKind::IndexGap,
            FaultKind::EarlyClose,
            FaultKind::LateResult,
            FaultKind::TradingPause,
            FaultKind::GroupTripped,
            FaultKind::ForeignOrder,
            FaultKind::RestingOrder,
            FaultKind::MoneyMoved,
        ] {
            if self.fate.strikes(kind) {
                self.strike(kind);
            }
        }
    }

    fn strike(&mut self, kind: FaultKind) {
        self.trace(|| format!("fault: {kind}"));
        let seconds = |seconds: i64| TimeSpan::from_seconds(seconds);
        match kind {
            FaultKind::Stopped => {
                let process = Process::ALL[usize::try_from(self.fate.whole(0, 2)).unwrap_or(0)];
                self.stand_still(process);
            }
            FaultKind::LeaseLost => self.lose_lease(),
            FaultKind::LineDown => {
                let away = seconds(self.fate.whole(1, 20));
                if self.fate.even() { self.cut_line(away) } else { self.cut_account_line(away) }
            }
            FaultKind::ClockJump => {
                let step = TimeSpan::from_millis(self.fate.whole(-5_000, 5_000));
                self.post(Mail::Desk(DeskInput::ClockStepped { step }));
            }
            FaultKind::ExchangeClock => {
                let ahead = TimeSpan::from_millis(self.fate.whole(-4_000, 4_000));
                self.post(Mail::Desk(DeskInput::ExchangeClock { ahead }));
                let near = DeskInput::ExchangeClock { ahead: TimeSpan::ZERO };
                self.post_later(seconds(20), Mail::Desk(near));
            }
            FaultKind::IndexGap => self.silence_index(),
            FaultKind::EarlyClose => {
                if let Some(event_ticker) = self.an_event(&[Stage::Listed]) {
                    self.suffer(Fault::EarlyClose { event_ticker });
                }
            }
            FaultKind::LateResult => {
                let by = seconds(self.fate.whole(30, 1_620));
                if let Some(event_ticker) = self.an_event(&[Stage::Listed, Stage::Closed]) {
                    self.suffer(Fault::ResultLate { event_ticker, by });
                }
            }
            FaultKind::TradingPause => {
                let lasts = seconds(self.fate.whole(20, 300));
                self.suffer(Fault::TradingPause { lasts });
            }
            FaultKind::GroupTripped => {
                let entry = |(role, _): &&(GroupRole, _)| *role == GroupRole::Entry;
                let group = self.memory.groups.iter().find(|(key, _)| entry(key)).map(|(_, (group, _))| group.clone());
                if let Some(group) = group {
                    self.suffer(Fault::GroupTripped { order_group_id: group.to_string() });
                }
            }
            FaultKind::ForeignOrder => self.trade_by_hand(),
            FaultKind::RestingOrder => self.rest_by_hand(),
            FaultKind::MoneyMoved => self.move_money(),
            _ => {}
        }
    }

    /// The index falls silent. A close that lacks a print of it gets its result by hand.
    fn silence_index(&mut self) {
        let lasts = TimeSpan::from_seconds(self.fate.whole(3, 30));
        self.suffer(Fault::IndexGap { index_id: "BRTI".to_owned(), lasts });
        if let Some(event) = self.an_event(&[Stage::Listed]) {
            self.queue.put(self.now + TimeSpan::from_minutes(75), Event::Amend { event });
        }
    }

    /// An event of the exchange in one of these stages; the one that closes first.
    fn an_event(&self, stages: &[Stage]) -> Option<String> {
        let open = |event: &rec_twin::core::market::Event| event.open <= self.now && stages.contains(&event.stage);
        self.twin.listed().find(|(event, _)| open(event)).map(|(event, _)| event.ticker.to_string())
    }

    fn suffer(&mut self, fault: Fault) {
        if self.twin.apply(self.now, &Mutation::Fault(fault)).is_ok() {
            let outputs = self.twin.take_outputs();
            self.hear(outputs);
        }
    }

    /// Now and then a result that was told or paid does not stand.
    pub(super) fn doubt_result(&mut self, change: &LifecycleChange) {
        let event = self.twin.listed().find(|(_, market)| market.name.ticker == change.ticker).map(|(event, _)| {
            // One word of an event is enough to doubt all of it.
            let first = self.twin.listed().find(|(other, _)| other.number == event.number);
            (event.ticker.to_string(), event.stage, first.is_some_and(|(_, one)| one.name.ticker == change.ticker))
        });
        let Some((event, stage, true)) = event else { return };
        let doubt = match stage {
            Stage::Determined => FaultKind::Disputed,
            Stage::Finalized => FaultKind::Amended,
            _ => return,
        };
        if !self.config.faults.has(doubt) || self.fate.is_calm() || !self.fate.chance(DOUBTED) {
            return;
        }
        self.fate.note(doubt);
        self.trace(|| format!("fault: {doubt} {event}"));
        if doubt == FaultKind::Disputed {
            self.suffer(Fault::Disputed { event_ticker: event.clone() });
        }
        let after = TimeSpan::from_seconds(self.fate.whole(20, 1_800));
        self.queue.put(self.now + after, Event::Amend { event });
    }

    pub(super) fn amend(&mut self, event: &str) {
        let needs = |one: &rec_twin::core::market::Event| {
            matches!(one.stage, Stage::Closed | Stage::Determined | Stage::Disputed | Stage::Finalized)
        };
        let found = self.twin.listed().find(|(one, _)| *one.ticker == *event && needs(one));
        let Some((stage, known)) = found.map(|(one, _)| (one.stage, one.expiration_value)) else { return };
        // A gap that did not touch the close needs nothing.
        if stage == Stage::Finalized && !self.config.faults.has(FaultKind::Amended) {
            return;
        }
        let away = UsdPrice::from_cents(self.fate.whole(-30_000, 30_000));
        let value = known.unwrap_or(self.last_index) + away;
        self.trace(|| format!("exchange: {event} settles on {value} now"));
        self.suffer(Fault::Amended { event_ticker: event.to_owned(), value });
    }

    /// The operator looks at the desk and does something.
    pub(super) fn operator(&mut self) {
        // Whoever wants to arm looks more often.
        let waits = if self.view.as_ref().is_some_and(|view| !view.armed) { (5, 40) } else { (20, 300) };
        let wait = TimeSpan::from_seconds(self.fate.whole(waits.0, waits.1));
        self.queue.put(self.now + wait, Event::Operator);
        let Some(view) = self.view.take() else { return };
        let halted = |source: HaltSource| view.halts.iter().any(|halt| halt.source == source);
        let reason = || "the operator's word".to_owned();
        let open = view.trades.iter().find(|trade| trade.state == TradeState::Open && trade.origin != Origin::Foreign);
        let command = if halted(HaltSource::Operator) {
            Some(DeskCommand::Resume { source: HaltSource::Operator, reason: reason() })
        } else if halted(HaltSource::OrderGroup) {
            Some(DeskCommand::Resume { source: HaltSource::OrderGroup, reason: reason() })
        } else if !view.armed {
            Some(DeskCommand::Arm(self.a_request_to_arm()))
        } else if view.settings != self.settings {
            Some(DeskCommand::SetAutomation { settings: self.settings.clone(), replaces: None })
        } else {
            match (self.fate.whole(0, 9), open) {
                (0, _) => Some(DeskCommand::Halt { source: HaltSource::Operator, reason: reason() }),
                (1, _) => Some(DeskCommand::SetAutomation {
                    settings: AutomationSettings { auto_entry: false, ..self.settings.clone() },
                    replaces: None,
                }),
                (2..=4, Some(trade)) => Some(DeskCommand::Close(CloseRequest {
                    trade: trade.id,
                    limit: Price::from_cents(self.fate.whole(1, 60)),
                    origin: Origin::Manual,
                    reason: reason(),
                    decided_at: self.now,
                })),
                (5..=8, _) => self.manual_entry(),
                (9, _) if view.arming.is_some() => Some(DeskCommand::Disarm { reason: reason() }),
                _ => None,
            }
        };
        self.view = Some(view);
        if let Some(command) = command {
            let decision = DecisionId::of(&format!("operator {} {}", self.decisions, self.now.micros()));
            self.ask(Asker::Operator, DeskRequest { decision, requester: "operator".to_owned(), command });
        }
    }

    /// Armed for a while that is sometimes too short to be allowed, now and then with a wrong code.
    fn a_request_to_arm(&mut self) -> ArmRequest {
        let right = self.fate.whole(0, 9) > 0;
        ArmRequest {
            duration: TimeSpan::from_seconds(self.fate.whole(50, 1_800)),
            reason: "the operator's word".to_owned(),
            take_over: false,
            factor: if right { Factor::Right { step: self.now.seconds() / 30 } } else { Factor::Wrong },
        }
    }

    /// A few contracts of whatever trades near the price.
    fn manual_entry(&mut self) -> Option<DeskCommand> {
        let (ticker, bid, ask) = self.quoted(None)?;
        let (side, limit) = if self.fate.even() { (Side::Yes, ask) } else { (Side::No, Side::No.convert_price(bid)) };
        let better = Price::from_cents(self.fate.whole(0, 3));
        Some(DeskCommand::Open(OpenRequest {
            ticker,
            side,
            quantity: Quantity::from_units(self.fate.whole(1, 4_000)),
            limit: (limit + better).min(Price::from_cents(99)),
            origin: Origin::Manual,
            probability_percent: None,
            reason: "the operator's word".to_owned(),
            decided_at: self.now,
            evidence: "{}".to_owned(),
        }))
    }
}
