//! Answers by HTTP, of every kind that the desk reads.

use proptest::prelude::*;
use rec_domain::{
    MarketTicker, OrderGroupId,
    report::{FillReport, OrderReport, ReportedStatus, SettlementReport},
};
use serde_json::Value;

use super::spoil::{NO_NUMBERS, any_json, doubled, no_answers, places, with};
use crate::rows::{
    Deposit, EventRow, MarketRow, OrderGroup, Page, PositionRow, SeriesRow, ShardTransfer, SubaccountTransfer,
    Withdrawal,
    balance::read_whole_balance,
    event::read_event,
    exchange_status::read_status,
    index_history::read_index_history,
    limits::{read_costs, read_cutoff, read_limits},
    list::{Row, Strictness, read_member, read_page, read_row},
    order_book::{read_order_book, read_order_books},
    order_group::read_group,
};

/// A kind of body.
struct Kind {
    name: &'static str,
    good: &'static str,
    /// What is wrong with a body; a row that is passed over with its reason is wrong too.
    read: fn(&str) -> Result<String, String>,
    /// Values that money, positions or their times depend on.
    exact: &'static [&'static str],
}

fn told<T: std::fmt::Debug, E: std::fmt::Display>(read: Result<T, E>) -> Result<String, String> {
    read.map(|value| format!("{value:?}")).map_err(|error| error.to_string())
}

/// A list of the account: a row that cannot be read fails it.
fn strict<T: Row + std::fmt::Debug>(body: &str) -> Result<String, String> {
    told(read_page::<T>(body, Strictness::Strict))
}

/// A list of markets: a row that cannot be read is named.
fn tolerant<T: Row + std::fmt::Debug>(body: &str) -> Result<String, String> {
    let page: Page<T> = read_page(body, Strictness::Tolerant).map_err(|error| error.to_string())?;
    page.unreadable.first().map_or_else(|| Ok(format!("{page:?}")), |row| Err(row.reason.clone()))
}

