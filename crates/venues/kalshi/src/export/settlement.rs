//! Exported settlements.

use rec_domain::{Money, audit::SettlementStatement};

use super::{
    document::{FieldError, List, read},
    error::ExportError,
    fields::{Fields, missing},
};

const LIST: List = List { name: "settlements", marks: &["market_result", "settled_time", "revenue"] };

/// Reads a file of settlements; `file` is its name in messages.
///
/// # Errors
/// When the text is no such export, or a settlement in it cannot be read.
pub fn read_settlements(file: &str, text: &str) -> Result<Vec<SettlementStatement>, ExportError> {
    read(file, text, LIST, settlement)
}

fn settlement(fields: &Fields<'_>) -> Result<SettlementStatement, FieldError> {
    let cost = |dollars, cents| -> Result<Money, FieldError> {
        fields.money(dollars, cents)?.ok_or_else(|| missing(&[cents, dollars]))
    };
    Ok(SettlementStatement {
        ticker: fields.ticker()?,
        // An empty word is one too: what was paid then tells.
        result: match fields.word(&["market_result"])? {
            None if !fields.has("market_result") => return Err(missing(&["market_result"])),
            word => word.unwrap_or_default(),
        },
        yes_count: fields.count(&["yes_count_fp", "yes_count"])?,
        yes_cost: cost("yes_total_cost_dollars", "yes_total_cost")?,
        no_count: fields.count(&["no_count_fp", "no_count"])?,
        no_cost: cost("no_total_cost_dollars", "no_total_cost")?,
        // Whole cents in either form.
        revenue: fields.cents("revenue")?.ok_or_else(|| missing(&["revenue"]))?,
        value: fields.cents("value")?,
        fees: fields.dollars("fee_cost")?,
        settled_at: fields.instant("settled_time")?,
    })
}
