//! The machine itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rec_domain::{
    DecisionId, MarketTicker, Money, Service, Side, TimeSpan, Timestamp,
    bus_event::{EntryState, EntryStatus},
    command::{DeskCommand, DeskReply, DeskRequest, NotedRefusal, OpenRequest},
    desk_view::DeskView,
    market::Market,
    momentum::MomentumReading,
    refusal::{Refusal, RefusalCode},
    strike_table::{StrikeRow, StrikeRows, StrikeTable},
    trade::Origin,
};
use serde::{Deserialize, Serialize};

use super::{
    Config, Input, Output, Pending, Proposal, Rule, Situation, SpikePause, decision::propose,
    rules::minutes_and_seconds,
};
use crate::{KeptOutputs, Machine, shape::pairs};

type Key = (MarketTicker, Side);

/// Readings of momentum that may wait for the desk's first word: some hours of one a second.
const MOST_WAITING: usize = 32_768;

/// A request whose outcome the desk's view does not show yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Outstanding {
    decision: DecisionId,
    asked_at: Timestamp,
    cost: Money,
    /// Set when the desk refused: when it may be asked again.
    refused_until: Option<Timestamp>,
}

impl Outstanding {
    /// Whether nothing more may be asked there yet.
    fn is_waiting(&self, now: Timestamp) -> bool {
        self.refused_until.is_none_or(|until| now < until)
    }
}

/// Decides on entries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntryMachine {
    config: Config,
    desk: Option<Box<DeskView>>,
    table: Option<Box<StrikeTable>>,
    momentum: Option<MomentumReading>,
    markets: BTreeMap<MarketTicker, Market>,
    pause: Option<SpikePause>,
    /// Readings that came before the desk's first word, without which nobody knows what a spike is.
    waiting: VecDeque<MomentumReading>,
    #[serde(with = "pairs")]
    outstanding: BTreeMap<Key, Outstanding>,
    /// The last reason of each market and side of the present table.
    #[serde(with = "pairs")]
    reasons: BTreeMap<Key, RefusalCode>,
    /// When requests were made, for a minute.
    requests: VecDeque<Timestamp>,
    considered: u64,
    requested: u64,
    refused: BTreeMap<RefusalCode, u64>,
    published_state: Option<EntryState>,
    next_status_at: Timestamp,
}

/// What made the machine look at a row.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Occasion {
    /// A new table: a price came, or time has passed.
    Table,
    /// A change of the row's own book.
    Book,
}

/// What an entry was decided on, stored with it.
#[derive(Debug, Serialize)]
struct Evidence<'a> {
    occasion: Occasion,
    row: &'a StrikeRow,
    table_at: Timestamp,
    close_time: Timestamp,
    spot: &'a Option<rec_domain::Fresh<rec_domain::UsdPrice>>,
    index: &'a Option<rec_domain::Fresh<rec_domain::UsdPrice>>,
    settlement: &'a rec_domain::index::SettlementWindow,
    momentum: &'a Option<MomentumReading>,
    ask: Option<rec_domain::Price>,
    limit: Option<rec_domain::Price>,
    table_age_micros: i64,
    spot_age_micros: Option<i64>,
    index_age_micros: Option<i64>,
    book_age_micros: Option<i64>,
    desk_age_micros: Option<i64>,
}

