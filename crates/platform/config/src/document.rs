//! A TOML text as a list of settings, each with its place.

use toml::{
    Value,
    de::{DeTable, DeValue},
};

use crate::{
    layers::MOST_FAULTS,
    problem::{Place, Problem, Text},
};

/// A setting as it stands in a text.
#[derive(Debug, Clone)]
pub(crate) struct RawLeaf {
    /// Dotted name.
    pub(crate) key: String,
    pub(crate) value: Value,
    /// Where the name stands.
    pub(crate) name: Place,
    /// Where the value stands.
    pub(crate) place: Place,
}

/// A text taken apart.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Every value that is not a table.
    pub(crate) leaves: Vec<RawLeaf>,
    /// Every table.
    pub(crate) tables: Vec<(String, Place)>,
    /// What is wrong with its form.
    pub(crate) problems: Vec<Problem>,
}

impl Document {
    /// Takes `content` apart; what cannot be read becomes a problem and the rest is kept.
    pub(crate) fn parse(name: &str, content: &str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(content);
        let mut secrets = Vec::new();
        find_secrets("", table.get_ref(), &mut secrets);
        let text = Text { name: name.into(), content: mask(content, &secrets).into() };
        let mut document = Self::default();
        for error in errors.into_iter().take(MOST_FAULTS) {
            let span = error.span().unwrap_or(0..0);
            let place = Place { text: text.clone(), span };
            document.problems.push(Problem::at(format!("not TOML: {}", error.message()), &place, "here"));
        }
        let is_faulty = !document.problems.is_empty();
        document.collect("", table.get_ref(), content, &text, is_faulty);
        document
    }

    fn collect(&mut self, prefix: &str, table: &DeTable<'_>, content: &str, text: &Text, is_faulty: bool) {
        for (name, value) in table {
            let key = dotted(prefix, name.get_ref());
            let name = Place { text: text.clone(), span: name.span() };
            let place = Place { text: text.clone(), span: value.span() };
            if let DeValue::Table(inner) = value.get_ref() {
                self.tables.push((key.clone(), name));
                self.collect(&key, inner, content, text, is_faulty);
                continue;
            }
            match content.get(value.span()).unwrap_or_default().parse::<Value>() {
                Ok(value) => self.leaves.push(RawLeaf { key, value, name, place }),
                // What the parser recovered from has no readable text; its fault is on the list already.
                Err(_recovered) if is_faulty => {}
                Err(_heading) if is_list_of_tables(value.get_ref()) => {
                    self.problems.push(Problem::at(
                        format!("[[{key}]] makes a list of sections; write [{key}]"),
                        &place,
                        "here",
                    ));
                }
                // A number beyond all types is TOML by its form: left out, its default would stand in its place.
                Err(error) => {
                    self.problems.push(Problem::at(
                        format!("{key} cannot be held: {}", error.message()),
                        &place,
                        "here",
                    ));
                }
            }
        }
    }
}

/// Whether a value is a list of tables.
fn is_list_of_tables(value: &DeValue<'_>) -> bool {
    matches!(value, DeValue::Array(items) if items.iter().all(|item| matches!(item.get_ref(), DeValue::Table(_))))
}

fn dotted(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Whether a setting of this name holds a secret itself rather than the name of a file.
pub(crate) fn names_a_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    let holds_path = ["_file", "_path", "_dir"].iter().any(|end| name.ends_with(end));
    !holds_path && ["password", "secret", "token", "private_key", "pem"].iter().any(|word| name.contains(word))
}

/// Whether a text looks like a key rather than the name of a file.
pub(crate) fn looks_like_a_key(text: &str) -> bool {
    text.contains("-----BEGIN") || text.contains("PRIVATE KEY") || text.contains('\n')
}

fn find_secrets(prefix: &str, table: &DeTable<'_>, spans: &mut Vec<std::ops::Range<usize>>) {
    for (name, value) in table {
        let key = dotted(prefix, name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => find_secrets(&key, inner, spans),
            DeValue::String(text) if names_a_secret(&key) || looks_like_a_key(text) => spans.push(value.span()),
            _ => {}
        }
    }
}

/// The text with the given stretches overwritten, every position kept, so that messages can quote it.
fn mask(content: &str, secrets: &[std::ops::Range<usize>]) -> String {
    let mut bytes = content.as_bytes().to_vec();
    for span in secrets {
        for byte in bytes.iter_mut().take(span.end).skip(span.start) {
            if *byte != b'\n' {
                *byte = b'*';
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_split_character| String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_keeps_its_line() {
        let document = Document::parse("x.toml", "mode = \"twin\"\n\n[net]\nbind_host = \"::1\"\nports.guard = 1\n");
        let found: Vec<_> = document.leaves.iter().map(|leaf| (leaf.key.as_str(), leaf.place.line())).collect();
        assert_eq!(found, [("mode", 1), ("net.bind_host", 4), ("net.ports.guard", 5)]);
        assert!(document.problems.is_empty());
    }

    #[test]
    fn faults_of_form_do_not_hide_each_other() {
        let document = Document::parse("x.toml", "a = \nb = 2\nc = \"open\nd = 4\n");
        assert!(document.problems.len() >= 2, "{:?}", document.problems);
        assert!(document.leaves.iter().any(|leaf| leaf.key == "b"));
    }

    #[test]
    fn secrets_are_not_quoted_in_messages() {
        let text = "[database]\nport = \"x\"\npassword = \"hunter2ä\"\nfoo_file = \"-----BEGIN RSA\"\n";
        let document = Document::parse("x.toml", text);
        let kept = &document.leaves[0].place.text.content;
        assert!(!kept.contains("hunter2") && !kept.contains("BEGIN"), "{kept}");
        assert_eq!(kept.len(), text.len());
    }
}
