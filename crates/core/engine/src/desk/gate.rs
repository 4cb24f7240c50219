//! The risk gate: what may increase exposure. It refuses, it never makes a request smaller.

use rec_domain::{
    Money, Price, Timestamp,
    caps::{Amount, Cap, CapCheck},
    command::OpenRequest,
    intent::GroupRole,
    market::Market,
    order::OrderState,
    refusal::{Refusal, RefusalCode},
    trade::Origin,
};

use super::{
    DeskConfig,
    books::{Books, Group},
    risk,
};

/// A request that may be committed.
pub(super) struct Admission {
    /// The market.
    pub(super) market: Market,
    /// The limit as YES price on the grid.
    pub(super) yes_price: Price,
    /// The most that it can cost, fees included.
    pub(super) worst_case: Money,
    /// The entry group of its shard.
    pub(super) group: Group,
    /// Not to be sent after this instant.
    pub(super) send_by: Timestamp,
    /// The caps that it was held against.
    pub(super) checks: Vec<CapCheck>,
}

/// A request that may not.
pub(super) struct Refused {
    /// Why.
    pub(super) refusal: Refusal,
    /// The caps that it was held against, if it came so far.
    pub(super) checks: Vec<CapCheck>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, checks: Vec::new() }
    }
}

/// Whether `request` may be committed at `now`.
///
/// # Errors
/// The first rule that refuses it.
pub(super) fn admit(
    books: &Books,
    config: &DeskConfig,
    request: &OpenRequest,
    now: Timestamp,
) -> Result<Admission, Refused> {
    let refuse = |code: RefusalCode, message: String| Err(Refused::from(Refusal::new(code, message)));
    // Who decided may have a clock ahead of ours; that must not let an order wait longer.
    let send_by = request.decided_at.min(now) + config.entry_send_by;
    if let Some(halt) = books.halts.values().next() {
        return refuse(RefusalCode::Halted, format!("halted by {}: {}", halt.source, halt.reason));
    }
    if !books.armed(now) {
        return refuse(RefusalCode::Disarmed, format!("the desk is not armed for mode {}", books.identity.mode));
    }
    if !books.ready {
        return refuse(
            RefusalCode::Unreconciled,
            "books and exchange have not been compared since the start".to_owned(),
        );
    }
    if request.origin == Origin::Auto && !books.settings.auto_entry {
        return refuse(RefusalCode::SwitchedOff, "automatic entry is switched off".to_owned());
    }
    if now > send_by {
        return refuse(RefusalCode::TooLate, format!("decided at {}, too long ago to send", request.decided_at));
    }
    let Some(market) = books.markets.get(&request.ticker) else {
        return refuse(RefusalCode::UnknownMarket, format!("market {} is not known", request.ticker));
    };
    if !market.takes_orders(now) {
        return refuse(RefusalCode::MarketNotOpen, format!("market {} does not take orders now", request.ticker));
    }
    if !market.collateral.may_enter() {
        return refuse(RefusalCode::UnknownTerms, format!("event {} holds collateral in an unknown way", market.event));
    }
    let mut admission = price(books, market, request, send_by)?;
    one_trade_per_side(books, request, now)?;
    admission.checks = within_caps(books, config, request, &admission, now)?;
    match enough_cash(books, &admission) {
        Ok(()) => Ok(admission),
        Err(refusal) => Err(Refused { refusal, checks: admission.checks }),
    }
}

/// The price on the grid, the worst case and the group.
fn price(books: &Books, market: &Market, request: &OpenRequest, send_by: Timestamp) -> Result<Admission, Refusal> {
    let refuse = |code: RefusalCode, message: String| Err(Refusal::new(code, message));
    if !request.quantity.is_positive() {
        return refuse(RefusalCode::Quantity, format!("{} contracts cannot be bought", request.quantity));
    }
    let yes_limit = request.side.convert_price(request.limit);
    let rounded = match request.side.opening_book_side() {
        rec_domain::BookSide::Bid => market.grid.round_down(yes_limit),
        rec_domain::BookSide::Ask => market.grid.round_up(yes_limit),
    };
    let Some(yes_price) = rounded.filter(|_| request.limit.is_positive() && request.limit < Price::ONE) else {
        return refuse(RefusalCode::Price, format!("{} is not a price of {}", request.limit, request.ticker));
    };
    let limit = request.side.convert_price(yes_price);
    let Some(fee) = market.fees.worst_case(limit, request.quantity) else {
        return refuse(RefusalCode::UnknownTerms, format!("the fee of series {} is not known", market.series));
    };
    let group = books.groups.get(&(market.exchange_index, GroupRole::Entry));
    let exit_group = books.groups.get(&(market.exchange_index, GroupRole::Exit));
    let (Some(group), Some(_)) = (group.filter(|group| !group.tripped), exit_group) else {
        let message = format!("the order groups of shard {} are missing or tripped", market.exchange_index);
        return refuse(RefusalCode::OrderGroup, message);
    };
    Ok(Admission {
        market: market.clone(),
        yes_price,
        worst_case: limit * request.quantity + fee,
        group: group.clone(),
        send_by,
        checks: Vec::new(),
    })
}

