//! The account that the twin serves: its orders, fills, positions, groups and settlements.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use rec_domain::{BookSide, ExchangeIndex, Money, Price, Quantity, Side, Timestamp};

use crate::core::{
    Verdict,
    config::CRYPTO_SHARD,
    ledger::{Ledger, LedgerAccount},
    mutation::{SelfTradePrevention, TimeInForce},
    output::OwnOrder,
    transfers::{CashMovement, ShardTransfer, SubaccountTransfer},
    wallet::Wallet,
};

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// In the book.
    Resting,
    /// Out of the book with something left.
    Canceled,
    /// Traded in full.
    Executed,
}

impl OrderStatus {
    /// The exchange's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Canceled => "canceled",
            Self::Executed => "executed",
        }
    }
}

/// An order of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number in the world.
    pub number: u64,
    /// The exchange's identity.
    pub order_id: String,
    /// The client's, empty when it gave none.
    pub client_order_id: Option<String>,
    /// The market's number.
    pub market: u32,
    /// The market's ticker.
    pub ticker: Arc<str>,
    /// The subaccount that placed it, and the shard that it is on.
    pub wallet: Wallet,
    /// Side of the YES book.
    pub side: BookSide,
    /// YES price.
    pub price: Price,
    /// Contracts asked for.
    pub initial: Quantity,
    /// Contracts traded.
    pub filled: Quantity,
    /// Contracts in the book.
    pub remaining: Quantity,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// What happens when it meets an order of the same account.
    pub self_trade_prevention: SelfTradePrevention,
    /// Whether it may only rest, never take.
    pub post_only: bool,
    /// Whether a pause of trading cancels it.
    pub cancel_on_pause: bool,
    /// Its group's number.
    pub group: Option<u64>,
    /// Its group's identity.
    pub order_group_id: Option<String>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Why it last changed, in the exchange's words.
    pub reason: Option<&'static str>,
    /// Collateral that is held for it.
    pub reserved: Money,
    /// Cost of what traded as taker.
    pub taker_cost: Money,
    /// Cost of what traded as maker.
    pub maker_cost: Money,
    /// Fees of what traded as taker.
    pub taker_fees: Money,
    /// Fees of what traded as maker.
    pub maker_fees: Money,
    /// Sum of YES price times contracts of what traded.
    pub yes_value: Money,
    /// When it came.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl Order {
    /// As the cause of a change of a book.
    #[must_use]
    pub fn as_cause(&self) -> OwnOrder {
        OwnOrder { client_order_id: self.client_order_id.clone(), subaccount: self.wallet.subaccount }
    }
}

/// A fill of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Its identity.
    pub trade_id: String,
    /// The order.
    pub order_id: String,
    /// The market's ticker.
    pub ticker: Arc<str>,
    /// The order's subaccount and shard.
    pub wallet: Wallet,
    /// The order's side of the YES book.
    pub side: BookSide,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub count: Quantity,
    /// Whether the order took liquidity.
    pub is_taker: bool,
    /// What the exchange charged.
    pub fee: Money,
    /// Whether it reduced a position.
    pub closed: bool,
    /// When.
    pub at: Timestamp,
}

/// What a subaccount has in a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The subaccount, and the market's shard.
    pub wallet: Wallet,
    /// The market's ticker.
    pub ticker: Arc<str>,
    /// The event's ticker.
    pub event_ticker: Arc<str>,
    /// Contracts held: positive YES, negative NO.
    pub net: Quantity,
    /// What the held contracts cost.
    pub cost: Money,
    /// YES contracts acquired.
    pub yes_count: Quantity,
    /// What they cost.
    pub yes_cost: Money,
    /// NO contracts acquired.
    pub no_count: Quantity,
    /// What they cost.
    pub no_cost: Money,
    /// Fees paid.
    pub fees: Money,
    /// What closing and settlement brought beyond cost, before fees.
    pub realized: Money,
    /// Whether it was paid.
    pub settled: bool,
    /// When it last changed.
    pub updated: Timestamp,
}

/// What a market paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The position as it was.
    pub position: Position,
    /// What decided it.
    pub result: Verdict,
    /// What it paid.
    pub revenue: Money,
    /// When.
    pub at: Timestamp,
}

