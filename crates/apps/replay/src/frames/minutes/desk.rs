//! The machines and rules of the desk on what was recorded.

use std::collections::BTreeMap;

use rec_domain::{
    DeskId, Fresh, MarketTicker, Mode, Money, Side, TimeSpan, Timestamp, UsdPrice,
    book::{BookTop, Top},
    caps::RiskCaps,
    desk_view::{Cursors, DeskView},
    index::IndexPrint,
    market::Market,
    momentum::MomentumReading,
    risk_view::RiskView,
    settings::AutomationSettings,
    strike_table::{StrikeRow, StrikeTable},
};
use rec_engine::{
    Machine,
    entry::{Limits, Pending, Situation, SpikePause, decision_table, propose},
    momentum::{self, MomentumMachine},
    odds::{self, OddsMachine},
};

use super::{
    Judgement,
    history::Happening,
    markets::Markets,
    report::{Decision, Minute, MinuteRow, Reason},
};

/// A silence of the recording after which its quotes are not taken as current any more.
const QUOTES_STAND_FOR: TimeSpan = TimeSpan::from_seconds(5);

/// A desk that watches a recording and holds nothing.
pub(super) struct Desk {
    odds: Option<OddsMachine>,
    momentum: MomentumMachine,
    limits: Limits,
    settings: AutomationSettings,
    caps: RiskCaps,
    has_index: bool,
    markets: Markets,
    tops: BTreeMap<MarketTicker, Top>,
    alive_at: Timestamp,
    spot: Option<Fresh<UsdPrice>>,
    index: Option<Fresh<UsdPrice>>,
    reading: Option<MomentumReading>,
    pause: Option<SpikePause>,
    sizeless: bool,
}

impl Desk {
    pub(super) fn new(judgement: &Judgement, has_index: bool) -> Self {
        // A table is made whenever it is asked for.
        let always = TimeSpan::ZERO;
        let config = odds::Config { least_gap: always, price_gap: always, every: always, ..odds::Config::default() };
        Self {
            odds: judgement.fingerprints.clone().map(|fingerprints| OddsMachine::new(config, fingerprints)),
            momentum: MomentumMachine::new(momentum::Config { publish_every: TimeSpan::ZERO }),
            limits: Limits::default(),
            settings: AutomationSettings { auto_entry: true, ..judgement.settings.clone() },
            caps: judgement.caps,
            has_index,
            markets: Markets::default(),
            tops: BTreeMap::new(),
            alive_at: Timestamp::default(),
            spot: None,
            index: None,
            reading: None,
            pause: None,
            sizeless: false,
        }
    }

    pub(super) fn take(&mut self, at: Timestamp, happening: Happening) {
        if !matches!(happening, Happening::Spot(_)) {
            self.alive_at = at;
        }
        match happening {
            Happening::Described(market) => self.markets.describe(*market),
            Happening::Quoted { ticker, top, volume } => {
                self.markets.seen(&ticker, at, volume);
                self.sizeless |=
                    top.is_some_and(|top| top.bid.or(top.ask).is_some_and(|level| level.quantity.units() == 1));
                match top {
                    Some(top) => self.tops.insert(ticker, top),
                    None => self.tops.remove(&ticker),
                };
            }
            Happening::Changed(ticker, change) => self.markets.change(&ticker, &change),
            Happening::Index { stamped_at, value } => self.take_index(at, stamped_at, value),
            Happening::Spot(price) => self.take_spot(at, price),
            Happening::Alive => {}
        }
    }

    fn take_index(&mut self, at: Timestamp, stamped_at: Timestamp, value: UsdPrice) {
        let source = "index".to_owned();
        self.index = Some(Fresh { value, source, observed_at: stamped_at, received_at: at });
        self.tell_odds(at, odds::Input::Index(IndexPrint { stamped_at, value, received_at: at }));
    }

