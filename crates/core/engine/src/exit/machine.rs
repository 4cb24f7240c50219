//! The machine itself.

use std::collections::BTreeMap;

use rec_domain::{
    DecisionId, EventTicker, MarketTicker, Price, Service, TimeSpan, Timestamp, TradeId, UsdPrice,
    book::BookTop,
    command::{CloseRequest, DeskCommand, DeskReply, DeskRequest},
    desk_view::DeskView,
    intent::GroupRole,
    momentum::MomentumReading,
    strike_table::StrikeTable,
    trade::{Origin, Trade, TradeState},
};
use serde::{Deserialize, Serialize};

use super::{
    Config, Input, Obstacle, Output,
    verdict::{Knowledge, Verdict, is_supervised},
};
use crate::{KeptOutputs, Machine};

/// A request whose outcome the desk's view does not show yet.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Outstanding {
    decision: DecisionId,
    asked_at: Timestamp,
    /// Set when the desk refused: when it may be asked again.
    refused_until: Option<Timestamp>,
}

/// What the machine remembers of a trade.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Watch {
    /// Since when the stop condition holds without interruption.
    stop_since: Option<Timestamp>,
    outstanding: Option<Outstanding>,
    obstacle: Option<Obstacle>,
}

/// Decides on exits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExitMachine {
    config: Config,
    desk: Option<Box<DeskView>>,
    table: Option<Box<StrikeTable>>,
    momentum: Option<MomentumReading>,
    tops: BTreeMap<MarketTicker, BookTop>,
    /// Strikes that were rows of this event's tables.
    strikes: (Option<EventTicker>, BTreeMap<MarketTicker, UsdPrice>),
    watches: BTreeMap<TradeId, Watch>,
    looked_at: Timestamp,
}

