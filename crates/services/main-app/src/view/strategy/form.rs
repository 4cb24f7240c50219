//! The form as it is shown, and what the operator sent.

use std::collections::{BTreeMap, HashMap};

use rec_domain::{Quantity, caps::RiskCaps, settings::AutomationSettings};
use sha2::{Digest as _, Sha256};

use super::{Field, GROUPS};
use crate::view::format;

/// The form as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyView {
    /// Which settings it was filled from: a form that was filled from others is stale.
    pub version: String,
    /// The settings.
    pub groups: Vec<GroupView>,
    /// Whether entries are automatic.
    pub auto_entry: bool,
    /// Whether exits are automatic.
    pub auto_stop: bool,
    /// The cap on one order.
    pub cap: String,
    /// How many settings are wrong.
    pub errors: usize,
}

/// Settings that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// Heading.
    pub title: &'static str,
    /// What they are for.
    pub text: &'static str,
    /// The settings.
    pub fields: Vec<FieldView>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldView {
    /// Its name.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether it is on or off.
    pub is_flag: bool,
    /// What stands in it.
    pub value: String,
    /// The least, as in the field.
    pub least: String,
    /// The most, as in the field.
    pub most: String,
    /// How fine it is.
    pub step: &'static str,
    /// What is in force, where something else stands in it.
    pub in_force: Option<String>,
    /// What is wrong with what stands in it.
    pub error: Option<String>,
}

/// What the operator sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Entered {
    /// The version of the form that it came from.
    pub version: String,
    /// The settings that it means; where a field cannot be read, those in force.
    pub settings: AutomationSettings,
    texts: BTreeMap<&'static str, String>,
    errors: BTreeMap<&'static str, String>,
}

/// The version of settings: the same for the same strategy, whatever the switches.
#[must_use]
pub fn version(settings: &AutomationSettings) -> String {
    let mut hash = Sha256::new();
    for field in fields() {
        hash.update(field.name);
        hash.update([0]);
        hash.update(field.write(settings));
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn fields() -> impl Iterator<Item = &'static Field> {
    GROUPS.iter().flat_map(|group| group.fields)
}

impl Entered {
    /// What a form says on top of the settings in force. A flag that is not sent is off.
    #[must_use]
    pub fn of(form: &HashMap<String, String>, present: &AutomationSettings, caps: &RiskCaps) -> Self {
        let mut entered = Self {
            version: form.get("version").cloned().unwrap_or_default(),
            settings: present.clone(),
            texts: BTreeMap::new(),
            errors: BTreeMap::new(),
        };
        for field in fields() {
            let text = form.get(field.name).cloned().unwrap_or_default();
            if let Err(expected) = field.read(&mut entered.settings, &text) {
                entered.errors.insert(field.name, expected.to_owned());
            }
            entered.texts.insert(field.name, text);
        }
        for error in entered.settings.validate().err().unwrap_or_default() {
            entered.errors.entry(error.setting).or_insert_with(|| in_words(&error.problem));
        }
        let contracts = entered.settings.contracts();
        if contracts > caps.contracts_per_order && contracts > present.contracts() {
            let (contracts, cap) = (format::quantity(contracts), format::quantity(caps.contracts_per_order));
            let problem = format!("{contracts} contracts a trade are above the cap of {cap} on an order");
            entered.errors.entry("position_size").or_insert(problem);
        }
        entered
    }

    /// Whether every setting can be meant.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.errors.is_empty()
    }

    /// Whether the form was filled from settings that are no longer in force.
    #[must_use]
    pub fn is_stale(&self, present: &AutomationSettings) -> bool {
        self.version != version(present)
    }
}

/// A problem that names another setting, with the name that the form gives it.
fn in_words(problem: &str) -> String {
    fields().fold(problem.to_owned(), |text, field| text.replace(field.name, &format!("“{}”", field.label)))
}

impl StrategyView {
    /// The form filled with the settings in force, or with what was sent.
    #[must_use]
    pub fn of(present: &AutomationSettings, caps: &RiskCaps, entered: Option<&Entered>) -> Self {
        Self {
            version: version(present),
            groups: GROUPS
                .iter()
                .map(|group| GroupView {
                    title: group.title,
                    text: group.text,
                    fields: group.fields.iter().map(|field| FieldView::of(field, present, caps, entered)).collect(),
                })
                .collect(),
            auto_entry: present.auto_entry,
            auto_stop: present.auto_stop,
            cap: format::quantity(caps.contracts_per_order),
            errors: entered.map_or(0, |entered| entered.errors.len()),
        }
    }
}

