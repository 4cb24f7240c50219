//! Accounts that never were, and the exports that the exchange would make of them, in both forms.
//!
//! What the exchange states is computed here from its written rules, apart from what the audit does.

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// A rounding of the exchange: the unit of a fill's fee and of the balance, in micro-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Integer cents, whole contracts; each fill's fee in whole cents.
    Cents,
    /// Fixed-point text of that time: whole contracts, each fill's fee in whole cents.
    OldAnew,
    /// Fixed-point text; the account of a member, whose balance is kept in 1e-4 dollars.
    Member,
    /// Fixed-point text; the account of a member's customer, whose balance is kept in cents.
    Customer,
}

/// How a market ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Yes,
    No,
    /// Cents a YES contract.
    Scalar(i64),
    /// What the contracts held had cost.
    Void,
    /// It has not.
    Open,
}

/// A fill: YES price in 1e-4 dollars, hundredths of contracts, taker.
#[derive(Debug, Clone, Copy)]
pub(super) struct FillPlan {
    pub(super) price: i64,
    pub(super) count: i64,
    pub(super) is_taker: bool,
}

#[derive(Debug, Clone)]
pub(super) struct OrderPlan {
    pub(super) buys_yes: bool,
    /// Written as a sale of the other side.
    pub(super) sale: bool,
    pub(super) fills: Vec<FillPlan>,
}

#[derive(Debug, Clone)]
pub(super) struct MarketPlan {
    pub(super) orders: Vec<OrderPlan>,
    pub(super) ending: Ending,
}

/// An account, and its form.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) form: Form,
    pub(super) markets: Vec<MarketPlan>,
}

/// The rows of an export.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Export {
    pub(super) orders: Vec<Value>,
    pub(super) fills: Vec<Value>,
    pub(super) settlements: Vec<Value>,
}

pub(super) fn account(form: Form) -> impl Strategy<Value = Account> {
    let (price, count) = match form {
        Form::Cents | Form::OldAnew => {
            ((1_i64..100).prop_map(|cents| cents * 100).boxed(), (1_i64..300).prop_map(|n| n * 100).boxed())
        }
        // Half of the prices in whole cents and counts in whole contracts, as most are.
        Form::Member | Form::Customer => (
            prop_oneof![(1_i64..100).prop_map(|cents| cents * 100), 1_i64..10_000].boxed(),
            prop_oneof![(1_i64..300).prop_map(|n| n * 100), 1_i64..30_000].boxed(),
        ),
    };
    let fill = (price, count, prop::bool::weighted(0.7)).prop_map(|(price, count, is_taker)| FillPlan {
        price,
        count,
        is_taker,
    });
    let order = (any::<bool>(), any::<bool>(), prop::collection::vec(fill, 0..6))
        .prop_map(|(buys_yes, sale, fills)| OrderPlan { buys_yes, sale, fills });
    let ending = prop_oneof![
        3 => Just(Ending::Yes),
        3 => Just(Ending::No),
        1 => (0_i64..=100).prop_map(Ending::Scalar),
        1 => Just(Ending::Void),
        1 => Just(Ending::Open),
    ];
    let market =
        (prop::collection::vec(order, 1..5), ending).prop_map(|(orders, ending)| MarketPlan { orders, ending });
    prop::collection::vec(market, 1..6).prop_map(move |markets| Account { form, markets })
}

pub(super) fn any_account() -> impl Strategy<Value = Account> {
    select(vec![Form::Cents, Form::OldAnew, Form::Member, Form::Customer]).prop_flat_map(account)
}

fn ceil(value: i128, unit: i128) -> i128 {
    (value + unit - 1).div_euclid(unit) * unit
}

/// What an order's fills are charged one after the other, in micro-dollars.
fn fees(form: Form, order: &OrderPlan) -> Vec<i64> {
    let mut rounded_away = 0_i128;
    let charge = |fill: &FillPlan| {
        let (price, count) = (i128::from(fill.price), i128::from(fill.count));
        // 0.07 x count x price x (1 - price) in 1e-12 dollars.
        let fee = if fill.is_taker { 7 * count * price * (10_000 - price) } else { 0 };
        let cents = 10_000_i128;
        let charged = match form {
            Form::Cents | Form::OldAnew => ceil(fee, cents * 1_000_000) / 1_000_000,
            Form::Member | Form::Customer => {
                let trade_fee = ceil(fee, 100 * 1_000_000) / 1_000_000;
                let unit = if form == Form::Member { 100 } else { cents };
                let own_price = if order.buys_yes { price } else { 10_000 - price };
                let paid = own_price * count + trade_fee;
                rounded_away += ceil(paid, unit) - paid;
                let fee = trade_fee + ceil(paid, unit) - paid;
                if rounded_away > cents && fee >= cents {
                    rounded_away -= cents;
                    fee - cents
                } else {
                    fee
                }
            }
        };
        i64::try_from(charged).expect("a small fee")
    };
    order.fills.iter().map(charge).collect()
}

