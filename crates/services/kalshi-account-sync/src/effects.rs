//! What the machine wants done.

use std::{sync::Arc, time::Duration};

use rec_domain::{Timestamp, report::Report};
use rec_engine::account::{AccountMachine, Input, Output};
use rec_kalshi::rest::Client;
use rec_runtime::{Effects, ServiceContext};
use rec_store::Inbox;
use tokio::{sync::mpsc, time::timeout};
use tracing::{info, warn};

use crate::pages::{self, Read};

/// Name of the health check on complete readings of the account.
pub(crate) const SWEEPS: &str = "sweeps";
/// Name of the health check on writing what was read.
pub(crate) const INBOX: &str = "inbox";

/// The inbox takes reports within this, or counts as away. Reports whose fate is unknown are given again.
const APPEND_WITHIN: Duration = Duration::from_secs(3);

/// Carries out the machine's outputs.
pub(crate) struct AccountEffects {
    pub(crate) ctx: ServiceContext,
    pub(crate) inbox: Inbox,
    pub(crate) client: Client,
    pub(crate) inputs: mpsc::Sender<Input>,
}

impl Effects<AccountMachine> for AccountEffects {
    async fn act(&mut self, now: Timestamp, outputs: Vec<Output>) -> anyhow::Result<Vec<Input>> {
        for output in outputs {
            match output {
                // Waited for: the machine counts on hearing of a failure before it goes on.
                Output::Append { reports } => {
                    if let Err(reason) = self.append(&reports, now).await {
                        warn!(reason, reports = reports.len(), "the inbox did not take reports");
                        self.ctx.health.fail(INBOX, reason);
                        // What follows belongs to a reading that the machine now gives up.
                        return Ok(vec![Input::AppendFailed]);
                    }
                }
                Output::Fetch { number, list, cursor, since } => {
                    let (client, inputs) = (self.client.clone(), self.inputs.clone());
                    tokio::spawn(async move {
                        let input = match pages::page(&client, list, cursor, since).await {
                            Ok(Read { items, next, unreadable }) => {
                                for row in &unreadable {
                                    warn!(row, ?list, "a movement of money cannot be read");
                                }
                                Input::Page { number, items, next, unreadable }
                            }
                            Err(error) => {
                                warn!(error = format!("{error:#}"), ?list, "a page of the account was not read");
                                Input::FetchFailed { number }
                            }
                        };
                        let _the_machine_has_ended = inputs.send(input).await;
                    });
                }
                Output::SweepFailed { reason } => {
                    warn!(reason, "the account was not read completely");
                    self.ctx.health.fail(SWEEPS, reason);
                }
            }
        }
        Ok(Vec::new())
    }
}

impl AccountEffects {
    async fn append(&self, reports: &[Report], now: Timestamp) -> Result<(), String> {
        let appended = match timeout(APPEND_WITHIN, self.inbox.append_reports(reports, now)).await {
            Ok(Ok(appended)) => appended,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_elapsed) => return Err("the database does not answer".to_owned()),
        };
        self.ctx.health.beat(INBOX);
        if reports.iter().any(|report| matches!(report, Report::Sweep(_))) {
            self.ctx.health.beat(SWEEPS);
        }
        if appended > 0 {
            let desk = Arc::clone(&self.ctx.desk);
            tokio::spawn(async move {
                if let Err(error) = desk.inbox_hint().await {
                    info!(%error, "the desk was not told and will find the reports by itself");
                }
            });
        }
        Ok(())
    }
}
