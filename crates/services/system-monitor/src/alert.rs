//! What was and is wrong, as one list.

use std::collections::VecDeque;

use rec_domain::{
    Service, Timestamp,
    caps::Cap,
    desk_view::{DeskView, LateResult},
    halt::Halt,
    health::HealthReport,
    risk_view::{EXITS_ALARM, RiskView},
};
use serde::Serialize;

use crate::AlertCode;

/// Alerts that have ended and are remembered.
const MOST_ENDED: usize = 200;

/// Something that is or was wrong. Of one code and subject there is one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What kind of thing.
    pub code: AlertCode,
    /// To what it happens: a service, with its check, as `price-watchdog: index prints`, or who halted.
    pub subject: String,
    /// What is wrong, for people; as it was when it was seen last.
    pub message: String,
    /// What to do about it first.
    pub what_to_do: &'static str,
    /// Since when, in market time.
    pub since: Timestamp,
    /// When it was over, in market time.
    pub until: Option<Timestamp>,
}

/// What changed with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It began.
    Raised(Alert),
    /// It is over.
    Cleared(Alert),
}

/// What was and is wrong. Each failing check of each service is an alert of its own, and so is each halt that the
/// operator did not set.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    active: Vec<Alert>,
    ended: VecDeque<Alert>,
}

/// What is wrong just now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    code: AlertCode,
    subject: String,
    message: String,
}

/// What the desk says that alerts are made of.
#[derive(Debug, Clone, Copy)]
pub struct DeskWord<'a> {
    /// Halts in force.
    pub halts: &'a [Halt],
    /// How much of its limits is used.
    pub risk: &'a RiskView,
    /// Trades whose market does not pay.
    pub late_results: &'a [LateResult],
}

impl<'a> DeskWord<'a> {
    /// The word of a view.
    #[must_use]
    pub fn of(view: &'a DeskView) -> Self {
        Self { halts: &view.halts, risk: &view.risk, late_results: &view.late_results }
    }
}

impl Alerts {
    /// Takes a report and the desk's word, and says what began and what is over. Services that are still starting
    /// raise nothing. Without the desk's word what was known of it stays.
    pub fn take(&mut self, report: &HealthReport, starting: &[Service], desk: Option<&DeskWord<'_>>) -> Vec<Change> {
        let mut faults = of_services(report, starting);
        faults.extend(desk.iter().flat_map(|desk| desk.halts).filter_map(of_halt));
        faults.extend(desk.iter().flat_map(|desk| of_risk(desk.risk)));
        faults.extend(desk.iter().flat_map(|desk| desk.late_results).map(of_result));
        let stays = |alert: &Alert| desk.is_none() && is_of_desk(alert.code);
        let mut changes = Vec::new();
        self.active.retain_mut(|alert| {
            let still = faults.iter().find(|fault| fault.code == alert.code && fault.subject == alert.subject);
            if let Some(fault) = still {
                alert.message.clone_from(&fault.message);
                return true;
            }
            if stays(alert) {
                return true;
            }
            alert.until = Some(report.at);
            changes.push(Change::Cleared(alert.clone()));
            self.ended.push_front(alert.clone());
            false
        });
        self.ended.truncate(MOST_ENDED);
        for Fault { code, subject, message } in faults {
            if !self.active.iter().any(|alert| alert.code == code && alert.subject == subject) {
                let what_to_do = code.what_to_do();
                let alert = Alert { code, subject, message, what_to_do, since: report.at, until: None };
                changes.push(Change::Raised(alert.clone()));
                self.active.push(alert);
            }
        }
        changes
    }

    /// Whether anything is wrong now apart from `subject`.
    #[must_use]
    pub fn is_any_but(&self, subject: &str) -> bool {
        self.active.iter().any(|alert| alert.subject != subject)
    }

    /// What is wrong now, then what was, the latest first.
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.active.iter().chain(&self.ended)
    }
}

fn of_services(report: &HealthReport, starting: &[Service]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for health in report.services.iter().filter(|health| !starting.contains(&health.service)) {
        let service = health.service;
        for check in health.checks.iter().filter(|check| !check.ok) {
            let code =
                if check.advisory { AlertCode::ServiceDegraded } else { AlertCode::of_check(service, &check.name) };
            let age = match (check.age_ms, check.limit_ms) {
                (_, 0) => "fails".to_owned(),
                (None, _) => "never came".to_owned(),
                (Some(age), limit) if age > limit => format!("stale for {}.{} s", age / 1_000, age % 1_000 / 100),
                (Some(_), _) => "fails".to_owned(),
            };
            let detail = check.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            let message = format!("{service}: {} {age}{detail}", check.name);
            faults.push(Fault { code, subject: format!("{service}: {}", check.name), message });
        }
        if !health.healthy && health.checks.iter().all(|check| check.ok) {
            let (code, subject) = (AlertCode::ServiceSilent, service.to_string());
            faults.push(Fault { code, subject, message: format!("{service} does not answer") });
        }
    }
    faults
}

