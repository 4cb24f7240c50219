//! One page of a list of the account.

use anyhow::ensure;
use rec_domain::{Timestamp, flow::FlowReport};
use rec_engine::account::{Items, List};
use rec_kalshi::{
    rest::{Client, FillsQuery, OrderFilter, OrdersQuery, PositionsQuery, SettlementsQuery},
    rows::{Cursor, Page, Unreadable},
};

/// What came on a page.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) items: Items,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
    /// Rows of [`Read::items`] that cannot be read, where one does not fail the page.
    pub(crate) unreadable: Vec<String>,
}

impl From<Items> for Read {
    fn from(items: Items) -> Self {
        Self { items, next: None, unreadable: Vec::new() }
    }
}

/// Reads the page of `list` at `cursor`, of what changed at or after `since`.
///
/// # Errors
/// When there is no answer, or a row of it cannot be read that would be taken for absent.
pub(crate) async fn page(
    client: &Client,
    list: List,
    cursor: Option<String>,
    since: Option<Timestamp>,
) -> anyhow::Result<Read> {
    let cursor = cursor.and_then(Cursor::new);
    let cursor = cursor.as_ref();
    Ok(match list {
        List::Timestamp => Items::Timestamp(client.user_data_timestamp().await?).into(),
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
        List::Deposits => moved(client.deposits_page(cursor).await?, told, Items::Deposits),
        List::Withdrawals => moved(client.withdrawals_page(cursor).await?, told, Items::Withdrawals),
        List::ShardTransfers => moved(client.shard_transfers_page(cursor).await?, told, Items::ShardTransfers),
        List::SubaccountTransfers => {
            let page = client.subaccount_transfers_page(cursor).await?;
            moved(page, |row| row.seen_from(client.subaccount_in_use()), Items::SubaccountTransfers)
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
            Items::Balance(balance.shards).into()
        }
    })
}

/// Movements of money in the desk's words, those that pass it by left out. One that cannot be read, or cannot be meant,
/// is named: the others are read all the same, and the balance shows whether it matters.
fn moved<T>(
    page: Page<T>,
    report: impl Fn(T) -> Result<Option<FlowReport>, String>,
    items: impl FnOnce(Vec<FlowReport>) -> Items,
) -> Read {
    let mut unreadable: Vec<String> =
        page.unreadable.iter().map(|Unreadable { row, reason }| format!("{row}: {reason}")).collect();
    let mut reports = Vec::new();
    for row in page.items {
        match report(row) {
            Ok(flow) => reports.extend(flow),
            Err(unsound) => unreadable.push(unsound),
        }
    }
    Read { items: items(reports), next: after(page.next), unreadable }
}

fn after(next: Option<Cursor>) -> Option<String> {
    next.map(|cursor| cursor.as_str().to_owned())
}

fn told<T: TryInto<FlowReport, Error = String>>(row: T) -> Result<Option<FlowReport>, String> {
    row.try_into().map(Some)
}

fn read<T>(page: Page<T>, items: impl FnOnce(Vec<T>) -> Items) -> Read {
    Read { items: items(page.items), next: after(page.next), unreadable: Vec::new() }
}

#[cfg(test)]
mod tests {
    use rec_domain::Money;
    use rec_kalshi::rows::Deposit;

    use super::*;

    #[test]
    fn of_movements_of_money_one_that_cannot_be_read_or_meant_is_named_and_the_others_are_read() {
        let deposit = |id: &str, dollars| Deposit {
            id: id.to_owned(),
            status: "applied".to_owned(),
            kind: "ach".to_owned(),
            amount: Money::from_dollars(dollars),
            fee: Money::ZERO,
            created_at: Timestamp::from_seconds(1),
            finalized_at: None,
        };
        let broken = Unreadable { row: "{\"id\":\"x\"".to_owned(), reason: "no amount_cents".to_owned() };
        let page = Page {
            items: vec![deposit("a", 5), deposit("b", -5), deposit("c", 7)],
            unreadable: vec![broken],
            next: Cursor::new("more"),
            first: None,
        };
        let read = moved(page, told, Items::Deposits);
        let Items::Deposits(flows) = read.items else { panic!("{:?}", read.items) };
        assert_eq!(flows.iter().map(|flow| flow.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(read.next.as_deref(), Some("more"));
        assert_eq!(read.unreadable.len(), 2);
        assert!(read.unreadable[0].starts_with("{\"id\":\"x\"") && read.unreadable[1].contains("deposit b"));
    }
}
