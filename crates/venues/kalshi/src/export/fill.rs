//! Exported fills.

use rec_domain::{
    FillId, OrderId, Price,
    audit::{FillDirection, FillStatement},
};

use super::{
    document::{FieldError, List, read},
    error::ExportError,
    fields::{Fields, missing},
};

const LIST: List = List { name: "fills", marks: &["trade_id", "fill_id", "is_taker"] };

/// Reads a file of fills; `file` is its name in messages.
///
/// # Errors
/// When the text is no such export, or a fill in it cannot be read.
pub fn read_fills(file: &str, text: &str) -> Result<Vec<FillStatement>, ExportError> {
    read(file, text, LIST, fill)
}

fn fill(fields: &Fields<'_>) -> Result<FillStatement, FieldError> {
    let yes_price = fields.price(&["yes_price_dollars", "yes_price_fixed"], "yes_price")?;
    let no_price = fields.price(&["no_price_dollars", "no_price_fixed"], "no_price")?;
    let direction = match (fields.book_side()?, fields.side_and_action()?) {
        (Some(side), _) => FillDirection::Stated(side),
        (None, (Some(side), Some(false))) => FillDirection::Stated(side),
        // In cents, `side` is the one acquired also where the action is a sale; later exports name the one given up.
        (None, (Some(side), Some(true))) if fields.has("count_fp") => FillDirection::Sold(side.opposite()),
        (None, (Some(side), _)) => FillDirection::Sold(side),
        (None, (None, _)) => return Err(missing(&["side", "outcome_side", "book_side"])),
    };
    Ok(FillStatement {
        fill_id: FillId::new(fields.name(&["trade_id", "fill_id"])?),
        order_id: OrderId::new(fields.name(&["order_id"])?),
        ticker: fields.ticker()?,
        subaccount: fields.subaccount()?,
        direction,
        yes_price: yes_price.or(no_price.map(Price::complement)).ok_or_else(|| {
            let spelling = if fields.has("count_fp") { "yes_price_dollars" } else { "yes_price" };
            missing(&[spelling])
        })?,
        no_price: yes_price.and(no_price),
        quantity: fields.count(&["count_fp", "count"])?,
        is_taker: fields.flag("is_taker")?,
        fee: fields.dollars("fee_cost")?,
        at: fields.instant("created_time")?,
    })
}
