//! Words and JSON as stored. Columns hold the words that the domain serialises to.

use rec_domain::{
    BookSide, Side,
    intent::{Action, Effect, GroupRole, TimeInForce},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::error::{Result, StoreError};

/// A value of one of the domain's enumerations without data, from its word.
pub(crate) fn word<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    use serde::de::{IntoDeserializer as _, value::Error};
    let deserializer: serde::de::value::StrDeserializer<'_, Error> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|error| StoreError::unreadable(what, error))
}

/// A side from its word.
pub(crate) fn side(text: &str) -> Result<Side> {
    word("a side", text)
}

/// A side of the book from its word.
pub(crate) fn book_side(text: &str) -> Result<BookSide> {
    word("a side of the book", text)
}

/// An order's role from its word.
pub(crate) fn role(text: &str) -> Result<GroupRole> {
    word("an order's role", text)
}

/// The word of a time in force.
pub(crate) const fn time_in_force(value: TimeInForce) -> &'static str {
    match value {
        TimeInForce::ImmediateOrCancel => "immediate_or_cancel",
        TimeInForce::GoodTillCanceled => "good_till_canceled",
        TimeInForce::FillOrKill => "fill_or_kill",
    }
}

/// The word of an intent's effect.
pub(crate) const fn effect(value: Effect) -> &'static str {
    match value {
        Effect::Increases => "increases",
        Effect::Reduces => "reduces",
        Effect::Administrative => "administrative",
    }
}

/// The word of what an intent does.
pub(crate) const fn action_kind(action: &Action) -> &'static str {
    match action {
        Action::Place(_) => "place",
        Action::Adopt(_) => "adopt",
        Action::Cancel { .. } => "cancel",
        Action::CreateGroup { .. } => "create_group",
        Action::Repeat { .. } => "repeat",
        Action::TriggerGroup { .. } => "trigger_group",
        Action::ResetGroup { .. } => "reset_group",
    }
}

/// A value as JSON that Postgres takes: it cannot hold the character zero, which a foreign text might contain.
pub(crate) fn json<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<Value> {
    let mut json = serde_json::to_value(value).map_err(|error| StoreError::unreadable(what, error))?;
    clean(&mut json);
    Ok(json)
}

/// JSON that somebody handed in as text; text that is no JSON is kept as a string.
pub(crate) fn json_of_text(text: &str) -> Value {
    let mut json = serde_json::from_str(text).unwrap_or_else(|_no_json| Value::String(text.to_owned()));
    clean(&mut json);
    json
}

/// A value from its stored JSON.
pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, json: Value) -> Result<T> {
    serde_json::from_value(json).map_err(|error| StoreError::unreadable(what, error))
}

/// Text that Postgres takes.
pub(crate) fn text(value: &str) -> String {
    value.replace('\0', "\u{FFFD}")
}

/// The same for a text that may be missing.
pub(crate) fn opt_text(value: Option<&str>) -> Option<String> {
    value.map(text)
}

fn clean(json: &mut Value) {
    match json {
        Value::String(string) if string.contains('\0') => *string = text(string),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        _ => {}
    }
}

/// A number that counts from zero, from a column that is checked to.
pub(crate) fn count<T: TryFrom<i64>>(what: &'static str, value: i64) -> Result<T> {
    T::try_from(value).map_err(|_too_large| StoreError::unreadable(what, format!("{value} is out of range")))
}

#[cfg(test)]
mod tests {
    use rec_domain::{order::OrderState, trade::TradeState};

    use super::*;

    #[test]
    fn words_read_back_as_what_they_name() {
        for state in OrderState::ALL {
            assert_eq!(word::<OrderState>("a state", state.name()).expect("known"), *state);
        }
        for state in TradeState::ALL {
            assert_eq!(word::<TradeState>("a state", state.name()).expect("known"), *state);
        }
        for value in [TimeInForce::ImmediateOrCancel, TimeInForce::GoodTillCanceled, TimeInForce::FillOrKill] {
            assert_eq!(word::<TimeInForce>("a time in force", time_in_force(value)).expect("known"), value);
        }
        for value in [Effect::Increases, Effect::Reduces, Effect::Administrative] {
            assert_eq!(word::<Effect>("an effect", effect(value)).expect("known"), value);
        }
        assert!(matches!(side("maybe"), Err(StoreError::Unreadable { .. })));
    }

    #[test]
    fn a_zero_character_does_not_stop_the_desk() {
        assert_eq!(json_of_text(r#"{"a":["x\u0000y"]}"#).to_string(), "{\"a\":[\"x\u{FFFD}y\"]}");
        assert_eq!(json_of_text("no json"), Value::String("no json".to_owned()));
    }
}
