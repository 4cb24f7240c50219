//! Desk and exchange compared, over the exchange's own interface.

use std::{collections::BTreeMap, sync::Arc};

use rec_config::Config;
use rec_domain::{
    Clock, ExchangeIndex, Money, Quantity, Side, desk_view::DeskView, report::PositionReport, trade::TradeState,
};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig, PositionsQuery},
};
use rec_runtime::Clocks;

/// A client with the key for reading.
pub(super) fn client(config: &Config) -> anyhow::Result<Client> {
    let credential = config.exchange.read.read()?;
    let key = PrivateKey::from_pem_file(&config.exchange.read.key_file)?;
    let clock: Arc<dyn Clock> = Clocks::of(&config.clock).market;
    let signer = Arc::new(Signer::new(credential.key_id, key));
    Ok(Client::new(ClientConfig::new(config.exchange.rest_url.clone()), Some(signer), clock)?)
}

/// What differs between the desk and the exchange, in words; empty when nothing does.
pub(super) async fn differences(client: &Client, view: &DeskView) -> anyhow::Result<Vec<String>> {
    let mut cash: BTreeMap<ExchangeIndex, (Money, Money)> =
        view.cash.iter().map(|(shard, ours)| (*shard, (*ours, Money::ZERO))).collect();
    for (shard, theirs) in client.balance(None).await?.shards {
        cash.entry(shard).or_default().1 = theirs;
    }
    let mut positions: BTreeMap<String, (Quantity, Quantity)> = BTreeMap::new();
    for trade in view.trades.iter().filter(|trade| trade.state != TradeState::Opening) {
        let held = if trade.side == Side::Yes { trade.held() } else { -trade.held() };
        positions.entry(trade.ticker.to_string()).or_default().0 += held;
    }
    let query = PositionsQuery { open_only: true, ..PositionsQuery::default() };
    for row in client.positions(&query).all().await? {
        let report: PositionReport = row.into();
        positions.entry(report.ticker.to_string()).or_default().1 += report.position;
    }
    let cash = cash.iter().filter(|(_, (ours, theirs))| ours != theirs);
    let cash = cash.map(|(shard, (ours, theirs))| format!("cash on {shard}: {ours} here, {theirs} there"));
    let positions = positions.iter().filter(|(_, (ours, theirs))| ours != theirs);
    let positions = positions.map(|(ticker, (ours, theirs))| format!("{ticker}: {ours} here, {theirs} there"));
    Ok(cash.chain(positions).collect())
}
