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
pub(crate) struct Desk(HttpDesk);

impl Desk {
    /// The desk of this configuration; whether it runs shows when it is asked.
    pub(crate) fn of(config: &Config, deadline: Duration) -> anyhow::Result<Self> {
        let file = &config.net.service_token_file;
        let token = std::fs::read_to_string(file).with_context(|| {
            format!("{} cannot be read; has a desk run here? --state-dir names another place", file.display())
        })?;
        let url = config.net.url(Service::TradeManager).context("trade-manager has no port")?;
        Ok(Self(HttpDesk::new(&url, ServiceToken::new(&token), deadline)?))
    }

    /// The same with the usual patience.
    pub(crate) fn patient(config: &Config) -> anyhow::Result<Self> {
        Self::of(config, DEADLINE)
    }

    /// Asks, and gives the refusal as an error.
    pub(crate) async fn ask(&self, command: DeskCommand) -> anyhow::Result<()> {
        match self.reply(command).await? {
            DeskReply::Accepted { .. } => Ok(()),
            DeskReply::Refused(refusal) => bail!("refused: {refusal}"),
        }
    }

    /// Asks under one identity, again while nobody knows whether it was taken.
    pub(crate) async fn reply(&self, command: DeskCommand) -> anyhow::Result<DeskReply> {
        let decision = DecisionId::from_uuid(uuid::Uuid::new_v4());
        let request = DeskRequest { decision, requester: "command line".to_owned(), command };
        let (mut attempt, mut unknown) = (1, None);
        loop {
            match self.0.request(request.clone()).await {
                Ok(reply) => return Ok(reply),
                Err(error) if error.is_uncertain() && attempt < ATTEMPTS => {
                    (attempt, unknown) = (attempt + 1, Some(error));
                }
                // That the desk is gone now does not say what it did before.
                Err(error) => return Err(explained(unknown.unwrap_or(error))),
            }
        }
    }

    /// The desk as it stands.
    pub(crate) async fn view(&self) -> anyhow::Result<DeskView> {
        Ok(*self.0.view().await.map_err(explained)?)
    }
}

fn explained(error: ApiError) -> anyhow::Error {
    let help = match &error {
        ApiError::Unreachable { .. } => {
            "is the desk running? without it there are `rec kill` and `rec flatten --emergency`"
        }
        ApiError::Unauthorized { .. } => "this is another desk's token: name the right --state-dir",
        ApiError::Refused { .. } => "nothing was done",
        ApiError::Timeout { .. } | ApiError::BadAnswer { .. } => {
            "nobody knows whether it was done; `rec status` and the page show it"
        }
    };
    anyhow::Error::new(error).context(help)
}

/// Reads a reason, which everything that stops or ends something needs.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        return Err(format!("a reason of 1 to {LONGEST_REASON} characters is needed"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt as _, net::TcpListener};

    use super::*;

    #[tokio::test]
    async fn what_may_have_been_done_is_not_called_undone_since_the_desk_is_gone_afterwards() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(async move {
            let (mut stream, _peer) = listener.accept().await.expect("it asks");
            let _request = stream.read(&mut [0; 1_024]).await;
            // It dies with the request in its hands, and nobody listens any more.
            drop(listener);
        });
        let desk = Desk(HttpDesk::new(&url, ServiceToken::new("a token of sixteen"), DEADLINE).expect("a client"));
        let error = desk.ask(DeskCommand::Compare).await.expect_err("nobody answered");
        assert!(format!("{error:#}").contains("nobody knows whether it was done"), "{error:#}");
    }
}