const KINDS: &[Kind] = &[
    Kind {
        name: "status",
        good: r#"{"exchange_active":true,"trading_active":true,"exchange_index_statuses":[
            {"exchange_index":2,"exchange_active":true,"trading_active":true}]}"#,
        read: |body| told(read_status(body)),
        exact: &["/exchange_index_statuses/0/exchange_index"],
    },
    Kind {
        name: "series",
        good: r#"{"series":{"ticker":"KXBTCD","title":"t","fee_type":"quadratic","fee_multiplier":1}}"#,
        read: |body| told(read_member::<SeriesRow>(body, "series")),
        exact: &["/series/fee_multiplier"],
    },
    Kind {
        name: "event",
        good: r#"{"event":{"event_ticker":"E","series_ticker":"S","collateral_return_type":"DIRECNET",
            "fee_multiplier_override":1}}"#,
        read: |body| told(read_event(body)),
        exact: &["/event/fee_multiplier_override"],
    },
    Kind {
        name: "events",
        good: r#"{"events":[{"event_ticker":"E","series_ticker":"S","exchange_index":2}],"cursor":"c"}"#,
        read: tolerant::<EventRow>,
        exact: &["/events/0/exchange_index"],
    },
    Kind {
        name: "markets",
        good: r#"{"markets":[{"ticker":"M","event_ticker":"E","status":"active","open_time":"2026-09-25T19:00:00Z",
            "close_time":"2026-09-25T20:00:00Z","price_ranges":[{"start":"0","end":"1","step":"0.01"}],
            "exchange_index":2,"volume_fp":"5.00","strike_type":"greater","floor_strike":83986.5}],"cursor":""}"#,
        read: tolerant::<MarketRow>,
        exact: &[
            "/markets/0/open_time",
            "/markets/0/close_time",
            "/markets/0/price_ranges/0/start",
            "/markets/0/price_ranges/0/end",
            "/markets/0/price_ranges/0/step",
            "/markets/0/exchange_index",
            "/markets/0/volume_fp",
            "/markets/0/floor_strike",
        ],
    },
    Kind {
        name: "order book",
        good: r#"{"orderbook_fp":{"yes_dollars":[["0.4000","5.00"]],"no_dollars":[["0.5900","5.00"]]}}"#,
        read: |body| told(read_order_book(body, &MarketTicker::new("M"))),
        exact: &["/orderbook_fp/yes_dollars/0/0", "/orderbook_fp/no_dollars/0/1"],
    },
    Kind {
        name: "order books",
        good: r#"{"orderbooks":[{"ticker":"M","orderbook_fp":{"yes_dollars":[["0.4000","5.00"]]}}]}"#,
        read: |body| told(read_order_books(body)),
        exact: &["/orderbooks/0/orderbook_fp/yes_dollars/0/0", "/orderbooks/0/orderbook_fp/yes_dollars/0/1"],
    },
    Kind {
        name: "index history",
        good: r#"{"data":{"payload":[{"time":1790355600000,"value":"83737.50"}]}}"#,
        read: |body| told(read_index_history(body)),
        exact: &["/data/payload/0/time", "/data/payload/0/value"],
    },
    Kind {
        name: "balance",
        good: r#"{"balance":123,"balance_dollars":"1.2345","balance_breakdown":[
            {"exchange_index":0,"balance":"1.0000"},{"exchange_index":2,"balance":"0.2345"}],"updated_ts":1}"#,
        read: |body| told(read_whole_balance(body)),
        exact: &["/balance_dollars", "/balance_breakdown/0/exchange_index", "/balance_breakdown/1/balance"],
    },
    Kind {
        name: "limits",
        good: r#"{"usage_tier":"basic","read":{"refill_rate":200,"bucket_capacity":200},
            "write":{"refill_rate":100,"bucket_capacity":100}}"#,
        read: |body| told(read_limits(body)),
        exact: &["/read/refill_rate", "/write/bucket_capacity"],
    },
    Kind {
        name: "costs",
        good: r#"{"default_cost":10,"endpoint_costs":[{"method":"GET","path":"/x","cost":2}]}"#,
        read: |body| told(read_costs(body)),
        exact: &["/default_cost", "/endpoint_costs/0/cost"],
    },
    Kind {
        name: "cutoff",
        good: r#"{"market_settled_ts":"2026-09-11T00:00:00Z","trades_created_ts":"2026-09-11T00:00:00Z",
            "orders_updated_ts":"2026-09-11T00:00:00Z"}"#,
        read: |body| told(read_cutoff(body)),
        exact: &["/market_settled_ts", "/orders_updated_ts"],
    },
    Kind {
        name: "orders",
        good: r#"{"orders":[{"order_id":"o","client_order_id":"c","ticker":"M","exchange_index":2,"book_side":"bid",
            "status":"resting","yes_price_dollars":"0.3500","fill_count_fp":"0.00","remaining_count_fp":"10.00",
            "initial_count_fp":"10.00","created_time":"2026-09-25T19:00:00Z"}],"cursor":""}"#,
        read: strict::<OrderReport>,
        exact: &[
            "/orders/0/yes_price_dollars",
            "/orders/0/fill_count_fp",
            "/orders/0/remaining_count_fp",
            "/orders/0/initial_count_fp",
            "/orders/0/exchange_index",
            "/orders/0/created_time",
            "/orders/0/book_side",
        ],
    },
    Kind {
        name: "fills",
        good: r#"{"fills":[{"trade_id":"f","order_id":"o","ticker":"M","exchange_index":2,"book_side":"bid",
            "yes_price_dollars":"0.9100","count_fp":"20.00","is_taker":true,"fee_cost":"0.114700",
            "created_time":"2026-09-25T19:00:00Z"}],"cursor":""}"#,
        read: strict::<FillReport>,
        exact: &[
            "/fills/0/yes_price_dollars",
            "/fills/0/count_fp",
            "/fills/0/fee_cost",
            "/fills/0/exchange_index",
            "/fills/0/created_time",
            "/fills/0/book_side",
        ],
    },
    Kind {
        name: "positions",
        good: r#"{"market_positions":[{"ticker":"M","exchange_index":2,"position_fp":"-4.00"}],"cursor":""}"#,
        read: strict::<PositionRow>,
        exact: &["/market_positions/0/position_fp", "/market_positions/0/exchange_index"],
    },
    Kind {
        name: "settlements",
        good: r#"{"settlements":[{"ticker":"M","event_ticker":"E","exchange_index":2,"market_result":"yes",
            "yes_count_fp":"20.00","yes_total_cost_dollars":"18.2000","no_count_fp":"0.00",
            "no_total_cost_dollars":"0.0000","revenue":2000,"value":100,"settled_time":"2026-09-25T20:02:30Z"}],
            "cursor":""}"#,
        read: strict::<SettlementReport>,
        exact: &[
            "/settlements/0/yes_count_fp",
            "/settlements/0/no_count_fp",
            "/settlements/0/yes_total_cost_dollars",
            "/settlements/0/revenue",
            "/settlements/0/value",
            "/settlements/0/exchange_index",
            "/settlements/0/settled_time",
        ],
    },
    Kind {
        name: "deposits",
        good: r#"{"deposits":[{"id":"d","status":"applied","type":"ach","amount_cents":1000,"fee_cents":0,
            "created_ts":1790355600}],"cursor":""}"#,
        read: strict::<Deposit>,
        exact: &["/deposits/0/amount_cents", "/deposits/0/fee_cents", "/deposits/0/created_ts"],
    },
    Kind {
        name: "withdrawals",
        good: r#"{"withdrawals":[{"id":"d","status":"applied","type":"ach","amount_cents":1000,"fee_cents":0,
            "created_ts":1790355600}],"cursor":""}"#,
        read: strict::<Withdrawal>,
        exact: &["/withdrawals/0/amount_cents", "/withdrawals/0/fee_cents", "/withdrawals/0/created_ts"],
    },
    Kind {
        name: "transfers between shards",
        good: r#"{"transfers":[{"transfer_id":"t","source":"event_contract","destination":"event_contract",
            "source_exchange_shard":0,"destination_exchange_shard":2,"amount":"5.0000","status":"complete",
            "created_ts":1790363592}]}"#,
        read: strict::<ShardTransfer>,
        exact: &["/transfers/0/amount", "/transfers/0/source_exchange_shard", "/transfers/0/created_ts"],
    },
    Kind {
        name: "transfers between subaccounts",
        good: r#"{"transfers":[{"transfer_id":"t","from_subaccount":0,"to_subaccount":1,"amount_cents":500,
            "created_ts":1790363592,"exchange_index":2}]}"#,
        read: strict::<SubaccountTransfer>,
        exact: &["/transfers/0/amount_cents", "/transfers/0/from_subaccount", "/transfers/0/exchange_index"],
    },
    Kind {
        name: "order groups",
        good: r#"{"order_groups":[{"id":"g","contracts_limit_fp":"10.00","is_auto_cancel_enabled":true,
            "exchange_index":2}]}"#,
        read: strict::<OrderGroup>,
        exact: &["/order_groups/0/contracts_limit_fp", "/order_groups/0/exchange_index"],
    },
    Kind {
        name: "order group",
        good: r#"{"contracts_limit_fp":"10.00","is_auto_cancel_enabled":false,"orders":["o"],"exchange_index":2}"#,
        read: |body| told(read_group(body, &OrderGroupId::new("g"))),
        exact: &["/contracts_limit_fp", "/exchange_index"],
    },
];

