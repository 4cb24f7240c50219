//! Orders as the exchange lists them.

use rec_domain::{
    BookSide, ClientOrderId, ExchangeIndex, MarketTicker, OrderId, Price, Quantity, Timestamp,
    report::{OrderReport, ReportedStatus},
};
use serde::Deserialize;

use super::list::Row;
use crate::number::{Millis, informative, name, optional_text, required, shorten};

/// The order's direction by whichever field says it; newest spelling first.
#[derive(Deserialize, Default)]
pub(crate) struct Direction<'a> {
    #[serde(default)]
    pub(crate) book_side: Option<&'a str>,
    #[serde(default)]
    pub(crate) outcome_side: Option<&'a str>,
    #[serde(default)]
    pub(crate) side: Option<&'a str>,
    #[serde(default)]
    pub(crate) action: Option<&'a str>,
}

impl Direction<'_> {
    /// Buys or sells YES. There is no default: a guess would turn a position around.
    pub(crate) fn book_side(&self) -> Result<BookSide, String> {
        match (self.book_side, self.outcome_side) {
            (Some("bid"), _) | (None, Some("yes")) => return Ok(BookSide::Bid),
            (Some("ask"), _) | (None, Some("no")) => return Ok(BookSide::Ask),
            (Some(other), _) | (None, Some(other)) => {
                return Err(format!("\"{}\" is no side", shorten(other)));
            }
            (None, None) => {}
        }
        match (self.side, self.action) {
            (Some("yes"), Some("buy")) | (Some("no"), Some("sell")) => Ok(BookSide::Bid),
            (Some("no"), Some("buy")) | (Some("yes"), Some("sell")) => Ok(BookSide::Ask),
            _ => Err("neither book_side nor outcome_side says whether YES is bought or sold".to_owned()),
        }
    }
}

/// The exchange's word for an order's state.
pub(crate) fn reported_status(word: &str) -> ReportedStatus {
    match word {
        "resting" => ReportedStatus::Resting,
        "canceled" => ReportedStatus::Canceled,
        "executed" => ReportedStatus::Executed,
        other => ReportedStatus::Other(other.to_owned()),
    }
}

/// An order in a list and in a `user_order` frame: the same fields but for the times and the legacy direction.
#[derive(Deserialize)]
pub(crate) struct WireOrder {
    #[serde(deserialize_with = "name")]
    order_id: String,
    #[serde(default, deserialize_with = "optional_text")]
    client_order_id: Option<ClientOrderId>,
    #[serde(deserialize_with = "name")]
    ticker: String,
    #[serde(default)]
    exchange_index: Option<i32>,
    #[serde(default)]
    book_side: Option<String>,
    #[serde(default)]
    outcome_side: Option<String>,
    #[serde(default)]
    side: Option<String>,
    #[serde(default)]
    action: Option<String>,
    status: String,
    #[serde(deserialize_with = "required")]
    yes_price_dollars: Price,
    #[serde(deserialize_with = "required")]
    fill_count_fp: Quantity,
    #[serde(deserialize_with = "required")]
    remaining_count_fp: Quantity,
    #[serde(deserialize_with = "required")]
    initial_count_fp: Quantity,
    #[serde(default, deserialize_with = "informative")]
    last_updated_ts_ms: Option<Millis>,
    #[serde(default, deserialize_with = "informative")]
    last_update_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "informative")]
    created_ts_ms: Option<Millis>,
    #[serde(default, deserialize_with = "informative")]
    created_time: Option<Timestamp>,
}

impl Row for OrderReport {
    type Wire = WireOrder;
    const LIST: &'static str = "orders";
    const WHAT: &'static str = "an order";

    fn from_wire(wire: WireOrder) -> Result<Self, String> {
        let direction = Direction {
            book_side: wire.book_side.as_deref(),
            outcome_side: wire.outcome_side.as_deref(),
            side: wire.side.as_deref(),
            action: wire.action.as_deref(),
        };
        let created_at = wire.created_time.or(wire.created_ts_ms.map(|millis| millis.0));
        let updated_at = wire
            .last_update_time
            .or(wire.last_updated_ts_ms.map(|millis| millis.0))
            .or(created_at)
            .ok_or("it has neither a time of change nor of creation")?;
        Ok(Self {
            book_side: direction.book_side()?,
            order_id: OrderId::new(wire.order_id),
            client_order_id: wire.client_order_id,
            ticker: MarketTicker::new(wire.ticker),
            // The exchange leaves the number out where it is its default, zero.
            exchange_index: ExchangeIndex::new(wire.exchange_index.unwrap_or(0)),
            price: wire.yes_price_dollars,
            status: reported_status(&wire.status),
            initial: wire.initial_count_fp,
            filled: wire.fill_count_fp,
            remaining: wire.remaining_count_fp,
            created_at,
            updated_at,
        })
    }

    fn identity(&self) -> String {
        self.order_id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::list::{Strictness, read_page, read_row};

    fn order(direction: &str) -> String {
        format!(
            r#"{{"order_id":"o","client_order_id":"","ticker":"T",{direction}"status":"resting",
            "yes_price_dollars":"0.3500","fill_count_fp":"0.00","remaining_count_fp":"10.00","initial_count_fp":"10.00",
            "created_time":"2024-12-01T10:00:00Z"}}"#
        )
    }

    #[test]
    fn the_direction_is_read_from_any_generation_of_fields() {
        for (fields, expected) in [
            (r#""book_side":"ask","side":"yes","action":"buy","#, Ok(BookSide::Ask)),
            (r#""outcome_side":"no","#, Ok(BookSide::Ask)),
            (r#""side":"yes","action":"sell","#, Ok(BookSide::Ask)),
            (r#""side":"no","action":"sell","#, Ok(BookSide::Bid)),
            (r#""side":"no","action":"buy","#, Ok(BookSide::Ask)),
            (r#""side":"yes","#, Err(())),
            (r#""book_side":"up","#, Err(())),
            ("", Err(())),
        ] {
            let read = read_row::<OrderReport>(&order(fields)).map(|order| order.book_side).map_err(|_error| ());
            assert_eq!(read, expected, "{fields}");
        }
    }

    #[test]
    fn a_page_of_the_account_with_an_unreadable_row_is_refused() {
        let good = order(r#""book_side":"bid","#);
        let page =
            |rows: &str| read_page::<OrderReport>(&format!(r#"{{"orders":{rows},"cursor":"c"}}"#), Strictness::Strict);
        let read = page(&format!("[{good}]")).expect("page");
        assert_eq!(read.first.as_deref(), Some("o"));
        assert_eq!(read.items[0].client_order_id, None);
        assert_eq!(read.items[0].created_at, Some(read.items[0].updated_at));
        assert!(read.next.is_some());
        assert!(page("null").expect("empty").items.is_empty());
        assert!(page(&format!("[{good},{{}}]")).is_err());
        assert!(read_page::<OrderReport>("{}", Strictness::Strict).is_err(), "no list is not an empty list");
    }
}