/// `value` with as many decimals as `places`.
fn fixed(value: i64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    format!("{}.{:0width$}", value / unit, value % unit, width = places as usize)
}

impl Account {
    /// What the exchange lists of it.
    pub(super) fn export(&self) -> Export {
        let mut export = Export::default();
        let mut number = 0;
        for (market_number, market) in self.markets.iter().enumerate() {
            let ticker = format!("KXBTCD-26SEP{:02}16-T{market_number}.99", market_number % 28 + 1);
            let mut sums = Sums::default();
            for order in &market.orders {
                number += 1;
                self.list_order(&mut export, &mut sums, order, number, &ticker);
            }
            self.list_settlement(&mut export, &sums, market.ending, &ticker);
        }
        export
    }

    fn list_order(&self, export: &mut Export, sums: &mut Sums, order: &OrderPlan, number: usize, ticker: &str) {
        let at = format!("2026-09-01T{:02}:{:02}:00.5Z", number / 60 % 24, number % 60);
        let fees = fees(self.form, order);
        let own = |fill: &FillPlan| if order.buys_yes { fill.price } else { 10_000 - fill.price };
        let mut of_order = [0_i64; 5];
        for (index, (fill, fee)) in order.fills.iter().zip(&fees).enumerate() {
            let cost = own(fill) * fill.count;
            let role = usize::from(!fill.is_taker);
            of_order[role] += cost;
            of_order[2 + role] += fee;
            of_order[4] += fill.count;
            sums.add(order.buys_yes, fill.count, cost, *fee);
            export.fills.push(self.fill(order, fill, *fee, &format!("fill-{number}-{index}"), number, ticker, &at));
        }
        let side = match (order.buys_yes, order.sale) {
            (true, false) | (false, true) => "yes",
            _ => "no",
        };
        let action = if order.sale { "sell" } else { "buy" };
        let [taker_cost, maker_cost, taker_fees, maker_fees, filled] = of_order;
        let mut row = json!({
            "order_id": format!("order-{number}"), "user_id": "user", "ticker": ticker, "status": "executed",
            "side": side, "action": action, "type": "limit", "created_time": at, "client_order_id": "",
        });
        let row_fields = row.as_object_mut().expect("an object");
        match self.form {
            Form::Cents => {
                put(row_fields, "fill_count", json!(filled / 100));
                put(row_fields, "taker_fill_cost", json!(taker_cost / 10_000));
                put(row_fields, "maker_fill_cost", json!(maker_cost / 10_000));
                put(row_fields, "taker_fees", json!(taker_fees / 10_000));
                put(row_fields, "maker_fees", json!(maker_fees / 10_000));
            }
            Form::OldAnew | Form::Member | Form::Customer => {
                put(row_fields, "outcome_side", json!(if order.buys_yes { "yes" } else { "no" }));
                put(row_fields, "book_side", json!(if order.buys_yes { "bid" } else { "ask" }));
                put(row_fields, "fill_count_fp", json!(fixed(filled, 2)));
                put(row_fields, "taker_fill_cost_dollars", json!(fixed(taker_cost, 6)));
                put(row_fields, "maker_fill_cost_dollars", json!(fixed(maker_cost, 6)));
                put(row_fields, "taker_fees_dollars", json!(fixed(taker_fees, 6)));
                put(row_fields, "maker_fees_dollars", json!(fixed(maker_fees, 6)));
            }
        }
        export.orders.push(row);
    }

    #[expect(clippy::too_many_arguments, reason = "all that a row says")]
    fn fill(
        &self,
        order: &OrderPlan,
        fill: &FillPlan,
        fee: i64,
        id: &str,
        number: usize,
        ticker: &str,
        at: &str,
    ) -> Value {
        let acquired = if order.buys_yes { "yes" } else { "no" };
        let given_up = if order.buys_yes { "no" } else { "yes" };
        let action = if order.sale { "sell" } else { "buy" };
        let order_id = format!("order-{number}");
        match self.form {
            Form::Cents => json!({
                "trade_id": id, "order_id": order_id, "ticker": ticker, "side": acquired, "action": action,
                "count": fill.count / 100, "yes_price": fill.price / 100, "no_price": 100 - fill.price / 100,
                "is_taker": fill.is_taker, "created_time": at,
            }),
            Form::OldAnew | Form::Member | Form::Customer => json!({
                "fill_id": id, "trade_id": id, "order_id": order_id, "ticker": ticker, "market_ticker": ticker,
                "side": if order.sale { given_up } else { acquired }, "action": action, "outcome_side": acquired,
                "book_side": if order.buys_yes { "bid" } else { "ask" }, "count_fp": fixed(fill.count, 2),
                "yes_price_dollars": fixed(fill.price, 4), "no_price_dollars": fixed(10_000 - fill.price, 4),
                "is_taker": fill.is_taker, "fee_cost": fixed(fee, 6), "created_time": at, "subaccount_number": 0,
                "exchange_index": 2,
            }),
        }
    }

