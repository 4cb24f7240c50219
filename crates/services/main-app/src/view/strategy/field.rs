//! What a setting is called, its unit, its bounds, how it is read and written.

use rec_domain::{Price, Quantity, settings::AutomationSettings};

use crate::view::format;

/// A setting in the form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in [`AutomationSettings`].
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// The least and the most, as in the field; empty where there is no bound.
    pub bounds: (&'static str, &'static str),
    /// What kind of value it is.
    pub value: Value,
}

/// How a setting is reached.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// On or off.
    Flag(fn(&mut AutomationSettings) -> &mut bool),
    /// A whole number.
    Whole(fn(&mut AutomationSettings) -> &mut i64),
    /// How many times.
    Times(fn(&mut AutomationSettings) -> &mut u32),
    /// A number that is no money: percent, points, momentum.
    Number(fn(&mut AutomationSettings) -> &mut f64),
    /// A price, in cents.
    Cents(fn(&mut AutomationSettings) -> &mut Price),
    /// Contracts.
    Contracts(fn(&mut AutomationSettings) -> &mut Quantity),
}

impl Field {
    /// Whether it is on or off.
    #[must_use]
    pub const fn is_flag(&self) -> bool {
        matches!(self.value, Value::Flag(_))
    }

    /// How fine the browser lets it be set.
    #[must_use]
    pub const fn step(&self) -> &'static str {
        match self.value {
            Value::Flag(_) | Value::Whole(_) | Value::Times(_) => "1",
            Value::Number(_) => "any",
            Value::Cents(_) | Value::Contracts(_) => "0.01",
        }
    }

    /// The value, as in the field; a flag is `on` or empty.
    #[must_use]
    pub fn write(&self, settings: &AutomationSettings) -> String {
        let mut settings = settings.clone();
        match self.value {
            Value::Flag(at) => if *at(&mut settings) { "on" } else { "" }.to_owned(),
            Value::Whole(at) => at(&mut settings).to_string(),
            Value::Times(at) => at(&mut settings).to_string(),
            Value::Number(at) => at(&mut settings).to_string(),
            Value::Cents(at) => format::cents_field(*at(&mut settings)),
            Value::Contracts(at) => format::contracts_field(*at(&mut settings)),
        }
    }

    /// Takes the value that [`Field::write`] writes.
    ///
    /// # Errors
    /// What is expected, when it is something else.
    pub fn read(&self, settings: &mut AutomationSettings, text: &str) -> Result<(), &'static str> {
        const NUMBER: &str = "write a number, as 95 or 0.25";
        const WHOLE: &str = "write a whole number";
        const HUNDREDTHS: &str = "write a number with at most two decimals";
        let text = text.trim();
        match self.value {
            Value::Flag(at) => *at(settings) = !text.is_empty(),
            Value::Whole(at) => *at(settings) = text.parse().map_err(|_no_number| WHOLE)?,
            Value::Times(at) => *at(settings) = text.parse().map_err(|_no_number| WHOLE)?,
            Value::Number(at) => {
                *at(settings) = text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or(NUMBER)?;
            }
            Value::Cents(at) => *at(settings) = format::parse_cents(text).ok_or(HUNDREDTHS)?,
            Value::Contracts(at) => *at(settings) = text.parse().map_err(|_no_number| HUNDREDTHS)?,
        }
        Ok(())
    }
}