fn of_halt(halt: &Halt) -> Option<Fault> {
    let code = AlertCode::of_halt(halt.source)?;
    Some(Fault { code, subject: halt.source.to_string(), message: format!("entries are halted: {}", halt.reason) })
}

/// What limits have to say before, and when, they are reached.
fn of_risk(risk: &RiskView) -> Vec<Fault> {
    let mut faults = Vec::new();
    let cap = risk.caps.iter().find(|known| known.cap == Cap::Drawdown);
    if let (true, Some(cap)) = (risk.drawdown_near, cap) {
        let reached = if cap.limit.is_above(cap.used) { "" } else { ": entries are refused" };
        let message = format!("equity is {} below its peak, the cap is {}{reached}", cap.used, cap.limit);
        faults.push(Fault { code: AlertCode::DrawdownNear, subject: cap.cap.to_string(), message });
    }
    if risk.exits_last_minute >= EXITS_ALARM {
        let message = format!("{} orders to close within a minute", risk.exits_last_minute);
        faults.push(Fault { code: AlertCode::ManyExits, subject: "orders to close".to_owned(), message });
    }
    faults
}

fn of_result(late: &LateResult) -> Fault {
    let LateResult { trade, ticker, closed_at, disputed } = late;
    let why = if *disputed { "its result is disputed" } else { "its result is late, and may be disputed" };
    let message = format!("{ticker} closed at {closed_at} and has not paid trade {trade}: {why}");
    Fault { code: AlertCode::ResultLate, subject: format!("trade {trade}"), message }
}

fn is_of_desk(code: AlertCode) -> bool {
    matches!(code, AlertCode::DrawdownNear | AlertCode::ManyExits | AlertCode::ResultLate)
        || rec_domain::halt::HaltSource::ALL.iter().any(|source| AlertCode::of_halt(*source) == Some(code))
}

#[cfg(test)]
mod tests {
    use rec_domain::{
        MarketTicker, Money, TradeId,
        caps::Amount,
        halt::HaltSource,
        health::{Check, ServiceHealth},
        risk_view::CapUse,
    };

    use super::*;

    fn report(at: i64, index_age_ms: Option<u64>) -> HealthReport {
        let check = |name: &str, ok: bool| Check {
            name: name.to_owned(),
            ok,
            age_ms: index_age_ms,
            limit_ms: 3_500,
            detail: None,
            advisory: false,
        };
        let fresh = index_age_ms.is_some_and(|age| age <= 3_500);
        let checks = vec![check("spot price", true), check("index prints", fresh)];
        let services = vec![ServiceHealth { service: Service::PriceWatchdog, healthy: fresh, checks }];
        HealthReport { at: Timestamp::from_seconds(at), services }
    }

    #[test]
    fn a_stale_feed_is_named_once_with_what_to_do_and_its_end_is_told() {
        let mut alerts = Alerts::default();
        assert_eq!(alerts.take(&report(1, Some(100)), &[], None), []);
        let changes = alerts.take(&report(5, Some(4_200)), &[], None);
        let [Change::Raised(alert)] = changes.as_slice() else { unreachable!("one is raised: {changes:?}") };
        assert_eq!((alert.code, alert.subject.as_str()), (AlertCode::FeedStale, "price-watchdog: index prints"));
        assert_eq!(alert.message, "price-watchdog: index prints stale for 4.2 s");
        assert_eq!(alert.what_to_do, AlertCode::FeedStale.what_to_do());
        assert_eq!(alerts.take(&report(6, Some(5_200)), &[], None), [], "once");
        assert_eq!(alerts.iter().next().expect("active").message, "price-watchdog: index prints stale for 5.2 s");
        let changes = alerts.take(&report(7, Some(10)), &[], None);
        let [Change::Cleared(alert)] = changes.as_slice() else { unreachable!("one is cleared: {changes:?}") };
        assert_eq!((alert.since.seconds(), alert.until.map(Timestamp::seconds)), (5, Some(7)));
    }

    #[test]
    fn what_is_still_starting_raises_nothing() {
        let mut alerts = Alerts::default();
        assert_eq!(alerts.take(&report(1, None), &[Service::PriceWatchdog], None), []);
        assert_eq!(alerts.take(&report(2, None), &[], None).len(), 1);
    }

