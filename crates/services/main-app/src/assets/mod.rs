//! Style sheets, scripts and pictures, compiled in.

mod serve;

pub(crate) use serve::serve;

/// Who may have a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Everyone: the log-in page needs it.
    Everyone,
    /// Whoever is logged in.
    Operator,
}

/// A file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    /// Where it is served.
    pub(crate) path: &'static str,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Its content.
    pub(crate) content: &'static str,
    /// Who may have it.
    pub(crate) audience: Audience,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! asset {
    ($name:literal, $media_type:expr, $audience:ident) => {
        Asset {
            path: concat!("/static/", $name),
            media_type: $media_type,
            content: include_str!(concat!("../../static/", $name)),
            audience: Audience::$audience,
        }
    };
}

/// Every file.
pub(crate) const ASSETS: &[Asset] = &[
    asset!("logo.svg", "image/svg+xml", Everyone),
    asset!("base.css", CSS, Everyone),
    asset!("login.css", CSS, Everyone),
    asset!("desk.css", CSS, Operator),
    asset!("desk.js", JS, Operator),
    asset!("clock.js", JS, Operator),
    asset!("ages.js", JS, Operator),
    asset!("morph.js", JS, Operator),
    asset!("stream.js", JS, Operator),
    asset!("commands.js", JS, Operator),
    asset!("tickets.js", JS, Operator),
];