impl ExitMachine {
    /// Without any knowledge.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            desk: None,
            table: None,
            momentum: None,
            tops: BTreeMap::new(),
            strikes: (None, BTreeMap::new()),
            watches: BTreeMap::new(),
            looked_at: Timestamp::default(),
        }
    }

    /// Trades under supervision.
    #[must_use]
    pub fn supervised(&self) -> usize {
        self.watches.len()
    }

    fn take(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Strikes(table) => {
                if self.strikes.0.as_ref() != Some(&table.event) {
                    self.strikes = (Some(table.event.clone()), BTreeMap::new());
                }
                self.strikes.1.extend(table.rows.iter().map(|row| (row.ticker.clone(), row.strike)));
                self.table = Some(table);
            }
            Input::Books(tops) => {
                self.tops.extend(tops.into_iter().map(|top| (top.ticker.clone(), top)));
                // Bounded: what nobody publishes any more is of no use.
                let limit = self.config.book_limit + TimeSpan::from_minutes(1);
                self.tops.retain(|_ticker, top| now.since(top.received_at) <= limit);
            }
            Input::Desk(view) => self.take_desk(view),
            Input::Momentum(reading) => self.momentum = Some(reading),
            Input::Reply { decision, reply: DeskReply::Refused(_refusal) } => {
                let retry_at = now + self.config.retry_every;
                let asked = self.watches.values_mut().filter_map(|watch| watch.outstanding.as_mut());
                asked.filter(|asked| asked.decision == decision).for_each(|asked| asked.refused_until = Some(retry_at));
            }
            // Accepted: the desk's view will show it.
            Input::Reply { .. } | Input::Wake => {}
        }
    }

    fn take_desk(&mut self, view: Box<DeskView>) {
        if self.desk.as_ref().is_some_and(|known| known.at > view.at) {
            return;
        }
        let supervised: BTreeMap<_, _> =
            view.trades.iter().filter(|trade| is_supervised(trade)).map(|trade| (trade.id, trade)).collect();
        self.watches.retain(|id, _watch| supervised.contains_key(id));
        for (id, trade) in supervised {
            let watch = self.watches.entry(id).or_default();
            let timeout = self.config.reply_timeout;
            watch.outstanding = watch.outstanding.filter(|asked| {
                let shown = trade.last_exit_at.is_some_and(|at| at >= asked.asked_at);
                let forgotten = asked.refused_until.is_none() && view.at.since(asked.asked_at) > timeout;
                !(shown || forgotten)
            });
        }
        self.desk = Some(view);
    }

    fn look(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if now.since(self.looked_at) > self.config.table_limit {
            // Nobody looked for a while, so no condition is known to have held without interruption.
            self.watches.values_mut().for_each(|watch| watch.stop_since = None);
        }
        self.looked_at = now;
        let Some(desk) = self.desk.take() else { return };
        let table = self.table.take();
        let momentum = self.momentum.take();
        let knowledge = Knowledge {
            now,
            config: &self.config.clone(),
            desk: &desk,
            table: table.as_deref(),
            momentum: momentum.as_ref(),
        };
        for trade in desk.trades.iter().filter(|trade| is_supervised(trade)) {
            let verdict = knowledge.judge(trade, self.strikes.1.get(&trade.ticker).copied());
            self.act(now, &desk, trade, verdict, out);
        }
        self.desk = Some(desk);
        self.table = table;
        self.momentum = momentum;
    }

    fn act(&mut self, now: Timestamp, desk: &DeskView, trade: &Trade, verdict: Verdict, out: &mut Vec<Output>) {
        let mut watch = self.watches.get(&trade.id).copied().unwrap_or_default();
        let is_stop = matches!(verdict, Verdict::Stop(_));
        watch.stop_since = is_stop.then(|| watch.stop_since.unwrap_or(now));
        let (reason, obstacle) = match verdict {
            Verdict::Idle | Verdict::Hold => (None, None),
            Verdict::Suspended(obstacle, why) => (None, Some((obstacle, format!("supervision is suspended: {why}")))),
            Verdict::Stop(reason) => (self.is_verified(now, desk, &watch).then_some(reason), None),
            Verdict::Momentum(reason) => (Some(reason), None),
        };
        let (limit, obstacle) = match &reason {
            Some(_wanted) => match self.limit(now, desk, trade) {
                Ok(limit) => (Some(limit), None),
                Err(obstacle) => (None, Some(obstacle)),
            },
            None => (None, obstacle),
        };
        if let (Some(reason), Some(limit)) = (reason, limit)
            && self.may_ask(now, desk, trade, &watch)
        {
            let decision = DecisionId::of(&format!("exit:{}:{}:{}", trade.id, trade.exit_attempts, now.micros()));
            watch.outstanding = Some(Outstanding { decision, asked_at: now, refused_until: None });
            out.push(Output::Request(Box::new(DeskRequest {
                decision,
                requester: Service::ActiveTradeSupervisor.name().to_owned(),
                command: DeskCommand::Close(CloseRequest {
                    trade: trade.id,
                    limit,
                    origin: Origin::Auto,
                    reason,
                    decided_at: now,
                }),
            })));
        }
        let code = obstacle.as_ref().map(|(code, _message)| *code);
        if watch.obstacle != code {
            watch.obstacle = code;
            let message = obstacle.map_or_else(|| "supervised again".to_owned(), |(_code, message)| message);
            out.push(Output::Alarm { trade: trade.id, obstacle: code, message });
        }
        self.watches.insert(trade.id, watch);
    }

    /// Whether the stop condition has held for as long as it must, at every look since.
    fn is_verified(&self, now: Timestamp, desk: &DeskView, watch: &Watch) -> bool {
        let settings = &desk.settings;
        let needed = TimeSpan::from_seconds(settings.verification_seconds);
        !settings.verification_enabled || watch.stop_since.is_some_and(|since| now.since(since) >= needed)
    }

    /// The least to accept: the bid, further down with each missed attempt, never below the worst price.
    fn limit(&self, now: Timestamp, desk: &DeskView, trade: &Trade) -> Result<Price, (Obstacle, String)> {
        let settings = &desk.settings;
        let stale = |message: &str| (Obstacle::Book, format!("a close is wanted, but {message}"));
        let book = self.tops.get(&trade.ticker).ok_or_else(|| stale("the book is not known"))?;
        let age = now.since(book.observed_at.min(book.received_at));
        if age > self.config.book_limit {
            return Err(stale(&format!("the book is {:.1} s old", age.as_seconds_f64())));
        }
        let top = book.top.ok_or_else(|| stale("the book is not known"))?;
        let bid = top.bid_of(trade.side).map(|level| level.price).filter(|bid| *bid >= settings.exit_worst_price);
        let bid = bid.ok_or_else(|| {
            let worst = settings.exit_worst_price;
            (Obstacle::NoBid, format!("a close is wanted, but nobody pays {worst} or more"))
        })?;
        let step = settings.exit_step.units().saturating_mul(i64::from(trade.exit_attempts));
        Ok(Price::from_units(bid.units().saturating_sub(step)).max(settings.exit_worst_price))
    }

    fn may_ask(&self, now: Timestamp, desk: &DeskView, trade: &Trade, watch: &Watch) -> bool {
        let working = desk
            .orders
            .iter()
            .any(|order| order.trade == trade.id && order.role == GroupRole::Exit && !order.is_complete());
        let asked = watch.outstanding.is_some_and(|asked| asked.refused_until.is_none_or(|until| now < until));
        let rested = trade.last_exit_at.is_none_or(|at| now.since(at) >= self.config.retry_every);
        trade.state == TradeState::Open && !working && !asked && rested
    }
}

impl Machine for ExitMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "exit";
    const OUTPUTS: KeptOutputs = KeptOutputs::Full;

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.take(now, input);
        self.look(now, &mut out);
        out
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        (!self.watches.is_empty()).then(|| self.looked_at + self.config.tick)
    }
}
