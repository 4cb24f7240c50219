//! Requests to change switches and strategy.

use rec_domain::{
    DecisionId,
    command::DeskReply,
    outbox::DeskEvent,
    refusal::{Refusal, RefusalCode},
    row::Row,
    settings::AutomationSettings,
};

use super::draft::Draft;

impl Draft<'_> {
    /// Commits the settings, or refuses.
    pub(super) fn set_automation(
        &mut self,
        decision: DecisionId,
        requester: &str,
        settings: &AutomationSettings,
        replaces: Option<&AutomationSettings>,
    ) {
        let reply = match self.may_set(settings, replaces) {
            Ok(()) => {
                self.books.settings = settings.clone();
                self.rows.push(Row::Automation(settings.clone()));
                self.event(DeskEvent::Automation { auto_entry: settings.auto_entry, auto_stop: settings.auto_stop });
                DeskReply::Accepted { intent: None, trade: None }
            }
            Err(refusal) => DeskReply::Refused(refusal),
        };
        self.reply(decision, requester, reply);
    }

    fn may_set(&self, settings: &AutomationSettings, replaces: Option<&AutomationSettings>) -> Result<(), Refusal> {
        if let Err(errors) = settings.validate() {
            let text = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            return Err(Refusal::new(RefusalCode::BadSettings, text));
        }
        let present = &self.books.settings;
        if replaces.is_some_and(|replaces| replaces != present) {
            let text = "the settings were changed in the meantime; look at them again".to_owned();
            return Err(Refusal::new(RefusalCode::SettingsChanged, text));
        }
        // Only what grows is refused: a switch must work whatever the configuration says of caps.
        let (cap, wanted) = (self.books.caps(&self.config.caps).contracts_per_order, settings.contracts());
        if wanted > cap && wanted > present.contracts() {
            let text = format!("position_size: {wanted} contracts are above the cap of {cap}");
            return Err(Refusal::new(RefusalCode::BadSettings, text));
        }
        Ok(())
    }
}
