//! A dump is worth what its restore is worth: it is restored into a cluster that is thrown away, counted, and
//! its books are checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rec_domain::Mode;

use super::{
    counts::rows_by_table,
    error::BackupError,
    restore::{Restored, fill},
    tools::Target,
};
use crate::{
    cluster::{Cluster, ClusterOptions, Durability, SearchPlaces},
    connection::Role,
    database::Database,
    ledger::LedgerCheck,
};

/// A database of that name is restored in the scratch cluster.
const NAME: &str = "rec";

/// Rows by table.
type Rows = BTreeMap<String, u64>;

/// A dump that was restored into a cluster of its own. Dropped without [`ScratchRestore::stop`] it leaves a server
/// running.
#[derive(Debug)]
pub struct ScratchRestore {
    cluster: Cluster,
    database: Database,
    restored: Restored,
}

/// What came of a proof.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Tables that were restored.
    pub tables: usize,
    /// Rows of all of them.
    pub rows: u64,
    /// Whether rows were counted when the dump was made, so that there was something to compare with.
    pub compared: bool,
    /// Tables with another number of rows than when the dump was made.
    pub differences: Vec<Difference>,
    /// What `rec ledger verify` says of the restored books.
    pub ledger: LedgerCheck,
}

/// A table with another number of rows than when the dump was made; 0 for one that is not there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// Rows when the dump was made.
    pub dumped: u64,
    /// Rows after its restore.
    pub restored: u64,
}

impl Verified {
    /// Whether the dump is good.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty() && self.ledger.is_sound() && self.tables > 0
    }
}

impl ScratchRestore {
    /// Starts a cluster in `folder`, restores the dump into it, counts, and only then brings the schema up to this
    /// program's and checks the books.
    ///
    /// # Errors
    /// As [`super::restore`]; or the cluster cannot be started.
    pub async fn of(file: &Path, mode: Mode, folder: &Path) -> Result<(Self, Verified), BackupError> {
        let options =
            ClusterOptions { durability: Durability::Scratch, sync_new_data: false, ..ClusterOptions::new(folder) };
        let places = options.places.clone();
        let cluster = Cluster::start(options).await?;
        match restored(&cluster, &places, file, mode).await {
            Ok((database, restored, verified)) => Ok((Self { cluster, database, restored }, verified)),
            Err(error) => {
                cluster.stop().await?;
                Err(error)
            }
        }
    }

    /// The restored database, as its owner.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// What the dump held.
    #[must_use]
    pub const fn restored(&self) -> &Restored {
        &self.restored
    }

    /// Ends the cluster; whoever gave the folder removes it.
    ///
    /// # Errors
    /// When the server does not end.
    pub async fn stop(self) -> Result<(), BackupError> {
        self.database.close().await;
        Ok(self.cluster.stop().await?)
    }
}

async fn restored(
    cluster: &Cluster,
    places: &SearchPlaces,
    file: &Path,
    mode: Mode,
) -> Result<(Database, Restored, Verified), BackupError> {
    cluster.ensure_database(NAME).await?;
    let target = Target::of_cluster(cluster.address(), NAME);
    let database = Database::open_with(target.options.clone(), Role::Owner, 2).await?;
    let restored = fill(&database, &target, places, file, mode).await?;
    let rows = rows_by_table(&mut database.pool.acquire().await?).await?;
    let dumped = restored.manifest.as_ref().map(|manifest| &manifest.rows);
    database.migrate().await?;
    database.check_schema().await?;
    let verified = Verified {
        tables: rows.len(),
        rows: rows.values().sum(),
        compared: dumped.is_some(),
        differences: dumped.map(|dumped| differences(dumped, &rows)).unwrap_or_default(),
        ledger: database.ledger().check(None).await?,
    };
    Ok((database, restored, verified))
}

/// Tables with another number of rows; one that is not there has none.
fn differences(dumped: &Rows, restored: &Rows) -> Vec<Difference> {
    let tables: BTreeSet<&String> = dumped.keys().chain(restored.keys()).collect();
    let rows = |of: &Rows, table: &String| of.get(table).copied().unwrap_or(0);
    let compared = tables.into_iter().map(|table| Difference {
        table: table.clone(),
        dumped: rows(dumped, table),
        restored: rows(restored, table),
    });
    compared.filter(|difference| difference.dumped != difference.restored).collect()
}