/// An order group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The exchange's identity.
    pub order_group_id: String,
    /// The subaccount and the shard that it is bound to.
    pub wallet: Wallet,
    /// Contracts that may match within fifteen seconds.
    pub limit: Quantity,
    /// Whether it refuses orders.
    pub triggered: bool,
    /// Matches of the last fifteen seconds, the oldest first.
    pub window: VecDeque<(Timestamp, Quantity)>,
    /// Numbers of its orders, in the order in which they came.
    pub orders: Vec<u64>,
}

/// Everything of the account.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The double-entry books.
    pub ledger: Ledger,
    /// Orders by number.
    pub orders: BTreeMap<u64, Order>,
    /// Numbers of the orders that rest.
    pub resting: BTreeSet<u64>,
    /// Numbers by the exchange's identity.
    pub by_order_id: HashMap<String, u64>,
    /// Every identity that a client ever gave to an accepted order.
    pub client_order_ids: HashSet<String>,
    /// Fills, the oldest first.
    pub fills: Vec<Fill>,
    /// Positions by market number and subaccount.
    pub positions: BTreeMap<(u32, u32), Position>,
    /// Settlements, the oldest first.
    pub settlements: Vec<Settlement>,
    /// Groups by number.
    pub groups: BTreeMap<u64, Group>,
    /// The shard that each subaccount was made on; the first is number 1.
    pub subaccounts: Vec<ExchangeIndex>,
    /// Subaccounts that were told not to net YES against NO. What that changes is not described; the twin keeps what it
    /// was told and goes on netting.
    pub not_netting: BTreeSet<u32>,
    /// Transfers between subaccounts, the oldest first.
    pub subaccount_transfers: Vec<SubaccountTransfer>,
    /// Transfers between shards by number.
    pub shard_transfers: BTreeMap<u64, ShardTransfer>,
    /// Every identity that a client ever gave to an accepted transfer.
    pub client_transfer_ids: HashSet<String>,
    /// What each shard is to hold of the primary account's cash, in percent; empty leaves it where it is.
    pub allocation: Vec<(ExchangeIndex, u32)>,
    /// Whether the next look at the allocation is scheduled.
    pub(crate) rebalances: bool,
    /// Deposits, the oldest first.
    pub deposits: Vec<CashMovement>,
    /// Withdrawals, the oldest first.
    pub withdrawals: Vec<CashMovement>,
    /// Cancel-alls that still reach what comes: until when, and whose orders (`None` is everyone's).
    pub(crate) sweeps: Vec<(Timestamp, Option<u32>)>,
}

impl Account {
    /// Free cash of the primary account on the crypto shard.
    #[must_use]
    pub fn cash(&self) -> Money {
        self.free_cash(Wallet::primary(CRYPTO_SHARD))
    }

    /// Free cash of a wallet.
    #[must_use]
    pub fn free_cash(&self, wallet: Wallet) -> Money {
        self.ledger.balance(LedgerAccount::Cash(wallet))
    }

    /// Whether a subaccount exists; the primary one always does.
    #[must_use]
    pub fn has_subaccount(&self, subaccount: u32) -> bool {
        usize::try_from(subaccount).is_ok_and(|number| number <= self.subaccounts.len())
    }

    /// Whether anything was ever traded in a market.
    #[must_use]
    pub fn traded_in(&self, market: u32) -> bool {
        self.positions.range((market, 0)..=(market, u32::MAX)).next().is_some()
    }

    /// Contracts that a subaccount holds in a market: positive YES, negative NO.
    #[must_use]
    pub fn net_position(&self, market: u32, subaccount: u32) -> Quantity {
        self.positions.get(&(market, subaccount)).map_or(Quantity::ZERO, |position| position.net)
    }

    /// Contracts of the other side that orders on `side` would close: what the subaccount holds less what rests
    /// against it, the order `except` not counted.
    #[must_use]
    pub fn closable(&self, market: u32, subaccount: u32, side: BookSide, except: Option<u64>) -> Quantity {
        let held = self.held_against(market, subaccount, side);
        if held.is_zero() {
            return Quantity::ZERO;
        }
        let working: Quantity = self
            .resting
            .iter()
            .filter(|number| except != Some(**number))
            .filter_map(|number| self.orders.get(number))
            .filter(|order| order.market == market && order.side == side && order.wallet.subaccount == subaccount)
            .map(|order| order.remaining)
            .sum();
        Quantity::from_units((held - working).units().max(0))
    }