    fn list_settlement(&self, export: &mut Export, sums: &Sums, ending: Ending, ticker: &str) {
        let net = sums.yes_count - sums.no_count;
        // Micro-dollars: a cent a contract is a hundred of them a hundredth.
        let (word, value, revenue) = match ending {
            Ending::Open => return,
            Ending::Yes => ("yes", json!(100), net.max(0) * 10_000),
            Ending::No => ("no", json!(0), (-net).max(0) * 10_000),
            Ending::Scalar(cents) => {
                ("scalar", json!(cents), if net > 0 { net * cents * 100 } else { -net * (100 - cents) * 100 })
            }
            Ending::Void => ("void", Value::Null, sums.average_cost_of_held()),
        };
        let revenue = revenue / 10_000;
        export.settlements.push(match self.form {
            Form::Cents => json!({
                "ticker": ticker, "market_result": word, "yes_count": sums.yes_count / 100,
                "yes_total_cost": sums.yes_cost / 10_000, "no_count": sums.no_count / 100,
                "no_total_cost": sums.no_cost / 10_000, "revenue": revenue, "value": value,
                "settled_time": "2026-09-30T20:01:00Z",
            }),
            Form::OldAnew | Form::Member | Form::Customer => json!({
                "ticker": ticker, "event_ticker": "E", "exchange_index": 2, "market_result": word,
                "yes_count_fp": fixed(sums.yes_count, 2), "yes_total_cost_dollars": fixed(sums.yes_cost, 6),
                "no_count_fp": fixed(sums.no_count, 2), "no_total_cost_dollars": fixed(sums.no_cost, 6),
                "revenue": revenue, "value": value, "fee_cost": fixed(sums.fees, 6),
                "settled_time": "2026-09-30T20:01:00Z",
            }),
        });
    }
}

fn put(row: &mut Map<String, Value>, field: &str, value: Value) {
    row.insert(field.to_owned(), value);
}

/// What was bought of a market: hundredths of contracts and micro-dollars.
#[derive(Debug, Default)]
struct Sums {
    yes_count: i64,
    yes_cost: i64,
    no_count: i64,
    no_cost: i64,
    fees: i64,
}

impl Sums {
    fn add(&mut self, yes: bool, count: i64, cost: i64, fee: i64) {
        let (counts, costs) =
            if yes { (&mut self.yes_count, &mut self.yes_cost) } else { (&mut self.no_count, &mut self.no_cost) };
        *counts += count;
        *costs += cost;
        self.fees += fee;
    }

    fn average_cost_of_held(&self) -> i64 {
        let net = self.yes_count - self.no_count;
        let (count, cost) = if net > 0 { (self.yes_count, self.yes_cost) } else { (self.no_count, self.no_cost) };
        let average = i128::from(cost) * i128::from(net.abs()) / i128::from(count.max(1));
        i64::try_from(average).expect("no more than the cost")
    }
}

/// How rows stand in a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout {
    /// One page under the list's name.
    Page,
    /// An array of rows.
    Array,
    /// One row a line.
    Lines,
    /// Several pages, one after the other.
    Pages,
    /// Several pages in an array.
    ArrayOfPages,
}

pub(super) fn layout() -> impl Strategy<Value = Layout> {
    select(vec![Layout::Page, Layout::Array, Layout::Lines, Layout::Pages, Layout::ArrayOfPages])
}

/// The text of a file.
pub(super) fn write(list: &str, rows: &[Value], layout: Layout) -> String {
    let page = |rows: &[Value], cursor: &str| json!({ list: rows, "cursor": cursor }).to_string();
    let pages = || {
        let middle = rows.len() / 2;
        [page(&rows[..middle], "next"), page(&rows[middle..], "")]
    };
    match layout {
        Layout::Page => page(rows, ""),
        Layout::Array => Value::Array(rows.to_vec()).to_string(),
        Layout::Lines if !rows.is_empty() => rows.iter().map(|row| format!("{row}\n")).collect(),
        Layout::Lines | Layout::Pages => pages().join("\n"),
        Layout::ArrayOfPages => format!("[{}]", pages().join(",")),
    }
}