impl EntryMachine {
    /// Without any knowledge.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            desk: None,
            table: None,
            momentum: None,
            markets: BTreeMap::new(),
            pause: None,
            waiting: VecDeque::new(),
            outstanding: BTreeMap::new(),
            reasons: BTreeMap::new(),
            requests: VecDeque::new(),
            considered: 0,
            requested: 0,
            refused: BTreeMap::new(),
            published_state: None,
            next_status_at: Timestamp::default(),
        }
    }

    /// The pause in force after a spike.
    #[must_use]
    pub const fn pause(&self) -> Option<&SpikePause> {
        self.pause.as_ref()
    }

    fn take_desk(&mut self, view: Box<DeskView>) {
        if self.desk.as_ref().is_some_and(|known| known.at > view.at) {
            return;
        }
        let timeout = self.config.reply_timeout;
        self.outstanding.retain(|(ticker, side), request| {
            let traded = view.trades.iter().any(|trade| trade.ticker == *ticker && trade.side == *side);
            let sent = view
                .history
                .iter()
                .any(|past| past.ticker == *ticker && past.side == *side && past.last_entry_at >= request.asked_at);
            let forgotten = request.refused_until.is_none() && view.at.since(request.asked_at) > timeout;
            !(traded || sent || forgotten)
        });
        self.desk = Some(view);
        for reading in std::mem::take(&mut self.waiting) {
            self.take_momentum(reading);
        }
    }

    fn take_reply(&mut self, now: Timestamp, decision: DecisionId, reply: &DeskReply) {
        let Some((key, request)) = self.outstanding.iter_mut().find(|(_key, request)| request.decision == decision)
        else {
            return;
        };
        // Accepted: it stays outstanding until the desk's view shows it.
        let DeskReply::Refused(refusal) = reply else { return };
        request.refused_until = Some(now + self.config.retry_after_refusal);
        request.cost = Money::ZERO;
        *self.refused.entry(refusal.code).or_default() += 1;
        self.reasons.insert(key.clone(), refusal.code);
    }

    fn take_momentum(&mut self, reading: MomentumReading) {
        let Some(desk) = &self.desk else {
            if self.waiting.len() == MOST_WAITING {
                self.waiting.pop_front();
            }
            self.waiting.push_back(reading);
            return;
        };
        self.pause = SpikePause::after(self.pause, &reading, &desk.settings, self.config.limits.momentum);
        self.momentum = Some(reading);
    }

    fn pending(&self, now: Timestamp) -> Pending {
        let under_way = self.outstanding.values().filter(|request| request.refused_until.is_none());
        let (trades, cost) =
            under_way.fold((0, Money::ZERO), |(trades, cost), request| (trades + 1, cost + request.cost));
        let begin = now - TimeSpan::from_minutes(1);
        let requests = self.requests.iter().filter(|at| **at > begin).count();
        Pending { trades, cost, requests_last_minute: u32::try_from(requests).unwrap_or(u32::MAX) }
    }

    /// Without words.
    fn situation<'a>(&'a self, now: Timestamp, table: &'a StrikeTable, row: &'a StrikeRow) -> Situation<'a> {
        Situation {
            now,
            limits: &self.config.limits,
            desk: self.desk.as_deref(),
            table,
            row,
            side: row.favoured,
            market: self.markets.get(&row.ticker),
            momentum: self.momentum.as_ref(),
            pause: self.pause.as_ref(),
            pending: self.pending(now),
            worded: false,
        }
    }

    /// Looks at every row, the likeliest first.
    fn evaluate(&mut self, now: Timestamp, table: &StrikeTable, out: &mut Vec<Output>) {
        let mut rows: Vec<_> = table.rows.iter().collect();
        let chance = |row: &StrikeRow| row.probability(row.favoured).map_or(-1.0, |chance| chance.get());
        rows.sort_by(|a, b| chance(b).total_cmp(&chance(a)));
        self.outstanding.retain(|_key, request| request.is_waiting(now));
        for row in rows {
            self.consider(now, Occasion::Table, table, row, out);
        }
        let present: BTreeSet<_> = table.rows.iter().map(|row| (&row.ticker, row.favoured)).collect();
        self.reasons.retain(|(ticker, side), _code| present.contains(&(ticker, *side)));
    }

    /// Takes rows into the table that they belong to and looks at each.
    fn renew(&mut self, now: Timestamp, rows: StrikeRows, out: &mut Vec<Output>) {
        let Some(mut table) = self.table.take() else { return };
        // Rows that were overtaken by a newer table are of chances that are over.
        if table.event == rows.event && table.at <= rows.at {
            for row in rows.rows {
                // Numbers first: tickers of one event differ in their last characters only.
                let is_it = |known: &StrikeRow| known.strike == row.strike && known.ticker == row.ticker;
                let Some(place) = table.rows.iter().position(is_it) else { continue };
                table.rows[place] = row;
                self.consider(now, Occasion::Book, &table, &table.rows[place], out);
            }
        }
        self.table = Some(table);
    }

    fn consider(
        &mut self,
        now: Timestamp,
        occasion: Occasion,
        table: &StrikeTable,
        row: &StrikeRow,
        out: &mut Vec<Output>,
    ) {
        let key = (row.ticker.clone(), row.favoured);
        if self.outstanding.get(&key).is_some_and(|request| request.is_waiting(now)) {
            return;
        }
        self.considered += 1;
        match propose(&self.situation(now, table, row)) {
            Ok(proposal) => {
                if self.requests_within(now, TimeSpan::from_seconds(1)) < self.config.requests_per_second {
                    let request = self.request(now, occasion, table, row, &proposal);
                    self.note_request(now, key, &proposal, request.decision);
                    out.push(Output::Request(Box::new(request)));
                }
            }
            Err(Refusal { code, .. }) => {
                *self.refused.entry(code).or_default() += 1;
                if self.reasons.insert(key, code) != Some(code)
                    && let Err(refusal) = propose(&Situation { worded: true, ..self.situation(now, table, row) })
                {
                    let (ticker, side) = (row.ticker.clone(), row.favoured);
                    let evidence = self.evidence(now, occasion, table, row, None);
                    out.push(Output::RefusalChanged(Box::new(NotedRefusal { ticker, side, refusal, evidence })));
                }
            }
        }
    }

    fn requests_within(&self, now: Timestamp, span: TimeSpan) -> u32 {
        let count = self.requests.iter().filter(|at| **at > now - span).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn note_request(&mut self, now: Timestamp, key: Key, proposal: &Proposal, decision: DecisionId) {
        self.requests.push_back(now);
        while self.requests.front().is_some_and(|at| *at <= now - TimeSpan::from_minutes(1)) {
            self.requests.pop_front();
        }
        self.requested += 1;
        self.reasons.remove(&key);
        let cost = proposal.worst_case;
        self.outstanding.insert(key, Outstanding { decision, asked_at: now, cost, refused_until: None });
    }

    /// What a row was looked at with, as JSON; with the prices of the entry where one is proposed.
    fn evidence(
        &self,
        now: Timestamp,
        occasion: Occasion,
        table: &StrikeTable,
        row: &StrikeRow,
        proposal: Option<&Proposal>,
    ) -> String {
        let age = |at: Timestamp| now.since(at).micros();
        let evidence = Evidence {
            occasion,
            row,
            table_at: table.at,
            close_time: table.close_time,
            spot: &table.spot,
            index: &table.index,
            settlement: &table.settlement,
            momentum: &table.momentum,
            ask: proposal.map(|proposal| proposal.ask),
            limit: proposal.map(|proposal| proposal.limit),
            table_age_micros: age(table.at),
            spot_age_micros: table.spot.as_ref().map(|spot| spot.age(now).micros()),
            index_age_micros: table.index.as_ref().map(|index| index.age(now).micros()),
            book_age_micros: row.book_at.map(age),
            desk_age_micros: self.desk.as_ref().map(|desk| age(desk.at)),
        };
        serde_json::to_string(&evidence).expect("plain data with string keys is JSON")
    }

    fn request(
        &self,
        now: Timestamp,
        occasion: Occasion,
        table: &StrikeTable,
        row: &StrikeRow,
        proposal: &Proposal,
    ) -> DeskRequest {
        let side = row.favoured;
        let percent = proposal.probability.percent();
        let reason = format!(
            "{side} at {percent:.2} % for {} (limit {}), edge {:.2} points after fees, {} to the close",
            proposal.ask,
            proposal.limit,
            proposal.edge.net_points,
            minutes_and_seconds(table.time_to_close(now)),
        );
        DeskRequest {
            decision: DecisionId::of(&format!("entry:{}:{side}:{}", row.ticker, now.micros())),
            requester: Service::AutoEntrySupervisor.name().to_owned(),
            command: DeskCommand::Open(OpenRequest {
                ticker: row.ticker.clone(),
                side,
                quantity: proposal.quantity,
                limit: proposal.limit,
                origin: Origin::Auto,
                probability_percent: Some(percent),
                reason,
                decided_at: now,
                evidence: self.evidence(now, occasion, table, row, Some(proposal)),
            }),
        }
    }

    /// The state by the rules that concern no single row.
    fn state(&self, now: Timestamp) -> EntryState {
        let Some(table) = &self.table else { return EntryState::Disabled };
        let Some(row) = table.rows.first() else { return EntryState::Disabled };
        let situation = self.situation(now, table, row);
        let forbids = |rules: &[Rule]| rules.iter().any(|rule| rule.check(&situation).is_err());
        if forbids(&[Rule::Halt, Rule::Arming, Rule::Switch, Rule::Inputs]) {
            EntryState::Disabled
        } else if forbids(&[Rule::Pause]) {
            EntryState::Paused
        } else if forbids(&[Rule::Window]) {
            EntryState::Inactive
        } else {
            EntryState::Active
        }
    }

    fn report(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let state = self.state(now);
        if now < self.next_status_at && self.published_state == Some(state) {
            return;
        }
        self.next_status_at = now + self.config.status_every;
        self.published_state = Some(state);
        let settings = self.desk.as_ref().map(|desk| &desk.settings);
        out.push(Output::Status(EntryStatus {
            at: now,
            state,
            paused_until: self.pause.zip(settings).map(|(pause, settings)| pause.until(settings)),
            considered: self.considered,
            requested: self.requested,
            refused: self.refused.iter().map(|(code, count)| (*code, *count)).collect(),
        }));
    }
}

impl Machine for EntryMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "entry";
    const OUTPUTS: KeptOutputs = KeptOutputs::Full;

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        // The state depends on no single row.
        let report_due = !matches!(input, Input::Rows(_)) || now >= self.next_status_at;
        match input {
            Input::Rows(rows) => self.renew(now, rows, &mut out),
            Input::Strikes(table) => {
                self.evaluate(now, &table, &mut out);
                self.table = Some(table);
            }
            Input::Desk(view) => self.take_desk(view),
            Input::Momentum(reading) => self.take_momentum(reading),
            Input::Markets(markets) => {
                self.markets = markets.into_iter().map(|market| (market.ticker.clone(), market)).collect();
            }
            Input::Reply { decision, reply } => self.take_reply(now, decision, &reply),
            Input::Wake => {}
        }
        if report_due {
            self.report(now, &mut out);
        }
        out
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        Some(self.next_status_at)
    }
}