    /// Contracts that a subaccount holds of the side that orders on `side` reduce.
    #[must_use]
    pub fn held_against(&self, market: u32, subaccount: u32, side: BookSide) -> Quantity {
        let net = self.net_position(market, subaccount);
        let held = match side {
            BookSide::Bid => -net,
            BookSide::Ask => net,
        };
        Quantity::from_units(held.units().max(0))
    }

    /// Moves an order's collateral from cash (positive) or back to it (negative).
    pub fn reserve(&mut self, number: u64, amount: Money) {
        let Some(order) = self.orders.get_mut(&number).filter(|_| !amount.is_zero()) else { return };
        order.reserved += amount;
        let wallet = order.wallet;
        self.ledger.post(&[(LedgerAccount::Cash(wallet), -amount), (LedgerAccount::Reserved(wallet), amount)]);
    }

    /// Books a fill into cash and position: what reduces the other side nets at once, a dollar a pair.
    pub fn book_fill(&mut self, market: u32, event_ticker: &Arc<str>, fill: &Fill) {
        let acquired = fill.side.acquired();
        let own_price = acquired.convert_price(fill.price);
        let closing = fill.count.at_most(self.held_against(market, fill.wallet.subaccount, fill.side));
        let opening = fill.count - closing;
        let key = (market, fill.wallet.subaccount);
        let position = self.positions.entry(key).or_insert_with(|| Position::empty(fill, event_ticker));
        let share = position.cost_share(closing);
        let paid = own_price * fill.count;
        let returned = Price::ONE * closing;
        let result = returned - own_price * closing - share;
        position.net += match acquired {
            Side::Yes => fill.count,
            Side::No => -fill.count,
        };
        position.cost += own_price * opening - share;
        match acquired {
            Side::Yes => {
                position.yes_count += fill.count;
                position.yes_cost += paid;
            }
            Side::No => {
                position.no_count += fill.count;
                position.no_cost += paid;
            }
        }
        position.fees += fill.fee;
        position.realized += result;
        position.updated = fill.at;
        self.ledger.post(&[
            (LedgerAccount::Cash(fill.wallet), returned - paid - fill.fee),
            (LedgerAccount::Positions, own_price * opening - share),
            (LedgerAccount::Fees, fill.fee),
            (LedgerAccount::Result, -result),
        ]);
    }

    /// Pays a market out and takes its positions off.
    pub fn settle(&mut self, market: u32, result: Verdict, at: Timestamp) {
        for (_, position) in self.positions.range_mut((market, 0)..=(market, u32::MAX)) {
            if position.settled {
                continue;
            }
            let revenue = result.pays(position.net);
            let gain = revenue - position.cost;
            let before = position.clone();
            position.realized += gain;
            position.net = Quantity::ZERO;
            position.cost = Money::ZERO;
            position.settled = true;
            position.updated = at;
            self.ledger.post(&[
                (LedgerAccount::Cash(before.wallet), revenue),
                (LedgerAccount::Positions, -before.cost),
                (LedgerAccount::Result, -gain),
            ]);
            self.settlements.push(Settlement { position: before, result, revenue, at });
        }
    }
}

impl Position {
    fn empty(fill: &Fill, event_ticker: &Arc<str>) -> Self {
        Self {
            wallet: fill.wallet,
            ticker: fill.ticker.clone(),
            event_ticker: event_ticker.clone(),
            net: Quantity::ZERO,
            cost: Money::ZERO,
            yes_count: Quantity::ZERO,
            yes_cost: Money::ZERO,
            no_count: Quantity::ZERO,
            no_cost: Money::ZERO,
            fees: Money::ZERO,
            realized: Money::ZERO,
            settled: false,
            updated: Timestamp::default(),
        }
    }

    /// The cost of `closing` of the held contracts: pro rata, and all of it with the last one.
    fn cost_share(&self, closing: Quantity) -> Money {
        let held = self.net.units().abs();
        if closing.is_zero() || held == 0 {
            return Money::ZERO;
        }
        let share = i128::from(self.cost.micros()) * i128::from(closing.units()) / i128::from(held);
        Money::from_micros(i64::try_from(share).unwrap_or(self.cost.micros()))
    }

    /// What traded in all, on both sides.
    #[must_use]
    pub fn total_traded(&self) -> Money {
        self.yes_cost + self.no_cost
    }
}
