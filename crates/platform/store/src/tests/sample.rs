//! Rows of every kind.

use rec_domain::{
    BookSide, ClientOrderId, DecisionId, DeskId, EventTicker, ExchangeIndex, FillId, IntentId, MarketTicker, Money,
    OrderGroupId, OrderId, Price, Quantity, Side, TimeSpan, TradeId,
    arming::{Arming, Binding},
    fill::Fill,
    intent::{Action, Effect, GroupRole, Intent, OrderSpec, TimeInForce},
    ledger::{Account, Posting, PostingKind},
    order::{Order, OrderState},
    report::{FillReport, SettlementReport},
    row::{Commit, Row},
    settlement::Settlement,
    trade::{NewTrade, Origin, Trade},
};

use super::now;

pub(super) fn ticker() -> MarketTicker {
    MarketTicker::new("KXBTCD-26SEP2316-T92799.99")
}

pub(super) fn shard() -> ExchangeIndex {
    ExchangeIndex::new(0)
}

pub(super) fn commit(epoch: u32, number: i64, rows: Vec<Row>) -> Commit {
    Commit { number, epoch, at: now(), inputs: vec![r#"{"input":"wake"}"#.to_owned()], rows }
}

/// For eight hours from now.
pub(super) fn arming() -> Arming {
    Arming {
        since: now() - TimeSpan::from_seconds(1),
        until: now() + TimeSpan::from_minutes(480),
        requester: "operator".to_owned(),
        reason: "a test".to_owned(),
        binding: Binding { configuration: "hash".to_owned(), release: "0.1.0".to_owned(), boot: "a boot".to_owned() },
        crashes: vec![now() - TimeSpan::from_minutes(3)],
        unproven: false,
    }
}

pub(super) fn intent_id(epoch: u32, number: u32) -> IntentId {
    IntentId::new(DeskId::from_bits(7), epoch, number)
}

pub(super) fn spec(role: GroupRole) -> OrderSpec {
    OrderSpec {
        ticker: ticker(),
        exchange_index: shard(),
        side: Side::No,
        book_side: if role == GroupRole::Entry { BookSide::Ask } else { BookSide::Bid },
        price: Price::from_units(415),
        quantity: Quantity::from_units(1_250),
        time_in_force: TimeInForce::ImmediateOrCancel,
        reduce_only: role == GroupRole::Exit,
        group: OrderGroupId::new(format!("group-{}", role.name())),
    }
}

/// An intent of an order to open (or to close) in `epoch`.
pub(super) fn intent(epoch: u32, number: u32, role: GroupRole) -> Intent {
    let entry = role == GroupRole::Entry;
    Intent {
        id: intent_id(epoch, number),
        epoch,
        created_at: now(),
        action: Action::Place(spec(role)),
        effect: if entry { Effect::Increases } else { Effect::Reduces },
        trade: Some(TradeId::new(1)),
        decision: DecisionId::of("sample"),
        reason: "a sample".to_owned(),
        worst_case: Money::from_micros(12_345_678),
        send_by: entry.then(|| now() + TimeSpan::from_seconds(2)),
    }
}

pub(super) fn order(epoch: u32, number: u32, role: GroupRole) -> Order {
    Order {
        intent: intent_id(epoch, number),
        trade: TradeId::new(1),
        role,
        spec: spec(role),
        state: OrderState::Intended,
        order_id: None,
        acknowledged: Quantity::ZERO,
        booked: Quantity::ZERO,
        signed_at: None,
        created_at: now(),
        updated_at: now(),
        worst_case: Money::from_micros(12_345_678),
        note: None,
    }
}

pub(super) fn trade(id: i64) -> Trade {
    Trade::opened(NewTrade {
        id: TradeId::new(id),
        origin: Origin::Auto,
        ticker: ticker(),
        event: EventTicker::new("KXBTCD-26SEP2316"),
        exchange_index: shard(),
        side: Side::No,
        close_time: now() + TimeSpan::from_minutes(10),
        entry_probability_percent: Some(97.1234),
        entry_reason: "edge".to_owned(),
        created_at: now(),
    })
}

/// Trade 1 with its first order, as the desk commits a decision to open.
pub(super) fn opening(epoch: u32) -> Vec<Row> {
    // The intent stands before its trade: the order of rows within a commit is the desk's affair.
    vec![
        Row::Intent(intent(epoch, 1, GroupRole::Entry)),
        Row::Order(order(epoch, 1, GroupRole::Entry)),
        Row::Trade(trade(1)),
    ]
}

pub(super) fn fill(epoch: u32) -> Fill {
    Fill {
        fill_id: FillId::new("fill-1"),
        order_id: OrderId::new("order-1"),
        intent: Some(intent_id(epoch, 1)),
        trade: TradeId::new(1),
        ticker: ticker(),
        side: Side::No,
        book_side: BookSide::Ask,
        price: Price::from_units(9_585),
        quantity: Quantity::from_units(1_250),
        fee: Money::from_micros(34_800),
        is_taker: true,
        at: now(),
    }
}

pub(super) fn fill_report() -> FillReport {
    FillReport {
        fill_id: FillId::new("fill-9"),
        order_id: OrderId::new("order-9"),
        client_order_id: Some(ClientOrderId::new("somebody's")),
        ticker: ticker(),
        exchange_index: shard(),
        book_side: BookSide::Bid,
        price: Price::from_units(9_600),
        quantity: Quantity::from_units(71_94),
        fee: None,
        is_taker: false,
        at: now(),
    }
}

pub(super) fn settlement_report() -> SettlementReport {
    SettlementReport {
        ticker: ticker(),
        event: EventTicker::new("KXBTCD-26SEP2316"),
        exchange_index: Some(shard()),
        result: "no".to_owned(),
        yes_count: Quantity::ZERO,
        yes_cost: Money::ZERO,
        no_count: Quantity::from_units(1_250),
        no_cost: Money::from_micros(11_981_250),
        revenue: Money::from_micros(12_500_000),
        value: None,
        fee: Money::ZERO,
        settled_at: now() + TimeSpan::from_minutes(11),
    }
}

pub(super) fn settlement() -> Settlement {
    Settlement {
        ticker: ticker(),
        trade: TradeId::new(1),
        side: Side::No,
        result: "no".to_owned(),
        quantity: Quantity::from_units(1_250),
        revenue: Money::from_micros(12_500_000),
        settled_at: now() + TimeSpan::from_minutes(11),
    }
}

pub(super) fn posting(number: i64, kind: PostingKind, lines: Vec<(Account, i64)>) -> Posting {
    let lines = lines.into_iter().map(|(account, micros)| (account, Money::from_micros(micros))).collect();
    Posting::new(number, now(), kind, None, None, "a sample".to_owned(), lines).expect("it sums to zero")
}

pub(super) fn cash() -> Account {
    Account::Cash { exchange_index: shard() }
}

pub(super) fn position() -> Account {
    Account::Position { ticker: ticker(), side: Side::No }
}