/// One entry, one closer: nothing is bought twice, and nothing against what is held.
fn one_trade_per_side(books: &Books, request: &OpenRequest, now: Timestamp) -> Result<(), Refusal> {
    let refuse = |code: RefusalCode, message: String| Err(Refusal::new(code, message));
    let (ticker, side) = (&request.ticker, request.side);
    if let Some(order) = books.open_orders().find(|o| o.spec.ticker == *ticker && o.state == OrderState::Unknown) {
        return refuse(RefusalCode::UnknownOrder, format!("order {} in {ticker} has an unknown outcome", order.intent));
    }
    if let Some(trade) = books.trade_in(ticker, side.opposite()) {
        return refuse(RefusalCode::OppositeHeld, format!("trade {} is on the other side of {ticker}", trade.id));
    }
    if let Some(trade) = books.trade_in(ticker, side) {
        let under_way = books.open_orders_of(trade.id).next().is_some();
        if request.origin == Origin::Auto || under_way {
            return refuse(RefusalCode::AlreadyTraded, format!("trade {} is in {ticker} {side}", trade.id));
        }
    }
    if request.origin == Origin::Auto
        && let Some(history) = books.history.get(&(ticker.clone(), side))
    {
        let wait = books.settings.cooldown();
        if now.since(history.last_entry_at) < wait {
            return refuse(RefusalCode::Cooldown, format!("an order was sent for {ticker} {side} within {wait}"));
        }
        if history.entered.is_positive() && !books.settings.allow_re_entry {
            return refuse(RefusalCode::AlreadyTraded, format!("{ticker} {side} was traded before"));
        }
    }
    Ok(())
}

/// Holds a request against every cap: what each allows, what is used and what would be, and the first that refuses it.
/// Nothing makes a request smaller.
fn within_caps(
    books: &Books,
    config: &DeskConfig,
    request: &OpenRequest,
    admission: &Admission,
    now: Timestamp,
) -> Result<Vec<CapCheck>, Refused> {
    let caps = books.caps(&config.caps);
    let equity = books.equity(config.book_limit, now);
    let checks: Vec<CapCheck> = Cap::ALL
        .iter()
        .map(|cap| {
            let (market, worst) = (&admission.market, Amount::Dollars(admission.worst_case));
            let used = match cap {
                Cap::MoneyPerMarket => Amount::Dollars(books.exposure(|trade| trade.ticker == market.ticker)),
                Cap::MoneyPerEvent => Amount::Dollars(books.exposure(|trade| trade.event == market.event)),
                _ => books.used(*cap, &equity, now).0,
            };
            let asked = match cap {
                Cap::ContractsPerOrder => Some(Amount::Contracts(request.quantity)),
                Cap::MoneyPerMarket | Cap::MoneyPerEvent | Cap::MoneyPerDay | Cap::MoneyPerAccount => Some(worst),
                Cap::OrdersPerMinute => Some(Amount::Count(1)),
                Cap::OpenTrades => {
                    let is_new = books.trade_in(&request.ticker, request.side).is_none();
                    Some(Amount::Count(u32::from(is_new)))
                }
                Cap::DailyLoss | Cap::Drawdown => None,
            };
            CapCheck { cap: *cap, used, asked, limit: caps.limit(*cap) }
        })
        .collect();
    let Some(broken) = checks.iter().find(|check| !check.holds()) else { return Ok(checks) };
    let CapCheck { cap, used, asked, limit } = broken;
    let message = match asked {
        Some(asked) => format!("{cap}: {used} used and {asked} asked for are above the cap of {limit}"),
        None => format!("{cap}: {used} used of {limit}{}", risk::without_bid_text(&equity)),
    };
    Err(Refused { refusal: Refusal::new(cap.refusal(), message), checks })
}

fn enough_cash(books: &Books, admission: &Admission) -> Result<(), Refusal> {
    let (shard, worst) = (admission.market.exchange_index, admission.worst_case);
    let free = books.free_cash(shard);
    if worst > free {
        return Err(Refusal::new(RefusalCode::Cash, format!("{worst} needed, {free} free on shard {shard}")));
    }
    Ok(())
}
