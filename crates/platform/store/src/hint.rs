//! Hints that something new may stand in a table. They may be lost; the tables are the truth, so a listener also
//! looks from time to time.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::Instant;

use crate::{database::Database, desk::Desk, error::Result, link::within};

/// How long it may take to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(5);

/// What may be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hint {
    /// The outbox.
    Outbox,
    /// The inbox of the exchange's reports.
    Reports,
    /// The executor's answers.
    Answers,
    /// Intents to be sent.
    Intents,
    /// Nothing new: the desk wants a complete reading of the account.
    Sweep,
}

impl Hint {
    /// Name of the channel in the database.
    pub(crate) const fn channel(self) -> &'static str {
        match self {
            Self::Outbox => "rec_outbox",
            Self::Reports => "rec_reports",
            Self::Answers => "rec_answers",
            Self::Intents => "rec_intents",
            Self::Sweep => "rec_sweep",
        }
    }
}

impl Desk {
    /// Asks whoever reads the account to read it now. It may be lost: the account is read in any case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn request_sweep(&self) -> Result<()> {
        sqlx::query!("SELECT pg_notify($1, '')", Hint::Sweep.channel()).execute(&self.database.pool).await?;
        Ok(())
    }
}

/// A listener on a connection of its own.
#[derive(Debug)]
pub struct Hints {
    listener: PgListener,
}

impl Database {
    /// Listens for hints of one kind.
    ///
    /// # Errors
    /// When no connection can be made.
    pub async fn listen(&self, hint: Hint) -> Result<Hints> {
        let listening = async {
            let pool = PgPoolOptions::new().max_connections(1).connect_with(self.options.clone()).await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(hint.channel()).await?;
            Ok(Hints { listener })
        };
        within(Some(Instant::now() + LISTENS_WITHIN), listening).await?
    }
}

impl Hints {
    /// Waits for the next hint or until `limit` has passed, takes all that have come, and says whether there was one.
    /// A lost connection is made again; what was missed meanwhile counts as a hint.
    ///
    /// # Errors
    /// When the connection is lost and cannot be made again.
    pub async fn wait(&mut self, limit: Duration) -> Result<bool> {
        let Ok(received) = tokio::time::timeout(limit, self.listener.try_recv()).await else { return Ok(false) };
        received?;
        while self.listener.next_buffered().is_some() {}
        Ok(true)
    }
}
