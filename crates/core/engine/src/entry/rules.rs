//! The rules of an entry, in their order.

use rec_domain::{
    Money, Side, TimeSpan,
    caps::Cap,
    order::OrderState,
    refusal::{Refusal, RefusalCode},
    trade::Trade,
};
use serde::{Deserialize, Serialize};

use super::Situation;

/// A rule that can forbid an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No halt is in force.
    Halt,
    /// The mode may trade.
    Arming,
    /// Automatic entry is switched on.
    Switch,
    /// Desk, strike table, spot and index are fresh.
    Inputs,
    /// The market belongs to the table's event, takes orders, and its chance and book are known and fresh.
    Market,
    /// No momentum spike.
    Pause,
    /// The time to the close lies in the window.
    Window,
    /// No order was sent there a moment ago.
    Cooldown,
    /// No position, trade or unknown order there, and no earlier trade unless re-entry is allowed.
    Held,
    /// Enough volume, and an ask that is not too high.
    Liquidity,
    /// Chance enough.
    Probability,
    /// Edge enough, after the fee.
    Edge,
    /// The limits on contracts, trades, orders and money that can be judged from here.
    Risk,
    /// There is a limit price that keeps all of this.
    Limit,
}

type Verdict = Result<(), Refusal>;

fn refuse<T>(code: RefusalCode, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(code, message))
}

impl Situation<'_> {
    fn demand(&self, holds: bool, code: RefusalCode, message: impl FnOnce() -> String) -> Verdict {
        if holds { Ok(()) } else { refuse(code, if self.worded { message() } else { String::new() }) }
    }
}

/// `12:05`, minutes and seconds.
pub(super) fn minutes_and_seconds(span: TimeSpan) -> String {
    let seconds = span.seconds();
    let sign = if seconds < 0 { "-" } else { "" };
    format!("{sign}{:02}:{:02}", seconds.abs() / 60, seconds.abs() % 60)
}

impl Rule {
    /// Every rule, in the order in which they are applied.
    pub const ALL: &'static [Self] = &[
        Self::Halt,
        Self::Arming,
        Self::Switch,
        Self::Inputs,
        Self::Market,
        Self::Pause,
        Self::Window,
        Self::Cooldown,
        Self::Held,
        Self::Liquidity,
        Self::Probability,
        Self::Edge,
        Self::Risk,
        Self::Limit,
    ];

    /// Whether the rule allows the entry.
    ///
    /// # Errors
    /// Its objection.
    pub fn check(self, situation: &Situation<'_>) -> Result<(), Refusal> {
        match self {
            Self::Halt => halt(situation),
            Self::Arming => arming(situation),
            Self::Switch => switch(situation),
            Self::Inputs => inputs(situation),
            Self::Market => market(situation),
            Self::Pause => pause(situation),
            Self::Window => window(situation),
            Self::Cooldown => cooldown(situation),
            Self::Held => held(situation),
            Self::Liquidity => liquidity(situation),
            Self::Probability => probability(situation),
            Self::Edge => edge(situation),
            Self::Risk => risk(situation),
            Self::Limit => situation.proposal().map(|_proposal| ()),
        }
    }
}

fn halt(s: &Situation<'_>) -> Verdict {
    s.desk()?
        .halts
        .first()
        .map_or(Ok(()), |halt| refuse(RefusalCode::Halted, format!("halted by {}: {}", halt.source, halt.reason)))
}

fn arming(s: &Situation<'_>) -> Verdict {
    let desk = s.desk()?;
    s.demand(desk.armed, RefusalCode::Disarmed, || format!("mode {} is not armed", desk.mode))
}

fn switch(s: &Situation<'_>) -> Verdict {
    s.demand(s.desk()?.settings.auto_entry, RefusalCode::SwitchedOff, || "automatic entry is switched off".to_owned())
}

