//! One page of a list of the account.

use anyhow::ensure;
use rec_domain::{Timestamp, flow::FlowReport};
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
        List::Deposits => moved(client.deposits_page(cursor).await?, told, Items::Deposits)?,
        List::Withdrawals => moved(client.withdrawals_page(cursor).await?, told, Items::Withdrawals)?,
        List::ShardTransfers => moved(client.shard_transfers_page(cursor).await?, told, Items::ShardTransfers)?,
        List::SubaccountTransfers => {
            let page = client.subaccount_transfers_page(cursor).await?;
            moved(page, |row| row.seen_from(client.subaccount_in_use()), Items::SubaccountTransfers)?
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

/// Movements of money in the desk's words, those that pass it by left out. One that cannot be meant fails the page.
fn moved<T>(
    page: Page<T>,
    report: impl Fn(T) -> Result<Option<FlowReport>, String>,
    items: impl FnOnce(Vec<FlowReport>) -> Items,
) -> anyhow::Result<Read> {
    let reports = page.items.into_iter().filter_map(|row| report(row).transpose());
    let reports = reports.collect::<Result<Vec<_>, String>>().map_err(anyhow::Error::msg)?;
    Ok((items(reports), page.next.map(|cursor| cursor.as_str().to_owned())))
}

fn told<T: TryInto<FlowReport, Error = String>>(row: T) -> Result<Option<FlowReport>, String> {
    row.try_into().map(Some)
}

fn read<T>(page: Page<T>, items: impl FnOnce(Vec<T>) -> Items) -> Read {
    (items(page.items), page.next.map(|cursor| cursor.as_str().to_owned()))
}
