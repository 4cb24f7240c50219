//! The parts of the page that are replaced by themselves.

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Panel {
    /// Price, index, momentum, time to close.
    Header,
    /// Halts, and the buttons to halt and resume.
    Safety,
    /// Switches and the entry supervisor.
    Automation,
    /// The strike table.
    Strikes,
    /// Trades that have not ended.
    Trades,
    /// Cash, exposure, profit, and whether ledger and exchange agree.
    Balance,
    /// What happened last.
    Events,
    /// Health of every service.
    Health,
    /// What a person must see.
    Alerts,
    /// Refused requests to open, by reason.
    Refusals,
    /// Limits, and what is used of them.
    Caps,
}

impl Panel {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Header,
        Self::Safety,
        Self::Automation,
        Self::Strikes,
        Self::Trades,
        Self::Balance,
        Self::Events,
        Self::Health,
        Self::Alerts,
        Self::Refusals,
        Self::Caps,
    ];

    /// The name, which is the id of the element on the page and the name of the event in the stream.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Safety => "safety",
            Self::Automation => "automation",
            Self::Strikes => "strikes",
            Self::Trades => "trades",
            Self::Balance => "balance",
            Self::Events => "events",
            Self::Health => "health",
            Self::Alerts => "alerts",
            Self::Refusals => "refusals",
            Self::Caps => "caps",
        }
    }
}
