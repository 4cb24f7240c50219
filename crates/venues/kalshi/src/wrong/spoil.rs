//! How a good text is made a bad one.

use proptest::prelude::*;
use serde_json::Value;

/// What no number of the exchange looks like, as it would stand in a body.
pub(super) const NO_NUMBERS: &[&str] = &[
    r#""NaN""#,
    r#""Infinity""#,
    r#""0x10""#,
    r#"" 1.00""#,
    r#""1,000.00""#,
    r#""--1""#,
    r#""1.0.0""#,
    r#""９""#,
    r#""123456789012345678901234567890123456789012""#,
    r#""0.123456789""#,
    r#""1e40""#,
    "1e99",
    "-1e99",
    "123456789012345678901234567890",
    "true",
    "{}",
    "[]",
    r#"["1.00"]"#,
];

/// What is no answer at all.
pub(super) fn no_answers() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", " \n", "null", "[]", "{}", "7", "true", r#""text""#, "{", "\0", "\u{feff}{}"].map(str::to_owned).into();
    texts.push("<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".to_owned());
    texts.push("[".repeat(200_000));
    texts.push("{\"a\":".repeat(200_000));
    texts.push(format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)));
    texts
}

/// Where the values stand that are neither objects nor lists.
pub(super) fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, here: &str, places: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(key, inner)| walk(inner, &format!("{here}/{key}"), places));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(number, inner)| walk(inner, &format!("{here}/{number}"), places));
            }
            _ => places.push(here.to_owned()),
        }
    }
    let mut places = Vec::new();
    walk(value, "", &mut places);
    places
}

/// The text with something else at a place, written as given.
pub(super) fn with(value: &Value, place: &str, raw: &str) -> String {
    const MARK: &str = "the spoiled place";
    let mut spoiled = value.clone();
    *spoiled.pointer_mut(place).unwrap_or_else(|| panic!("no {place} in {value}")) = MARK.into();
    spoiled.to_string().replace(&format!("\"{MARK}\""), raw)
}

/// The text with the member at a place written twice.
pub(super) fn doubled(value: &Value, place: &str) -> String {
    let kept = value.pointer(place).unwrap_or_else(|| panic!("no {place} in {value}"));
    let (_, key) = place.rsplit_once('/').expect("a place has a parent");
    with(value, place, &format!("{kept},\"{key}\":{kept}"))
}

/// Any JSON, not deep.
pub(super) fn any_json() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|word| word.to_string()),
        "-?[0-9]{1,25}(\\.[0-9]{1,12})?(e-?[0-9]{1,3})?",
        "-?[0-9]{0,25}\\.?[0-9]{0,12}(e-?[0-9]{1,3})?".prop_map(|number| format!("\"{number}\"")),
        "\\PC{0,20}".prop_map(|text| Value::String(text).to_string()),
        Just("[[],{},null]".to_owned()),
        Just(r#"{"a":{"b":[1]}}"#.to_owned()),
    ]
}