fn good(kind: &Kind) -> Value {
    serde_json::from_str(kind.good).expect("JSON")
}

#[test]
fn the_good_bodies_are_read() {
    for kind in KINDS {
        (kind.read)(kind.good).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        (kind.read)(&good(kind).to_string()).expect("the order of keys means nothing");
    }
}

#[test]
fn no_page_of_something_else_with_status_200_is_taken_for_an_empty_list() {
    for kind in KINDS {
        let cut = &kind.good[..kind.good.len() / 2];
        let twice = format!("{0}{0}", kind.good);
        let in_a_list = format!("[{}]", kind.good);
        for body in no_answers().iter().map(String::as_str).chain([cut, twice.as_str(), in_a_list.as_str()]) {
            let read = (kind.read)(body);
            assert!(read.is_err(), "{} from {}: {read:?}", kind.name, body.chars().take(40).collect::<String>());
        }
    }
}

#[test]
fn a_list_given_for_an_object_is_not_read_by_the_order_of_its_values() {
    for kind in KINDS {
        let values: Vec<Value> = good(kind).as_object().expect("an object").values().cloned().collect();
        assert!((kind.read)(&Value::Array(values).to_string()).is_err(), "{}", kind.name);
    }
}

#[test]
fn a_number_that_cannot_be_held_exactly_is_refused_wherever_money_depends_on_it() {
    for kind in KINDS {
        let good = good(kind);
        for place in kind.exact {
            for wrong in NO_NUMBERS {
                let read = (kind.read)(&with(&good, place, wrong));
                assert!(read.is_err(), "{} {place} {wrong}: {read:?}", kind.name);
            }
        }
    }
}