fn inputs(s: &Situation<'_>) -> Verdict {
    let desk = s.desk()?;
    let old = |age: TimeSpan| format!("{:.1} s old", age.as_seconds_f64());
    let desk_age = s.now.since(desk.at);
    s.demand(desk_age <= s.limits.desk, RefusalCode::StaleDesk, || format!("the desk's view is {}", old(desk_age)))?;
    s.demand(desk.ready, RefusalCode::Unreconciled, || "books and exchange have not been compared yet".to_owned())?;
    for (name, value, limit, code) in [
        ("spot price", &s.table.spot, s.limits.spot, RefusalCode::StaleSpot),
        ("index", &s.table.index, s.limits.index, RefusalCode::StaleIndex),
    ] {
        let Some(value) = value else { return refuse(code, format!("there is no {name}")) };
        let age = value.age(s.now);
        s.demand(age <= limit, code, || format!("the {name} is {}", old(age)))?;
    }
    let table_age = s.now.since(s.table.at);
    s.demand(table_age <= s.limits.table, RefusalCode::NoProbability, || {
        format!("the strike table is {}", old(table_age))
    })
}

fn market(s: &Situation<'_>) -> Verdict {
    let market = s.market()?;
    let same = market.event == s.table.event && market.close_time == s.table.close_time;
    s.demand(same && market.takes_orders(s.now), RefusalCode::MarketNotOpen, || {
        if same { "the market does not take orders".to_owned() } else { "the table is of another event".to_owned() }
    })?;
    s.demand(market.collateral.may_enter(), RefusalCode::UnknownTerms, || {
        "the event's collateral rule is not known".to_owned()
    })?;
    s.probability()?;
    let age = s.row.book_at.map(|at| s.now.since(at));
    let current = s.row.top.is_some() && age.is_some_and(|age| age <= s.limits.book);
    s.demand(current, RefusalCode::StaleBook, || match age {
        Some(age) if age > s.limits.book => format!("the book is {:.1} s old", age.as_seconds_f64()),
        _ => "the book is not known".to_owned(),
    })
}

fn pause(s: &Situation<'_>) -> Verdict {
    let settings = &s.desk()?.settings;
    if !settings.spike_alert_enabled {
        return Ok(());
    }
    if let Some(pause) = s.pause {
        let left = pause.until(settings).since(s.now).max(TimeSpan::ZERO);
        return refuse(
            RefusalCode::SpikePause,
            format!("paused after a momentum spike, {} left", minutes_and_seconds(left)),
        );
    }
    let reading = s.momentum.filter(|reading| s.now.since(reading.at) <= s.limits.momentum);
    s.demand(reading.is_some_and(|reading| reading.score_percent.is_some()), RefusalCode::SpikePause, || {
        "momentum is not known, so a spike cannot be ruled out".to_owned()
    })
}

fn window(s: &Situation<'_>) -> Verdict {
    let settings = &s.desk()?.settings;
    let left = s.table.time_to_close(s.now);
    let (least, most) =
        (TimeSpan::from_seconds(settings.min_time_seconds), TimeSpan::from_seconds(settings.max_time_seconds));
    s.demand(least <= left && left <= most, RefusalCode::OutsideWindow, || {
        let [left, least, most] = [left, least, most].map(minutes_and_seconds);
        format!("{left} to the close is not between {least} and {most}")
    })
}

fn cooldown(s: &Situation<'_>) -> Verdict {
    let desk = s.desk()?;
    let there = desk.history.iter().find(|past| past.ticker == s.row.ticker && past.side == s.side);
    let left = there.map(|past| (past.last_entry_at + desk.settings.cooldown()).since(s.now));
    s.demand(left.is_none_or(|left| left <= TimeSpan::ZERO), RefusalCode::Cooldown, || {
        format!("an order was sent here less than {} s ago", desk.settings.cooldown_seconds)
    })
}

