//! Every setting of the form. The bounds are those of [`AutomationSettings::validate`](rec_domain::settings), said to
//! the browser; a test holds both together.

use super::field::{Field, Value};

/// Settings that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Heading.
    pub title: &'static str,
    /// What they are for.
    pub text: &'static str,
    /// The settings.
    pub fields: &'static [Field],
}

/// Every setting, in the order of the form.
pub const GROUPS: &[Group] = &[
    Group {
        title: "Entry",
        text: "When the desk opens a trade by itself. All of it must hold.",
        fields: &[
            Field {
                name: "min_probability_percent",
                label: "Least chance",
                unit: "%",
                help: "The favoured side's chance must be at least this.",
                bounds: ("0", "100"),
                value: Value::Number(|settings| &mut settings.min_probability_percent),
            },
            Field {
                name: "min_differential_points",
                label: "Least edge after fees",
                unit: "points",
                help: "Chance less ask and fee must be at least this, exactly.",
                bounds: ("-10", "10"),
                value: Value::Number(|settings| &mut settings.min_differential_points),
            },
            Field {
                name: "max_time_seconds",
                label: "Begin",
                unit: "s before the close",
                help: "No entry earlier than this before the close.",
                bounds: ("0", "3600"),
                value: Value::Whole(|settings| &mut settings.max_time_seconds),
            },
            Field {
                name: "min_time_seconds",
                label: "End",
                unit: "s before the close",
                help: "No entry later than this before the close.",
                bounds: ("0", "3600"),
                value: Value::Whole(|settings| &mut settings.min_time_seconds),
            },
            Field {
                name: "min_volume",
                label: "Least volume",
                unit: "contracts",
                help: "Only markets that traded at least this.",
                bounds: ("0", ""),
                value: Value::Contracts(|settings| &mut settings.min_volume),
            },
            Field {
                name: "max_ask",
                label: "Highest ask",
                unit: "¢",
                help: "Only asks up to this.",
                bounds: ("0.01", "99.99"),
                value: Value::Cents(|settings| &mut settings.max_ask),
            },
            Field {
                name: "cooldown_seconds",
                label: "Rest after an order",
                unit: "s",
                help: "A market and side is left alone for this long after an order was sent.",
                bounds: ("0", "3600"),
                value: Value::Whole(|settings| &mut settings.cooldown_seconds),
            },
            Field {
                name: "allow_re_entry",
                label: "Allow re-entry",
                unit: "",
                help: "A market and side may be entered again after its trade has ended.",
                bounds: ("", ""),
                value: Value::Flag(|settings| &mut settings.allow_re_entry),
            },
        ],
    },
    Group {
        title: "Size",
        text: "Contracts of each trade: size times multiplier, never above the cap on an order.",
        fields: &[
            Field {
                name: "position_size",
                label: "Position size",
                unit: "contracts",
                help: "Before the multiplier.",
                bounds: ("0.01", ""),
                value: Value::Contracts(|settings| &mut settings.position_size),
            },
            Field {
                name: "multiplier",
                label: "Multiplier",
                unit: "times",
                help: "Times the position size.",
                bounds: ("1", "100"),
                value: Value::Times(|settings| &mut settings.multiplier),
            },
        ],
    },
    Group {
        title: "Spike pause",
        text: "Entries rest while the price runs.",
        fields: &[
            Field {
                name: "spike_alert_enabled",
                label: "Pause entries on a momentum spike",
                unit: "",
                help: "Open trades are not touched by the pause.",
                bounds: ("", ""),
                value: Value::Flag(|settings| &mut settings.spike_alert_enabled),
            },
            Field {
                name: "spike_alert_momentum_threshold",
                label: "Spike from",
                unit: "momentum ±",
                help: "A spike begins when momentum, either way, reaches this.",
                bounds: ("0", "100"),
                value: Value::Number(|settings| &mut settings.spike_alert_momentum_threshold),
            },
            Field {
                name: "spike_alert_cooldown_threshold",
                label: "Calm below",
                unit: "momentum ±",
                help: "It is calm while momentum is below this.",
                bounds: ("0", "100"),
                value: Value::Number(|settings| &mut settings.spike_alert_cooldown_threshold),
            },
            Field {
                name: "spike_alert_cooldown_minutes",
                label: "Calm for",
                unit: "min",
                help: "Entries go on once it has been calm for this long.",
                bounds: ("0", "180"),
                value: Value::Whole(|settings| &mut settings.spike_alert_cooldown_minutes),
            },
        ],
    },
    Group {
        title: "Stop",
        text: "When the desk closes a trade by itself.",
        fields: &[
            Field {
                name: "stop_probability_percent",
                label: "Stop below",
                unit: "% chance",
                help: "A trade is closed when the chance of its side falls below this.",
                bounds: ("0", "100"),
                value: Value::Number(|settings| &mut settings.stop_probability_percent),
            },
            Field {
                name: "stop_min_time_seconds",
                label: "No stop in the last",
                unit: "s before the close",
                help: "Nothing is closed by itself in the last so many seconds before the close.",
                bounds: ("0", "3600"),
                value: Value::Whole(|settings| &mut settings.stop_min_time_seconds),
            },
            Field {
                name: "momentum_exit_enabled",
                label: "Close on momentum against the trade",
                unit: "",
                help: "Part of auto stop: switching that off switches this off, too.",
                bounds: ("", ""),
                value: Value::Flag(|settings| &mut settings.momentum_exit_enabled),
            },
            Field {
                name: "momentum_exit_threshold",
                label: "Momentum against it from",
                unit: "momentum ±",
                help: "Momentum against a trade of this size closes it.",
                bounds: ("1", "100"),
                value: Value::Number(|settings| &mut settings.momentum_exit_threshold),
            },
            Field {
                name: "verification_enabled",
                label: "Wait before a stop",
                unit: "",
                help: "The stop's condition must hold without interruption first.",
                bounds: ("", ""),
                value: Value::Flag(|settings| &mut settings.verification_enabled),
            },
            Field {
                name: "verification_seconds",
                label: "Wait for",
                unit: "s",
                help: "How long it must hold.",
                bounds: ("0", "600"),
                value: Value::Whole(|settings| &mut settings.verification_seconds),
            },
        ],
    },
    Group {
        title: "Limits of orders",
        text: "How far from the price that was seen an order may be filled.",
        fields: &[
            Field {
                name: "entry_slippage",
                label: "Entry slippage",
                unit: "¢ above the ask",
                help: "An entry pays at most this much more than the ask that was seen.",
                bounds: ("0", "10"),
                value: Value::Cents(|settings| &mut settings.entry_slippage),
            },
            Field {
                name: "exit_step",
                label: "Exit step",
                unit: "¢ below the bid",
                help: "Each missed exit's limit goes this much further below the bid that was seen.",
                bounds: ("0.01", "50"),
                value: Value::Cents(|settings| &mut settings.exit_step),
            },
            Field {
                name: "exit_worst_price",
                label: "Worst exit price",
                unit: "¢",
                help: "No automatic exit sells below this.",
                bounds: ("0.01", "99.99"),
                value: Value::Cents(|settings| &mut settings.exit_worst_price),
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use rec_domain::settings::AutomationSettings;

    use super::*;

    fn fields() -> impl Iterator<Item = &'static Field> {
        GROUPS.iter().flat_map(|group| group.fields)
    }

    #[test]
    fn the_form_has_every_setting_but_the_switches() {
        let json = serde_json::to_value(AutomationSettings::default()).expect("JSON");
        let mut settings: Vec<_> = json.as_object().expect("an object").keys().map(String::as_str).collect();
        settings.retain(|name| *name != "auto_entry" && *name != "auto_stop");
        let mut names: Vec<_> = fields().map(|field| field.name).collect();
        names.sort_unstable();
        settings.sort_unstable();
        assert_eq!(names, settings);
    }

    #[test]
    fn each_field_reads_what_it_writes_and_changes_nothing_else() {
        let settings = AutomationSettings::default();
        for field in fields() {
            let mut other = settings.clone();
            field.read(&mut other, &field.write(&settings)).expect("its own text");
            assert_eq!(other, settings, "{}", field.name);
        }
    }

    #[test]
    fn the_bounds_that_the_browser_is_told_are_those_of_the_desk() {
        // The widest of what a field is compared with, so that only its own bounds are tried.
        let wide = AutomationSettings {
            max_time_seconds: 3_600,
            min_time_seconds: 0,
            spike_alert_momentum_threshold: 100.0,
            spike_alert_cooldown_threshold: 0.0,
            ..AutomationSettings::default()
        };
        let refused = |field: &Field, text: &str| {
            let mut settings = wide.clone();
            let read = field.read(&mut settings, text);
            read.is_err() || settings.validate().is_err_and(|errors| errors.iter().any(|e| e.setting == field.name))
        };
        for field in fields().filter(|field| !field.is_flag()) {
            let step = if field.step() == "any" { 0.01 } else { field.step().parse::<f64>().expect("a step") };
            for (bound, beyond) in [(field.bounds.0, -step), (field.bounds.1, step)] {
                if let Ok(value) = bound.parse::<f64>() {
                    assert!(!refused(field, bound), "{} may be {bound}", field.name);
                    let outside = format!("{:.2}", value + beyond);
                    let outside = outside.strip_suffix(".00").unwrap_or(&outside);
                    assert!(refused(field, outside), "{} may not be {outside}", field.name);
                }
            }
            assert!(refused(field, "") && refused(field, "ninety"), "{}", field.name);
        }
    }
}
