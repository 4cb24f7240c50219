//! What every handler can reach.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use rec_api::DeskApi;

use crate::{
    auth::Auth,
    stream::Hub,
    view::{Moment, page::Setting},
};

/// Where the present comes from.
pub type Now = Arc<dyn Fn() -> Moment + Send + Sync>;

/// What every handler can reach.
pub struct App {
    /// Logs in and out.
    pub auth: Auth,
    /// trade-manager.
    pub desk: Arc<dyn DeskApi>,
    /// The live state and whoever follows it.
    pub hub: Hub,
    /// What does not change.
    pub setting: Setting,
    /// Both clocks.
    pub now: Now,
    /// Where the guard listens.
    pub guard_socket: PathBuf,
    /// Ports by snake-case service name.
    pub ports: BTreeMap<String, u16>,
    /// The name under which a browser reaches the desk through a reverse proxy with TLS.
    pub public_host: Option<String>,
}

/// The application, shared by all requests.
pub type Shared = Arc<App>;

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("setting", &self.setting).finish_non_exhaustive()
    }
}
