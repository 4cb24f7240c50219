//! The form of the settings.

use std::fmt::Write as _;

use axum::http::{StatusCode, header};
use rec_domain::{
    command::{DeskCommand, DeskReply},
    refusal::{Refusal, RefusalCode},
    settings::AutomationSettings,
};

use super::support::{Desk, desk};
use crate::{
    sample,
    view::strategy::{GROUPS, version},
};

fn present() -> AutomationSettings {
    sample::live().desk.expect("desk").value.settings
}

/// The form as a browser sends it, with some fields changed.
fn form(version: &str, changes: &[(&str, &str)]) -> String {
    let mut body = format!("version={version}");
    for field in GROUPS.iter().flat_map(|group| group.fields) {
        let changed = changes.iter().find(|(name, _)| *name == field.name).map(|(_, value)| (*value).to_owned());
        let value = changed.unwrap_or_else(|| field.write(&present()));
        if !(field.is_flag() && value.is_empty()) {
            let _infallible = write!(body, "&{}={value}", field.name);
        }
    }
    body
}

fn asked(desk: &Desk) -> Vec<DeskCommand> {
    desk.desk.asked.lock().expect("lock").iter().map(|request| request.command.clone()).collect()
}

#[tokio::test]
async fn the_form_shows_what_is_in_force_with_units_and_bounds() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let page = desk.get("/strategy", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    for said in [
        "name=\"min_probability_percent\" value=\"95\"",
        "min=\"-10\" max=\"10\"",
        "name=\"max_ask\" value=\"98\"",
        "s before the close",
        "one order: at most 100 contracts",
    ] {
        assert!(page.text.contains(said), "{said}");
    }
}

#[tokio::test]
async fn what_is_saved_replaces_what_was_seen_and_leaves_the_switches() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let sent = form(&version(&present()), &[("min_probability_percent", "96.5"), ("spike_alert_enabled", "")]);
    let answer = desk.submit("/strategy", &cookie, &sent).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/strategy?saved"));
    let expected = AutomationSettings { min_probability_percent: 96.5, spike_alert_enabled: false, ..present() };
    let replaces = Some(Box::new(present()));
    assert_eq!(asked(&desk), [DeskCommand::SetAutomation { settings: expected, replaces }]);
}

#[tokio::test]
async fn a_stale_form_is_told_and_saves_nothing() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let old = AutomationSettings { cooldown_seconds: 60, ..present() };
    let sent = form(&version(&old), &[("min_probability_percent", "97")]);
    let answer = desk.submit("/strategy", &cookie, &sent).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("were changed since this form was opened"), "{}", answer.text);
    assert!(answer.text.contains("value=\"97\"") && answer.text.contains("in force: 95"), "nothing typed is lost");
    assert!(asked(&desk).is_empty());
    // Seen again, it may be replaced; unless the desk knows still newer ones.
    let sent = form(&version(&present()), &[("min_probability_percent", "97")]);
    *desk.desk.answer.lock().expect("lock") =
        Ok(DeskReply::Refused(Refusal::new(RefusalCode::SettingsChanged, "changed in the meantime")));
    let answer = desk.submit("/strategy", &cookie, &sent).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("were changed since this form was opened"));
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_marked_and_not_asked_for() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let sent = form(&version(&present()), &[("min_time_seconds", "901"), ("position_size", "500")]);
    let answer = desk.submit("/strategy", &cookie, &sent).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for said in ["id=\"min_time_seconds-error\"", "id=\"position_size-error\"", "above the cap of 100", "value=\"500\""]
    {
        assert!(answer.text.contains(said), "{said}");
    }
    assert!(asked(&desk).is_empty());
}

#[tokio::test]
async fn a_form_sent_twice_is_saved_once() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let sent = form("of-an-older-form", &[]);
    let answer = desk.submit("/strategy", &cookie, &sent).await;
    assert_eq!(answer.header(header::LOCATION), "/strategy?saved", "it is in force as it stands");
    assert!(asked(&desk).is_empty());
}
