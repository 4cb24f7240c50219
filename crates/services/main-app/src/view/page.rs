//! The whole page.

use rec_domain::{Mode, eastern};

use super::{
    Limits, Moment,
    alerts::AlertsView,
    automation::AutomationView,
    balance::BalanceView,
    caps::CapsView,
    events::{self, EventRow},
    header::HeaderView,
    health::HealthView,
    refusals::RefusalsView,
    safety::SafetyView,
    strikes::StrikesView,
    trades::TradesView,
};
use crate::live::Live;

/// What does not change while the service runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// What the desk trades against.
    pub mode: Mode,
    /// The underlying, as `BTC`.
    pub underlying: String,
    /// How old values may be.
    pub limits: Limits,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    /// The mode banner.
    pub banner: BannerView,
    /// Price, index, momentum, close.
    pub header: HeaderView,
    /// Halts.
    pub safety: SafetyView,
    /// Switches and entry supervisor.
    pub automation: AutomationView,
    /// The strike table.
    pub strikes: StrikesView,
    /// Active trades.
    pub trades: TradesView,
    /// Balance.
    pub balance: BalanceView,
    /// Last events.
    pub events: Vec<EventRow>,
    /// Health.
    pub health: HealthView,
    /// Alerts.
    pub alerts: AlertsView,
    /// Refusals by reason.
    pub refusals: RefusalsView,
    /// Limits.
    pub caps: CapsView,
}

/// What is always visible.
#[derive(Debug, Clone, PartialEq)]
pub struct BannerView {
    /// The mode's name in capitals.
    pub mode: String,
    /// What that means.
    pub meaning: &'static str,
    /// The class in the style sheet.
    pub class: &'static str,
    /// Market time, Eastern.
    pub market_clock: String,
    /// Market time in milliseconds, for the browser.
    pub market_ms: i64,
    /// The time of day in milliseconds, for the browser.
    pub wall_ms: i64,
    /// Seconds of market time in a second, for the browser.
    pub speed: f64,
    /// The speed in words, when market time is not the time of day.
    pub speed_words: Option<String>,
    /// What Eastern time is ahead of UTC, in minutes, for the browser's clock.
    pub eastern_offset_minutes: i64,
    /// `EDT` or `EST`.
    pub zone: String,
}

impl PageView {
    /// The page at `now`.
    #[must_use]
    pub fn of(live: &Live, setting: &Setting, now: Moment) -> Self {
        let Setting { mode, underlying, limits } = setting;
        Self {
            banner: BannerView::of(*mode, now),
            header: HeaderView::of(live, underlying, limits, now),
            safety: SafetyView::of(live, now),
            automation: AutomationView::of(live, now),
            strikes: StrikesView::of(live, limits, now),
            trades: TradesView::of(live, limits, now),
            balance: BalanceView::of(live, now),
            events: events::rows(live, now),
            health: HealthView::of(live, now),
            alerts: AlertsView::of(live, now),
            refusals: RefusalsView::of(live, now),
            caps: CapsView::of(live, now),
        }
    }
}

impl BannerView {
    /// The banner at `now`.
    #[must_use]
    pub fn of(mode: Mode, now: Moment) -> Self {
        let clock = eastern::clock(now.market);
        let zone = clock.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let is_fast = (now.speed - 1.0).abs() > 1e-9;
        Self {
            mode: mode.name().to_uppercase(),
            meaning: match mode {
                Mode::Twin => "everything is simulated",
                Mode::Paper => "live prices, simulated orders",
                Mode::Demo => "the exchange's demo environment, no money",
                Mode::Prod => "real money",
            },
            class: match mode {
                Mode::Twin => "mode-twin",
                Mode::Paper => "mode-paper",
                Mode::Demo => "mode-demo",
                Mode::Prod => "mode-prod",
            },
            market_clock: clock,
            market_ms: now.market.millis(),
            wall_ms: now.wall.millis(),
            speed: now.speed,
            speed_words: is_fast.then(|| format!("×{}", now.speed)),
            eastern_offset_minutes: if eastern::is_daylight_saving(now.market) { -240 } else { -300 },
            zone,
        }
    }
}
