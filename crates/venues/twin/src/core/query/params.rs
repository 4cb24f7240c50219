//! The parameters of a query string.

/// Names and values, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// From decoded pairs.
    #[must_use]
    pub const fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// From an encoded query string.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// The same with a parameter more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same with another `limit`.
    #[must_use]
    pub fn limited_to(mut self, rows: u32) -> Self {
        self.0.retain(|(name, _)| name != "limit");
        self.with("limit", rows)
    }

    /// The value of a parameter; an empty one counts as absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a parameter as a whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Whether a parameter says `true`.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// Whether `value` is among the comma-separated values of a parameter, or there is none.
    #[must_use]
    pub fn allows(&self, name: &str, value: &str) -> bool {
        self.text(name).is_none_or(|wanted| wanted.split(',').any(|word| word == value))
    }
}

/// Undoes percent-encoding; what cannot be undone stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (_, Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (b'+', None) => {
                decoded.push(b' ');
                at += 1;
            }
            (byte, None) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_encoded_query() {
        let params = Params::parse("ticker=KXBTCD-26SEP2515%2CX&limit=7&empty=&with_nested_markets=true");
        assert_eq!(params.text("ticker"), Some("KXBTCD-26SEP2515,X"));
        assert_eq!(params.number("limit"), Some(7));
        assert_eq!(params.text("empty"), None);
        assert!(params.is_set("with_nested_markets"));
        assert!(params.allows("ticker", "X") && !params.allows("ticker", "Y") && params.allows("none", "Y"));
        assert_eq!(Params::parse("a=%zz%4").text("a"), Some("%zz%4"));
    }
}