#[test]
fn a_negative_count_or_price_is_refused_and_only_a_position_has_a_sign() {
    let refused = ["_count_fp", "/count_fp", "_limit_fp", "volume_fp", "_price_dollars", "/step", "_dollars/0/1"];
    let mut seen = 0;
    for kind in KINDS {
        for place in kind.exact.iter().filter(|place| refused.iter().any(|end| place.ends_with(end))) {
            for wrong in [r#""-1.00""#, r#""-0.01""#, "-1", r#""-99999999999999999999""#] {
                let read = (kind.read)(&with(&good(kind), place, wrong));
                assert!(read.is_err(), "{} {place} {wrong}: {read:?}", kind.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn a_key_that_stands_twice_makes_a_body_unreadable() {
    for kind in KINDS {
        let good = good(kind);
        let members: Vec<String> = good.as_object().expect("an object").keys().map(|key| format!("/{key}")).collect();
        let ours = |place: &&String| place.as_str() != "/balance";
        for place in members.iter().filter(ours).map(String::as_str).chain(kind.exact.iter().copied()) {
            // The two values of a level have no keys.
            if place.ends_with("/0") || place.ends_with("/1") {
                continue;
            }
            let read = (kind.read)(&doubled(&good, place));
            assert!(read.is_err(), "{} {place}: {read:?}", kind.name);
        }
    }
}

#[test]
fn a_row_without_its_identity_is_refused() {
    for (kind, places) in [
        ("orders", &["/orders/0/order_id", "/orders/0/ticker"][..]),
        ("fills", &["/fills/0/order_id", "/fills/0/trade_id", "/fills/0/ticker"]),
        ("positions", &["/market_positions/0/ticker"]),
        ("settlements", &["/settlements/0/ticker", "/settlements/0/event_ticker"]),
        ("markets", &["/markets/0/ticker", "/markets/0/event_ticker"]),
    ] {
        let kind = KINDS.iter().find(|other| other.name == kind).expect("it is there");
        for place in places {
            let read = (kind.read)(&with(&good(kind), place, r#""""#));
            assert!(read.is_err(), "{} {place}: {read:?}", kind.name);
        }
    }
}

#[test]
fn an_unknown_word_is_kept_or_refused_and_never_taken_for_a_known_one() {
    let row = |kind: &str, place: &str, word: &str| {
        let kind = KINDS.iter().find(|other| other.name == kind).expect("it is there");
        let body: Value = serde_json::from_str(&with(&good(kind), place, &format!("\"{word}\""))).expect("JSON");
        (kind.read)(&body.to_string()).map(|_| body[kind.name][0].to_string())
    };
    let order: OrderReport = read_row(&row("orders", "/orders/0/status", "frozen").expect("kept")).expect("kept");
    assert_eq!(order.status, ReportedStatus::Other("frozen".to_owned()));
    let paid = row("settlements", "/settlements/0/market_result", "void").expect("kept");
    assert_eq!(read_row::<SettlementReport>(&paid).expect("kept").result, "void");
    for side in ["BID", "buy", "yes", "maybe"] {
        assert!(row("orders", "/orders/0/book_side", side).is_err(), "{side}");
        assert!(row("fills", "/fills/0/book_side", side).is_err(), "{side}");
    }
}

#[test]
fn a_balance_that_does_not_add_up_is_refused() {
    let body = |total: &str, first: &str, second: &str, shard: i32| {
        format!(
            r#"{{"balance_dollars":"{total}","balance_breakdown":[{{"exchange_index":0,"balance":"{first}"}},
            {{"exchange_index":{shard},"balance":"{second}"}}]}}"#
        )
    };
    assert!(read_whole_balance(&body("3.0000", "1.0000", "2.0000", 2)).is_ok());
    assert!(read_whole_balance(&body("3.0000", "0.9999", "1.9999", 2)).is_ok(), "each part was cut off");
    assert!(read_whole_balance(&body("3.0000", "1.0000", "1.9000", 2)).is_err(), "ten cents are missing");
    assert!(read_whole_balance(&body("2.0000", "1.0000", "1.0000", 0)).is_err(), "a shard stands in it twice");
}

proptest! {
    #[test]
    fn no_bytes_of_a_body_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        for kind in KINDS {
            let _any_outcome = (kind.read)(&text);
        }
    }

    #[test]
    fn no_value_in_any_place_of_a_body_panics(
        number in 0..KINDS.len(),
        place in any::<prop::sample::Index>(),
        other in any_json(),
    ) {
        let kind = &KINDS[number];
        let good = good(kind);
        let places = places(&good);
        let _any_outcome = (kind.read)(&with(&good, place.get::<String>(&places), &other));
    }
}