    fn take_spot(&mut self, at: Timestamp, price: UsdPrice) {
        let spot = Fresh { value: price, source: "recording".to_owned(), observed_at: at, received_at: at };
        for output in self.momentum.step(at, momentum::Input::Spot(spot.clone())) {
            self.take_reading(at, output);
        }
        self.tell_odds(at, odds::Input::Spot(spot.clone()));
        self.spot = Some(spot);
        if !self.has_index {
            let second = Timestamp::from_seconds(at.micros().div_euclid(1_000_000));
            self.take_index(at, second, price);
        }
    }

    fn take_reading(&mut self, at: Timestamp, output: momentum::Output) {
        let momentum::Output::Momentum(reading) = output;
        self.pause = SpikePause::after(self.pause, &reading, &self.settings, self.limits.momentum);
        self.tell_odds(at, odds::Input::Momentum(reading.clone()));
        self.reading = Some(reading);
    }

    fn tell_odds(&mut self, at: Timestamp, input: odds::Input) -> Option<StrikeTable> {
        let outputs = self.odds.as_mut()?.step(at, input);
        let tables = outputs.into_iter().filter_map(|output| match output {
            odds::Output::Strikes(table) => Some(*table),
            odds::Output::Rows(_) => None,
        });
        tables.last()
    }

    /// The table as the desk has it at `now`, and what it decides on each row.
    pub(super) fn table(&mut self, now: Timestamp) -> Minute {
        for output in self.momentum.step(now, momentum::Input::Wake) {
            self.take_reading(now, output);
        }
        let markets = self.markets.all();
        self.tell_odds(now, odds::Input::Markets(markets.clone()));
        let tops = self.book_tops(now);
        let made = self.tell_odds(now, odds::Input::Books(tops));
        let table = match made {
            Some(table) if !table.rows.is_empty() => Some(table),
            _ => self.bare_table(now, &markets),
        };
        let momentum_percent = self.reading.as_ref().and_then(|reading| reading.score_percent);
        let value = |price: &Option<Fresh<UsdPrice>>| price.as_ref().map(|price| price.value);
        Minute {
            at: now,
            event: table.as_ref().map(|table| table.event.clone()),
            close_time: table.as_ref().map(|table| table.close_time),
            seconds_to_close: table.as_ref().map(|table| table.time_to_close(now).seconds()),
            spot: value(&self.spot),
            index: value(&self.index),
            momentum_percent,
            rows: table.map_or_else(Vec::new, |table| self.judge(now, &table)),
        }
    }

    /// A quote stands until the next one, as long as the recording goes on.
    fn book_tops(&self, now: Timestamp) -> Vec<BookTop> {
        let current = now.since(self.alive_at) <= QUOTES_STAND_FOR;
        let seen_at = if current { now } else { self.alive_at };
        let top = |(ticker, top): (&MarketTicker, &Top)| BookTop {
            ticker: ticker.clone(),
            top: Some(*top),
            observed_at: seen_at,
            received_at: seen_at,
        };
        self.tops.iter().map(top).collect()
    }

    /// All strikes of the event that closes next, without chances: where there is no model, or no price around which
    /// rows could be chosen.
    fn bare_table(&self, now: Timestamp, markets: &[Market]) -> Option<StrikeTable> {
        let open = |market: &&Market| {
            market.strike.is_some_and(|strike| strike.nominal_above().is_some())
                && market.open_time <= now
                && now < market.close_time
        };
        let next = markets.iter().filter(open).min_by_key(|market| (market.close_time, market.event.clone()))?;
        let why_not = match (&self.spot, &self.odds) {
            (None, _) => "there is no spot price",
            (_, None) => "there is no model: name its folder with --fingerprints",
            (Some(_), Some(_)) => "there is no price of the underlying",
        };
        let tops: BTreeMap<_, _> = self.book_tops(now).into_iter().map(|top| (top.ticker.clone(), top)).collect();
        let row = |market: &Market| {
            let book = tops.get(&market.ticker);
            Some(StrikeRow {
                ticker: market.ticker.clone(),
                strike: market.strike?.nominal_above()?,
                buffer: UsdPrice::default(),
                favoured: Side::Yes,
                yes: None,
                why_not: Some(why_not.to_owned()),
                top: book.and_then(|book| book.top),
                book_at: book.map(|book| book.observed_at),
                volume: market.volume,
                yes_edge: None,
                no_edge: None,
            })
        };
        let of_event = markets.iter().filter(open).filter(|market| market.event == next.event);
        let mut rows: Vec<_> = of_event.filter_map(row).collect();
        rows.sort_by(|one, other| (one.strike, &one.ticker).cmp(&(other.strike, &other.ticker)));
        Some(StrikeTable {
            at: now,
            event: next.event.clone(),
            close_time: next.close_time,
            spot: self.spot.clone(),
            index: self.index.clone(),
            settlement: rec_domain::index::SettlementWindow { close_time: next.close_time, known: 0, mean: None },
            momentum: self.reading.clone(),
            rows,
        })
    }

