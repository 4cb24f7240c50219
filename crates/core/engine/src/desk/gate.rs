//! The risk gate: what may increase exposure. It refuses, it never makes a request smaller.

use rec_domain::{
    Money, Price, Timestamp,
    caps::RiskCaps,
    command::OpenRequest,
    intent::GroupRole,
    market::Market,
    order::OrderState,
    refusal::{Refusal, RefusalCode},
    trade::Origin,
};

use super::books::{Books, Group};

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
}

/// Whether `request` may be committed at `now`.
///
/// # Errors
/// The first rule that refuses it.
pub(super) fn admit(
    books: &Books,
    caps: &RiskCaps,
    request: &OpenRequest,
    send_by: Timestamp,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    let refuse = |code: RefusalCode, message: String| Err(Refusal::new(code, message));
    if let Some(halt) = books.halts.values().next() {
        return refuse(RefusalCode::Halted, format!("halted by {}: {}", halt.source, halt.reason));
    }
    if !books.armed() {
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
    let admission = price(books, market, request)?;
    one_trade_per_side(books, request, now)?;
    within_caps(books, caps, request, &admission, now)?;
    Ok(admission)
}

/// The price on the grid, the worst case and the group.
fn price(books: &Books, market: &Market, request: &OpenRequest) -> Result<Admission, Refusal> {
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

fn within_caps(
    books: &Books,
    caps: &RiskCaps,
    request: &OpenRequest,
    admission: &Admission,
    now: Timestamp,
) -> Result<(), Refusal> {
    let refuse = |code: RefusalCode, message: String| Err(Refusal::new(code, message));
    if request.quantity > caps.contracts_per_order {
        let message = format!("{} contracts are above the cap of {}", request.quantity, caps.contracts_per_order);
        return refuse(RefusalCode::ContractsPerOrder, message);
    }
    let is_new = books.trade_in(&request.ticker, request.side).is_none();
    let open_trades = u32::try_from(books.trades.len()).unwrap_or(u32::MAX);
    if is_new && open_trades >= caps.open_trades {
        return refuse(RefusalCode::OpenTrades, format!("{open_trades} trades are open, the cap"));
    }
    let recent = u32::try_from(books.entries_in_last_minute(now)).unwrap_or(u32::MAX);
    if recent >= caps.orders_per_minute {
        return refuse(RefusalCode::OrdersPerMinute, format!("{recent} orders in the last minute, the cap"));
    }
    if -books.realised_today >= caps.daily_loss {
        return refuse(RefusalCode::DailyLoss, format!("{} lost today, the cap", -books.realised_today));
    }
    let market = &admission.market;
    let worst = admission.worst_case;
    let limits = [
        (
            RefusalCode::MoneyPerMarket,
            books.exposure(|trade| trade.ticker == market.ticker),
            caps.money_per_market,
            "in this market",
        ),
        (
            RefusalCode::MoneyPerEvent,
            books.exposure(|trade| trade.event == market.event),
            caps.money_per_event,
            "in this event",
        ),
        (RefusalCode::MoneyPerDay, books.risked_today, caps.money_per_day, "today"),
        (RefusalCode::MoneyPerAccount, books.exposure(|_| true), caps.money_per_account, "in all"),
    ];
    for (code, present, cap, place) in limits {
        if present + worst > cap {
            return refuse(code, format!("{present} {place} and {worst} more are above the cap of {cap}"));
        }
    }
    let free = books.free_cash(market.exchange_index);
    if worst > free {
        let message = format!("{worst} needed, {free} free on shard {}", market.exchange_index);
        return refuse(RefusalCode::Cash, message);
    }
    Ok(())
}