    #[test]
    fn a_halt_is_an_alert_unless_the_operator_set_it_and_stays_while_nobody_can_say() {
        let mut alerts = Alerts::default();
        let halt = |source| Halt { source, reason: "a reason".to_owned(), since: Timestamp::from_seconds(1) };
        let halts = [halt(HaltSource::Operator), halt(HaltSource::OrderGroup)];
        let risk = RiskView::default();
        let word = |halts| DeskWord { halts, risk: &risk, late_results: &[] };
        let changes = alerts.take(&report(1, Some(1)), &[], Some(&word(&halts)));
        let [Change::Raised(alert)] = changes.as_slice() else { unreachable!("one is raised: {changes:?}") };
        assert_eq!(alert.code, AlertCode::EntryGroupTripped);
        assert_eq!(alerts.take(&report(2, Some(1)), &[], None), []);
        assert!(matches!(alerts.take(&report(3, Some(1)), &[], Some(&word(&[]))).as_slice(), [Change::Cleared(_)]));
    }

    #[test]
    fn a_drawdown_near_its_cap_and_many_exits_are_alerts_while_they_last() {
        let drawdown = |used| CapUse {
            cap: Cap::Drawdown,
            limit: Amount::Dollars(Money::from_dollars(100)),
            used: Amount::Dollars(Money::from_dollars(used)),
            headroom: Amount::Dollars(Money::ZERO),
            of: None,
        };
        let risk = |near, used, exits_last_minute| RiskView {
            caps: vec![drawdown(used)],
            drawdown_near: near,
            exits_last_minute,
            ..RiskView::default()
        };
        let mut alerts = Alerts::default();
        let mut told = |at, risk: &RiskView| {
            alerts.take(&report(at, Some(1)), &[], Some(&DeskWord { halts: &[], risk, late_results: &[] }));
            let active = alerts.active.iter().map(|alert| (alert.code, alert.message.clone()));
            active.collect::<Vec<_>>()
        };
        assert_eq!(told(1, &risk(false, 79, EXITS_ALARM - 1)), []);
        let near = "equity is 80.00 below its peak, the cap is 100.00".to_owned();
        let many = (AlertCode::ManyExits, "30 orders to close within a minute".to_owned());
        assert_eq!(told(2, &risk(true, 80, EXITS_ALARM)), [(AlertCode::DrawdownNear, near), many]);
        assert_eq!(
            told(3, &risk(true, 100, 0)),
            [(
                AlertCode::DrawdownNear,
                "equity is 100.00 below its peak, the cap is 100.00: entries are refused".to_owned()
            )]
        );
        assert_eq!(told(4, &risk(false, 10, 0)), []);
    }

    #[test]
    fn a_result_that_is_late_or_disputed_is_an_alert_until_the_trade_is_paid() {
        let mut alerts = Alerts::default();
        let risk = RiskView::default();
        let late = |disputed| LateResult {
            trade: TradeId::new(7),
            ticker: MarketTicker::new("KXBTCD-26SEP2315-T83999.99"),
            closed_at: Timestamp::from_seconds(1),
            disputed,
        };
        let mut take = |at, late_results: &[LateResult]| {
            let word = DeskWord { halts: &[], risk: &risk, late_results };
            let changes = alerts.take(&report(at, Some(1)), &[], Some(&word));
            (changes, alerts.iter().next().map(|alert| alert.message.clone()).unwrap_or_default())
        };
        let (changes, message) = take(1, &[late(false)]);
        let [Change::Raised(alert)] = changes.as_slice() else { unreachable!("one is raised: {changes:?}") };
        assert_eq!((alert.code, alert.subject.as_str()), (AlertCode::ResultLate, "trade 7"));
        assert!(message.contains("late"), "{message}");
        let (changes, message) = take(2, &[late(true)]);
        assert!(changes.is_empty() && message.contains("is disputed"), "{message}");
        assert!(matches!(take(3, &[]).0.as_slice(), [Change::Cleared(_)]));
    }

    #[test]
    fn silence_is_an_alert_and_the_memory_is_bounded() {
        let mut alerts = Alerts::default();
        let silent = |at: i64| HealthReport {
            at: Timestamp::from_seconds(at),
            services: vec![ServiceHealth { service: Service::Guard, healthy: false, checks: Vec::new() }],
        };
        for at in 0..1_000 {
            let changes = alerts.take(&silent(at), &[], None);
            assert!(matches!(&changes[0], Change::Raised(alert) if alert.message == "guard does not answer"));
            alerts.take(&report(at, Some(1)), &[], None);
        }
        assert_eq!(alerts.iter().count(), MOST_ENDED);
    }
}
