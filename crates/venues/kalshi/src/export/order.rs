//! Exported orders.

use rec_domain::{OrderId, audit::OrderStatement};

use super::{
    document::{FieldError, List, read},
    error::ExportError,
    fields::{Fields, missing},
};

const LIST: List = List { name: "orders", marks: &["order_id", "fill_count", "fill_count_fp"] };

/// Reads a file of orders; `file` is its name in messages.
///
/// # Errors
/// When the text is no such export, or an order in it cannot be read.
pub fn read_orders(file: &str, text: &str) -> Result<Vec<OrderStatement>, ExportError> {
    read(file, text, LIST, order)
}

fn order(fields: &Fields<'_>) -> Result<OrderStatement, FieldError> {
    let book_side = match (fields.book_side()?, fields.side_and_action()?) {
        (Some(side), _) => side,
        (None, (Some(side), Some(false))) => side,
        (None, (Some(side), Some(true))) => side.opposite(),
        (None, (Some(_), None)) => return Err(missing(&["action"])),
        (None, (None, _)) => return Err(missing(&["side", "outcome_side", "book_side"])),
    };
    Ok(OrderStatement {
        order_id: OrderId::new(fields.name(&["order_id"])?),
        ticker: fields.ticker()?,
        book_side,
        filled: fields.count(&["fill_count_fp", "fill_count"])?,
        taker_cost: fields.money("taker_fill_cost_dollars", "taker_fill_cost")?,
        maker_cost: fields.money("maker_fill_cost_dollars", "maker_fill_cost")?,
        taker_fees: fields.money("taker_fees_dollars", "taker_fees")?,
        maker_fees: fields.money("maker_fees_dollars", "maker_fees")?,
        in_cents: !["taker_fees_dollars", "maker_fees_dollars"].iter().any(|field| fields.has(field))
            && ["taker_fees", "maker_fees"].iter().any(|field| fields.has(field)),
        updated_at: fields.informative_instant(&["last_update_time", "created_time"]),
    })
}
