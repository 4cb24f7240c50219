//! The parts of the page that are replaced by themselves: the same templates that the whole page includes.

use askama::Template;
use rec_domain::Side;

use crate::view::{PageView, Panel, strikes::StrikeLine};

macro_rules! panels {
    ($($name:ident = $path:literal),+ $(,)?) => {
        $(
            #[derive(Template)]
            #[template(path = $path)]
            struct $name<'a> { page: &'a PageView }
        )+

        /// The markup of a panel's content.
        ///
        /// # Errors
        /// When a template cannot be written, which only a fault in it can cause.
        pub(crate) fn render(panel: Panel, page: &PageView) -> askama::Result<String> {
            match panel { $(Panel::$name => $name { page }.render(),)+ }
        }
    };
}

panels! {
    Header = "panels/header.html",
    Safety = "panels/safety.html",
    Automation = "panels/automation.html",
    Strikes = "panels/strikes.html",
    Trades = "panels/trades.html",
    Balance = "panels/balance.html",
    Events = "panels/events.html",
    Health = "panels/health.html",
    Alerts = "panels/alerts.html",
    Refusals = "panels/refusals.html",
    Caps = "panels/caps.html",
}
