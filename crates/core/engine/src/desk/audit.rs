//! What people asked of the desk, for the audit.

use rec_domain::{
    Service,
    command::{DeskCommand, DeskReply, DeskRequest},
    row::Row,
};
use serde_json::json;

use super::draft::Draft;

impl Draft<'_> {
    /// Notes who asked for what, when, why, and what he got. What services ask is not audited: it stands in the
    /// decisions.
    pub(super) fn audit(&mut self, request: &DeskRequest) {
        let DeskRequest { decision, requester, command } = request;
        let Some(reply) = self.books.earlier_reply(*decision) else { return };
        if Service::ALL.iter().any(|service| service.name() == requester) {
            return;
        }
        let (action, reason) = match command {
            DeskCommand::Open(open) => ("open", open.reason.as_str()),
            DeskCommand::Close(close) => ("close", close.reason.as_str()),
            DeskCommand::Halt { reason, .. } => ("halt", reason.as_str()),
            DeskCommand::Resume { reason, .. } => ("resume", reason.as_str()),
            DeskCommand::TightenCaps { reason, .. } => ("tighten_caps", reason.as_str()),
            DeskCommand::Arm(arm) => ("arm", arm.reason.as_str()),
            DeskCommand::Disarm { reason } => ("disarm", reason.as_str()),
            DeskCommand::Flatten(flatten) => ("flatten", flatten.reason.as_str()),
            DeskCommand::Adjust(adjustment) => ("adjust", adjustment.reason.as_str()),
            DeskCommand::SetAutomation { .. } => ("set_automation", ""),
            DeskCommand::Compare | DeskCommand::NoteRefusals { .. } => return,
        };
        let outcome = match reply {
            DeskReply::Accepted { .. } => json!("accepted"),
            DeskReply::Refused(refusal) => json!(refusal),
        };
        let detail =
            json!({ "at": self.now, "decision": decision, "reason": reason, "asked": command, "outcome": outcome });
        self.rows.push(Row::Audit { actor: requester.clone(), action: action.to_owned(), detail: detail.to_string() });
    }
}
