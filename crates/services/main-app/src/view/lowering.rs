//! The form that lowers limits while the desk runs. A field that is left empty leaves its limit as it is.

use std::collections::{BTreeMap, HashMap};

use rec_domain::{
    caps::{Amount, Cap},
    risk_view::{CapUse, RiskView},
};

use super::caps::{amount, words};

/// The form as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoweringView {
    /// Each limit.
    pub fields: Vec<LimitField>,
}

/// What the operator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: every field is empty.
    Nothing,
    /// What is in force already, as by a form that is sent twice.
    InForce,
    /// Something that cannot be meant, which is marked.
    Wrong,
    /// These limits.
    Lower(BTreeMap<Cap, Amount>),
}

/// A limit that may be lowered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitField {
    /// Its name in the configuration.
    pub name: &'static str,
    /// In words.
    pub label: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// How fine it is.
    pub step: &'static str,
    /// What is used of it.
    pub used: String,
    /// What it allows now.
    pub in_force: String,
    /// The same, as in the field.
    pub most: String,
    /// What stands in the field.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl LoweringView {
    /// The form with what the operator sent, and what he asks for by it.
    #[must_use]
    pub fn of(risk: &RiskView, sent: &HashMap<String, String>) -> (Self, Asked) {
        let (mut fields, mut lower) = (Vec::new(), BTreeMap::new());
        for known in &risk.caps {
            let text = sent.get(known.cap.name()).map(|text| text.trim()).unwrap_or_default();
            let wanted = if text.is_empty() { Ok(None) } else { lowered(known, text) };
            let error = wanted.as_ref().err().cloned();
            lower.extend(wanted.ok().flatten().map(|amount| (known.cap, amount)));
            let (unit, step) = match known.limit {
                Amount::Contracts(_) => ("contracts", "0.01"),
                Amount::Dollars(_) => ("dollars", "0.01"),
                Amount::Count(_) => ("", "1"),
            };
            fields.push(LimitField {
                name: known.cap.name(),
                label: words(known.cap),
                unit,
                step,
                used: amount(known.used),
                in_force: amount(known.limit),
                most: known.limit.to_string(),
                value: text.to_owned(),
                error,
            });
        }
        let any = |is: fn(&LimitField) -> bool| fields.iter().any(is);
        let asked = match lower.is_empty() {
            _ if any(|field| field.error.is_some()) => Asked::Wrong,
            false => Asked::Lower(lower),
            true if any(|field| !field.value.is_empty()) => Asked::InForce,
            true => Asked::Nothing,
        };
        (Self { fields }, asked)
    }
}

/// What a field asks for; nothing where that is in force already.
fn lowered(known: &CapUse, text: &str) -> Result<Option<Amount>, String> {
    let wanted = known.cap.amount(text).map_err(|_why| "a number is needed".to_owned())?;
    if wanted.is_negative() {
        return Err("it cannot be below nothing".to_owned());
    }
    if wanted.is_above(known.limit) {
        return Err(format!("more than the {} in force", amount(known.limit)));
    }
    Ok((wanted != known.limit).then_some(wanted))
}

#[cfg(test)]
mod tests {
    use rec_domain::Money;

    use super::*;
    use crate::sample;

    fn read(sent: &[(&str, &str)]) -> (LoweringView, Asked) {
        let risk = sample::live().desk.expect("desk").value.risk;
        let sent = sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        LoweringView::of(&risk, &sent)
    }

    #[test]
    fn only_what_is_filled_in_is_lowered() {
        let (view, asked) = read(&[("daily_loss", " 5.50 "), ("drawdown", "")]);
        assert_eq!(view.fields.len(), Cap::ALL.len());
        assert_eq!(asked, Asked::Lower([(Cap::DailyLoss, Amount::Dollars(Money::from_cents(550)))].into()));
        assert_eq!(read(&[]).1, Asked::Nothing);
        let in_force = view.fields.iter().find(|field| field.name == "drawdown").expect("shown");
        assert_eq!(read(&[("drawdown", &in_force.most)]).1, Asked::InForce);
    }

    #[test]
    fn what_is_no_lower_limit_is_marked_and_nothing_is_asked_for() {
        for (name, wrong) in
            [("daily_loss", "1000000"), ("daily_loss", "-1"), ("open_trades", "1.5"), ("drawdown", "much")]
        {
            let (view, asked) = read(&[(name, wrong), ("money_per_day", "1")]);
            let marked: Vec<_> = view.fields.iter().filter(|field| field.error.is_some()).collect();
            assert_eq!((marked.len(), marked[0].name, marked[0].value.as_str()), (1, name, wrong));
            assert_eq!(asked, Asked::Wrong, "{name} {wrong}");
        }
    }
}
