//! One page of a list of the account.

use anyhow::ensure;
use rec_domain::Timestamp;
use rec_engine::account::{Items, List};
use rec_kalshi::{
    rest::{Client, FillsQuery, OrderFilter, OrdersQuery, PositionsQuery, SettlementsQuery},
    rows::{Cursor, Page},
};

/// What the page holds, and the cursor of the next one.
type Read = (Items, Option<String>);

/// Reads the page of `list` at `cursor`, of what changed at or after `since`.
///
/// # Errors
/// When there is no answer, or any row of it cannot be read.
pub(crate) async fn page(
    client: &Client,
    list: List,
    cursor: Option<String>,
    since: Option<Timestamp>,
) -> anyhow::Result<Read> {
    let cursor = cursor.and_then(Cursor::new);
    let cursor = cursor.as_ref();
    Ok(match list {
        List::Timestamp => (Items::Timestamp(client.user_data_timestamp().await?), None),
        List::Orders => {
            let wanted = OrdersQuery { since, ..OrdersQuery::default() };
            read(client.orders_page(&wanted, cursor).await?, Items::Orders)
        }
        List::RestingOrders => {
            let wanted = OrdersQuery { status: Some(OrderFilter::Resting), since, ..OrdersQuery::default() };
            read(client.orders_page(&wanted, cursor).await?, Items::RestingOrders)
        }
        List::Fills => {
            let wanted = FillsQuery { since, ..FillsQuery::default() };
            read(client.fills_page(&wanted, cursor).await?, Items::Fills)
        }
        List::Settlements => {
            let wanted = SettlementsQuery { since, ..SettlementsQuery::default() };
            read(client.settlements_page(&wanted, cursor).await?, Items::Settlements)
        }
        List::Positions => {
            let wanted = PositionsQuery { open_only: true, ..PositionsQuery::default() };
            let page = client.positions_page(&wanted, cursor).await?;
            read(page, |rows| Items::Positions(rows.into_iter().map(Into::into).collect()))
        }
        List::Balance => {
            let balance = client.balance(None).await?;
            ensure!(
                !balance.shards.is_empty(),
                "the exchange does not say how its {} is spread over its shards; \
                 use a key that is not locked to one subaccount",
                balance.cash
            );
            (Items::Balance(balance.shards), None)
        }
    })
}

fn read<T>(page: Page<T>, items: impl FnOnce(Vec<T>) -> Items) -> Read {
    (items(page.items), page.next.map(|cursor| cursor.as_str().to_owned()))
}