fn held(s: &Situation<'_>) -> Verdict {
    let desk = s.desk()?;
    let running = |side: Side| {
        move |trade: &&Trade| !trade.state.is_final() && trade.ticker == s.row.ticker && trade.side == side
    };
    if let Some(trade) = desk.trades.iter().find(running(s.side.opposite())) {
        return refuse(RefusalCode::OppositeHeld, format!("trade {} has {} here", trade.id, trade.side));
    }
    if let Some(trade) = desk.trades.iter().find(running(s.side)) {
        return refuse(RefusalCode::AlreadyTraded, format!("trade {} is {} here", trade.id, trade.state.name()));
    }
    let unknown =
        |order: &rec_domain::order::Order| order.state == OrderState::Unknown && order.spec.ticker == s.row.ticker;
    if let Some(order) = desk.orders.iter().find(|order| unknown(order)) {
        return refuse(RefusalCode::UnknownOrder, format!("what became of order {} is not known", order.intent));
    }
    let before = desk
        .history
        .iter()
        .any(|past| past.ticker == s.row.ticker && past.side == s.side && past.entered.is_positive());
    s.demand(!before || desk.settings.allow_re_entry, RefusalCode::AlreadyTraded, || {
        "traded here before, and re-entry is not allowed".to_owned()
    })
}

fn liquidity(s: &Situation<'_>) -> Verdict {
    let settings = &s.desk()?.settings;
    s.demand(s.row.volume >= settings.min_volume, RefusalCode::Volume, || {
        format!("volume {} is below {}", s.row.volume, settings.min_volume)
    })?;
    let ask = s.ask()?;
    s.demand(ask <= settings.max_ask, RefusalCode::AskLimit, || format!("ask {ask} is above {}", settings.max_ask))
}

fn probability(s: &Situation<'_>) -> Verdict {
    let (least, percent) = (s.desk()?.settings.min_probability_percent, s.probability()?.percent());
    s.demand(percent >= least, RefusalCode::Probability, || format!("chance {percent:.2} % is below {least:.2} %"))
}

fn edge(s: &Situation<'_>) -> Verdict {
    let (least, points) = (s.desk()?.settings.min_differential_points, s.edge()?.net_points);
    s.demand(points >= least, RefusalCode::Edge, || format!("edge {points:.2} after fees is below {least:.2} points"))
}

fn risk(s: &Situation<'_>) -> Verdict {
    let desk = s.desk()?;
    let caps = &desk.caps;
    let quantity = desk.settings.contracts();
    s.demand(quantity.is_positive(), RefusalCode::Quantity, || format!("{quantity} contracts cannot be bought"))?;
    s.demand(quantity <= caps.contracts_per_order, RefusalCode::ContractsPerOrder, || {
        format!("{quantity} contracts are above the limit of {} an order", caps.contracts_per_order)
    })?;
    let open = desk.trades.iter().filter(|trade| !trade.state.is_final()).count();
    let trades = u32::try_from(open).unwrap_or(u32::MAX).saturating_add(s.pending.trades);
    s.demand(trades < caps.open_trades, RefusalCode::OpenTrades, || format!("{trades} trades are open or under way"))?;
    s.demand(s.pending.requests_last_minute < caps.orders_per_minute, RefusalCode::OrdersPerMinute, || {
        format!("{} orders in the last minute", s.pending.requests_last_minute)
    })?;
    for cap in [Cap::DailyLoss, Cap::Drawdown] {
        let reached = desk.risk.caps.iter().find(|known| known.cap == cap && !known.limit.is_above(known.used));
        s.demand(reached.is_none(), cap.refusal(), || {
            reached.map_or_else(String::new, |known| format!("{cap}: {} used of {}", known.used, known.limit))
        })?;
    }
    // What the limit costs is judged only where there is one; the last rule says why there is none.
    let Ok(proposal) = s.proposal() else { return Ok(()) };
    let exposure = desk.exposure + s.pending.cost + proposal.worst_case;
    s.demand(exposure <= caps.money_per_account, RefusalCode::MoneyPerAccount, || {
        format!("{exposure} $ at risk would be above {} $", caps.money_per_account)
    })?;
    let cash = desk.cash.get(&s.market()?.exchange_index).copied().unwrap_or(Money::ZERO);
    let needed = s.pending.cost + proposal.worst_case;
    s.demand(needed <= cash, RefusalCode::Cash, || format!("{needed} $ are needed and {cash} $ are there"))
}