impl FieldView {
    fn of(field: &Field, present: &AutomationSettings, caps: &RiskCaps, entered: Option<&Entered>) -> Self {
        let in_force = field.write(present);
        let value = entered.and_then(|entered| entered.texts.get(field.name)).cloned().unwrap_or(in_force.clone());
        let differs = entered.is_some_and(|entered| {
            entered.errors.contains_key(field.name) || field.write(&entered.settings) != in_force
        });
        let shown = if field.is_flag() { if in_force.is_empty() { "off" } else { "on" }.to_owned() } else { in_force };
        Self {
            name: field.name,
            label: field.label,
            unit: field.unit,
            help: field.help,
            is_flag: field.is_flag(),
            least: field.bounds.0.to_owned(),
            most: if field.name == "position_size" {
                format::contracts_field(most(present, caps))
            } else {
                field.bounds.1.to_owned()
            },
            step: field.step(),
            in_force: differs.then_some(shown),
            error: entered.and_then(|entered| entered.errors.get(field.name)).cloned(),
            value,
        }
    }
}

/// The cap, or what is in force where the configuration's cap is below it.
fn most(present: &AutomationSettings, caps: &RiskCaps) -> Quantity {
    caps.contracts_per_order.max(present.position_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(changes: &[(&str, &str)]) -> HashMap<String, String> {
        let settings = AutomationSettings::default();
        let mut form: HashMap<String, String> =
            fields().map(|field| (field.name.to_owned(), field.write(&settings))).collect();
        form.insert("version".to_owned(), version(&settings));
        form.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    }

    fn entered(changes: &[(&str, &str)]) -> Entered {
        Entered::of(&sent(changes), &AutomationSettings::default(), &RiskCaps::default())
    }

    fn error(view: &StrategyView, name: &str) -> Option<String> {
        let mut fields = view.groups.iter().flat_map(|group| &group.fields);
        fields.find(|field| field.name == name).expect("a field").error.clone()
    }

    #[test]
    fn an_unchanged_form_changes_nothing_and_a_switch_does_not_make_it_stale() {
        let settings = AutomationSettings::default();
        let same = entered(&[]);
        assert!(same.is_sound());
        assert_eq!(same.settings, settings);
        assert!(!same.is_stale(&AutomationSettings { auto_entry: true, ..settings.clone() }));
        assert!(same.is_stale(&AutomationSettings { cooldown_seconds: 11, ..settings }));
    }

    #[test]
    fn what_is_wrong_stands_beside_its_field_in_the_forms_own_words() {
        let entered = entered(&[
            ("min_probability_percent", "101"),
            ("min_time_seconds", "901"),
            ("max_ask", "98.555"),
            ("position_size", "101"),
            ("multiplier", ""),
        ]);
        assert!(!entered.is_sound());
        let view = StrategyView::of(&AutomationSettings::default(), &RiskCaps::default(), Some(&entered));
        assert_eq!(view.errors, 5);
        assert_eq!(error(&view, "min_probability_percent").as_deref(), Some("must lie between 0 and 100"));
        assert_eq!(error(&view, "min_time_seconds").as_deref(), Some("must not be above “Begin”"));
        assert_eq!(error(&view, "max_ask").as_deref(), Some("write a number with at most two decimals"));
        assert!(error(&view, "position_size").is_some_and(|error| error.contains("the cap of 100")));
        let field = view.groups.iter().flat_map(|group| &group.fields).find(|field| field.name == "max_ask");
        let field = field.expect("a field");
        assert_eq!((field.value.as_str(), field.in_force.as_deref()), ("98.555", Some("98")), "nothing typed is lost");
    }

    #[test]
    fn a_flag_that_is_not_sent_is_off() {
        let mut form = sent(&[]);
        form.remove("spike_alert_enabled");
        let entered = Entered::of(&form, &AutomationSettings::default(), &RiskCaps::default());
        assert!(entered.is_sound() && !entered.settings.spike_alert_enabled);
    }
}