    fn judge(&self, now: Timestamp, table: &StrikeTable) -> Vec<MinuteRow> {
        let view = self.view(now);
        let of_row = |row: &StrikeRow| {
            let situation = Situation {
                now,
                limits: &self.limits,
                desk: Some(&view),
                table,
                row,
                side: row.favoured,
                market: self.markets.get(&row.ticker),
                momentum: self.reading.as_ref(),
                pause: self.pause.as_ref(),
                pending: Pending::default(),
                worded: true,
            };
            let decision = propose(&situation).map_or(Decision::Refuse, |proposal| Decision::Enter {
                quantity: proposal.quantity,
                limit: proposal.limit,
            });
            MinuteRow {
                ticker: row.ticker.clone(),
                strike: row.strike,
                side: row.yes.map(|_chance| row.favoured),
                probability: row.probability(row.favoured).map(|chance| chance.percent()),
                bid: row.top.and_then(|top| top.bid).map(|level| level.price),
                ask: row.top.and_then(|top| top.ask).map(|level| level.price),
                edge: row.edge(row.favoured).map(|edge| edge.net_points),
                volume: row.volume,
                decision,
                reasons: reasons(&situation),
            }
        };
        table.rows.iter().map(of_row).collect()
    }

    /// A desk that holds nothing, is reconciled and has cash for whatever its caps allow.
    fn view(&self, now: Timestamp) -> DeskView {
        let shards = self.markets.all().into_iter().map(|market| market.exchange_index);
        DeskView {
            at: now,
            mode: Mode::Twin,
            desk: DeskId::from_bits(0),
            epoch: 1,
            ready: true,
            armed: true,
            arming: None,
            settings: self.settings.clone(),
            caps: self.caps,
            halts: Vec::new(),
            trades: Vec::new(),
            orders: Vec::new(),
            history: Vec::new(),
            cash: shards.map(|shard| (shard, self.caps.money_per_account)).collect(),
            exposure: Money::ZERO,
            realised_today: Money::ZERO,
            risk: RiskView::default(),
            reconciliation: None,
            late_results: vec![],
            cursors: Cursors::default(),
        }
    }

    /// What the recording does not say.
    pub(super) fn assumed(&self) -> Vec<String> {
        let mut assumed = Vec::new();
        if self.markets.assumed() > 0 {
            assumed.push(format!(
                "{} market(s) are not described in the recording: strike and close are taken from their names, whole \
                 cents, crypto fees and direct netting are assumed",
                self.markets.assumed()
            ));
        }
        if self.sizeless {
            assumed.push("quotes without sizes stand for 0.01 contracts".to_owned());
        }
        if self.markets.without_volume() {
            assumed.push("the recording does not say the volume of every market: it counts as zero there".to_owned());
        }
        if !self.has_index && self.spot.is_some() {
            assumed
                .push("there is no settlement index in the recording: the spot price stands in its place".to_owned());
        }
        if self.odds.is_none() {
            assumed.push("there is no model (--fingerprints DIR), so that no row has a chance".to_owned());
        }
        assumed
    }
}

/// Every objection once, in the order of the rules.
fn reasons(situation: &Situation<'_>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for (rule, refusal) in decision_table(situation) {
        let Some(refusal) = refusal else { continue };
        let said = |reason: &Reason| reason.message == refusal.message;
        if !reasons.iter().any(said) {
            reasons.push(Reason { rule, code: refusal.code, message: refusal.message });
        }
    }
    reasons
}
