//! Links to the server, each of whose waits ends.
//!
//! The server bounds what it is asked ([`Role::apply`](crate::connection::Role)), but one that stands still, or that a
//! broken connection cuts off, keeps no promise. So the client has a deadline of its own, here and nowhere else: a
//! statement without answer is given up, and its connection with it, since whatever comes on it later belongs to nobody.
//! What the statement did is then not known. Before COMMIT that does not matter, since nothing was committed; a COMMIT,
//! or a statement that is its own transaction, may have happened, and whoever asked looks.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use futures_util::{
    StreamExt as _, TryFutureExt as _, TryStreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Error, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::{Instant, timeout_at};

/// How long a caller waits for a connection before the database counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool of links. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pool: PgPool,
    deadline: Option<Duration>,
}

/// A connection of the pool. It goes back there, unless something was left unfinished on it.
#[derive(Debug)]
pub(crate) struct Link {
    /// `None` only while it is dropped.
    connection: Option<PoolConnection<Postgres>>,
    deadline: Option<Duration>,
    /// A statement was begun and not heard to its end.
    unfinished: bool,
}

/// A transaction. Dropped without [`Transaction::commit`] it ends with its connection.
#[derive(Debug)]
pub(crate) struct Transaction {
    link: Link,
    open: bool,
}

impl Pool {
    /// Connects once and keeps up to `most` connections, whose statements end within `deadline`; without one they take
    /// as long as they need.
    pub(crate) async fn connect(
        options: PgConnectOptions,
        most: u32,
        deadline: Option<Duration>,
    ) -> Result<Self, Error> {
        Ok(Self { pool: pool_options(most).connect_with(options).await?, deadline })
    }

    /// The same without connecting yet.
    pub(crate) fn connect_lazily(options: PgConnectOptions, most: u32, deadline: Option<Duration>) -> Self {
        Self { pool: pool_options(most).connect_lazy_with(options), deadline }
    }

    #[cfg(test)]
    pub(crate) fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = Some(deadline);
    }

    /// The pool without any deadline, for migrations.
    pub(crate) const fn unbounded(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) async fn acquire(&self) -> Result<Link, Error> {
        let connection = Some(self.pool.acquire().await?);
        Ok(Link { connection, deadline: self.deadline, unfinished: false })
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        self.begin_with("BEGIN").await
    }

    /// A transaction that begins with `statement`.
    pub(crate) async fn begin_with(&self, statement: &'static str) -> Result<Transaction, Error> {
        let mut transaction = Transaction { link: self.acquire().await?, open: true };
        transaction.execute(statement).await?;
        Ok(transaction)
    }

    /// Closes the connections that are given back in time; the others close when they are.
    pub(crate) async fn close(&self) {
        let deadline = self.deadline.map(|limit| Instant::now() + limit);
        let _late_or_not = within(deadline, self.pool.close()).await;
    }
}

fn pool_options(most: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_TIMEOUT)
}

impl Link {
    /// The connection, the flag that something is unfinished on it, now set, and when that has to end.
    fn start(&mut self) -> (&mut PgConnection, &mut bool, Option<Instant>) {
        let Some(connection) = &mut self.connection else { panic!("a link has its connection until it is dropped") };
        self.unfinished = true;
        (connection, &mut self.unfinished, self.deadline.map(|limit| Instant::now() + limit))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        match (self.deadline, tokio::runtime::Handle::try_current()) {
            // Closed without another word.
            _ if self.unfinished => drop(connection.detach()),
            // The pool asks the server before it takes a connection back, for as long as that takes.
            (Some(limit), Ok(runtime)) => {
                runtime.spawn(tokio::time::timeout(limit, connection.return_to_pool()));
            }
            (None, _) | (_, Err(_)) => drop(connection),
        }
    }
}

impl Transaction {
    /// # Errors
    /// When no good answer came: it may have happened all the same.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        self.execute("COMMIT").await?;
        self.open = false;
        Ok(())
    }

    /// # Errors
    /// When no good answer came: it ends with its connection then.
    pub(crate) async fn rollback(mut self) -> Result<(), Error> {
        // On a connection that does not answer it ends with it.
        if !self.unfinished {
            self.execute("ROLLBACK").await?;
            self.open = false;
        }
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.link.unfinished |= self.open;
    }
}

impl Deref for Transaction {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.link
    }
}

/// What `waited_for` gives, or an error once `deadline` has passed.
pub(crate) async fn within<T>(deadline: Option<Instant>, waited_for: impl Future<Output = T>) -> Result<T, Error> {
    match deadline {
        Some(deadline) => timeout_at(deadline, waited_for).await.map_err(|late| {
            Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer in time: {late}")))
        }),
        None => Ok(waited_for.await),
    }
}

/// Whether the server has said how the statement ended, so that the connection can be used again.
fn is_heard(error: &Error) -> bool {
    error.as_database_error().is_some() || matches!(error, Error::RowNotFound)
}

type Answer = Either<PgQueryResult, PgRow>;

impl<'c> Executor<'c> for &'c mut Link {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Answer, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (connection, unfinished, deadline) = self.start();
        let answers = connection.fetch_many(query);
        Box::pin(stream::unfold(Some((answers, unfinished)), move |rest| async move {
            let (mut answers, unfinished) = rest?;
            match within(deadline, answers.next()).await {
                Ok(Some(Ok(answer))) => Some((Ok(answer), Some((answers, unfinished)))),
                Ok(Some(Err(error))) => {
                    *unfinished = !is_heard(&error);
                    Some((Err(error), None))
                }
                Ok(None) => {
                    *unfinished = false;
                    None
                }
                Err(late) => Some((Err(late), None)),
            }
        }))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (connection, unfinished, deadline) = self.start();
        Box::pin(async move {
            let answer = within(deadline, connection.fetch_optional(query)).await?;
            *unfinished = answer.as_ref().is_err_and(|error| !is_heard(error));
            answer
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        let (connection, unfinished, deadline) = self.start();
        Box::pin(async move {
            let answer = within(deadline, connection.prepare_with(sql, parameters)).await?;
            *unfinished = answer.as_ref().is_err_and(|error| !is_heard(error));
            answer
        })
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        let (connection, unfinished, deadline) = self.start();
        Box::pin(async move {
            let answer = within(deadline, connection.describe(sql)).await?;
            *unfinished = answer.as_ref().is_err_and(|error| !is_heard(error));
            answer
        })
    }
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Answer, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let answers = async move {
            let mut link = self.acquire().await?;
            let answers: Vec<Answer> = link.fetch_many(query).try_collect().await?;
            Ok(stream::iter(answers.into_iter().map(Ok)))
        };
        Box::pin(answers.try_flatten_stream())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move { self.acquire().await?.prepare_with(sql, parameters).await })
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move { self.acquire().await?.describe(sql).await })
    }
}
