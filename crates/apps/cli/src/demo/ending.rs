//! The quiet point at the end: no new entries, nothing under way, and desk and exchange compared once more, by the
//! desk itself and directly over the exchange's own interface.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use rec_config::Config;
use rec_domain::{
    Clock, DecisionId, ExchangeIndex, Money, Quantity, Side,
    command::{DeskCommand, DeskReply, DeskRequest},
    desk_view::DeskView,
    halt::HaltSource,
    trade::TradeState,
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig, PositionsQuery},
};
use rec_runtime::Clocks;
use std::collections::BTreeMap;
use tokio::time::{Instant, sleep};

use crate::whole_desk::WholeDesk;

/// How long the desk may take to come to rest.
const WITHIN: Duration = Duration::from_secs(20);

/// The last word on the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FinalBooks {
    /// Cash by shard, here and there.
    pub(super) cash: BTreeMap<ExchangeIndex, (Money, Money)>,
    /// Positions that differ: market, here, there.
    pub(super) positions: Vec<(String, Quantity, Quantity)>,
    /// Whether the desk's own last comparison was clean and newer than the last change.
    pub(super) compared_clean: bool,
}

impl FinalBooks {
    pub(super) fn agree(&self) -> bool {
        self.compared_clean && self.positions.is_empty() && self.cash.values().all(|(ours, theirs)| ours == theirs)
    }
}

/// Halts entries, waits for rest and compares. The last comparison is given also when it does not agree in time.
pub(super) async fn settle_down(desk: &WholeDesk, config: &Config) -> anyhow::Result<FinalBooks> {
    let halt = DeskRequest {
        decision: DecisionId::from_uuid(uuid::Uuid::new_v4()),
        requester: "demo".to_owned(),
        command: DeskCommand::Halt { source: HaltSource::Operator, reason: "the demo ends".to_owned() },
    };
    match desk.running.desk.request(halt).await.context("the desk cannot be halted for the end")? {
        DeskReply::Accepted { .. } => {}
        DeskReply::Refused(refusal) => bail!("the desk refused to halt for the end: {refusal}"),
    }
    let client = client(config)?;
    let deadline = Instant::now() + WITHIN;
    loop {
        let view = desk.running.desk.view().await.context("the desk's state cannot be read")?;
        let books = compare(&client, &view).await?;
        if (view.is_quiet() && books.agree()) || Instant::now() > deadline {
            return Ok(books);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

async fn compare(client: &Client, view: &DeskView) -> anyhow::Result<FinalBooks> {
    let balance = client.balance(None).await.context("the exchange's balance cannot be read")?;
    let query = PositionsQuery { open_only: true, ..PositionsQuery::default() };
    let rows = client.positions(&query).all().await.context("the exchange's positions cannot be read")?;
    let mut cash: BTreeMap<ExchangeIndex, (Money, Money)> =
        view.cash.iter().map(|(shard, ours)| (*shard, (*ours, Money::ZERO))).collect();
    for (shard, theirs) in balance.shards {
        cash.entry(shard).or_default().1 = theirs;
    }
    let mut positions: BTreeMap<String, (Quantity, Quantity)> = BTreeMap::new();
    for trade in view.trades.iter().filter(|trade| trade.state != TradeState::Opening) {
        let held = if trade.side == Side::Yes { trade.held() } else { -trade.held() };
        positions.entry(trade.ticker.to_string()).or_default().0 += held;
    }
    for row in rows {
        let report: rec_domain::report::PositionReport = row.into();
        positions.entry(report.ticker.to_string()).or_default().1 += report.position;
    }
    let compared_clean =
        view.reconciliation.as_ref().is_some_and(|last| last.is_clean() && last.as_of > last.books_changed_at);
    Ok(FinalBooks {
        cash,
        positions: positions
            .into_iter()
            .filter(|(_, (ours, theirs))| ours != theirs)
            .map(|(ticker, (ours, theirs))| (ticker, ours, theirs))
            .collect(),
        compared_clean,
    })
}

fn client(config: &Config) -> anyhow::Result<Client> {
    let credential = config.exchange.read.read()?;
    let key = PrivateKey::from_pem_file(&config.exchange.read.key_file)?;
    let clock: Arc<dyn Clock> = Clocks::of(&config.clock).market;
    let signer = Arc::new(Signer::new(credential.key_id, key));
    Ok(Client::new(ClientConfig::new(config.exchange.rest_url.clone()), Some(signer), clock)?)
}
