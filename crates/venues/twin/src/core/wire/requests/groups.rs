//! Order groups.

use rec_domain::{ExchangeIndex, Quantity};
use serde::Deserialize;

use super::{parse, shard, subaccount, unreadable};
use crate::core::{
    mutation::{CreateGroup, GroupRef, Mutation},
    query::Params,
    rejection::Rejection,
};

/// The body of a new group or of a new limit.
#[derive(Debug, Deserialize)]
struct GroupBody {
    contracts_limit: Option<i64>,
    contracts_limit_fp: Option<String>,
    exchange_index: Option<ExchangeIndex>,
    subaccount: Option<u32>,
}

impl GroupBody {
    /// The limit by whichever field says it; both have to say the same.
    fn limit(&self) -> Result<Quantity, Rejection> {
        let text: Option<Quantity> = match &self.contracts_limit_fp {
            Some(text) => Some(text.parse().map_err(|error| unreadable("contracts_limit_fp", &error))?),
            None => None,
        };
        let whole = self.contracts_limit.map(Quantity::from_contracts);
        let limit = match (text, whole) {
            (Some(text), Some(whole)) if text != whole => None,
            (text, whole) => text.or(whole),
        };
        let allowed = Quantity::from_contracts(1)..=Quantity::from_contracts(1_000_000);
        let limit = limit.filter(|limit| allowed.contains(limit));
        limit.ok_or_else(|| Rejection::bad_request("contracts_limit must be between 1 and 1000000"))
    }
}

pub(super) fn create_group(body: &[u8]) -> Result<Mutation, Rejection> {
    let body: GroupBody = parse(body, "CreateOrderGroupRequest")?;
    Ok(Mutation::CreateGroup(CreateGroup {
        limit: body.limit()?,
        exchange_index: body.exchange_index.unwrap_or(ExchangeIndex::new(0)),
        subaccount: body.subaccount,
    }))
}

pub(super) fn limit_group(id: &str, params: &Params, body: &[u8]) -> Result<Mutation, Rejection> {
    let body: GroupBody = parse(body, "UpdateOrderGroupLimitRequest")?;
    Ok(Mutation::LimitGroup(group_ref(id, params), body.limit()?))
}

pub(super) fn group_ref(id: &str, params: &Params) -> GroupRef {
    let exchange_index = params.number("exchange_index").and_then(shard).unwrap_or(ExchangeIndex::new(0));
    GroupRef { order_group_id: id.to_owned(), exchange_index, subaccount: subaccount(params) }
}
