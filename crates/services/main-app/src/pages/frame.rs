//! What every page after the log-in has around it: banner, navigation, who is logged in.

use crate::{app::App, security::LoggedIn, view::page::BannerView};

/// What every page has around it.
pub(crate) struct Frame {
    /// The mode banner.
    pub(crate) banner: BannerView,
    /// Whoever is logged in.
    pub(crate) username: String,
    /// The path of the page.
    pub(crate) here: &'static str,
}

impl Frame {
    /// Pages to go to: path and name.
    pub(crate) const PAGES: &[(&str, &str)] = &[("/", "Desk"), ("/strategy", "Strategy"), ("/system", "System")];

    /// Around the page at `here`.
    pub(crate) fn new(app: &App, who: &LoggedIn, here: &'static str) -> Self {
        let banner = BannerView::of(app.setting.mode, (app.now)());
        Self { banner, username: who.operator.name.clone(), here }
    }

    /// Whether the page is the one at `path`.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.here == path
    }
}
