//! Asking trade-manager of a desk that runs, as the operator does on the page.

use std::time::Duration;

use anyhow::{Context as _, bail};
use rec_api::{ApiError, DeskApi as _, HttpDesk, ServiceToken};
use rec_config::Config;
use rec_domain::{
    DecisionId, Service,
    command::{DeskCommand, DeskReply, DeskRequest},
    desk_view::DeskView,
};

/// How long one attempt may take, of wall time.
const DEADLINE: Duration = Duration::from_secs(5);
/// How often a request is made while nobody knows whether it was taken; the desk answers the same identity alike.
const ATTEMPTS: usize = 3;
/// The longest reason.
const LONGEST_REASON: usize = 200;

/// trade-manager of a desk that runs.
pub(super) struct Desk(HttpDesk);

impl Desk {
    /// The desk of this configuration; whether it runs shows when it is asked.
    pub(super) fn of(config: &Config, deadline: Duration) -> anyhow::Result<Self> {
        let file = &config.net.service_token_file;
        let token = std::fs::read_to_string(file).with_context(|| {
            format!("{} cannot be read; has a desk run here? --state-dir names another place", file.display())
        })?;
        let url = config.net.url(Service::TradeManager).context("trade-manager has no port")?;
        Ok(Self(HttpDesk::new(&url, ServiceToken::new(&token), deadline)?))
    }

    /// The same with the usual patience.
    pub(super) fn patient(config: &Config) -> anyhow::Result<Self> {
        Self::of(config, DEADLINE)
    }

    /// Asks, and gives the refusal as an error.
    pub(super) async fn ask(&self, command: DeskCommand) -> anyhow::Result<()> {
        let decision = DecisionId::from_uuid(uuid::Uuid::new_v4());
        let request = DeskRequest { decision, requester: "command line".to_owned(), command };
        let mut attempt = 1;
        loop {
            match self.0.request(request.clone()).await {
                Ok(DeskReply::Accepted { .. }) => return Ok(()),
                Ok(DeskReply::Refused(refusal)) => bail!("refused: {refusal}"),
                Err(error) if error.is_uncertain() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(explained(error)),
            }
        }
    }

    /// The desk as it stands.
    pub(super) async fn view(&self) -> anyhow::Result<DeskView> {
        Ok(*self.0.view().await.map_err(explained)?)
    }
}

fn explained(error: ApiError) -> anyhow::Error {
    let help = match &error {
        ApiError::Unreachable { .. } => {
            "is the desk running? without it there are `rec kill` and `rec flatten --emergency`"
        }
        ApiError::Unauthorized { .. } => "this is another desk's token: name the right --state-dir",
        _ => "nobody knows whether it was done; `rec status` and the page show it",
    };
    anyhow::Error::new(error).context(help)
}

/// Reads a reason, which everything that stops or ends something needs.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        return Err(format!("a reason of 1 to {LONGEST_REASON} characters is needed"));
    }
    Ok(text.to_owned())
}
