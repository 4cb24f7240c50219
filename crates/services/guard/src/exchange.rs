//! The order groups on the exchange, with the guard's own key.

use std::sync::Arc;

use anyhow::Context as _;
use rec_api::guard::EntryGroup;
use rec_config::{Config, ExchangeKey};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig},
};
use rec_runtime::{Clocks, ServiceContext};

/// Trips order groups.
pub trait Trip: Clone + Send + Sync + 'static {
    /// Trips a group and looks whether anything still stands in it; the error is for people.
    fn trip(&self, group: &EntryGroup) -> impl Future<Output = Result<(), String>> + Send;
}

/// The exchange as the guard uses it, and `rec kill` where there is no guard.
#[derive(Debug, Clone)]
pub struct Exchange {
    client: Client,
    clocks: Clocks,
}

impl Exchange {
    /// The configured exchange. The key is read at the start: a guard that finds out when it is needed that it has
    /// none is no guard.
    pub(crate) fn of_guard(ctx: &ServiceContext) -> anyhow::Result<Self> {
        Self::open(&ctx.config, &ctx.config.exchange.guard, &ctx.clocks)
    }

    /// The configured exchange with a key of scope trade.
    ///
    /// # Errors
    /// When the key cannot be read or the address is none.
    pub fn open(config: &Config, key: &ExchangeKey, clocks: &Clocks) -> anyhow::Result<Self> {
        let credential = key.read()?;
        let private = PrivateKey::from_pem(credential.pem.expose())
            .with_context(|| format!("the key {}", key.key_file.display()))?;
        let signer = Arc::new(Signer::new(credential.key_id, private));
        let client = Client::new(ClientConfig::new(&config.exchange.rest_url), Some(signer), Arc::new(clocks.clone()))?;
        Ok(Self { client, clocks: clocks.clone() })
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}

impl Trip for Exchange {
    /// The exchange does not show that a group is tripped; that it took the request and that no order is left is as
    /// much as can be seen.
    async fn trip(&self, group: &EntryGroup) -> Result<(), String> {
        let acknowledged = self.client.trigger_order_group(&group.group, group.exchange_index, self.clocks.now()).await;
        acknowledged.map_err(|error| error.to_string())?;
        let seen = self.client.order_group(&group.group, group.exchange_index).await;
        let seen = seen.map_err(|error| format!("triggered, but it cannot be looked at: {error}"))?;
        match seen.orders.len() {
            0 => Ok(()),
            left => Err(format!("triggered, but {left} orders stand in it")),
        }
    }
}
