//! What is mirrored: addresses, key, series.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use rec_config::Config;
use rec_domain::{Clock, SeriesTicker};
use rec_kalshi::{
    PrivateKey, Signer,
    rest::{Client, ClientConfig},
    ws::{Connection, ConnectionConfig},
};
use rec_twin::core::Series;
use tokio_util::sync::CancellationToken;

/// Options of a twin that mirrors another exchange.
#[derive(Debug, Clone, Args)]
pub struct MirrorArgs {
    /// Shows the exchange's markets, books and results and keeps only the account itself: for mode paper.
    #[arg(long)]
    pub mirror: bool,
    /// The REST address of what is mirrored, as http://HOST/trade-api/v2; unless given, that of exchange.prod.
    #[arg(long, value_name = "URL", requires_all = ["mirror", "mirror_ws"])]
    pub mirror_rest: Option<String>,
    /// The WebSocket address of what is mirrored, as ws://HOST/trade-api/ws/v2; unless given, that of exchange.prod.
    #[arg(long, value_name = "URL", requires_all = ["mirror", "mirror_rest"])]
    pub mirror_ws: Option<String>,
    /// The folder of the key with scope read there, as read.pem and read.id; unless given, credentials/prod in state_dir.
    #[arg(long, value_name = "FOLDER", requires = "mirror")]
    pub mirror_keys: Option<PathBuf>,
}

/// What is mirrored.
pub struct Source {
    rest_url: String,
    ws_url: String,
    signer: Arc<Signer>,
    series: Vec<SeriesTicker>,
}

impl Source {
    /// What the options and the configuration name.
    ///
    /// # Errors
    /// When the key cannot be read, or the twin does not know a series of the desk.
    pub fn of(args: &MirrorArgs, config: &Config) -> anyhow::Result<Self> {
        let folder = args.mirror_keys.clone().unwrap_or_else(|| config.state_dir.join("credentials/prod"));
        let id_file = folder.join("read.id");
        let id = std::fs::read_to_string(&id_file).with_context(|| {
            format!("the mirror needs a key that reads: cannot read {}; see docs/PAPER.md", id_file.display())
        })?;
        let key = PrivateKey::from_pem_file(&folder.join("read.pem"))?;
        let source = Self {
            rest_url: args.mirror_rest.clone().unwrap_or_else(|| config.exchange.prod.rest_url.clone()),
            ws_url: args.mirror_ws.clone().unwrap_or_else(|| config.exchange.prod.ws_url.clone()),
            signer: Arc::new(Signer::new(id.trim(), key)),
            series: config.exchange.series.clone(),
        };
        source.mirrored_series().map(|_known| source)
    }

    /// The series of the desk, as the twin has them.
    ///
    /// # Errors
    /// When the twin does not know one.
    pub fn mirrored_series(&self) -> anyhow::Result<Vec<Series>> {
        let known = |series: &SeriesTicker| {
            Series::named(series.as_str()).with_context(|| format!("the twin cannot mirror series {series}"))
        };
        self.series.iter().map(known).collect()
    }

    pub(super) fn series(&self) -> &[SeriesTicker] {
        &self.series
    }

    pub(super) fn client(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Client> {
        Ok(Client::new(ClientConfig::new(self.rest_url.clone()), Some(Arc::clone(&self.signer)), clock)?)
    }

    pub(super) fn connection(&self, clock: Arc<dyn Clock>, shutdown: &CancellationToken) -> Connection {
        let config = ConnectionConfig::new(self.ws_url.clone());
        Connection::open(config, Some(Arc::clone(&self.signer)), clock, shutdown)
    }
}
